"""Days of a contact centre, told as tables."""

from decimal import Decimal

import pytest

from stats.domain.metrics import CountingRules, QueueTargets
from stats.domain.records import Call, Offer
from tests.domain.desk import AGENTS, QUEUES, SOURCE, Desk, at, day


@day("""
at       | what     | call | queue | agent
09:00:00 | queued   | c1   | sales |
09:00:12 | answered | c1   | sales | anna
09:03:12 | ended    | c1   | sales | anna
""")
def test_a_call_answered_in_target_counts_for_the_service_level(desk: Desk) -> None:
    sales = desk.queue("sales")
    assert (sales["offered"], sales["answered"], sales["answered_in_target"]) == (1, 1, 1)
    assert sales["service_level"] == 1.0
    assert sales["asa"] == 12.0
    assert sales["att"] == 180.0
    assert sales["waiting"] == 0


@day("""
at       | what   | call | queue | agent
09:00:00 | queued | c1   | sales |
09:00:07 | queued | c2   | sales |
09:00:31 | ended  | c1   |       |
""")
def test_a_caller_who_hangs_up_leaves_the_waiting_count(desk: Desk) -> None:
    sales = desk.queue("sales")
    assert (sales["waiting"], sales["longest_wait_since"]) == (1, at("09:00:07"))
    assert (sales["abandoned"], sales["avg_abandon_wait"]) == (1, 31.0)
    assert sales["service_level"] == 0.0
    assert sales["longest_wait_window"] == 31.0


@day("""
at       | what   | call | queue | agent
09:00:00 | queued | c1   | sales |
09:00:04 | ended  | c1   |       |
09:01:00 | queued | c2   | sales |
09:01:05 | ended  | c2   |       |
""")
def test_a_short_abandon_ends_below_five_seconds_and_not_at_five(desk: Desk) -> None:
    sales = desk.queue("sales")
    assert (sales["short_abandoned"], sales["abandoned"]) == (1, 1)
    assert desk.site()["true_abandoned"] == 1


@day("""
at       | what | call | queue | agent
09:00:00 | in   | c1   |       |
09:00:01 | menu | c1   |       |
09:00:20 | ended| c1   |       |
""")
def test_a_caller_who_gives_up_in_the_menu_was_offered_to_no_queue(desk: Desk) -> None:
    assert desk.site()["ivr_abandoned"] == 1
    assert desk.site()["offered"] == 0
    assert desk.queue("sales")["service_level"] is None
    assert desk.queue("sales")["asa"] is None


@day("""
at       | what     | call | queue   | agent
09:00:00 | queued   | c1   | sales   |
09:00:05 | rings    | c1   | sales   | anna
09:00:20 | missed   | c1   | sales   | anna
09:00:20 | rings    | c1   | sales   | per
09:00:35 | missed   | c1   | sales   | per
09:00:40 | left     | c1   | sales   |
09:00:40 | queued   | c1   | support |
09:00:42 | rings    | c1   | support | sofia
09:00:50 | answered | c1   | support | sofia
09:02:50 | ended    | c1   | support | sofia
""")
def test_a_call_through_two_queues_is_one_journey_two_visits_and_three_offers(desk: Desk) -> None:
    assert (desk.queue("sales")["overflowed"], desk.queue("support")["answered"]) == (1, 1)
    assert (desk.queue("sales")["abandoned"], desk.queue("sales")["offered"]) == (0, 1)
    assert [desk.agent(a)["missed"] for a in ("anna", "per", "sofia")] == [1, 1, 0]
    assert desk.agent("sofia")["answered"] == 1
    assert desk.site()["calls_in"] == 1
    assert desk.site()["offered"] == 2


@day("""
at       | what   | call | queue | agent
09:00:00 | queued | c1   | sales |
09:00:30 | left   | c1   | sales |
""")
def test_a_visit_that_left_while_its_call_goes_on_counts_nowhere_yet(desk: Desk) -> None:
    sales = desk.queue("sales")
    assert (sales["offered"], sales["waiting"], sales["abandoned"], sales["overflowed"]) == (1, 0, 0, 0)


@day("""
at       | what     | call | queue | agent
09:00:00 | in       | c1   |       |
09:00:05 | answered | c1   |       | anna
09:01:00 | queued   | c1   | sales |
09:02:00 | ended    | c1   |       |
""")
def test_a_caller_whom_reception_answered_and_a_queue_then_lost_is_lost(desk: Desk) -> None:
    assert desk.queue("sales")["abandoned"] == 1
    assert desk.site()["true_abandoned"] == 1
    assert desk.site()["lost_callers"] == 1
    assert desk.site()["calls_answered"] == 1


@day("""
at       | what      | call | queue   | agent
09:00:00 | queued    | c1   | sales   |
09:00:10 | voicemail | c1   | sales   |
09:00:20 | ended     | c1   |         |
09:01:00 | queued    | c2   | support |
09:01:30 | callback  | c2   | support |
09:01:31 | ended     | c2   |         |
""")
def test_voicemail_and_callback_are_neither_answered_nor_abandoned(desk: Desk) -> None:
    assert (desk.queue("sales")["voicemail"], desk.queue("support")["callbacks"]) == (1, 1)
    assert desk.site()["abandoned"] == 0
    assert desk.site()["service_level"] is None
    assert desk.site()["answer_rate"] == 0.0


