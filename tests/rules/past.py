"""The rules that keep numbers right, of reading the past, of time in state, and of calls nobody knows any more."""

from tests.rules.rule import Rule

MERGE = "stats/domain/merge.py"

PAST = "tests/rules/test_the_past.py::"

RULES: tuple[Rule, ...] = (
    Rule(
        name="The sockets are open before the past is asked",
        path="stats/ingest/session.py",
        old="        await self._listening.all_tried()\n",
        new="",
        tests=(PAST + "test_the_past_is_asked_only_when_the_sockets_that_calls_stand_on_have_been_tried",),
    ),
    Rule(
        name="Who goes lets its source go at once",
        path="stats/ingest/session.py",
        old="                await self._lease.release()\n        except",
        new="        except",
        tests=(PAST + "test_a_worker_that_is_asked_to_go_lets_its_source_go_at_once",),
    ),
    Rule(
        name="An hour of slots is whole when the past has shown it",
        path="stats/ingest/hourly.py",
        old="            whole_to = min(ended, newest_end // HOUR_MS * HOUR_MS)",
        new="            whole_to = ended",
        tests=("tests/ingest/test_hourly_slots.py::test_slots_that_the_past_shows_late_are_asked_for_again_and_missed_aloud_meanwhile",),
    ),
    Rule(
        name="The past is read again soon after a gap",
        path="stats/ingest/past.py",
        old="[clock() + after_s for after_s in AGAIN_AFTER_S]",
        new="[]",
        tests=("tests/ingest/test_read_again.py::test_what_the_past_shows_a_moment_late_is_not_missing_for_minutes",),
    ),
    Rule(
        name="A successor reads the gap first, and the day after it",
        path="stats/ingest/session.py",
        old="            if since:\n                self._past.day_soon()\n",
        new="",
        tests=("tests/ingest/test_begin_again.py::test_a_successor_of_a_live_worker_asks_for_the_gap_before_it_asks_for_the_day",),
    ),
    Rule(
        name="A successor reads the gap first, and the day after it",
        path="stats/ingest/handover.py",
        old='left.state != "live" or not left.known or ',
        new="",
        tests=("tests/ingest/test_begin_again.py::test_a_predecessor_that_lacked_something_itself_leaves_the_whole_day_to_be_read",),
    ),
    Rule(
        name="A gap is a wish to read the past",
        path="stats/ingest/past.py",
        old="            self.look(since)\n            raise\n",
        new="            raise\n",
        tests=("tests/rules/test_the_past.py::test_a_pass_that_fails_leaves_the_wish",),
    ),
    Rule(
        name="A gap is a wish to read the past",
        path="stats/ingest/listening.py",
        old="            self._missed(since + stepped_ms())",
        new="            pass",
        tests=("tests/rules/test_the_past.py::test_after_a_gap_nothing_is_called_live_before_the_past_was_read",),
    ),
    Rule(
        name="What only who listens is told is unknown where a call went unheard",
        path="stats/ingest/unheard.py",
        old="                self._replace(stretch, replace(stretch, last=at))",
        new="                self._replace(stretch, replace(stretch, last=None))",
        tests=("tests/ingest/test_unheard.py::test_a_call_that_was_over_before_anybody_listened_went_unheard",),
    ),
    Rule(
        name="What only who listens is told is unknown where a call went unheard",
        path="stats/domain/lacking.py",
        old="    return () if last is None else",
        new="    return () if last is None or last else",
        tests=("tests/domain/test_lacking.py::test_what_only_who_listens_is_told_is_null_in_every_window_with_an_unheard_call",),
    ),
    Rule(
        name="What only who listens is told is unknown where a call went unheard",
        path="stats/domain/tellers.py",
        old="        return self.never | self.past if self.misses(first, end) else self.never",
        new="        return self.never",
        tests=("tests/reports/test_lines.py::test_a_break_in_the_middle_costs_its_own_time_and_the_sums_that_hold_it",),
    ),
    Rule(
        name="What only who listens is told is unknown where a call went unheard",
        path="wallboard/boards/board.py",
        part="on boards that hang",
        old="        structure += gaps_of(values, Place(now=0, timezone=timezone, language=language))",
        new="        gaps_of(values, Place(now=0, timezone=timezone, language=language))",
        tests=("tests/boards/test_boards.py::test_a_board_is_drawn_anew_when_what_it_cannot_tell_becomes_other",),
    ),
    Rule(
        name="A pass proves itself",
        path="stats/ingest/seeding.py",
        old="                return whole and (total is None or len(keys) + len(page.malformed) >= total or rows >= total)",
        new="                return True",
        tests=("tests/rules/test_the_past.py::test_a_window_that_will_not_prove_itself_is_cut_in_two",),
    ),
    Rule(
        name="What is not proved is said not to be exact",
        path="stats/ingest/past.py",
        old='        self._health.because("unproved", "the past was read, and',
        new='        self._health.because("unproved", None and "the past was read, and',
        tests=("tests/ingest/test_reading_the_past.py::test_a_day_that_will_not_prove_itself_is_shown_and_said_not_to_be_exact",),
    ),
    Rule(
        name="Credit moves with presence",
        path="stats/ingest/people.py",
        part="taken",
        old="self._sent[key] = self._credits.pop(key, [])",
        new="self._sent[key] = self._credits.get(key, [])",
        tests=("tests/laws/test_time_in_state.py::test_documents_that_came_while_the_store_was_away_keep_each_its_time",),
    ),
    Rule(
        name="Credit moves with presence",
        path="stats/ingest/people.py",
        part="told again",
        old="            if document.told_at > stored.document.told_at and document is not mine.document:",
        new="            if False:",
        tests=("tests/laws/test_time_in_state.py::test_documents_that_came_while_the_store_was_away_keep_each_its_time",),
    ),
    Rule(
        name="A call that has ended does not come back by a document that was overtaken",
        path="stats/ingest/people.py",
        old="        if held is not None and self._shows_a_dropped_call(key, held.document, told):",
        new="        if False:",
        tests=("tests/ingest/test_presence_order.py::test_a_call_that_has_ended_does_not_come_back_by_a_document_that_was_overtaken",),
    ),
    Rule(
        name="A restatement outlives a crash",
        path="stats/ingest/who.py",
        old='        self.entries[("flags", f"restate:{self._source}")] = "1"',
        new="        pass",
        tests=("tests/rules/test_who.py::test_a_restatement_that_a_crash_cut_short_is_finished_by_the_next_worker",),
    ),
    Rule(
        name="A call nobody knows any more stops being counted",
        path="stats/ingest/past.py",
        old="                    self._road.expire(id_call)",
        new="                    pass",
        tests=("tests/rules/test_the_past.py::test_a_call_that_nobody_has_known_for_hours_waits_no_longer",),
    ),
    Rule(
        name="A call nobody knows any more stops being counted",
        path=MERGE,
        old="    return newest(other) <= newest(dead)",
        new="    return True",
        tests=("tests/rules/test_merging.py::test_an_expired_call_that_is_heard_of_again_lives_again",),
    ),
)
