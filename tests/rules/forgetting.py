"""The rules by which people are forgotten: whoever was erased, what grew old, what is sealed, and what a file of somebody may hold."""

from tests.rules.rule import Rule

ERASING = "tests/privacy/test_erasing.py::"
PAGES = "tests/privacy/test_pages.py::"
RETENTION = "tests/privacy/test_retention.py::"
VAULT = "tests/privacy/test_vault.py::"
ERASURE = "stats/ingest/erasure.py"

RULES: tuple[Rule, ...] = (
    Rule(
        name="Who was erased does not come back",
        path=ERASURE,
        part="told again",
        old="        if not self._forgetting.erased:\n            return telling",
        new="        if True:\n            return telling",
        tests=(ERASING + "test_an_erased_number_does_not_come_back_with_what_is_told_again",),
    ),
    Rule(
        name="Who was erased does not come back",
        path=ERASURE,
        part="held meanwhile",
        old="            self.wanted = True\n\n    def admit",
        new="            pass\n\n    def admit",
        tests=(ERASING + "test_a_worker_that_was_away_cleans_when_it_begins",),
    ),
    Rule(
        name="Who was erased does not come back",
        path="stats/history/archive.py",
        old="            call = forget.call(call)\n",
        new="",
        tests=(ERASING + "test_a_call_that_was_kept_uncleaned_loses_the_number_when_it_is_told_anew",),
    ),
    Rule(
        name="Nobody but who was erased is touched",
        path="stats/history/erased.py",
        old="        return agent if name is None else Party(name=name)",
        new="        return Party(name=name or agent.name)",
        tests=(ERASING + "test_an_erased_agent_is_a_pseudonym_everywhere",),
    ),
    Rule(
        name="A person is erased by who types them",
        path="wallboard/pages/one_person.py",
        old='    if visit.request.POST.get("confirm", "").strip() != wanted.shown:',
        new="    if False:",
        tests=(PAGES + "test_a_number_is_erased_by_who_types_it_and_stays_away",),
    ),
    Rule(
        name="A mark of a number tells nothing",
        path="stats/vault.py",
        part="organisations",
        old='b"number marks\\0" + organisation.encode("utf-8", "surrogatepass")',
        new='b"number marks\\0"',
        tests=(VAULT + "test_a_mark_of_a_number_is_the_organisations_own_and_tells_nothing",),
    ),
    Rule(
        name="A mark of a number tells nothing",
        path="stats/vault.py",
        part="the secret",
        old="    key = hmac.digest(settings.SECRET_KEY.encode(), b",
        new='    key = hmac.digest(b"wallboard", b',
        tests=(VAULT + "test_a_mark_of_a_number_is_the_organisations_own_and_tells_nothing",),
    ),
    Rule(
        name="A mark of a number tells nothing",
        path="wallboard/pages/callers.py",
        old="        mark = number_mark(slug, row.caller)",
        new="        mark = row.caller",
        tests=("tests/receipts/test_pages.py::test_a_caller_is_handled_with_a_note_and_that_is_undone",),
    ),
    Rule(
        name="Nothing is cleared away before somebody set it",
        path="stats/history/retention.py",
        old="        return None if days is None else now_ms",
        new="        days = 60 if days is None else days\n        return now_ms",
        tests=(RETENTION + "test_nothing_goes_before_somebody_set_it",),
    ),
    Rule(
        name="Nothing is cleared away before somebody set it",
        path="wallboard/pages/privacy.py",
        old='    if any(going.values()) and visit.request.POST.get("sure") != "on":',
        new="    if False:",
        tests=(PAGES + "test_a_setting_is_kept_only_after_what_it_deletes_was_shown",),
    ),
    Rule(
        name="What the live store still tells is not cleared away",
        path="stats/history/retention.py",
        old="max(days, SHORTEST_DAYS) * DAY_MS",
        new="days * DAY_MS",
        tests=(RETENTION + "test_what_the_live_store_still_tells_is_never_taken",),
    ),
    Rule(
        name="A number goes from every part of the record",
        path="stats/history/retention.py",
        old="write_call(without_numbers(read_call(record)))",
        new="write_call(read_call(record))",
        tests=(RETENTION + "test_numbers_go_from_the_column_and_from_every_part_of_the_record",),
    ),
    Rule(
        name="A number goes from every part of the record",
        path="stats/domain/forgetting.py",
        old="        offers=tuple(bare(offer) for offer in call.offers),\n",
        new="",
        tests=("tests/privacy/test_forgetting.py::test_a_call_loses_every_number_and_keeps_everything_else",),
    ),
    Rule(
        name="A night has one worker",
        path="stats/history/nights.py",
        old="    open_ = RetentionRun._default_manager.filter(free, organisation",
        new="    open_ = RetentionRun._default_manager.filter(organisation",
        tests=(RETENTION + "test_two_workers_never_work_on_one_night_together",),
    ),
    Rule(
        name="What is deleted is written over",
        path="wallboard/databases.py",
        old=" PRAGMA secure_delete=ON;",
        new=" PRAGMA secure_delete=OFF;",
        tests=("tests/privacy/test_files.py::test_what_is_deleted_on_sqlite_is_written_over",),
    ),
    Rule(
        name="What is sealed opens for its owner alone",
        path="stats/vault.py",
        old="    if named != owner:",
        new="    if False:",
        tests=(
            VAULT + "test_a_token_moved_to_another_organisation_opens_nothing",
            "tests/setup/test_first_run.py::test_a_trial_is_its_own_persons_and_grows_old",
        ),
    ),
    Rule(
        name="No key of the vault goes while something needs it",
        path="stats/management/commands/rotate_keys.py",
        old='            raise CommandError(f"These still need an old key: {names}. Run manage.py rotate_keys first.")',
        new="            pass",
        tests=(VAULT + "test_no_key_goes_while_something_needs_it",),
    ),
    Rule(
        name="A person's file is theirs alone",
        path="wallboard/privacy/packing.py",
        part="names",
        old='        return Party(name=shortened(party.name) if party.name else "?")',
        new="        return party",
        tests=(PAGES + "test_a_callers_file_holds_their_calls_and_nobody_elses_name_or_number",),
    ),
    Rule(
        name="A person's file is theirs alone",
        path="wallboard/privacy/packing.py",
        part="numbers",
        old='        return {"number": masked(number)} if number and',
        new='        return {"number": number} if number and',
        tests=(PAGES + "test_a_callers_file_holds_their_calls_and_nobody_elses_name_or_number",),
    ),
    Rule(
        name="No cell of a file is a formula",
        path="wallboard/spreadsheet.py",
        old='    return f"\'{text}" if',
        new='    return f"{text}" if',
        tests=(
            "tests/accounts/test_audit.py::test_the_file_holds_no_formula_and_is_itself_written_down",
            "tests/receipts/test_pages.py::test_a_file_is_safe_masked_and_written_down",
            PAGES + "test_no_cell_is_a_formula",
        ),
    ),
)
