"""What the archive makes of what it is told: once, twice, changed, moved, poor, absurd."""

from dataclasses import replace

import pytest
from django.db import connection

from stats.domain.records import Call, Party
from stats.history import partitions
from stats.history.archive import SAME_LIFE_MS, archived, keep
from stats.history.tables import ArchivedCall, ArchivedOffer, ArchivedVisit, DirtyQuarter
from stats.history.telling import Telling
from tests.history.calls import NOON, SOURCE, plain, whole

pytestmark = [pytest.mark.django_db, pytest.mark.engines]
ORGANISATION = "default"
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


def tell(*calls: Call, lineage: str = "", version: int = 0, now: int = NOON) -> int:
    """Keep these."""
    return keep(ORGANISATION, SOURCE, [Telling(call, lineage, version) for call in calls], now)


def kept(call: Call) -> Call | None:
    """What the archive says of a call."""
    return archived(ORGANISATION, SOURCE, call.id_call)


def marks() -> dict[int, int]:
    """The quarters to be added up again, in minutes from noon, and how often they were marked."""
    return {(q - NOON) // 60_000: n for q, n in DirtyQuarter.objects.values_list("quarter_ms", "marks")}


def test_a_call_is_kept_whole_with_a_row_for_each_visit_and_offer() -> None:
    """The rows say what the call's own reading says."""
    assert tell(plain(1), plain(2, answered=False), whole()) == 3
    assert kept(plain(1)) == plain(1)
    assert repr(kept(whole())) == repr(whole())
    rows = dict(ArchivedVisit.objects.values_list("id_call", "outcome").exclude(id_call="whole"))
    assert rows == {"call-1": "answered", "call-2": "abandoned"}
    visit = ArchivedVisit.objects.get(id_call="call-1")
    assert (visit.at_ms, visit.queue, visit.wait_ms, visit.answered_ms) == (NOON + 2_000, "11", 10_000, NOON + 12_000)
    offer = ArchivedOffer.objects.get(id_call="call-1")
    assert (offer.agent, offer.outcome, offer.ring_ms, offer.talk_ms, offer.direction) == ("2", "answered", 7_000, 53_000, "in")
    call = ArchivedCall.objects.get(id_call="call-1")
    assert (call.at_ms, call.ended_ms, call.direction, call.number, call.outcome) == (NOON, NOON + 65_000, "in", "+4670174060", "answered")


def test_telling_it_again_changes_nothing_and_marks_nothing() -> None:
    """Who does not know whether a batch was kept sends it again."""
    tell(plain(1), lineage="one/a", version=3)
    before = [list(model.objects.order_by("pk").values()) for model in (ArchivedCall, ArchivedVisit, ArchivedOffer)]
    assert marks() == {0: 1}
    assert tell(plain(1), lineage="one/a", version=3, now=NOON + 1) == 0
    assert tell(plain(1), plain(1), now=NOON + 2) == 0
    assert before == [list(model.objects.order_by("pk").values()) for model in (ArchivedCall, ArchivedVisit, ArchivedOffer)]
    assert marks() == {0: 1}


def test_a_later_version_replaces_and_its_old_quarter_is_marked_too() -> None:
    """A call re-stated into another quarter leaves the one it lay in."""
    tell(plain(1, NOON), lineage="one/a", version=3)
    moved = replace(plain(1, NOON + 20 * 60_000), offers=())
    assert tell(moved, lineage="one/a", version=4) == 1
    assert (kept(moved), ArchivedOffer.objects.count(), ArchivedVisit.objects.count()) == (moved, 0, 1)
    assert marks() == {0: 2, 15: 1}


def test_nothing_is_overwritten_by_less() -> None:
    """A store that was lost knows less of yesterday; an older version comes late; history tells a call without its rings."""
    tell(plain(1), lineage="one/a", version=3)
    poor = Call(source=SOURCE, id_call="call-1", journey=replace(plain(1).journey, recorded=True))  # type: ignore[type-var]
    rich = replace(plain(1), journey=replace(plain(1).journey, recorded=True))  # type: ignore[type-var]
    for n, (lineage, version) in enumerate([("two/a", 9), ("one/a", 2), ("", 0)]):
        tell(replace(poor, journey=replace(poor.journey, transfers=n)), lineage=lineage, version=version)  # type: ignore[type-var]
        assert kept(poor) == replace(rich, journey=replace(rich.journey, transfers=n))  # type: ignore[type-var]


def test_after_a_merge_versions_of_a_poorer_record_do_not_replace() -> None:
    """The merged call is nobody's version: the store's next one lacks what only the archive has."""
    tell(plain(1), lineage="one/a", version=3)
    bare = Call(source=SOURCE, id_call="call-1", journey=replace(plain(1).journey, recorded=True))  # type: ignore[type-var]
    tell(bare, lineage="two/a", version=1)
    tell(replace(bare, journey=replace(bare.journey, redirects=1)), lineage="two/a", version=2)  # type: ignore[type-var]
    assert len(kept(bare).offers) == 1  # type: ignore[union-attr]


def test_a_record_that_may_have_expired_meanwhile_is_merged() -> None:
    """The store forgets a call after two days, and counts its versions from the beginning when it is told again."""
    tell(plain(1), lineage="one/a", version=3)
    late = Call(source=SOURCE, id_call="call-1", journey=replace(plain(1).journey, recorded=True))  # type: ignore[type-var]
    tell(late, lineage="one/a", version=4, now=NOON + SAME_LIFE_MS)
    assert len(kept(late).offers) == 1  # type: ignore[union-attr]


def test_a_call_that_gets_its_start_late_leaves_its_undated_row() -> None:
    """Filed under no month at first, and found again there."""
    undated = Call(source=SOURCE, id_call="call-1", visits=(replace(plain(1).visits[0], entered_at=None),))
    tell(undated, lineage="one/a", version=1)
    assert list(ArchivedCall.objects.values_list("at_ms", flat=True)) == [0]
    tell(plain(1), lineage="one/a", version=2)
    assert [list(model.objects.values_list("at_ms", flat=True)) for model in (ArchivedCall, ArchivedVisit)] == [[NOON], [NOON + 2_000]]


def test_words_and_numbers_no_column_takes_are_kept_in_the_record() -> None:
    """NUL, a novel for a name, an instant beyond every calendar, an offer said to have begun in another century."""
    call = plain(1)
    odd = replace(
        call,
        journey=replace(call.journey, number="+46\0" + "9" * 5_000, total_ms=2**64 - 1),  # type: ignore[type-var]
        visits=(replace(call.visits[0], queue=Party(name="Ö" * 9_000), wait_ms=2**63),),
        offers=(replace(call.offers[0], began_at=2**63, ended_at=-(2**63)), replace(call.offers[0], began_at=NOON + 4_000 * DAY_MS)),
    )
    assert tell(odd) == 1
    assert kept(odd) == odd
    assert ArchivedCall.objects.get().number == "+46\ufffd" + "9" * 196
    assert set(ArchivedOffer.objects.values_list("at_ms", flat=True)) == {NOON}
    tell(replace(odd, offers=(*call.offers, *odd.offers)))
    assert (ArchivedCall.objects.count(), ArchivedOffer.objects.count()) == (1, 3)


@pytest.mark.parametrize("id_call", ["\ud800", "x" * 501])
def test_a_call_that_cannot_be_kept_is_told_apart_from_a_database_that_cannot(id_call: str) -> None:
    """Half a surrogate pair; an id no index takes."""
    with pytest.raises(ValueError):
        tell(plain(2), replace(plain(1), id_call=id_call))
    assert ArchivedCall.objects.count() == 0


def test_what_a_batch_asks_of_the_archive_does_not_grow_with_the_month() -> None:
    """Of a month that nobody has analysed PostgreSQL expects nothing, and would read all of it for the ids of a batch."""
    for first in range(0, 1_200, 400):
        tell(*(plain(n) for n in range(first, first + 400)))
    if connection.vendor != "postgresql":
        return
    before = rows_read()
    assert tell(*(plain(n) for n in range(1_200, 1_600))) == 400
    assert rows_read() == before
    assert tell(*(plain(n) for n in range(400))) == 0
    assert rows_read() == before + 400


def rows_read() -> int:
    """How many calls of the archive this transaction has looked at."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT SUM(seq_tup_read + COALESCE(idx_tup_fetch, 0)) FROM pg_stat_xact_user_tables WHERE relname LIKE 'stats_archivedcall%'"
        )
        return int(cursor.fetchone()[0] or 0)


def test_organisations_and_sources_do_not_meet() -> None:
    """One id of two vendors is two calls."""
    tell(plain(1))
    keep(ORGANISATION, "other", [Telling(replace(plain(1, answered=False), source="other"))], NOON)
    keep("elsewhere", SOURCE, [Telling(plain(1))], NOON)
    assert ArchivedCall.objects.count() == 3
    assert kept(plain(1)) == plain(1)


def test_months_are_made_ahead_and_for_what_had_none() -> None:
    """On PostgreSQL: a row waits in the default partition until its month is made; absurd ones stay there."""
    old, absurd = plain(1, NOON - 400 * DAY_MS), plain(2, 5)
    tell(old, absurd, plain(3))
    assert partitions.tend(NOON) == (23 if connection.vendor == "postgresql" else 0)
    assert partitions.tend(NOON) == 0
    assert (kept(old), kept(absurd), kept(plain(3))) == (old, absurd, plain(3))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT tableoid::regclass::text, id_call FROM stats_archivedcall")
            assert {call: table.rpartition("archivedcall_")[2] for table, call in cursor.fetchall()} == {
                "call-1": "2025_04",
                "call-2": "default",
                "call-3": "2026_05",
            }
    tell(replace(old, offers=()), plain(4, NOON + 80 * DAY_MS))
    assert ArchivedCall.objects.count() == 4
