"""One source is one customer of the vendor: what another customer's documents say is dropped, whoever mixed them up.

Rules that hold here: a source that has told of one customer alone for SURE_AFTER documents is bound to it, across restarts, and a
stranger's document is then no word of this source; before that a second customer is no stranger (a token may be a group's), and the
source is never bound; both are told. A document without a name is taken. Another address or token is another beginning.
"""

from collections.abc import Sequence

import structlog

from stats.domain.errors import Malformed
from stats.domain.records import AgentPresence, Call, PresenceSlot, Telling

log = structlog.get_logger(__name__)

FOREIGN = "foreign_tenant"
# A busy half hour. To drop what a customer should see is worse than to show, with a warning, what a mix-up brings.
SURE_AFTER = 1_000
# In the place of one customer: this source has told of more than one.
SEVERAL = "*"
WARN_EVERY_MS = 60_000
ALARM_MS = 10 * 60_000


class Binding:
    """The customer one source is bound to. `reached` marks the address and token: it says nothing of them but whether they are the same."""

    def __init__(self, source: str, reached: str = "") -> None:
        self._source, self.reached = source, reached
        self.tenant: str | None = None
        self.foreign = 0
        self._alone: str | None = None
        self._told = 0
        self._warned_at: int | None = None
        self._foreign_at: int | None = None

    def remember(self, tenant: str | None, reached: str) -> None:
        """What an earlier worker was bound to, if it asked at the same address with the same token."""
        if self.tenant is None and reached == self.reached:
            self.tenant = tenant

    def alarm(self, now: int) -> str | None:
        """What to say when a stranger was heard of late, or when there is more than one customer."""
        if self.tenant == SEVERAL:
            return "documents of more than one customer come in"
        heard = self._foreign_at is not None and now - self._foreign_at < ALARM_MS
        return "another customer's documents come in, and are dropped" if heard else None

    def admit(self, tellings: Sequence[Telling], now: int) -> tuple[Sequence[Telling], list[Malformed]]:
        """The tellings of our own customer, and a reason for each that is another's. `now`: the clock that is never stepped."""
        if self.tenant == SEVERAL or all(_tenant(telling) in (None, self.tenant) for telling in tellings):
            return tellings, []
        kept: list[Telling] = []
        for telling in tellings:
            tenant = _tenant(telling)
            if self.tenant is None and tenant is not None:
                self._learn(tenant)
            if tenant is None or self.tenant in (None, SEVERAL, tenant):
                kept.append(telling)
        strangers = len(tellings) - len(kept)
        if strangers:
            self.foreign += strangers
            self._foreign_at = now
            if self._warned_at is None or now - self._warned_at >= WARN_EVERY_MS:
                self._warned_at = now
                log.warning("security.foreign_tenant", source=self._source, dropped=self.foreign)
        return kept, [Malformed(FOREIGN)] * strangers

    def _learn(self, tenant: str) -> None:
        if self._alone not in (None, tenant):
            self.tenant = SEVERAL
            log.warning("security.several_tenants", source=self._source)
            return
        self._alone = tenant
        self._told += 1
        if self._told >= SURE_AFTER:
            self.tenant = tenant
            log.info("tenant.bound", source=self._source)


def _tenant(telling: Telling) -> str | None:
    """The vendor's customer a telling names; notes name none."""
    return telling.tenant if isinstance(telling, Call | AgentPresence | PresenceSlot) else None
