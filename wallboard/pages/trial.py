"""A new token is tried before it is kept: what the vendor says is shown step by step, and what comes is shown masked.

Rules that hold here:
- The token is in no answer and no log: what the browser hands back to have it kept is sealed for this person, and opens for half an hour.
- An address typed into a browser must be the vendor's own, over TLS; only the environment may name another: TELAVOX_LIVE_URL and
  TELAVOX_HISTORIC_URL for Telavox, SOURCE_HOSTS for everybody (`why_not`).
- One trial at a time for an organisation.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import get_language, gettext_lazy, ngettext, override
from django.utils.translation import gettext as _

from stats import vault
from stats.clock import now_ms
from stats.ingest.door import GREETING, HISTORY, Company, Glimpse, Heard, Step, Verdict, company, door_of, knock, vias
from stats.models import Source
from wallboard.pages.company_words import token_name
from wallboard.pages.words import FEEDS, clock_time, day_of, masked
from wallboard.push.naming import shortened

KEPT_MS = 30 * 60_000
LONGEST_TOKEN = 4_000
# A token that ends sooner is worth a word.
SOON_MS = 30 * 86_400_000

STATES = {
    "trying": gettext_lazy("knocking …"),
    "ok": gettext_lazy("open"),
    "refused": gettext_lazy("refused: the token is wrong, expired or revoked"),
    "config": gettext_lazy("the address is wrong"),
    "away": gettext_lazy("no answer"),
    "later": gettext_lazy("comes by webhook, which is connected after this"),
}
VERDICTS = {
    "ok": gettext_lazy("The token works. Keep it, and the day so far is read within a minute."),
    "partly": gettext_lazy("Some doors opened and some did not. Kept, the token is tried again and again by itself."),
    "refused": gettext_lazy("%(company)s refuses this token. Make a new %(token)s, as described above, and copy the whole of it."),
    "config": gettext_lazy("%(company)s answers, but refuses what was asked. Are the addresses right?"),
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
    """What was tried, and how that ended. `name`: of a source that is not there yet; `settings`: its company's options."""

    live_url: str
    historic_url: str
    token: str = field(repr=False)
    result: str = ""
    company: str = "telavox"
    name: str = ""
    second_token: str = field(default="", repr=False)
    region: str = "SE"
    settings: dict[str, Any] = field(default_factory=dict)


Event = dict[str, Any]


async def events(owner: str, organisation: str, timezone: str, tried: Tried) -> AsyncIterator[Event]:
    """What is heard, as the page shows it: {"step": …}, {"glimpse": …}, and last {"verdict": …}. Raises Busy."""
    if organisation in _running:
        raise Busy
    _running.add(organisation)
    # A stream is written when the request's own language is nobody's any more.
    language = get_language() or settings.LANGUAGE_CODE
    try:
        more = {"second_token": tried.second_token, "settings": tried.settings}
        door = door_of(tried.live_url, tried.historic_url, tried.token, tried.region, **more)
        knocking = knock(tried.company, door)
        try:
            async for heard in knocking:
                with override(language):
                    event = _event(heard, timezone, tried.company)
                if isinstance(heard, Verdict):
                    event["keep"] = sealed(owner, replace(tried, result=heard.result))
                yield event
        finally:
            await knocking.aclose()  # type: ignore[attr-defined]  # a generator, whatever its type says
    finally:
        _running.discard(organisation)


def _event(heard: Heard, timezone: str, asked: str) -> Event:
    if isinstance(heard, Step):
        label = feed_words(asked, heard.name)
        said = str(STATES[heard.state])
        if heard.rows is not None:
            said = ngettext("open, %(n)d call in the last hour", "open, %(n)d calls in the last hour", heard.rows) % {"n": heard.rows}
        if heard.account:
            said = _("open, as %(account)s") % {"account": heard.account[:120]}
        words = heard.words if heard.state != "trying" and (heard.state != "ok" or heard.name == GREETING) else ""
        if heard.expires_at is not None:
            words = " ".join((words, expiry(heard.expires_at, timezone))).strip()
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
    words = str(VERDICTS[heard.result]) % {"company": title_of(asked), "token": token_name(asked)}
    return {
        "verdict": heard.result,
        "words": words if heard.frames or heard.result != "ok" or not listens(asked) else f"{words} {QUIET}",
        "sure": heard.result in ("ok", "partly"),
    }


