"""The rules that keep screens honest: what is unknown, what is old, and what a browser may build upon."""

from tests.rules.rule import Rule

PARTS = "tests/browser/tv/test_parts.py::"
SOCKET = "tests/push/test_board_socket.py::"
PUSH = "tests/push/test_rules.py::"
HONEST = "tests/rules/test_honest.py::"
PAGE = "tests/rules/test_in_the_page.py::"

RULES: tuple[Rule, ...] = (
    Rule(
        name="Unknown is null",
        path="stats/domain/board.py",
        old="    return dict.fromkeys(names)\n",
        new="    return dict.fromkeys(names, 0)\n",
        tests=("tests/laws/test_a_session.py::test_numbers_are_unknown_and_never_zero_until_the_day_was_read",),
    ),
    Rule(
        name="Unknown is null",
        path="stats/domain/sums.py",
        old="    return part / whole if whole > 0 else None",
        new="    return part / whole if whole > 0 else 0.0",
        tests=("tests/domain/test_scenarios.py::test_a_caller_who_gives_up_in_the_menu_was_offered_to_no_queue",),
    ),
    Rule(
        name="Presence is unverified after a gap",
        path="stats/domain/board.py",
        old='"verified": presence is not None and unverified_since is None,',
        new='"verified": True,',
        tests=(HONEST + "test_a_state_told_before_a_gap_is_shown_and_called_unverified",),
    ),
    Rule(
        name="Silence is judged by the listener",
        path="stats/ingest/health.py",
        old='        if any(s.state == "open" and now - (s.alive_at or 0) > SILENT_MS for s in needed):',
        new="        if False:",
        tests=(HONEST + "test_an_open_socket_without_a_sign_of_life_is_not_live",),
    ),
    Rule(
        name="Silence is judged by the listener",
        path="stats/domain/freshness.py",
        old="    if as_of - source.written_at >= LATE_AFTER_MS:",
        new="    if False:",
        tests=(SOCKET + "test_a_silent_worker_is_told_within_fourteen_seconds",),
    ),
    Rule(
        name="Silence is judged by the listener",
        path="wallboard/push/candour.py",
        old='        if told is not None and told.get("state") in _HOPEFUL:',
        new="        if False:",
        tests=(SOCKET + "test_a_silent_worker_is_told_within_fourteen_seconds",),
    ),
    Rule(
        name="Silence is judged by the listener",
        path="static/tv/link.js",
        old="    else if (silence >= LATE_MS ||",
        new="    else if (",
        tests=(PARTS + "test_fifteen_seconds_of_silence_are_late_and_twenty_five_offline",),
    ),
    Rule(
        name="Silence is judged by the listener",
        path="static/tv/freshness.js",
        old="  if (silence < LATE_MS || standing.level === 'unknown') return standing;",
        new="  return standing;",
        tests=(PAGE + "test_a_screen_that_hears_nothing_calls_nothing_fresh",),
    ),
    Rule(
        name="Time passes whatever the store does",
        path="wallboard/push/organisation.py",
        old="                self._settle()\n                await self._show()\n\n    async def _read(",
        new="                pass\n\n    async def _read(",
        tests=(SOCKET + "test_a_silent_worker_is_told_within_fourteen_seconds",),
    ),
    Rule(
        name="Only the other side's life counts",
        path="stats/providers/telavox/stream.py",
        old="                if idle and self._listening and taken == self._taken:",
        new="                if False:",
        tests=("tests/telavox/test_stream.py::test_a_link_that_answers_no_ping_is_given_up",),
    ),
    Rule(
        name="Only the other side's life counts",
        path="static/tv/link.js",
        old="    const dead = socket.readyState !== 0 &&",
        new="    const dead = false &&",
        tests=(PARTS + "test_a_half_open_socket_is_replaced_and_its_events_taken_away",),
    ),
    Rule(
        name="Levels only get worse by waiting",
        path="wallboard/boards/freshness.py",
        old='    if age >= GONE_MS:\n        return "unknown"\n    return "stale" if age >= STALE_MS else level',
        new="    return level",
        tests=("tests/boards/test_boards.py::test_a_level_gets_worse_with_age",),
    ),
    Rule(
        name="Levels only get worse by waiting",
        path="static/tv/freshness.js",
        part="age",
        old="  if (age >= GONE_MS) return 'unknown';",
        new="",
        tests=(PAGE + "test_a_dying_feed_gets_worse_with_age_in_the_browser_as_on_the_server",),
    ),
    Rule(
        name="Levels only get worse by waiting",
        path="static/tv/freshness.js",
        part="silence",
        old="  if (rank(level) <= rank(standing.level)) return standing;",
        new="",
        tests=(PAGE + "test_a_screen_that_hears_nothing_calls_nothing_fresh",),
    ),
    Rule(
        name="A sum is as good as its worst part",
        path="wallboard/boards/freshness.py",
        old="    return max(standings, key=lambda standing: standing.rank, default=nothing)",
        new="    return min(standings, key=lambda standing: standing.rank, default=nothing)",
        tests=("tests/boards/test_boards.py::test_a_sum_of_two_sources_is_as_good_as_the_worse",),
    ),
    Rule(
        name="What is stale is not judged",
        path="static/tv/severity.js",
        old="  if (!ticks) return 'unknown';",
        new="",
        tests=(PAGE + "test_what_is_stale_has_no_severity",),
    ),
    Rule(
        name="A patch fits exactly, or a snapshot comes",
        path="static/tv/store.js",
        part="version",
        old=" || message.from !== version",
        new="",
        tests=(PARTS + "test_a_gap_a_repeat_and_another_epoch_ask_for_a_snapshot_and_change_nothing",),
    ),
    Rule(
        name="A patch fits exactly, or a snapshot comes",
        path="static/tv/store.js",
        part="epoch",
        old="    if (message.epoch !== epoch || message.from",
        new="    if (message.from",
        tests=(PARTS + "test_a_gap_a_repeat_and_another_epoch_ask_for_a_snapshot_and_change_nothing",),
    ),
    Rule(
        name="A patch fits exactly, or a snapshot comes",
        path="static/tv/store.js",
        part="after a gap",
        old="    if (waitsForSnapshot) return { kind: 'ignored', scopes: NOTHING };\n    if (message.epoch",
        new="    if (message.epoch",
        tests=(PARTS + "test_after_a_gap_nothing_counts_until_a_snapshot_has_come",),
    ),
    Rule(
        name="A patch fits exactly, or a snapshot comes",
        path="wallboard/push/ledger.py",
        old="        anew = epoch != self.epoch\n",
        new="        anew, self.epoch = False, epoch\n",
        tests=(
            SOCKET + "test_an_emptied_store_is_a_new_epoch_and_a_snapshot_for_everybody",
            HONEST + "test_nothing_is_patched_across_an_epoch",
        ),
    ),
    Rule(
        name="Versions only grow",
        path="wallboard/push/ledger.py",
        old="        version = max(self.version + 1, rev)",
        new="        version = rev",
        tests=(PUSH + "test_versions_grow_across_a_store_that_began_anew",),
    ),
    Rule(
        name="A value that went is told as null",
        path="wallboard/push/ledger.py",
        old="            for metric in (held or {}).keys() - metrics.keys():\n                changed[metric] = version\n",
        new="",
        tests=(HONEST + "test_a_value_that_went_is_told_as_null",),
    ),
    Rule(
        name="The device's clock is never asked",
        path="static/tv/clock.js",
        old="      return monotonic() + offset;",
        new="      return Date.now();",
        tests=(PARTS + "test_the_clock_goes_by_the_server_and_not_by_the_device",),
    ),
    Rule(
        name="A page loads itself anew only after the server has answered",
        path="static/tv/reload.js",
        old="        if (isThere && wanted === why) {",
        new="        if (wanted === why) {",
        tests=(PARTS + "test_the_page_reloads_only_when_the_server_answers_and_not_in_circles",),
    ),
)
