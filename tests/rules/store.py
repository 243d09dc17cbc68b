"""The rules that keep numbers right, of the one step in which the store takes what is told, and of a store that is another one."""

from tests.rules.rule import Rule

STEP = "stats/live/apply_record.lua"
PIPELINE = "stats/ingest/pipeline.py"
ORDERS = "tests/laws/test_any_order.py::"
RACE = ORDERS + "test_two_racing_workers_count_everything_once_and_one_is_left"
LOST_STORE = ORDERS + "test_a_store_that_lost_everything_is_told_everything_again"
STORE = "tests/rules/test_one_step.py::"

RULES: tuple[Rule, ...] = (
    Rule(
        name="One step",
        path="stats/ingest/splitting.py",
        old="        return await store.apply(organisation, source, holder, batch)\n",
        new=(
            "        shown = await store.apply(organisation, source, holder, Batch(records=batch.records))\n"
            "        await store.apply(organisation, source, holder, replace(batch, records=[]))\n"
            "        return shown\n"
        ),
        tests=(STORE + "test_whatever_question_to_the_store_is_the_last_a_reader_sees_numbers_that_add_up",),
    ),
    Rule(
        name="Organisations do not meet",
        path="stats/live/keys.py",
        old='    return f"wb:{{{organisation}}}:"',
        new='    return "wb:{all}:"',
        tests=("tests/rules/test_leases.py::test_no_number_of_one_organisation_reaches_another",),
    ),
    Rule(
        name="Calls of two sources do not meet",
        path="stats/live/mirror.py",
        old="                facts.living[rest] =",
        new='                facts.living[rest.partition("/")[2]] =',
        tests=("tests/engines/test_bounds.py::test_the_calls_of_two_sources_that_share_their_ids_simply_add",),
    ),
    Rule(
        name="The fence is in the write",
        path=STEP,
        old="if batch.holder ~= '' and redis.call('GET', prefix .. 'lease:' .. source) ~= batch.holder then",
        new="if false then",
        tests=(RACE,),
    ),
    Rule(
        name="Only the holder renews or lets go",
        path="stats/live/leases.py",
        part="renew",
        old="_RENEW = \"if redis.call('GET', KEYS[1]) == ARGV[1] then",
        new="_RENEW = \"if redis.call('EXISTS', KEYS[1]) == 1 then",
        tests=("tests/rules/test_leases.py::test_a_lease_is_one_workers_whatever_another_asks",),
    ),
    Rule(
        name="Only the holder renews or lets go",
        path="stats/live/leases.py",
        part="release",
        old="_RELEASE = \"if redis.call('GET', KEYS[1]) == ARGV[1] then",
        new="_RELEASE = \"if redis.call('EXISTS', KEYS[1]) == 1 then",
        tests=("tests/rules/test_leases.py::test_a_lease_is_one_workers_whatever_another_asks",),
    ),
    Rule(
        name="A lease runs out by itself",
        path="stats/live/leases.py",
        old="'NX', 'PX', ARGV[2])",
        new="'NX')",
        tests=("tests/rules/test_leases.py::test_a_lease_that_nobody_renews_is_free_again_in_time",),
    ),
    Rule(
        name="Compare and swap per record",
        path=STEP,
        part="calls",
        old="  if (tonumber(held[1]) or 0) ~= item[2] then",
        new="  if false then",
        tests=(STORE + "test_two_who_write_by_turns_on_what_they_remember_lose_nothing_of_a_call",),
    ),
    Rule(
        name="Compare and swap per record",
        path=STEP,
        part="presence",
        old="  if person(agent)[2] ~= item[2] then",
        new="  if false then",
        tests=(STORE + "test_two_who_write_by_turns_on_what_they_remember_credit_time_once",),
    ),
    Rule(
        name="Compare and swap per record",
        path=PIPELINE,
        old="            if id_call in shown.conflicts:",
        new="            if False:",
        tests=(STORE + "test_two_who_write_by_turns_on_what_they_remember_lose_nothing_of_a_call",),
    ),
    Rule(
        name="Nothing is forgotten because the store is away",
        path=PIPELINE,
        old="            self._put_back(chosen, wrote_rules)\n",
        new="",
        tests=(STORE + "test_what_is_told_while_the_store_is_away_is_written_when_it_is_back",),
    ),
    Rule(
        name="The store cannot vouch for itself",
        path="stats/live/mirror.py",
        part="epoch",
        old='        self.epoch = hashlib.blake2b(f"{run_id}:{epoch}".encode(), digest_size=8).hexdigest()',
        new="        self.epoch = epoch",
        tests=("tests/rules/test_older_store.py::test_a_store_that_came_back_older_is_another_epoch_and_read_anew",),
    ),
    Rule(
        name="The store cannot vouch for itself",
        path="stats/live/mirror.py",
        part="reading",
        old="        if run_id != self._run_id and not full:",
        new="        if False:",
        tests=("tests/rules/test_older_store.py::test_a_store_that_came_back_older_is_another_epoch_and_read_anew",),
    ),
    Rule(
        name="Too long an absence means reading everything",
        path="stats/live/read_since.lua",
        old="local full = since < 0 or since > rev or since < floor or epoch ~= ARGV[3]",
        new="local full = since < 0",
        tests=(STORE + "test_a_reader_that_was_away_too_long_reads_everything",),
    ),
    Rule(
        name="A lost store is refilled, not repaired",
        path="stats/ingest/session.py",
        part="emptied",
        old="            raise LostLease(self._name)\n        await self._store_moved()",
        new="            raise LostLease(self._name)",
        tests=("tests/laws/test_a_session.py::test_an_emptied_store_is_filled_again_without_anybody",),
    ),
    Rule(
        name="A lost store is refilled, not repaired",
        path="stats/ingest/session.py",
        part="another server",
        old="                if self._moved or (self.road.run_id and",
        new="                if self._moved or (False and",
        tests=("tests/rules/test_older_store.py::test_a_server_that_came_back_older_is_told_everything_again",),
    ),
    Rule(
        name="A lost store is refilled, not repaired",
        path=PIPELINE,
        old="            held.call, held.version = None, None\n            self._dirty[id_call] = held\n        self.people.doubt()",
        new="        self.people.doubt()",
        tests=(LOST_STORE,),
    ),
    Rule(
        name="An ended call is named for the archive in the step that ends it",
        path=STEP,
        old="  if item[4] == 1 and item[5] ~= 1 then put('ZADD', prefix .. 'unkept:'",
        new="  if false then put('ZADD', prefix .. 'unkept:'",
        tests=(STORE + "test_an_ended_call_waits_for_the_archive_until_it_was_kept_as_it_is_now",),
    ),
    Rule(
        name="A call is struck out only at the version that was kept",
        path="stats/live/unkept.py",
        old="  if named and named <= tonumber(ARGV[i + 1]) then\n    struck",
        new="  if true then\n    struck",
        tests=(STORE + "test_an_ended_call_waits_for_the_archive_until_it_was_kept_as_it_is_now",),
    ),
)
