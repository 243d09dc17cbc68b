"""What is done at a vendor so that it posts to us, step by step: ordered, tried, replaced, put on again, taken back.

Rules that hold here:
- An errand that has begun is done to its end, whoever still looks at it; one at a time for a source.
- An address lets in before the vendor is told of it, and its secret is kept before anything else is done with it; the collector is told of
  it last, and looks after it from then on.
- While one address is replaced by another both let in for OVERLAP. The old one gives way only to one that has proved itself, where the
  vendor can be asked for a proof; where it has not, nothing is changed.
- No address and no secret is in a step, a log line or the audit log.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from channels.db import database_sync_to_async
from django.conf import settings
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _

from stats import vault
from stats.history import hooks
from stats.history.hook_tables import SourceHook
from stats.ingest import door
from stats.models import Source
from wallboard.pages.source_keeping import config_of, look_after

log = structlog.get_logger(__name__)

OVERLAP = timedelta(minutes=10)
# The collector asks for its configuration every second.
COLLECTOR_S = 3.0
PROOF_S = 20.0
LOOK_EVERY_S = 0.5

Event = dict[str, Any]
_running: dict[int, asyncio.Task[None]] = {}


class Busy(Exception):
    """Something is being done at this source's vendor just now."""


@dataclass(slots=True, kw_only=True)
class Errand:
    """One errand for one source. `base`: where the product is found by the vendor."""

    source: Source
    company: door.Company
    base: str
    events: asyncio.Queue[Event | None] = field(default_factory=asyncio.Queue)
    failed: bool = False

    def say(self, step: str, label: str, state: str = "trying", said: str = "", words: str = "") -> None:
        """How a step stands."""
        self.failed = self.failed or state not in ("trying", "ok", "later")
        self.events.put_nowait({"step": step, "label": label, "state": state, "said": said or _state(state), "words": words[:300]})

    def end(self, result: str, words: str) -> None:
        """How it all ended."""
        self.events.put_nowait({"verdict": result, "words": words})

    def fault(self, step: str, label: str, why: door.ProviderError) -> str:
        """A step that the vendor refused, or did not answer; the state it has."""
        state = ("refused" if why.kind == "auth" else "config") if isinstance(why, door.Refused) else "away"
        self.say(step, label, state, words=why.reason if isinstance(why, door.Refused | door.Retry) else str(why))
        return state


def _state(state: str) -> str:
    return {
        "trying": _("asking …"),
        "ok": _("done"),
        "refused": _("refused: the token is wrong, expired or revoked"),
        "config": _("refused"),
        "away": _("no answer"),
        "later": _("not yet"),
    }.get(state, state)


Work = Callable[[Errand], Coroutine[Any, Any, None]]


async def run(work: Work, errand: Errand) -> AsyncIterator[Event]:
    """Everything that is said of an errand while it is done. Raises Busy."""
    pk = errand.source.pk
    if pk in _running and not _running[pk].done():
        raise Busy
    language = get_language() or settings.LANGUAGE_CODE

    async def done() -> None:
        try:
            with override(language):
                try:
                    await work(errand)
                except vault.Unreadable as why:
                    errand.end("config", str(why))
                except Exception:
                    # Whoever looks is told, whatever it was; the log has the rest.
                    log.exception("errand_failed", source=errand.source.name)
                    errand.end("away", _("Something went wrong here, not at the vendor. The log says what."))
        finally:
            errand.events.put_nowait(None)

    task = _running[pk] = asyncio.create_task(done(), name=f"errand {errand.source.name}")
    task.add_done_callback(lambda ended: _running.pop(pk, None) if _running.get(pk) is ended else None)
    while (event := await errand.events.get()) is not None:
        yield event


async def connect(errand: Errand) -> None:
    """Give the vendor a new address, and take back those it had."""
    source, title, was = errand.source, errand.company.title, errand.source.hook_base or errand.base
    errand.say("address", _("A secret address of ours"))
    hook = await database_sync_to_async(hooks.new_hook)(source)
    errand.say("address", _("A secret address of ours"), "ok")
    address = hooks.address_of(hook, errand.base)
    order = _("Ordered at %(company)s") % {"company": title}
    errand.say("order", order)
    try:
        made = await door.connect(source.provider, await _config(source), address)
    except door.ProviderError as why:
        state = errand.fault("order", order, why)
        await _take_back(errand, hook, address)
        return errand.end(state, _("Nothing was changed. What the vendor answered stands above; try again when it is put right."))
    if made.secret:
        await database_sync_to_async(hooks.set_secret)(hook, made.secret)
    said = ngettext("%(n)d subscription", "%(n)d subscriptions", made.made) % {"n": made.made}
    errand.say("order", order, "ok", said, "; ".join(made.notes))
    if made.secret:
        errand.say("secret", _("What it signs with"), "ok", _("kept sealed"))
    proved = await _prove(errand, hook, address)
    old = [each for each in await database_sync_to_async(hooks.hooks_of)(source, ended=True) if each.pk != hook.pk]
    if not proved and any(each.mark == source.hook_mark for each in old):
        await _take_back(errand, hook, address)
        return errand.end("partly", _("The new address has not proved itself, and was taken back. The old one stays as it was."))
    await database_sync_to_async(look_after)(source, errand.base, hook.mark)
    if old:
        await _retire(errand, old, {was, errand.base})
    if errand.failed:
        return errand.end("partly", _("Connected, but not everything went well: see above."))
    return errand.end("ok", _("Connected. What happens from now on is posted to us."))


