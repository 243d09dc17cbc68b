"""The rules by which faults mend themselves: what is refused, whose word is old, which clock measures, and what waits for the archive."""

from tests.rules.rule import Rule

STEP = "stats/live/apply_record.lua"
SPLITTING = "stats/ingest/splitting.py"
REFUSALS = "tests/engines/test_refusals.py::"
WITNESSES = "tests/ingest/test_corroboration.py::"
KEEPING = "tests/history/test_keeping.py::"
STEPPED = "tests/time/test_stepped.py::"

RULES: tuple[Rule, ...] = (
    Rule(
        name="What the store refuses stands alone",
        path=SPLITTING,
        old="    parts = _halves(batch)\n",
        new="    parts = [batch]\n",
        tests=(REFUSALS + "test_one_record_that_cannot_be_counted_stands_aside_and_the_rest_of_the_day_is_right",),
    ),
    Rule(
        name="A store that takes nothing has no quarrel with a record",
        path=SPLITTING,
        old="            raise StoreAway(str(still)) from why\n",
        new='            shown = Shown(False, 0, "", frozenset(), frozenset())\n',
        tests=(REFUSALS + "test_a_store_that_takes_nothing_at_all_sets_nothing_aside",),
    ),
    Rule(
        name="What cannot be read of the sums is made anew",
        path=STEP,
        part="order",
        old="if spoilt then redis.call('SET',",
        new="if false then redis.call('SET',",
        tests=(REFUSALS + "test_a_show_that_cannot_be_read_orders_a_rebuild_by_itself",),
    ),
    Rule(
        name="What cannot be read of the sums is made anew",
        path=STEP,
        part="generation",
        old="    if held[2] and (held[3] or '0') == generation then",
        new="    if held[2] then",
        tests=(REFUSALS + "test_a_rebuild_happens_whole_beside_a_worker_that_writes",),
    ),
    Rule(
        name="A source is one customer's",
        path="stats/ingest/tenants.py",
        old="            if tenant is None or self.tenant in (None, SEVERAL, tenant):\n                kept",
        new="            if True:\n                kept",
        tests=("tests/rules/test_merging.py::test_a_source_takes_the_documents_of_its_own_customer_alone",),
    ),
    Rule(
        name="Feeds bear witness for each other",
        path="stats/ingest/corroboration.py",
        part="doubt",
        old="        if ear is None or ear.opened_at is None or not ear.expected:",
        new="        if True:",
        tests=(WITNESSES + "test_a_call_told_in_its_queue_and_not_on_calls_within_ten_seconds_makes_calls_silent",),
    ),
    Rule(
        name="Feeds bear witness for each other",
        path="stats/ingest/corroboration.py",
        part="not for ever",
        old="        return min(LONGEST_PAUSE_MS, ear.pause_ms * 2)",
        new="        return PAUSE_MS",
        tests=(WITNESSES + "test_doubts_come_once_a_minute_and_ever_seldomer_while_they_are_for_nothing",),
    ),
    Rule(
        name="How long something takes is measured by a clock that is never stepped",
        path="stats/clock.py",
        old="        return self.now_ms() - self.stepped_ms",
        new="        return self.now_ms()",
        tests=(STEPPED + "test_a_step_moves_now_and_never_what_measures_time",),
    ),
    Rule(
        name="What is kept of our own clock's instants moves when it is stepped",
        path="stats/ingest/stepping.py",
        old="        self._road.people.step(by, now_ms())\n",
        new="",
        tests=(STEPPED + "test_time_in_state_is_the_time_that_passed",),
    ),
    Rule(
        name="Two machines' clocks are never compared to tell life from death",
        path="stats/live/receipts.py",
        old="        if (fresh and abs(apart) > SAME_CLOCK_MS) or apart > SAME_CLOCK_MS:",
        new="        if False:",
        tests=(STEPPED + "test_a_worker_whose_clock_is_wrong_looks_alive_while_it_lives_and_dead_when_it_is",),
    ),
    Rule(
        name="A leap of the clock means reading anew",
        path="stats/live/mirror.py",
        old="        since = self.rev if self._run_id and went_on else -1",
        new="        since = self.rev if self._run_id else -1",
        tests=(STEPPED + "test_the_picture_is_whole_after_the_clock_went_back_and_forth",),
    ),
    Rule(
        name="Our own step ages nothing",
        path="stats/live/mirror.py",
        old="        self._follow_the_clock()\n",
        new="",
        tests=(STEPPED + "test_the_readers_clock_is_stepped_and_nothing_turns_late_or_hides_a_death",),
    ),
    Rule(
        name="No lease outlives its holder by more than its length",
        path="stats/live/leases.py",
        old="if redis.call('PTTL', KEYS[1]) > tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end\n",
        new="",
        tests=(STEPPED + "test_a_lease_outlives_its_holder_by_its_own_length_alone",),
    ),
    Rule(
        name="Forgotten sums are unknown until all is shown again",
        path="stats/ingest/showing.py",
        old="        self._unshown, facts.known = self._unshown or facts.known, False\n        self._road",
        new="        self._road",
        tests=(REFUSALS + "test_no_number_is_known_while_calls_are_missing_from_new_sums",),
    ),
    Rule(
        name="A change marks its old quarter too",
        path="stats/history/archive.py",
        old="                    quarters |= rows.rows_of(organisation, each.call)[3]",
        new="                    pass",
        tests=("tests/history/test_archive.py::test_a_later_version_replaces_and_its_old_quarter_is_marked_too",),
    ),
    Rule(
        name="Nothing is struck out that was not kept",
        path="stats/ingest/keeping.py",
        old="        try:\n            await self._shelf.keep_calls(",
        new="        await self.unkept.strike(versions)\n        try:\n            await self._shelf.keep_calls(",
        tests=("tests/rules/test_one_step.py::test_what_the_database_did_not_take_waits_on",),
    ),
    Rule(
        name="What waits for the archive does not expire",
        path="stats/live/unkept.py",
        old='                    pipe.expire(keys.key(self.organisation, "r", reference), keys.RECORD_TTL_S)',
        new='                    pipe.exists(keys.key(self.organisation, "r", reference))',
        tests=(KEEPING + "test_records_that_wait_for_the_database_do_not_expire",),
    ),
    Rule(
        name="What one worker holds is bounded",
        path="stats/ingest/keeping.py",
        old="        del held[:-MOST_IN_MEMORY]\n",
        new="",
        tests=(KEEPING + "test_what_one_worker_holds_while_redis_is_away_is_bounded",),
    ),
    Rule(
        name="What can never be kept stands in nobody's way",
        path="stats/history/shelf.py",
        old="        raise Refused(type(why).__name__) from why",
        new="        raise Away(type(why).__name__) from why",
        tests=(KEEPING + "test_one_call_that_can_never_be_kept_stands_in_nobodys_way",),
    ),
    Rule(
        name="Nothing in the archive is overwritten by less",
        path="stats/history/archive.py",
        old="    if same_life and telling.version > last.version:",
        new="    if True:",
        tests=("tests/history/test_archive.py::test_nothing_is_overwritten_by_less",),
    ),
    Rule(
        name="What is kept twice is kept once",
        path="stats/history/archive.py",
        old="            if len(before) == 1 and before[0].call == call:\n                continue\n",
        new="",
        tests=("tests/history/test_archive.py::test_telling_it_again_changes_nothing_and_marks_nothing",),
    ),
    Rule(
        name="A difference is a lie when it is seen twice",
        path="stats/domain/audit.py",
        old=" for cell, pair in found.different.items() if cell in self.suspects}",
        new=" for cell, pair in found.different.items()}",
        tests=("tests/seeing/test_auditing.py::test_the_judge_counts_the_time_between_two_looks_that_both_found_one",),
    ),
)
