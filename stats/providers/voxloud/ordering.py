"""Webhook subscriptions: one for each kind of event, ordered, looked after and cancelled for our address alone.

Rules that hold here:
- What others have ordered for other addresses is never touched.
- The heading of the vendor's table says PUT where its example says POST: whichever it takes is remembered.
- A kind of event that the vendor does not let us order is a note, not a failure: its table leaves CLICK_TO_CALL out of what may be created.
"""

import msgspec

from stats.domain.errors import Refused, Retry
from stats.providers.base import Connected, HookFact
from stats.providers.voxloud.rest import Answered, Rest, short
from stats.providers.voxloud.wire import Subscription

PATH = "/v1/webhook-subscriptions"
# Who was rung is told by these alone.
RINGS = frozenset({"CALL_INCOMING", "CALL_ANSWERED", "CALL_HANGUP"})
EVENTS = ("CALL_STARTED", "CALL_INCOMING", "CALL_ANSWERED", "CALL_HANGUP", "PHONE_CALL", "CLICK_TO_CALL", "FAX_CALL")


class Ordering:
    """The subscriptions of one company. `mail`: who is written to when one is switched off; "": nobody."""

    def __init__(self, rest: Rest, mail: str) -> None:
        self._rest, self._mail = rest, mail
        self._method = "PUT"

    async def connect(self, address: str) -> Connected:
        """Order what is missing; see Hooked."""
        there = {each.event for each in await self._ours(address)}
        made, notes = 0, []
        for event in EVENTS:
            if event in there:
                continue
            asked = {"callback_url": address, "event_type": event}
            if self._mail:
                asked["notification_email"] = self._mail
            try:
                await self._rest.try_to("POST", PATH, body=asked)
            except Answered as told:
                if told.status != 400 or event in ("CALL_INCOMING", "CALL_ANSWERED", "CALL_HANGUP", "PHONE_CALL"):
                    raise told.error from None
                notes.append(f"{event}: {told.error}")
            else:
                made += 1
        return Connected(made=made, notes=notes)

    async def disconnect(self, address: str) -> int:
        """Cancel everything ordered for the address; see Hooked."""
        gone = 0
        for each in await self._ours(address):
            try:
                await self._rest.try_to("DELETE", f"{PATH}/{each.id}")
                gone += 1
            except Answered as told:
                if told.status != 404:  # somebody else has cancelled it
                    raise told.error from None
        return gone

    async def hooks(self, address: str) -> list[HookFact]:
        """What is ordered for the address; see Hooked."""
        return [
            HookFact(
                event=each.event,
                address=address,
                enabled=each.enabled is not False,
                failed=each.failed_count or 0,
                last_error=short(each.last_error or ""),
                once=each.event in RINGS,
            )
            for each in await self._ours(address)
        ]

    async def revive(self, address: str) -> int:
        """Put what the vendor has switched off on again; see Hooked."""
        revived = 0
        for each in await self._ours(address):
            if each.enabled is False:
                await self._update(each, address)
                revived += 1
        return revived

    async def _update(self, each: Subscription, address: str) -> None:
        asked: dict[str, object] = {"id": each.id, "enabled": True, "callback_url": address, "event_type": each.event}
        if self._mail:
            asked["notification_email"] = self._mail
        try:
            await self._rest.try_to(self._method, f"{PATH}/{each.id}", body=asked)
        except Answered as told:
            if told.status not in (404, 405):
                raise told.error from None
            other = "POST" if self._method == "PUT" else "PUT"
            await self._rest.ask(other, f"{PATH}/{each.id}", body=asked)
            self._method = other

    async def _ours(self, address: str) -> list[Subscription]:
        try:
            every = msgspec.json.decode(await self._rest.ask("GET", PATH), type=list[Subscription])
        except (msgspec.MsgspecError, UnicodeDecodeError) as why:
            raise Retry("no list of subscriptions") from why
        if any(not each.id for each in every):
            raise Refused("config", "a subscription without an id")
        return [each for each in every if each.callback_url == address]