async def test(errand: Errand) -> None:
    """Ask for a test delivery, and wait for it."""
    hook = await database_sync_to_async(current)(errand.source)
    if hook is None:
        return errand.end("config", _("Nothing is ordered yet. Connect first."))
    if await _prove(errand, hook, hooks.address_of(hook, errand.source.hook_base)):
        return errand.end("ok", _("A valid test delivery has come."))
    return errand.end("away", _("No valid test delivery has come. Can the vendor reach this address from the internet?"))


async def revive(errand: Errand) -> None:
    """Put on again what the vendor has switched off."""
    source = errand.source
    hook = await database_sync_to_async(current)(source)
    if hook is None:
        return errand.end("config", _("Nothing is ordered yet. Connect first."))
    label = _("Switched on again at %(company)s") % {"company": errand.company.title}
    errand.say("revive", label)
    try:
        number = await door.revive(source.provider, await _config(source), hooks.address_of(hook, source.hook_base))
    except door.ProviderError as why:
        return errand.end(errand.fault("revive", label, why), _("They are still switched off."))
    errand.say("revive", label, "ok", ngettext("%(n)d subscription", "%(n)d subscriptions", number) % {"n": number})
    return errand.end("ok", _("The vendor posts again. What was missed is read from its history."))


async def cancel(errand: Errand) -> None:
    """Take every order back; what is still posted finds no address any more."""
    source, was = errand.source, errand.source.hook_base
    old = await database_sync_to_async(hooks.hooks_of)(source, ended=True)
    # Where they were ordered is still known, for whoever must try again.
    await database_sync_to_async(look_after)(source, was, "")
    await _retire(errand, old, {was}, after=timedelta())
    if errand.failed:
        return errand.end("partly", _("Not every order could be taken back at the vendor. What it still posts is not let in."))
    return errand.end("ok", _("Every order is taken back. Nothing is posted to us any more."))


def current(source: Source) -> SourceHook | None:
    """The address the vendor posts to now."""
    rows = hooks.hooks_of(source, ended=True)
    return next((hook for hook in rows if source.hook_mark and hook.mark == source.hook_mark), None)


async def _prove(errand: Errand, hook: SourceHook, address: str) -> bool:
    """Whether the address works, as far as the vendor can be asked for a proof."""
    if not errand.company.hook_tests:
        return True
    label = _("A test delivery")
    errand.say("test", label)
    before = await database_sync_to_async(_verified_at)(hook)
    try:
        await door.try_out(errand.source.provider, await _config(errand.source), address)
    except door.ProviderError as why:
        errand.fault("test", label, why)
        return False
    for _turn in range(round(PROOF_S / LOOK_EVERY_S)):
        if await database_sync_to_async(_verified_at)(hook) != before:
            errand.say("test", label, "ok", _("verified"))
            return True
        await asyncio.sleep(LOOK_EVERY_S)
    errand.say("test", label, "away", _("none has come"))
    return False


def _verified_at(hook: SourceHook) -> Any:
    return SourceHook.objects.filter(pk=hook.pk).values_list("verified_at", flat=True).first()


async def _retire(errand: Errand, old: list[SourceHook], bases: set[str], after: timedelta = OVERLAP) -> None:
    """Cancel old addresses at the vendor, once the collector looks after them no more, and let nobody in there after a while."""
    label = _("The old address taken back")
    errand.say("old", label)
    await asyncio.sleep(COLLECTOR_S)
    config, number = await _config(errand.source), 0
    for hook in old:
        try:
            for base in bases:
                number += await door.disconnect(errand.source.provider, config, hooks.address_of(hook, base))
        except door.ProviderError as why:
            errand.fault("old", label, why)
        if hook.lets_in():
            await database_sync_to_async(hooks.retire)(hook, after)
    if not errand.failed:
        errand.say("old", label, "ok", ngettext("%(n)d subscription", "%(n)d subscriptions", number) % {"n": number})


async def _take_back(errand: Errand, hook: SourceHook, address: str) -> None:
    """Nothing of an order that failed is to stay: neither what of it was made there, nor the address here."""
    try:
        await door.disconnect(errand.source.provider, await _config(errand.source), address)
    except door.ProviderError:
        # It is as likely as not that there is nothing to take back; an address that is gone lets nobody in.
        pass
    await database_sync_to_async(hooks.drop)(hook)


async def _config(source: Source) -> door.SourceConfig:
    return await database_sync_to_async(config_of)(source)
