"""The hourly batch: one agent's hour, in the vendor's units, told in ours."""

import json
from typing import Any

import pytest

from stats.domain.records import Party, PresenceSlot, ProfileUse
from stats.providers.telavox import listen
from stats.providers.telavox.hearing import Hearing
from stats.providers.telavox.provider import TelavoxProvider
from tests.telavox.samples import NOW, frame, slot

START, END = 1_779_094_800_000, 1_779_098_400_000


def slot_of(provider: TelavoxProvider, document: dict[str, Any]) -> PresenceSlot:
    (told,), odd = provider.read("profile_history", frame(document), received_at=NOW)
    assert isinstance(told, PresenceSlot)
    assert odd == []
    return told


@pytest.mark.acceptance("TX-15")
def test_TX_15_a_slot_in_milliseconds_is_told_as_it_is(provider: TelavoxProvider) -> None:
    """`time_range` equals the distance of the ends."""
    told = slot_of(provider, slot())
    assert (told.agent, told.start, told.end) == (Party(id=924328, account_id=3467672, name="Anna Ek"), START, END)
    assert (told.busy_ms, told.talk_ms, told.calls_total, told.calls_answered, told.unit) == (600_000, 540_000, 7, 6, "ms")
    assert told.profiles == (ProfileUse(profile_id=1, name="Tillgänglig", available=True, usage_ms=3_000_000, busy_ms=600_000, times=2),)


@pytest.mark.acceptance("TX-15")
def test_TX_15_a_slot_in_seconds_is_told_in_milliseconds_and_says_so(provider: TelavoxProvider) -> None:
    """`time_range` is a thousandth of the distance of the ends."""
    told = slot_of(
        provider,
        slot(
            slot={"start_date": START, "end_date": END, "time_range": 3600, "busy": 600},
            profile_available={"id": 1, "name": "Tillgänglig", "usage": 3000, "busy": 600},
            call_summary={"duration": {"talk": 540}},
        ),
    )
    assert (told.busy_ms, told.talk_ms, told.profiles[0].usage_ms, told.unit) == (600_000, 540_000, 3_000_000, "s")


@pytest.mark.acceptance("TX-15")
@pytest.mark.parametrize(
    ("told", "usage", "scale"),
    [
        ({"end_date": END}, 1_800_000, "ms"),
        ({"end_date": END}, 3_590, "s"),
        ({"end_date": END}, 3_590_000, "ms"),
        ({"time_range": 3600}, 60, "s"),
        ({"time_range": 3_600_000}, 60_000, "ms"),
        ({}, 60_000, "ms"),
    ],
)
def test_TX_15_where_the_slot_does_not_prove_its_unit_what_fits_decides_else_milliseconds(
    provider: TelavoxProvider, told: dict[str, int], usage: int, scale: str
) -> None:
    """Without `time_range`, usage that fills the hour tells; without an end, `time_range` alone does."""
    document = slot(slot={"start_date": START} | told, profile_available={"id": 1, "usage": usage}, call_summary=None)
    found = slot_of(provider, document)
    assert found.unit == scale
    assert found.end == (END if told else None)


@pytest.mark.acceptance("TX-15")
@pytest.mark.parametrize(
    ("start", "end"),
    [
        (START, END),
        (float(START), float(END)),
        (str(START), str(END)),
        (START // 1000, END // 1000),
        (START / 1000, f"{END / 1000}"),
        ("2026-05-18T09:00:00Z", "2026-05-18T10:00:00.000Z"),
    ],
)
def test_TX_15_float_int_and_string_epochs_all_parse(provider: TelavoxProvider, start: object, end: object) -> None:
    """Int live, Float in history, String for `time_start`."""
    used = {"id": 1, "name": "Tillgänglig", "usage": 3000}
    told = slot_of(provider, slot(slot={"start_date": start, "end_date": end, "time_range": 3600}, profile_available=used))
    assert (told.start, told.end, told.unit) == (START, END, "s")


@pytest.mark.acceptance("TX-14")
def test_TX_14_every_profile_of_the_hour_is_told_available_or_not_by_its_flag_else_by_its_name(provider: TelavoxProvider) -> None:
    """TX-A22, TX-A25: thirty numbered extras, of which a document sends what it has."""
    told = slot_of(
        provider,
        slot(
            profile_not_available={"id": 2, "name": "Lunch", "usage": 400_000, "is_wrapup": 0, "time_start": str(START)},
            extra_profile_available_10={"id": 10, "name": "Jour", "usage": 1},
            extra_profile_available_2={"id": 3, "name": "Möte", "usage": 100_000},
            extra_profile_not_available_20={"id": 4, "name": "Efterarbete", "usage": 99_999, "is_wrapup": True},
            extra_profile_not_available_1=None,
            extra_profile_not_available_2={},
        ),
    )
    assert [(each.profile_id, each.available, each.wrapup) for each in told.profiles] == [
        (1, True, False),
        (2, False, False),
        (3, True, False),
        (10, True, False),
        (4, False, True),
    ]


@pytest.mark.acceptance("TX-14")
def test_TX_14_a_batch_in_one_array_equals_the_same_batch_frame_by_frame(provider: TelavoxProvider) -> None:
    """TX-A24; and a bad document in it costs only itself."""
    documents = [slot(), slot(agent={"id": 2, "name": "Bo Lund"}), slot(agent={"account_id": 3})]
    apart = [telling for each in documents for telling in provider.read("profile_history", frame(each), received_at=NOW)[0]]
    together, odd = provider.read("profile_history", frame(documents), received_at=NOW)
    assert (together, odd) == (apart, [])
    some, odd = provider.read(
        "profile_history", frame([documents[0], 7, {"agent": {"id": 1}}, slot(agent={}), documents[1]]), received_at=NOW
    )
    assert some == apart[:2]
    assert [each.reason for each in odd] == ["not_object", "no_slot", "no_agent"]


@pytest.mark.fault("A10")
@pytest.mark.acceptance("TX-14")
def test_TX_14_a_batch_of_five_thousand_agents_is_one_frame_of_many_megabytes(provider: TelavoxProvider) -> None:
    """More than the 1 MiB that other documents may have."""
    batch = [slot(agent={"id": n, "name": "Anna Ek"}, queue_summary={"logged_in": {"queue_name": "x" * 900}}) for n in range(1, 5001)]
    told, odd = provider.read("profile_history", frame(batch), received_at=NOW)
    assert (len(told), odd) == (5000, [])


@pytest.mark.acceptance("TX-15")
def test_TX_15_a_row_of_history_in_seconds_is_told_in_milliseconds() -> None:
    """The historic reference gives no unit: a total that is the row's own span in seconds proves it."""
    row = {
        "idCall": "c1",
        "time": {"start": "2026-05-18T09:00:00Z", "end": "2026-05-18T09:02:50Z"},
        "duration": {"total": 170, "talk": {"total": 120}},
    }
    (told,), _ = listen.CALL_ROWS.hear(json.dumps(row).encode(), Hearing("telavox", "SE", NOW))
    assert (told.journey.total_ms, told.journey.talk_ms) == (170_000, 120_000)  # type: ignore[union-attr]
    row["duration"] = {"total": 169_600, "talk": {"total": 120_000}}
    (told,), _ = listen.CALL_ROWS.hear(json.dumps(row).encode(), Hearing("telavox", "SE", NOW))
    assert (told.journey.total_ms, told.journey.talk_ms) == (169_600, 120_000)  # type: ignore[union-attr]
