"""The rules of pushing that need neither Redis nor a browser: windows, versions, severities, rates, inbound messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.domain.board import Values
from wallboard.push.ledger import Ledger
from wallboard.push.messages import Ack, Resync, Unreadable, read, snapshot
from wallboard.push.rates import Bucket
from wallboard.push.severities import Severities
from wallboard.push.window import Window

WANTS = {"site": frozenset({"a", "b"}), "queue:1": frozenset({"a", "b"})}
CELL = st.sampled_from([None, 0, 1, 2])
STEP = st.dictionaries(st.sampled_from(["site", "queue:1"]), st.fixed_dictionaries({"a": CELL, "b": CELL, "unseen": CELL}), min_size=1)


def test_a_socket_pauses_after_five_seconds_and_ends_after_twenty() -> None:
    window = Window()
    window.note_sent(7, now=100.0)
    assert not window.is_paused(104.9)
    assert window.is_paused(105.0)
    assert not window.is_over(119.9)
    assert window.is_over(120.0)


def test_an_acknowledgement_of_the_newest_version_pays_everything() -> None:
    window = Window()
    window.note_sent(7, now=100.0)
    window.note_sent(8, now=103.0)
    assert window.note_acknowledged(8, now=104.0)
    assert not window.is_paused(1000.0)


@pytest.mark.fault("D2")
def test_repeating_an_old_acknowledgement_does_not_keep_a_socket_alive() -> None:
    window = Window()
    window.note_sent(7, now=100.0)
    assert window.note_acknowledged(7, now=100.5)
    window.note_sent(8, now=101.0)
    for second in range(102, 121):
        assert not window.note_acknowledged(7, now=float(second))
    assert window.is_over(121.0)


def test_an_acknowledgement_of_what_was_never_sent_counts_for_nothing() -> None:
    window = Window()
    window.note_sent(7, now=100.0)
    assert not window.note_acknowledged(99, now=101.0)
    assert window.is_paused(105.0)


def test_a_heartbeat_wants_its_acknowledgement_too() -> None:
    window = Window()
    window.note_sent(7, now=100.0)
    window.note_acknowledged(7, now=100.1)
    window.note_sent(7, now=110.0)
    assert window.is_paused(115.0)
    assert window.note_acknowledged(7, now=115.1)
    assert not window.is_paused(116.0)


@pytest.mark.fault("D1", "D5")
@given(st.lists(STEP, max_size=12), st.integers(0, 12))
def test_whoever_missed_any_steps_has_the_present_after_one_message(steps: list[Values], missed_from: int) -> None:
    ledger = Ledger()
    ledger.settle({"site": {"a": 0, "b": 0, "unseen": 0}, "queue:1": {"a": None, "b": 1, "unseen": 0}}, epoch="e", rev=1)
    held, version = ledger.whole(WANTS), ledger.version
    for number, step in enumerate(steps):
        ledger.settle({**ledger.values, **step}, epoch="e", rev=1)
        if number < missed_from:
            for scope, metrics in ledger.since(version, WANTS).items():
                held[scope] = {**held[scope], **metrics}
            version = ledger.version
    for scope, metrics in ledger.since(version, WANTS).items():
        held[scope] = {**held[scope], **metrics}
    assert held == ledger.whole(WANTS)


def test_nothing_changed_is_no_new_version() -> None:
    ledger = Ledger()
    assert ledger.settle({"site": {"a": 1}}, epoch="e", rev=10)
    assert ledger.version == 10
    assert not ledger.settle({"site": {"a": 1}}, epoch="e", rev=12)
    assert ledger.version == 10
    assert ledger.since(10, WANTS) == {}


def test_versions_grow_across_a_store_that_began_anew() -> None:
    ledger = Ledger()
    ledger.settle({"site": {"a": 1}}, epoch="e", rev=1000)
    ledger.settle({"site": {"a": None}}, epoch="f", rev=1)
    assert ledger.version == 1001


def test_what_is_not_a_number_is_null_on_the_wire() -> None:
    assert '"x":null' in snapshot("e", 1, {}, {"site": {"x": float("nan"), "y": float("inf")}}).at(5)


def test_good_messages_are_read() -> None:
    assert read('{"type":"ack","version":42}') == Ack(42)
    assert read('{"type":"resync","why":"gap"}') == Resync()


@pytest.mark.parametrize("text", [None, "", "{", '{"type":"ack","version":1e400}', '{"type":"ack","version":NaN}', "\ud800", "é" * 3000])
def test_bad_messages_are_refused(text: str | None) -> None:
    with pytest.raises(Unreadable):
        read(text)


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = Bucket(20, 40)
    assert [bucket.take(1.0) for _ in range(40)] == [0.0] * 40
    assert bucket.take(1.0) == pytest.approx(0.05)
    assert bucket.take(1.051) == 0.0
    assert all(bucket.take(1.051 + n * 0.0501) == 0.0 for n in range(1, 101)), "twenty a second for ever"


def queue(**told: object) -> Values:
    """One queue and its site."""
    return {"queue:1": {"target_s": 20.0, "share": 0.8, "longest_wait_since": None, "waiting": 0, **told}, "site": {"waiting": 0}}


def marked(values: Values, now: int = 0) -> dict[str, object]:
    """What the queue is marked with at the first sight."""
    Severities().mark(values, now)
    return values["queue:1"]


def test_the_longest_wait_carries_the_instants_of_its_limits() -> None:
    assert marked(queue(longest_wait_since=1_000_000))["longest_wait:limits"] == [1_060_000, 1_120_000]
    assert marked(queue(longest_wait_since=None))["longest_wait:limits"] is None


def test_the_sites_longest_wait_has_the_limits_of_the_queue_it_is_of() -> None:
    values = queue(longest_wait_since=1_000_000, target_s=60.0)
    values["site"]["longest_wait_since"] = 1_000_000
    Severities().mark(values, 0)
    assert values["site"]["longest_wait:limits"] == [1_180_000, 1_360_000]


def test_a_service_level_of_nine_calls_is_no_cause_for_alarm() -> None:
    assert marked(queue(service_level=0.1, answered=9, abandoned=0))["service_level:severity"] == "calm"
    assert marked(queue(service_level=0.1, answered=9, abandoned=1))["service_level:severity"] == "act"
    assert marked(queue(service_level=0.75, answered=9, abandoned=1))["service_level:severity"] == "attention"


def test_an_abandon_rate_wants_twenty_calls() -> None:
    assert marked(queue(abandon_rate=0.5, answered=10, abandoned=9))["abandon_rate:severity"] == "calm"
    assert marked(queue(abandon_rate=0.5, answered=10, abandoned=10))["abandoned:severity"] == "act"


def test_a_waiting_count_that_comes_and_goes_does_not_flicker() -> None:
    watch = Severities()
    seen = []
    for second in range(30):
        values = queue(waiting=5 if second % 2 else 4)
        watch.mark(values, second * 1000)
        seen.append(values["queue:1"]["waiting:severity"])
    assert set(seen) == {"calm"}
