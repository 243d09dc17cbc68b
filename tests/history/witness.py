"""What must be in the archive at the end of a day, by the slow computation, and what is."""

from collections.abc import Callable, Sequence
from typing import Any

from tests.acceptance.product import eventually
from tests.acceptance.telling import plain
from tests.oracle.days import Day
from tests.oracle.journeys import calls_of

Rows = Sequence[tuple[Any, ...]]
Ask = Callable[[str], Rows]


def expected(day: Day, until_ms: int) -> dict[str, Any]:
    """Every call that is over: its start, direction, visits (entry, outcome, wait) and offers (begin, outcome)."""
    return {
        call.id_call: (
            call.started,
            call.direction or "",
            sorted((v.entered, {"callbacks": "callback"}.get(v.outcome, v.outcome), v.wait) for v in call.visits),
            sorted((o.began, o.outcome) for o in call.offers if o.direction != "out"),
        )
        for call in calls_of(plain(day.documents(until_ms=until_ms)), until_ms)
        if call.is_over or (not call.docs and not any(part.active for part in (*call.visits, *call.offers)))
    }


def found(ask: Ask) -> dict[str, Any]:
    """The same of the archive's rows."""
    visits: dict[str, list[Any]] = {}
    offers: dict[str, list[Any]] = {}
    for id_call, *visit in ask("SELECT id_call, at_ms, outcome, wait_ms FROM stats_archivedvisit"):
        visits.setdefault(id_call, []).append(tuple(visit))
    for id_call, *offer in ask("SELECT id_call, at_ms, outcome FROM stats_archivedoffer WHERE direction <> 'out'"):
        offers.setdefault(id_call, []).append(tuple(offer))
    return {
        id_call: (at_ms, direction, sorted(visits.get(id_call, []), key=str), sorted(offers.get(id_call, []), key=str))
        for id_call, at_ms, direction in ask("SELECT id_call, at_ms, direction FROM stats_archivedcall")
    }


def differences(day: Day, until_ms: int, ask: Ask) -> list[str]:
    """A line for each call that is not what it should be."""
    want, have = expected(day, until_ms), found(ask)
    return [
        f"{id_call}: {have.get(id_call)} should be {want.get(id_call)}" for id_call in want | have if want.get(id_call) != have.get(id_call)
    ]


def until_whole(day: Day, until_ms: int, ask: Ask, within_s: float) -> None:
    """Waits until the archive holds every call that is over, and no other."""
    wrong: list[str] = ["nothing was compared"]

    def whole() -> bool:
        wrong[:] = differences(day, until_ms, ask)
        return not wrong

    eventually(whole, within_s, lambda: f"{len(wrong)} calls differ:\n" + "\n".join(wrong[:8]))
