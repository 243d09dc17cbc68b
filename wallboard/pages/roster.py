"""Every agent at a glance, `/agents/`: who is in what state since when, in which queues, and what their day has been.

Rules that hold here: what is chosen (state, queue, name, order, page) is in the address; a hundred agents a page, counted by state over all
of them; names are as the viewer may see them, and so is who is there at all.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from wallboard.boards import figures
from wallboard.boards.board import STATES
from wallboard.boards.figure import Place
from wallboard.boards.freshness import PRESENCE, Standing, standing_for
from wallboard.boards.rows import agent_standing, second_line
from wallboard.boards.wording import STATE_WORDS
from wallboard.pages.addresses import receipt_address
from wallboard.pages.frame import Visit, draw, for_people
from wallboard.pages.live_page import live_root, place_of
from wallboard.pages.words import folded

A_PAGE = 100
# So many of an agent's queues stand in the row; their own page has them all.
MOST_QUEUES = 3
Told = Mapping[str, object]
# What is counted of an agent's day: metric, label, and how it is written.
COUNTS = (
    ("offers", pgettext_lazy("agent column", "Rings"), figures.count),
    ("answered", pgettext_lazy("agent column", "Answered"), figures.count),
    ("missed", pgettext_lazy("agent column", "Missed"), figures.count),
    ("talk_time", pgettext_lazy("agent column", "Talk"), figures.duration),
    ("occupancy", pgettext_lazy("agent column", "Occupancy"), figures.percent),
)
ORDERS: Mapping[str, object] = {
    "name": _("Name"),
    "state": pgettext_lazy("column", "State"),
    "since": _("Longest in state"),
    "answered": _("Most answered"),
    "missed": _("Most missed"),
    "occupancy": _("Highest occupancy"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What of the agents is asked for, and in which order."""

    state: str
    queue: str
    name: str
    order: str
    page: int

    def address(self, **changes: object) -> str:
        """The query that asks for this, with changes; whatever is as usual is left out."""
        wishes = {"state": self.state, "queue": self.queue, "q": self.name, "sort": self.order, "page": self.page, **changes}
        usual = {"sort": "name", "page": 1}
        return "?" + urlencode({name: value for name, value in wishes.items() if value and value != usual.get(name)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One number of an agent's day and the calls behind it."""

    label: str
    text: str
    address: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRow:
    """One agent. `ticking` is the instant (epoch ms) since when, where its clock may go on."""

    key: str
    name: str
    source: str
    state: str
    state_words: str
    second: str
    since: str
    ticking: int | None
    freshness: str
    queues: list[dict[str, str]]
    more: str
    counts: list[Count]
    twin: str = ""  # the source, where another row has the same name


def _told_apart(rows: list[AgentRow]) -> list[AgentRow]:
    several = {name for name, number in Counter(row.name.casefold() for row in rows).items() if number > 1}
    return [replace(row, twin=row.source.capitalize()) if row.name.casefold() in several else row for row in rows]


def wish_of(asked: Mapping[str, str]) -> Wish:
    """What an address asks for; what makes no sense is as usual."""
    state, order, page = asked.get("state", ""), asked.get("sort", "name"), asked.get("page", "1")
    return Wish(
        state=state if state in STATES else "",
        queue=asked.get("queue", "")[:100],
        name=" ".join(asked.get("q", "").split())[:100],
        order=order if order in ORDERS else "name",
        page=max(int(page), 1) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
    )


async def agents(visit: Visit) -> HttpResponse:
    """GET /agents/?state=&queue=&q=&sort=&page="""
    values, wish = visit.snapshot.values, wish_of(visit.request.GET)
    place = place_of(visit)
    queues = _queues(values)
    everyone = [(scope.split(":", 1)[1], told) for scope, told in values.items() if scope.startswith("agent:")]
    asked_for = [(key, told) for key, told in everyone if _fits(told, key, wish)]
    by_state = dict.fromkeys(STATES, 0)
    for _key, told in asked_for:
        by_state[_state(told)] += 1
    mine = [(key, told) for key, told in asked_for if not wish.state or _state(told) == wish.state]
    mine.sort(key=_ordered_by(wish.order))
    pages = max(-(-len(mine) // A_PAGE), 1)
    page = min(wish.page, pages)
    standings = {source: standing_for(values, source, PRESENCE, visit.now) for source in {str(told.get("source")) for _k, told in mine}}
    shown = mine[(page - 1) * A_PAGE : page * A_PAGE]
    return draw(
        visit,
        "agents.html",
        "agents",
        live=live_root(visit, "overview"),
        wish=wish,
        rows=_told_apart([_row(key, told, queues, standings[str(told.get("source"))], place) for key, told in shown]),
        headings=[str(label) for _metric, label, _written in COUNTS],
        states=[
            {
                "id": state,
                "label": str(STATE_WORDS[state]),
                "number": number,
                "address": wish.address(state="" if state == wish.state else state, page=1),
                "current": state == wish.state,
            }
            for state, number in by_state.items()
            if number or state == wish.state
        ],
        everyone={"number": len(asked_for), "address": wish.address(state="", page=1), "current": not wish.state},
        orders=[{"id": name, "label": str(label)} for name, label in ORDERS.items()],
        queues=sorted(queues.items(), key=lambda pair: pair[1].casefold()),
        there_are=len(everyone),
        number=len(mine),
        page=page,
        pages=pages,
        first=(page - 1) * A_PAGE + 1,
        last=(page - 1) * A_PAGE + len(shown),
        before=wish.address(page=page - 1) if page > 1 else "",
        after=wish.address(page=page + 1) if page < pages else "",
    )


def _queues(values: Mapping[str, Told]) -> dict[str, str]:
    """The names of the viewer's queues by key."""
    return {
        (key := scope.split(":", 1)[1]): name if isinstance(name := told.get("name"), str) and name.strip() else f"#{key}"
        for scope, told in values.items()
        if scope.startswith("queue:")
    }


def _fits(told: Told, key: str, wish: Wish) -> bool:
    if wish.queue and wish.queue not in _keys_in(told):
        return False
    return not wish.name or folded(wish.name) in folded(_name(told, key)) or wish.name in (key, f"#{key}")


def _keys_in(told: Told) -> list[str]:
    queues = told.get("queues_in")
    return [str(each) for each in queues] if isinstance(queues, Sequence) else []


def _state(told: Told) -> str:
    state = told.get("state")
    return state if isinstance(state, str) and state in STATES else "unknown"


def _name(told: Told, key: str) -> str:
    name = told.get("name")
    return name.strip() if isinstance(name, str) and name.strip() else f"#{key}"


def _ordered_by(order: str) -> Callable[[tuple[str, Told]], tuple[object, ...]]:
    """A sort key; whoever is alike in it stands in the order of names."""

    def largest(metric: str) -> Callable[[tuple[str, Told]], tuple[object, ...]]:
        return lambda agent: (-(figures.number(agent[1].get(metric)) or 0), *by_name(agent))

    def by_name(agent: tuple[str, Told]) -> tuple[object, ...]:
        return (_name(agent[1], agent[0]).casefold(), agent[0])

    match order:
        case "state":
            return lambda agent: (STATES.index(_state(agent[1])), *by_name(agent))
        case "since":
            # Whoever is off is in no state that anybody waits for the end of.
            return lambda agent: (
                _state(agent[1]) in ("off", "unknown"),
                figures.number(agent[1].get("state_since")) or float("inf"),
                *by_name(agent),
            )
        case "answered" | "missed" | "occupancy":
            return largest(order)
        case _:
            return by_name


def _row(key: str, told: Told, queues: Mapping[str, str], feed: Standing, place: Place) -> AgentRow:
    standing = agent_standing(told, feed, place.now)
    state = _state(told) if standing.level != "unknown" else "unknown"
    since = figures.number(told.get("state_since"))
    at = place.now if standing.ticks else standing.alive_at
    named = [{"key": each, "name": queues[each]} for each in _keys_in(told) if each in queues]
    return AgentRow(
        key=key,
        name=_name(told, key),
        source=str(told.get("source") or ""),
        state=state,
        state_words=str(STATE_WORDS[state]),
        second=second_line(told, state, standing, place),
        since=figures.DASH if at is None or standing.level == "unknown" else figures.since(since, at),
        ticking=int(since) if since is not None and standing.ticks else None,
        freshness=standing.level,
        queues=named[:MOST_QUEUES],
        more=f"+{len(named) - MOST_QUEUES}" if len(named) > MOST_QUEUES else "",
        counts=[
            Count(
                label=str(label),
                text=_written(told.get(metric), write, metric),
                address=receipt_address(f"agent:{key}", metric, "today"),
                value=f"agent:{key}.{metric}",
            )
            for metric, label, write in COUNTS
        ],
    )


def _written(value: object, write: Callable[[object], str], metric: str) -> str:
    text = write(value)
    return f"{text} %" if metric == "occupancy" and text != figures.DASH else text


page = for_people(agents, needs="agents")
