"""Time by profile, `/reports/profiles/`: how long each agent was in each profile, and when.

Rules that hold here:
- Only who may see single agents, and the agents they see; whoever looks is written down.
- It is what the telephone system accounts for hour by hour, which alone tells of time away; it says up to when hours have come.
- A bar is told by its words and its table; profiles of one kind differ by their pattern, not by a colour alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from stats.domain.report import WITHIN_A_DAY
from wallboard.boards import figures
from wallboard.pages.frame import Visit, for_people
from wallboard.push.admission import DatabaseAway
from wallboard.reports import words
from wallboard.reports.asked import Asked, Unfit
from wallboard.reports.bar import Address, names_of
from wallboard.reports.frame import Drawn, report_page
from wallboard.reports.profile_reading import Profile, Profiles, by_slot, read_profiles
from wallboard.reports.reading import desk

# Hours are read one by one; so many days of them at most.
MOST_DAYS_BY_HOUR = 100
PATTERNS = 5
KIND_WORDS: Mapping[str, str | Promise] = {
    "available": pgettext_lazy("profile", "available"),
    "wrapup": pgettext_lazy("profile", "after calls"),
    "unknown": pgettext_lazy("profile", "not told"),
    "away": pgettext_lazy("profile", "away"),
}


@dataclass(slots=True, kw_only=True)
class Stamp:
    """Up to when hours have come."""

    complete_to: int
    recounting: int = 0
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a bar: places in per cent of the widest bar, and its words."""

    number: int
    kind: str
    x: str
    width: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A bar, and the row of the table with the same numbers."""

    key: str
    label: str
    address: str
    pieces: Sequence[Piece]
    times: Sequence[str]
    total: str


async def drawn(visit: Visit, asked: Asked) -> Drawn | HttpResponseBase:
    """What the tab shows."""
    organisation = visit.viewer.organisation
    span = asked.span(organisation, visit.timezone, visit.viewer)
    if by_slot(span) and asked.days > MOST_DAYS_BY_HOUR:
        raise Unfit("hours", _("With opening hours at most %(most)d days are added up here.") % {"most": MOST_DAYS_BY_HOUR})
    try:
        found = await database_sync_to_async(read_profiles, thread_sensitive=False, executor=desk)(span, visit.facts, visit.viewer)
    except (DatabaseError, InterfaceError) as why:
        raise DatabaseAway from why
    if asked.agents:
        for key in asked.agents:
            await visit.note_look("agent.opened", "agent", key)
    else:
        await visit.note_look("agents.reported", "report", f"{asked.first} {asked.last}")
    profiles = found.every()
    return Drawn(
        template="reports/profiles.html",
        report=Stamp(complete_to=min(found.complete_to, visit.now)) if found.complete_to is not None else None,
        context={
            "profiles": _legend(profiles),
            "agents": _by_agent(visit, asked, found, profiles),
            "times": _by_time(visit, asked, found, profiles),
            "unit": str(words.INTERVALS["1h"]) if asked.interval in WITHIN_A_DAY else str(words.INTERVALS[asked.interval]),
            "available_alone": found.available_alone,
            "never": found.complete_to is None,
            "unfiltered": asked.query(queues=(), agents=(), hours=None),
        },
    )


def _legend(profiles: Sequence[Profile]) -> list[dict[str, object]]:
    """Each profile with its pattern, which tells it from others of its kind."""
    found: list[dict[str, object]] = []
    of_kind: dict[str, int] = {}
    for number, each in enumerate(profiles):
        place = of_kind.get(each.kind, 0)
        of_kind[each.kind] = place + 1
        found.append(
            {"number": number, "kind": each.kind, "kind_words": KIND_WORDS[each.kind], "name": each.name, "pattern": place % PATTERNS}
        )
    return found


def _by_agent(visit: Visit, asked: Asked, found: Profiles, profiles: Sequence[Profile]) -> list[Row]:
    known = names_of(visit, "agent")
    names = {key: known.get(key) or visit.agent_name(key, found.names.get(key)) or f"#{key}" for key in found.by_agent}
    most = max((sum(told.values()) for told in found.by_agent.values()), default=0)
    return [
        _row(
            key,
            names[key],
            found.by_agent[key],
            profiles,
            most,
            Address(asked, ()).to(agents=() if asked.agents == (key,) else (key,)),
        )
        for key in sorted(names, key=lambda key: (names[key].casefold(), key))
    ]


def _by_time(visit: Visit, asked: Asked, found: Profiles, profiles: Sequence[Profile]) -> list[Row]:
    most = max((sum(told.values()) for told in found.by_time.values()), default=0)
    interval = "1h" if asked.interval in WITHIN_A_DAY else asked.interval
    return [
        _row(
            str(start),
            words.interval_words(
                start, max(end, start + 3_600_000) if interval == "1h" else end, interval, visit.timezone, with_day=asked.days > 1
            ),
            told,
            profiles,
            most,
            "",
        )
        for (start, end), told in sorted(found.by_time.items())
    ]


def _row(key: str, label: str, told: Mapping[Profile, int], profiles: Sequence[Profile], most: int, address: str) -> Row:
    pieces, at = [], 0
    for number, profile in enumerate(profiles):
        if ms := told.get(profile, 0):
            known = {"who": label, "profile": profile.name, "kind": KIND_WORDS[profile.kind], "time": _time(ms)}
            pieces.append(
                Piece(
                    number=number,
                    kind=profile.kind,
                    x=f"{at / most:.3%}",
                    width=f"{ms / most:.3%}",
                    words=_("%(who)s: %(time)s in %(profile)s (%(kind)s)") % known,
                )
            )
            at += ms
    times = [_time(told.get(profile)) for profile in profiles]
    return Row(key=key, label=label, address=address, pieces=pieces, times=times, total=_time(sum(told.values())))


def _time(ms: int | None) -> str:
    return figures.duration(None if ms is None else ms / 1000)


async def profiles(visit: Visit) -> HttpResponseBase:
    """GET /reports/profiles/"""
    return await report_page(visit, "profiles", drawn)


page = for_people(profiles, needs="agents")