def expiry(expires_at: int, timezone: str) -> str:
    """When a token ends, and whether that is soon."""
    day, left = day_of(expires_at, timezone), expires_at - now_ms()
    if left <= 0:
        return _("The token ended on %(day)s.") % {"day": day}
    if left < SOON_MS:
        days = max(1, round(left / 86_400_000))
        return ngettext(
            "The token ends on %(day)s, in %(n)d day: make a new one.", "The token ends on %(day)s, in %(n)d days: make a new one.", days
        ) % {"day": day, "n": days}
    return _("The token ends on %(day)s.") % {"day": day}


def title_of(name: str) -> str:
    """What people call a company."""
    known = company(name)
    return known.title if known is not None else name


def feed_words(asked: str, name: str) -> str:
    """What one of a company's feeds is called."""
    if name == HISTORY:
        return _("History (GraphQL)") if asked == "telavox" else _("History")
    if name == GREETING:
        return _("Account")
    return str(FEEDS.get(name, name))


def listens(asked: str) -> bool:
    """Whether any feed of a company can be listened to before it posts to us."""
    return any(via != "hook" for via in vias(asked).values())


def line(event: Event) -> bytes:
    """One event of a stream, as a line of JSON."""
    return json.dumps(event, ensure_ascii=False).encode() + b"\n"


def sealed(owner: str, tried: Tried) -> str:
    """What the browser holds meanwhile: it can read nothing of it, change nothing in it, and use it for nobody else."""
    return vault.seal(json.dumps([now_ms(), asdict(tried)]), owner)


def opened(owner: str, handed_back: str) -> Tried:
    """The trial that was handed back. Raises Stale."""
    try:
        at, told = json.loads(vault.unseal(handed_back, owner))
        tried = Tried(**told)
    except (vault.Unreadable, ValueError, TypeError):
        raise Stale from None
    if not 0 <= now_ms() - at <= KEPT_MS:
        raise Stale
    return tried


def why_not(live_url: str, historic_url: str, source: Source | None, name: str = "telavox") -> str:
    """Why these addresses may not be knocked at, in words; "" when they may. What stands there already, or in the environment, may."""
    known = company(name)
    if known is None:
        return _("There is no such telephone company.")
    ours = usual_addresses(known)
    for url, usual, default, there in (
        (live_url, ours[0], known.live_url, source.live_url if source is not None else ""),
        (historic_url, ours[1], known.historic_url, source.historic_url if source is not None else ""),
    ):
        own = default or known.live_url
        if (url in (usual, default, there) and (url or not usual)) or (url and _is_allowed(url, own)):
            continue
        kind = _kind_of(own)
        return _("%(kind)s is the only kind of address that may be given here.") % {"kind": kind}
    return ""


def usual_addresses(known: Company) -> tuple[str, str]:
    """Where a company is, for the present and for the past, as far as nobody says otherwise."""
    if known.name == "telavox":
        return str(settings.TELAVOX_LIVE_URL), str(settings.TELAVOX_HISTORIC_URL)
    return known.live_url, known.historic_url


def _kind_of(usual: str) -> str:
    parts = urlsplit(usual)
    return f"{parts.scheme}://*{_domain(parts)}" + (f":{parts.port}" if parts.port else "")


def _domain(parts: SplitResult) -> str:
    return "." + ".".join((parts.hostname or "").split(".")[-2:])


def _is_allowed(url: str, usual: str) -> bool:
    """Whether it is of the vendor's own domain, over TLS, at the usual port; or at a host of SOURCE_HOSTS."""
    if len(url) > 300 or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return False
    try:
        parts, own = urlsplit(url), urlsplit(usual)
        port = parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    if "@" in parts.netloc or parts.fragment or not host:
        return False
    if host in settings.SOURCE_HOSTS:
        return parts.scheme in ({"wss", "ws"} if own.scheme in ("wss", "ws") else {"https", "http"})
    return bool(own.hostname) and parts.scheme == own.scheme and host.endswith(_domain(own)) and port in (None, 443, own.port)


def why_no_token(token: str) -> str:
    """Why this can be no token, in words; "" when it may be one."""
    if not token:
        return _("Paste the token.")
    if len(token) > LONGEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        return _("That is no token: it has no blanks and only plain letters, digits and signs.")
    return ""
