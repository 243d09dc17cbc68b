"""A new token is tried before it is kept: what the vendor says is shown step by step, and what comes is shown masked.

Rules that hold here:
- The token is in no answer and no log: what the browser hands back to have it kept is sealed for this person, and opens for half an hour.
- An address typed into a browser must be the vendor's own, over TLS; only the environment may name another (`why_not`).
- One trial at a time for an organisation.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import get_language, gettext_lazy, ngettext, override
from django.utils.translation import gettext as _

from stats import vault
from stats.clock import now_ms
from stats.ingest.door import HISTORY, Glimpse, Heard, Step, Verdict, door_of, knock
from stats.models import Source
from wallboard.pages.words import FEEDS, clock_time, masked
from wallboard.push.naming import shortened

KEPT_MS = 30 * 60_000
LONGEST_TOKEN = 2_000
OURS = ".telavox.se"

STATES = {
    "trying": gettext_lazy("knocking …"),
    "ok": gettext_lazy("open"),
    "refused": gettext_lazy("refused: the token is wrong, expired or revoked"),
    "config": gettext_lazy("the address is wrong"),
    "away": gettext_lazy("no answer"),
}
VERDICTS = {
    "ok": gettext_lazy("The token works. Keep it, and the day so far is read within a minute."),
    "partly": gettext_lazy("Some doors opened and some did not. Kept, the token is tried again and again by itself."),
    "refused": gettext_lazy(
        "Telavox refuses this token. Make a new Statistics Token in the webagent, as described above, and copy the whole of it."
    ),
    "config": gettext_lazy("Telavox answers, but has nothing at this address."),
    "away": gettext_lazy("Nobody answers at this address. Is this machine allowed out to the internet?"),
}
QUIET = gettext_lazy("Nothing was told while we listened, which is usual outside opening hours.")
WHAT = {
    "call": gettext_lazy("Call"),
    "queue": gettext_lazy("Queue"),
    "agent": gettext_lazy("Ring"),
    "presence": gettext_lazy("Presence"),
}
DOING = {
    "waiting": gettext_lazy("waiting"),
    "answered": gettext_lazy("answered"),
    "ringing": gettext_lazy("ringing"),
    "ended": gettext_lazy("ended"),
    "available": gettext_lazy("available"),
    "unavailable": gettext_lazy("unavailable"),
}
_running: set[str] = set()


class Busy(Exception):
    """Somebody of this organisation is trying a token just now."""


class Stale(Exception):
    """What the browser handed back is not a trial of this person of the last half hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A token that was tried, and how that ended."""

    live_url: str
    historic_url: str
    token: str
    result: str


Event = dict[str, Any]


async def events(owner: str, organisation: str, timezone: str, live_url: str, historic_url: str, token: str) -> AsyncIterator[Event]:
    """What is heard, as the page shows it: {"step": …}, {"glimpse": …}, and last {"verdict": …}. Raises Busy."""
    if organisation in _running:
        raise Busy
    _running.add(organisation)
    # A stream is written when the request's own language is nobody's any more.
    language = get_language() or settings.LANGUAGE_CODE
    try:
        knocking = knock("telavox", door_of(live_url, historic_url, token))
        try:
            async for heard in knocking:
                with override(language):
                    event = _event(heard, timezone)
                if isinstance(heard, Verdict):
                    event["keep"] = sealed(owner, Tried(live_url=live_url, historic_url=historic_url, token=token, result=heard.result))
                yield event
        finally:
            await knocking.aclose()  # type: ignore[attr-defined]  # a generator, whatever its type says
    finally:
        _running.discard(organisation)


def _event(heard: Heard, timezone: str) -> Event:
    if isinstance(heard, Step):
        label = _("History (GraphQL)") if heard.name == HISTORY else str(FEEDS.get(heard.name, heard.name))
        said = str(STATES[heard.state])
        if heard.rows is not None:
            said = ngettext("open, %(n)d call in the last hour", "open, %(n)d calls in the last hour", heard.rows) % {"n": heard.rows}
        words = heard.words if heard.state not in ("ok", "trying") else ""
        return {"step": heard.name, "label": label, "state": heard.state, "said": said, "words": words}
    if isinstance(heard, Glimpse):
        return {
            "glimpse": str(WHAT[heard.what]),
            "at": clock_time(heard.at, timezone),
            "queue": heard.queue,
            "agent": shortened(heard.agent) if heard.agent else "",
            "number": masked(heard.number) if heard.number else "",
            "state": str(DOING.get(heard.state, heard.state)),
        }
    words = str(VERDICTS[heard.result])
    return {
        "verdict": heard.result,
        "words": words if heard.frames or heard.result != "ok" else f"{words} {QUIET}",
        "sure": heard.result in ("ok", "partly"),
    }


def line(event: Event) -> bytes:
    """One event of a stream, as a line of JSON."""
    return json.dumps(event, ensure_ascii=False).encode() + b"\n"


def sealed(owner: str, tried: Tried) -> str:
    """What the browser holds meanwhile: it can read nothing of it, change nothing in it, and use it for nobody else."""
    told = [now_ms(), tried.live_url, tried.historic_url, tried.token, tried.result]
    return vault.seal(json.dumps(told), owner)


def opened(owner: str, handed_back: str) -> Tried:
    """The trial that was handed back. Raises Stale."""
    try:
        at, live_url, historic_url, token, result = json.loads(vault.unseal(handed_back, owner))
    except (vault.Unreadable, ValueError):
        raise Stale from None
    if not 0 <= now_ms() - at <= KEPT_MS:
        raise Stale
    return Tried(live_url=live_url, historic_url=historic_url, token=token, result=result)


def why_not(live_url: str, historic_url: str, source: Source | None) -> str:
    """Why these addresses may not be knocked at, in words; "" when they may. What stands there already, or in the environment, may."""
    for url, scheme, known in (
        (live_url, "wss", {settings.TELAVOX_LIVE_URL, source.live_url if source is not None else ""}),
        (historic_url, "https", {settings.TELAVOX_HISTORIC_URL, source.historic_url if source is not None else ""}),
    ):
        if url and url in known:
            continue
        if not _is_the_vendors(url, scheme):
            return _("%(scheme)s://…%(host)s is the only kind of address that may be given here.") % {"scheme": scheme, "host": OURS}
    return ""


def _is_the_vendors(url: str, scheme: str) -> bool:
    if len(url) > 300 or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    return parts.scheme == scheme and host.endswith(OURS) and port in (None, 443) and "@" not in parts.netloc and not parts.fragment


def why_no_token(token: str) -> str:
    """Why this can be no token, in words; "" when it may be one."""
    if not token:
        return _("Paste the token.")
    if len(token) > LONGEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        return _("That is no token: it has no blanks and only plain letters, digits and signs.")
    return ""
