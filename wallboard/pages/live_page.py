"""What a page tells its script so that it stays true without a reload: the socket to listen to, the words, the clock, what was drawn."""

import json
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from django.urls import reverse

from stats.domain.lacking import heard_from, is_lacking, starts, unheard_of, unheard_until, without_of
from wallboard.boards import figures
from wallboard.boards.figure import Place
from wallboard.boards.freshness import CALLS, Standing, standing_for
from wallboard.boards.topics import PAGE, drawn
from wallboard.boards.wording import CAUSES, LEVEL_WORDS, filled, source_title, texts_for_browser
from wallboard.pages.frame import Visit


def place_of(visit: Visit) -> Place:
    """When, where and in which language a page is drawn."""
    return Place(now=visit.now, timezone=visit.timezone, language=str(getattr(visit.request, "LANGUAGE_CODE", "en")))


def live_root(visit: Visit, topic: str, texts: Mapping[str, object] | None = None) -> dict[str, object]:
    """The context `live` of `app/_live.html` and `app/_standing.html`. `texts` are words of the page's own script; raises NoSuchBoard."""
    snapshot, place = visit.snapshot, place_of(visit)
    overall = standing_for(snapshot.values, None, CALLS, visit.now)
    words = {**texts_for_browser(), **{name: str(text) for name, text in (texts or {}).items()}}
    return {
        "socket": f"/ws/pages/{quote(topic, safe=':')}/",
        "rev": drawn(PAGE + topic, snapshot.values, snapshot.language, snapshot.timezone).rev,
        "version": snapshot.version,
        "epoch": snapshot.epoch,
        "now": visit.now,
        "timezone": snapshot.timezone,
        "language": place.language,
        "clock": figures.wall_clock(visit.now, snapshot.timezone),
        "level": overall.level,
        "level_word": str(LEVEL_WORDS[overall.level]),
        "notice": _notice(overall, place),
        "texts": json.dumps(words, ensure_ascii=False, separators=(",", ":")),
    }


def _notice(overall: Standing, place: Place) -> str:
    """Why numbers are not live, as soon as they are not: at a desk there is room to say so (static/app/live.js says the same)."""
    if overall.level == "live":
        return ""
    heard = None if overall.alive_at is None else figures.wall_clock(overall.alive_at, place.timezone)
    return filled(CAUSES.get(overall.reason, CAUSES["ok"]), source=source_title(overall.source), time=heard, who=overall.by)


def lacks_from(visit: Visit, scope: str, metric: str, source: str | None) -> str:
    """The source that can never tell a number, its own or the first of the site's; "" where it can be told, at least by who listens."""
    values = visit.snapshot.values
    if not is_lacking(values, scope, metric) or unheard_until(values, scope, metric) is not None:
        return ""
    sources = visit.facts.sources.items()
    return source or next((name for name, each in sources if metric in each.lacks.get("site", ())), "")


def without_words(visit: Visit, metrics: Iterable[str]) -> dict[str, str] | None:
    """The telephone systems that can never tell their part of some of these numbers of the site, and what says more; None for none."""
    sources = [name for name, since in without_of(visit.snapshot.values, metrics).items() if since is None]
    return {"sources": ", ".join(map(source_title, sources)), "more": _more(sources)} if sources else None


def until_words(visit: Visit, until: int | None, source: str | None) -> dict[str, str] | None:
    """Until when (epoch ms) calls went unheard, at which source, its own or the site's latest, and what says more of it; None where none
    did (`until` None)."""
    if until is None:
        return None
    sources = visit.facts.sources.items()
    return _until([source or next((name for name, each in sources if heard_from(each) == until), "")], until, visit.timezone)


def unheard_today(visit: Visit) -> dict[str, str] | None:
    """All sources of which calls went unheard today, where that makes numbers unknown; see `until_words`."""
    begun = starts(visit.facts, visit.now, ("today",))
    sources = visit.facts.sources.items()
    missed = {name: heard_from(each) or 0 for name, each in sources if any(unheard_of(each, scope, begun) for scope in ("queue", "agent"))}
    return _until(sorted(missed), max(missed.values()), visit.timezone) if missed else None


def _until(sources: list[str], until: int, timezone: str) -> dict[str, str]:
    return {"time": figures.wall_clock(until, timezone), "source": ", ".join(sources), "more": _more(sources)}


def _more(sources: list[str]) -> str:
    return f"{reverse('source', args=sources)}#lacks" if len(sources) == 1 and sources[0] else reverse("sources")
