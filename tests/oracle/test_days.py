"""The made-up days are repeatable, nasty enough to be worth checking, and tell one story in all three tellings."""

import random

import pytest

from tests.oracle import Documents, differences, live
from tests.oracle.days import Day, day
from tests.oracle.documents import Doc, dig, snake_row
from tests.oracle.journeys import calls_of
from tests.upstream.play import disordered

SEEDS = range(4)
MIDNIGHT = 1_779_055_200_000  # 2026-05-18T00:00 in Stockholm


def numbers(told: Day, documents: Documents) -> dict[str, object]:
    return live(documents, as_of_ms=told.now_ms, timezone=told.timezone, settings=told.settings)


def last_of_each(told: Day, frames: list[tuple[str, Doc]]) -> Documents:
    """The newest document of each thing, by its own key, from frames in any order: fields only ever get added, so the largest is newest."""
    newest: dict[tuple[str, ...], Doc] = {}
    for source, doc in frames:
        where = dig(doc, "queue.timestart") if source == "queues" else dig(doc, "time.start") if source == "agents" else None
        key = (source, str(doc["id_call"]), str(dig(doc, "agent.name" if source == "agents" else "queue.name")), str(where))
        if source == "calls":
            key = (source, str(doc["id_call"]))
        if key not in newest or len(str(doc)) >= len(str(newest[key])):
            newest[key] = doc
    pick = {kind: [doc for key, doc in newest.items() if key[0] == kind] for kind in ("calls", "queues", "agents")}
    return Documents(**pick, presences=told.documents().presences)


def test_the_same_seed_makes_the_same_day_and_another_seed_another() -> None:
    first, again, other = day(7, n_calls=30), day(7, n_calls=30), day(8, n_calls=30)
    assert first.frames() == again.frames()
    assert first.rows() == again.rows()
    assert first.frames() != other.frames()


def test_some_days_together_hold_everything_that_can_happen() -> None:
    visits, offers, lateness = set(), set(), 0
    for seed in range(8):
        told = day(seed)
        for call in calls_of(told.documents(), told.now_ms):
            visits |= {visit.outcome for visit in call.visits}
            offers |= {offer.outcome for offer in call.offers}
            lateness += any(a.queue == b.queue for a, b in zip(call.visits, call.visits[1:], strict=False))
    assert visits == {"answered", "waiting", "leaving", "overflowed", "voicemail", "callbacks", "abandoned"}
    assert offers == {"answered", "ringing", "missed", "withdrawn"}
    assert lateness > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_frames_in_the_order_of_time_end_in_the_final_documents(seed: int) -> None:
    told = day(seed, n_calls=60)
    frames = told.frames()
    assert [frame.emitted_at_ms for frame in frames] == sorted(frame.emitted_at_ms for frame in frames)
    assert all(frame.emitted_at_ms <= told.now_ms for frame in frames)
    newest = last_of_each(told, [(frame.datasource, frame.document) for frame in frames if frame.datasource != "profile_live"])
    assert differences(numbers(told, told.documents()), numbers(told, newest)) == []


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("instants", ["iso_ms", "iso_s", "ms", "text_ms"])
def test_rows_beside_the_live_documents_change_no_number(seed: int, instants: str) -> None:
    told = day(seed, n_calls=60, instants=instants)
    rows = {root: [snake_row(row) for row in rows] for root, rows in told.rows().items()}
    assert rows["calls"]
    assert differences(numbers(told, told.documents()), numbers(told, told.documents() + Documents(**rows))) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_one_who_heard_every_frame_knows_the_final_documents(seed: int) -> None:
    told = day(seed, n_calls=60, instants="iso_s")
    assert differences(numbers(told, told.documents()), numbers(told, told.known(live_since_ms=0))) == []


def test_the_parts_of_every_number_add_up_on_every_day() -> None:
    outcomes = ("answered", "abandoned", "short_abandoned", "overflowed", "voicemail", "callbacks")
    for seed in range(6):
        told = day(seed, n_calls=80, controversial=seed % 2 == 0)
        for scope in (seen := live(told.documents(), as_of_ms=told.now_ms, timezone=told.timezone, settings=told.settings))["queues"]:
            for window in ("today", "15m", "30m", "60m"):
                assert sum(scope[window][name] for name in outcomes) <= scope[window]["offered"]
                assert seen["site"][window]["offered"] >= scope[window]["offered"]
            states = ("ready", "ringing", "talking", "wrapup", "away", "unknown")
            assert sum(scope["now"][f"agents_{state}"] for state in states) == scope["now"]["agents_logged_in"]
        for window in ("today", "15m", "30m", "60m"):
            assert seen["site"][window]["offered"] == sum(queue[window]["offered"] for queue in seen["queues"])
            assert seen["site"][window]["answered"] == sum(queue[window]["answered"] for queue in seen["queues"])


def test_a_day_just_after_midnight_has_calls_that_only_the_rolling_windows_count() -> None:
    told = day(3, now_ms=MIDNIGHT + 10 * 60_000)
    site = live(told.documents(), as_of_ms=told.now_ms, timezone=told.timezone)["site"]
    assert site["60m"]["offered"] > site["today"]["offered"] > 0


def test_disorder_stays_within_its_second_and_a_duplicate_brings_nothing_new() -> None:
    told = day(5, n_calls=40)
    frames = told.frames()
    order = disordered(frames, random.Random(1), duplicates=0.2)
    assert len(order) > len(frames)
    assert order != frames
    newest = 0
    for frame in order:
        assert frame.emitted_at_ms > newest - 1_000
        newest = max(newest, frame.emitted_at_ms)
    one = [frame.emitted_at_ms for frame in order if frame.datasource == "profile_live"]
    assert one == sorted(one)


def test_a_difference_is_told_in_words_and_a_percentile_may_be_five_per_cent_off() -> None:
    told = day(2, n_calls=60)
    ours = live(told.documents(), as_of_ms=told.now_ms, timezone=told.timezone)
    theirs = live(told.documents(), as_of_ms=told.now_ms, timezone=told.timezone)
    theirs["site"]["today"]["wait_p50"] *= 1.04
    assert differences(ours, theirs) == []
    theirs["site"]["today"]["wait_p50"] *= 1.04
    theirs["site"]["today"]["answered"] += 1
    del theirs["queues"][0]
    found = differences(ours, theirs)
    assert len(found) == 3
    assert any(line.startswith("site.today.answered: ") for line in found)
