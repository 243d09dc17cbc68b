"""The webhook at the vendor that posts to one address of ours: made, looked at, put on again, taken away (guide: Webhooks).

Rules that hold here: webhooks of other addresses are never touched; the secret is told when a webhook is made and never again, so that one
that comes without is made anew.
"""

from collections.abc import Sequence

from stats.domain.errors import Malformed, Refused, Retry
from stats.providers.base import Connected, HookFact
from stats.providers.vocatech.rest import NotThere, Rest
from stats.providers.vocatech.wire import Failure, Made, Webhook, read_as, read_list, truth, word

NAME = "Wallboard"
EVENTS = ("call.started", "call.answered", "call.ended", "call.transcription", "message.sent", "message.received", "message.status_updated")
_OFF = frozenset({"disabled", "inactive", "paused", "off", "failed"})


class Webhooks:
    """Of one API key."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def connect(self, address: str) -> Connected:
        """Make what is missing: the webhook, or an event it does not post."""
        mine = await self._mine(address)
        if mine:
            lacking = [event for event in EVENTS if event not in (mine[0].event_filters or [])]
            if lacking:
                wanted = sorted({*(mine[0].event_filters or []), *EVENTS})
                await self._rest.ask("PATCH", f"/webhooks/{word(mine[0].id)}", json={"event_filters": wanted})
            return Connected(made=1 if lacking else 0)
        made = await self._make(address)
        if not word(made.secret_key):
            # One that was there already has been given back: its secret is nobody's.
            await self._drop(made)
            made = await self._make(address)
        secret = word(made.secret_key)
        if not secret:
            raise Refused("config", "the webhook was made without a secret")
        return Connected(secret=secret, made=1)

    async def disconnect(self, address: str) -> int:
        """Take away every webhook of the address."""
        mine = await self._mine(address)
        for webhook in mine:
            await self._drop(webhook)
        return len(mine)

    async def facts(self, address: str) -> Sequence[HookFact]:
        """What posts to the address, event by event, with what could not be delivered."""
        mine = await self._mine(address)
        failed = await self.failures() if mine else []
        found: list[HookFact] = []
        for webhook in mine:
            for event in webhook.event_filters or EVENTS:
                of_it = [each for each in failed if word(each.webhook_id) == word(webhook.id) and word(each.event_type) == event]
                last = word(of_it[0].error)[:120] if of_it else ""
                found.append(HookFact(event=event, address=address, enabled=is_on(webhook), failed=len(of_it), last_error=last))
        return found

    async def revive(self, address: str) -> int:
        """Put on what the vendor has switched off, in the word in which it says so."""
        revived = 0
        for webhook in await self._mine(address):
            if is_on(webhook):
                continue
            on: dict[str, object] = {name: True for name in ("is_active", "active", "enabled") if truth(getattr(webhook, name)) is False}
            if word(webhook.status).lower() in _OFF:
                on["status"] = "active"
            await self._rest.ask("PATCH", f"/webhooks/{word(webhook.id)}", json=on)
            revived += 1
        return revived

    async def try_out(self, address: str) -> None:
        """Ask for a webhook.test."""
        mine = await self._mine(address)
        if not mine:
            raise Refused("config", "there is no webhook for this address")
        await self._rest.ask("POST", f"/webhooks/{word(mine[0].id)}/test", json={})

    async def failures(self) -> list[Failure]:
        """Deliveries given up, the newest first as the vendor lists them; none where the key may not see them."""
        try:
            body = await self._rest.get("/webhooks/failures", {"page": 1, "limit": 500})
            rows, _ = read_list(body, "failures", "deliveries", "webhooks")
        except (NotThere, Malformed):
            return []
        return [row for raw in rows if (row := _failure(bytes(raw))) is not None]

    async def _mine(self, address: str) -> list[Webhook]:
        try:
            rows, _ = read_list(await self._rest.get("/webhooks"), "webhooks")
            told: list[Webhook] = [read_as(Webhook, row) for row in rows]
        except Malformed as why:
            raise Retry(f"the list of webhooks cannot be read: {why.reason}") from None
        return [webhook for webhook in told if word(webhook.url) == address and word(webhook.id)]

    async def _make(self, address: str) -> Webhook:
        asked = {"name": NAME, "url": address, "event_filters": list(EVENTS)}
        body = await self._rest.ask("POST", "/webhooks", json=asked)
        try:
            made: Webhook = read_as(Webhook, body)
            if not word(made.id):
                around: Made = read_as(Made, body)
                made = around.webhook or around.data or made
        except Malformed as why:
            raise Retry(f"the new webhook cannot be read: {why.reason}") from None
        return made

    async def _drop(self, webhook: Webhook) -> None:
        try:
            await self._rest.ask("DELETE", f"/webhooks/{word(webhook.id)}")
        except NotThere as why:
            if why.kind == "auth":
                raise


def is_on(webhook: Webhook) -> bool:
    """Whether nothing says that it is off."""
    if any(truth(value) is False for value in (webhook.is_active, webhook.active, webhook.enabled)):
        return False
    return word(webhook.status).lower() not in _OFF


def _failure(row: bytes) -> Failure | None:
    try:
        failure: Failure = read_as(Failure, row)
    except Malformed:
        return None
    return failure
