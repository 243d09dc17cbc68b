"""Our own archive beside a telephone system's report of the same time: what it has that we lack, what we have that it lacks, what differs.

Rules that hold here: two tellings of a call differ where taking over the vendor's would change ours, by the rules the archive itself goes
by; a call that goes on is nobody's fault.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from django.db.models import QuerySet

from stats.domain.errors import Malformed
from stats.domain.merge import Told, merge_call
from stats.domain.parties import same_party
from stats.domain.records import Call, Journey, Offer, Party, Visit
from stats.domain.vendor_rows import Dataset
from stats.history import rows
from stats.history.backfills import LAG_MS
from stats.history.marks import forgetting
from stats.history.tables import ArchivedCall, ArchivedOffer, ArchivedVisit
from stats.history.writing import read_call

AT_ONCE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One call of which the two tell otherwise: what, as "visit 111834 talk_ms" -> (the vendor's, ours)."""

    id_call: str
    fields: dict[str, tuple[object, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A report beside the archive, in parts (calls, visits or rings, as the data set has them).

    `vendor`, `ours`: how many of them. `vendor_alone`, `ours_alone`: ids of calls. `going_on`: calls that are not the archive's yet.
    """

    vendor: int
    ours: int
    vendor_alone: tuple[str, ...] = ()
    ours_alone: tuple[str, ...] = ()
    differing: tuple[Difference, ...] = ()
    going_on: int = 0

    @property
    def agree(self) -> bool:
        """Nothing is to be explained."""
        return not (self.vendor_alone or self.ours_alone or self.differing)


def compare(
    organisation: str,
    source: str,
    dataset: Dataset,
    start_ms: int,
    end_ms: int,
    told: Sequence[Call],
    *,
    queue: Party | None = None,
    agent: Party | None = None,
) -> Compared:
    """Put a report of [start, end), one call with one part a row, beside the archive. Raises django.db.Error."""
    by_call: dict[str, list[Call]] = {}
    forget = forgetting(organisation)
    for call in told:
        by_call.setdefault(rows.id_of(call), []).append(forget.call(call))
    here = _ours(organisation, source, dataset, start_ms, end_ms)
    known = {call.id_call: call for call in here} | _records(
        organisation, source, by_call.keys() - {c.id_call for c in here}, start_ms, end_ms
    )
    lacking: list[str] = []
    differing: list[Difference] = []
    going_on = 0
    for id_call, parts in sorted(by_call.items()):
        ours = known.get(id_call)
        if ours is None:
            if all(part.over for part in parts):
                lacking.append(id_call)
            else:
                going_on += 1
            continue
        theirs = ours
        for part in parts:
            theirs = merge_call(theirs, part, Told("historic", LAG_MS))
        if theirs != ours:
            differing.append(Difference(id_call=id_call, fields=_fields(theirs, ours)))
    counted = {call.id_call: _parts(call, dataset, start_ms, end_ms, queue, agent) for call in here}
    return Compared(
        vendor=len(told),
        ours=sum(counted.values()),
        vendor_alone=tuple(lacking),
        ours_alone=tuple(sorted(id_call for id_call, number in counted.items() if number and id_call not in by_call)),
        differing=tuple(differing),
        going_on=going_on,
    )


def _ours(organisation: str, source: str, dataset: Dataset, start_ms: int, end_ms: int) -> list[Call]:
    span = {"organisation": organisation, "source": source, "at_ms__gte": start_ms, "at_ms__lt": end_ms}
    if dataset == "calls":
        return _read(ArchivedCall.objects.filter(**span))
    parts = ArchivedVisit if dataset == "queues" else ArchivedOffer
    ids = parts._default_manager.filter(**span).order_by().values_list("id_call", flat=True).distinct()
    return list(_records(organisation, source, set(ids), start_ms, end_ms).values())


def _records(organisation: str, source: str, ids: Iterable[str], start_ms: int, end_ms: int) -> dict[str, Call]:
    wanted, found = sorted(ids), dict[str, Call]()
    for at in range(0, len(wanted), AT_ONCE):
        some = ArchivedCall.objects.filter(
            organisation=organisation,
            source=source,
            id_call__in=wanted[at : at + AT_ONCE],
            at_ms__gte=start_ms - rows.FARTHEST_MS,
            at_ms__lt=end_ms + rows.FARTHEST_MS,
        )
        found.update((call.id_call, call) for call in _read(some))
    return found


def _read(found: "QuerySet[ArchivedCall]") -> list[Call]:
    calls = []
    for record in found.values_list("record", flat=True).iterator(chunk_size=AT_ONCE):
        try:
            calls.append(read_call(record))
        except Malformed:
            continue
    return calls


def _parts(call: Call, dataset: Dataset, start: int, end: int, queue: Party | None, agent: Party | None) -> int:
    """How many rows of a report we would expect of a call of ours."""

    def is_(wanted: Party | None, *told: Party | None) -> bool:
        return wanted is None or any(party is not None and same_party(wanted, party) for party in told)

    if dataset == "calls":
        told = call.journey
        if told is None or told.started_at is None or not start <= told.started_at < end:
            return 0
        return int(is_(queue, told.first_queue, told.last_queue) and is_(agent, told.first_agent, told.last_agent))
    if dataset == "queues":
        visits = [v for v in call.visits if v.entered_at is not None and start <= v.entered_at < end]
        return sum(is_(queue, v.queue) and is_(agent, v.first_agent, v.last_agent) for v in visits)
    offers = [o for o in call.offers if o.began_at is not None and start <= o.began_at < end]
    return sum(is_(queue, o.queue) and is_(agent, o.agent) for o in offers)


def _fields(theirs: Call, ours: Call) -> dict[str, tuple[object, object]]:
    """Every field of which the two say otherwise; a part that only one has is told by its start."""
    found: dict[str, tuple[object, object]] = {}

    def beside(name: str, one: Journey | Visit | Offer | None, other: Journey | Visit | Offer | None) -> None:
        if one is None or other is None:
            found[name] = (one is not None, other is not None)
            return
        for field in fields(one):
            mine, yours = getattr(one, field.name), getattr(other, field.name)
            if field.compare and mine != yours:
                found[f"{name} {field.name}"] = (mine, yours)

    beside("call", theirs.journey, ours.journey)
    for name, these, those in (
        ("visit", {(v.queue.key, v.entered_at): v for v in theirs.visits}, {(v.queue.key, v.entered_at): v for v in ours.visits}),
        ("ring", {(o.agent.key, o.began_at): o for o in theirs.offers}, {(o.agent.key, o.began_at): o for o in ours.offers}),
    ):
        for key in sorted(these.keys() | those.keys(), key=str):
            if these.get(key) != those.get(key):
                beside(f"{name} {key[0]}", these.get(key), those.get(key))
    if theirs.expired != ours.expired:
        found["expired"] = (theirs.expired, ours.expired)
    return found
