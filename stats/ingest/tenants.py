"""One source is one customer of the vendor: what another customer's documents say is dropped, whoever mixed them up.

Rules that hold here: the first document that names its customer binds the source, across restarts; a document without a name is taken;
another address or token is another beginning, so that a source can be given to another customer.
"""

from collections.abc import Sequence

import structlog

from stats.domain.errors import Malformed
from stats.domain.records import Telling

log = structlog.get_logger(__name__)

FOREIGN = "foreign_tenant"
WARN_EVERY_MS = 60_000
ALARM_MS = 10 * 60_000


class Binding:
    """The customer one source is bound to. `reached` marks the address and token: it says nothing of them but whether they are the same."""

    def __init__(self, source: str, reached: str = "") -> None:
        self._source, self.reached = source, reached
        self.tenant: str | None = None
        self.foreign = 0
        self._warned_at: int | None = None
        self._foreign_at: int | None = None

    def remember(self, tenant: str | None, reached: str) -> None:
        """What an earlier worker was bound to, if it asked at the same address with the same token."""
        if self.tenant is None and reached == self.reached:
            self.tenant = tenant

    def alarm(self, now: int) -> str | None:
        """What to say when a stranger was heard of late."""
        heard = self._foreign_at is not None and now - self._foreign_at < ALARM_MS
        return "another customer's documents come in, and are dropped" if heard else None

    def admit(self, tellings: Sequence[Telling], now: int) -> tuple[Sequence[Telling], list[Malformed]]:
        """The tellings of our own customer, and a reason for each that is another's. `now`: the clock that is never stepped."""
        if all(telling.tenant is None or telling.tenant == self.tenant for telling in tellings):
            return tellings, []
        kept: list[Telling] = []
        for telling in tellings:
            if self.tenant is None and telling.tenant is not None:
                self.tenant = telling.tenant
                log.info("tenant.bound", source=self._source)
            if telling.tenant is None or telling.tenant == self.tenant:
                kept.append(telling)
        strangers = len(tellings) - len(kept)
        if strangers:
            self.foreign += strangers
            self._foreign_at = now
            if self._warned_at is None or now - self._warned_at >= WARN_EVERY_MS:
                self._warned_at = now
                log.warning("security.foreign_tenant", source=self._source, dropped=self.foreign)
        return kept, [Malformed(FOREIGN)] * strangers