@day("""
at       | what  | call | queue | agent
09:00:00 | in    | c1   |       |
09:00:01 | rings | c1   | sales | anna
09:00:09 | ended | c1   |       |
""")
def test_a_ring_that_the_caller_ended_is_withdrawn_and_not_missed(desk: Desk) -> None:
    assert (desk.agent("anna")["withdrawn"], desk.agent("anna")["missed"], desk.agent("anna")["answer_rate"]) == (1, 0, None)


@day("""
at       | what     | call | queue | agent
09:00:00 | queued   | c1   | sales |
09:00:01 | rings    | c1   | sales | anna
09:00:01 | rings    | c1   | sales | per
09:00:06 | answered | c1   | sales | per
09:00:06 | missed   | c1   | sales | anna
""")
def test_in_ring_all_those_who_did_not_win_are_not_blamed(desk: Desk) -> None:
    assert (desk.agent("anna")["withdrawn"], desk.agent("anna")["missed"]) == (1, 0)
    assert desk.queue("sales")["talking"] == 1


@day("""
at       | what     | call | queue | agent
09:00:00 | out      | c1   |       |
09:00:00 | answered | c1   |       | anna
09:01:00 | ended    | c1   |       | anna
09:02:00 | internal | c2   |       |
09:02:00 | rings    | c2   |       | per
09:02:05 | missed   | c2   |       | per
""")
def test_outgoing_and_internal_calls_never_count_as_queue_calls(desk: Desk) -> None:
    site = desk.site()
    assert (site["calls_out"], site["calls_internal"], site["calls_in"], site["offered"]) == (1, 1, 0, 0)
    assert (desk.agent("anna")["outgoing"], desk.agent("anna")["offers"], desk.agent("anna")["talk_time"]) == (1, 0, 0.0)
    assert desk.agent("per")["offers"] == 1


@day("""
at       | what        | call | queue | agent
09:00:00 | available   |      | sales | anna
09:10:00 | talks       | c9   | sales | anna
09:13:00 | wrapup      |      | sales | anna
09:14:00 | available   |      | sales | anna
09:20:00 | unavailable |      |       | anna
""")
def test_an_agent_who_went_home_is_off_and_in_no_queue(desk: Desk) -> None:
    anna = desk.agent("anna", at("09:30:00"))
    assert (anna["state"], anna["queues_in"], anna["state_since"]) == ("off", [], at("09:20:00"))
    assert desk.queue("sales")["agents_logged_in"] == 0


def test_an_agent_never_heard_of_is_unknown_and_has_no_times() -> None:
    desk = Desk()
    desk.now = at("09:00:00")
    anna = desk.agent("anna")
    assert (anna["state"], anna["verified"], anna["time_ready"], anna["occupancy"]) == ("unknown", False, None, None)
    assert desk.queue("sales")["agents_ready"] is None


@day(
    """
at       | what     | call | queue | agent
09:00:00 | queued   | c1   | sales |
09:00:25 | answered | c1   | sales | anna
""",
    rules=CountingRules(targets={"1": QueueTargets(target_ms=30_000, share=Decimal("0.9"))}),
)
def test_a_queue_is_measured_by_its_own_target(desk: Desk) -> None:
    assert desk.queue("sales")["answered_in_target"] == 1
    assert desk.queue("sales")["target_s"] == 30.0
    assert desk.queue("sales")["sl_budget"] == 0


@pytest.mark.parametrize(("as_of", "in_15m", "in_60m"), [("09:14:59", 1, 1), ("09:15:00", 0, 1), ("09:59:59", 0, 1), ("10:00:00", 0, 0)])
def test_a_rolling_window_is_its_newest_minutes_the_running_one_included(as_of: str, in_15m: int, in_60m: int) -> None:
    desk = Desk()
    desk.happen("09:00:30", "queued", "c1", "sales", "")
    sales = desk.queue("sales", at(as_of))
    assert (sales["15m.offered"], sales["60m.offered"]) == (in_15m, in_60m)


def test_a_ring_told_with_the_calls_start_is_for_the_visit_in_which_it_was_answered() -> None:
    desk = Desk()
    desk.happen("09:00:00", "in", "c1", "", "")
    desk.happen("09:00:20", "queued", "c1", "sales", "")
    answered = Offer(
        agent=AGENTS["anna"], queue=QUEUES["sales"], began_at=at("09:00:00"), answered_at=at("09:00:31"), active=True, answered=True
    )
    desk.tell(Call(source=SOURCE, id_call="c1", offers=(answered,)))
    desk.now = at("09:01:00")
    assert (desk.queue("sales")["answered"], desk.queue("sales")["asa"]) == (1, 11.0)
