"""The rules that keep numbers right, of merging and counting."""

from tests.rules.rule import Rule

MERGE = "stats/domain/merge.py"
STEP = "stats/live/apply_record.lua"
ANY_ORDER = "tests/laws/test_any_order.py::test_any_order_and_any_duplication_end_in_the_same_numbers"
SCHEDULES = "tests/laws/test_schedules.py::"
STORE = "tests/rules/test_one_step.py::"

RULES: tuple[Rule, ...] = (
    Rule(
        name="Ended is absorbing",
        path=MERGE,
        old="    if held.ended and not told.ended:\n        return False\n",
        new="",
        tests=(SCHEDULES + "test_a_guess_far_too_short_still_never_reopens_a_call_and_the_periodic_pass_heals",),
    ),
    Rule(
        name="Ended is absorbing",
        path=MERGE,
        part="active",
        old="            if new is False:\n                changes[name] = False",
        new="            changes[name] = new",
        tests=(ANY_ORDER,),
    ),
    Rule(
        name="Answered is never taken back",
        path=MERGE,
        old="            if new:\n                changes[name] = True",
        new="            changes[name] = new",
        tests=(ANY_ORDER,),
    ),
    Rule(
        name="A frame of less progress is older",
        path=MERGE,
        old="        return _progress(told) >= _progress(held)",
        new="        return True",
        tests=("tests/rules/test_merging.py::test_a_frame_that_shows_less_progress_replaces_nothing",),
    ),
    Rule(
        name="As-of rule",
        path=MERGE,
        old="    return held.asof <= told.asof - how.lag_ms",
        new="    return True",
        tests=(SCHEDULES + "test_every_schedule_ends_right_and_never_steps_back",),
    ),
    Rule(
        name="As-of rule",
        path="stats/ingest/seeding.py",
        old='        how = Told("historic", self.lag.guess_ms)\n',
        new='        how = Told("historic", 0)\n',
        tests=("tests/rules/test_the_past.py::test_a_row_that_lags_does_not_take_back_what_a_frame_told",),
    ),
    Rule(
        name="The lag is learnt",
        path="stats/ingest/seeding.py",
        old="            self.worst_ms = max(self.worst_ms, asked_at - ended_at)",
        new="            pass",
        tests=(SCHEDULES + "test_the_lag_is_learnt_from_a_call_that_ended_live_and_not_yet_in_the_past",),
    ),
    Rule(
        name="The start is part of who it is",
        path=MERGE,
        part="visits",
        old="    near = [i for i in mine if _close(visits[i].entered_at, told.entered_at)]",
        new="    near = mine",
        tests=(ANY_ORDER, "tests/rules/test_merging.py::test_a_queue_entered_twice_by_one_call_is_two_visits"),
    ),
    Rule(
        name="The start is part of who it is",
        path=MERGE,
        part="offers",
        old="    near = [i for i in mine if _close(offers[i].began_at, told.began_at) and not another_queue(offers[i])]",
        new="    near = mine",
        tests=(ANY_ORDER,),
    ),
    Rule(
        name="What is absent clears nothing",
        path=MERGE,
        old="        if new is None:\n            continue\n",
        new="",
        tests=(ANY_ORDER,),
    ),
    Rule(
        name="Two ids of one queue are one queue",
        path="stats/ingest/who.py",
        old="            self.want_restate()\n            seen.clear()\n",
        new="            seen.clear()\n",
        tests=("tests/rules/test_who.py::test_calls_counted_under_the_first_id_move_to_the_key_of_both",),
    ),
    Rule(
        name="A swapped presence document does not win",
        path=MERGE,
        old="            return after > before",
        new="            pass",
        tests=("tests/rules/test_merging.py::test_a_presence_document_with_an_older_update_does_not_win_within_two_seconds",),
    ),
    Rule(
        name="Whole contributions",
        path=STEP,
        old="    tally(old[1], -1)\n",
        new="",
        tests=(ANY_ORDER,),
    ),
    Rule(
        name="Whole contributions",
        path=STEP,
        part="waits",
        old="    drop_waits(old[2], call)\n",
        new="",
        tests=(STORE + "test_a_call_that_turns_out_to_be_internal_takes_its_longest_wait_with_it",),
    ),
    Rule(
        name="A thing without an instant counts nowhere",
        path="stats/domain/metrics.py",
        old="        if at is not None and amounts:\n            self.cells.append((scope, at, amounts))",
        new="        if amounts:\n            self.cells.append((scope, at or 0, amounts))",
        tests=("tests/rules/test_merging.py::test_what_has_no_instant_counts_in_no_cell",),
    ),
    Rule(
        name="A day is a rule, not a job",
        path="stats/domain/periods.py",
        old="    return _midnight(first, timezone), _midnight(first + timedelta(days=1), timezone)",
        new="    return _midnight(first, timezone), _midnight(first, timezone) + 86_400_000",
        tests=("tests/domain/test_rooms.py::test_a_business_day_is_as_long_as_the_zone_says",),
    ),
    Rule(
        name="A day is a rule, not a job",
        path="stats/live/batches.py",
        old="business_day(at, timezone), flat])",
        new='business_day(at, "UTC"), flat])',
        tests=(STORE + "test_a_call_just_after_midnight_is_of_the_day_the_organisation_has_by_then",),
    ),
    Rule(
        name="A ratio is made of sums",
        path="stats/domain/board.py",
        old='[f"q:{q}" for q in queues]',
        new='[f"q:{q}" for q in queues[:1]]',
        tests=("tests/domain/test_scenarios.py::test_a_call_through_two_queues_is_one_journey_two_visits_and_three_offers",),
    ),
)
