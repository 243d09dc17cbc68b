"""The rules by which a web process tells its boards: how much, how often, for how long, and what it may call the present."""

from tests.rules.rule import Rule

HUB = "wallboard/push/hub.py"
TESTS = "tests/delivery/test_hub_rules.py::"
SLEEP = "tests/browser/tv/test_sleep.py::"

RULES: tuple[Rule, ...] = (
    Rule(
        name="At most four changes a second",
        path=HUB,
        old="        return self._steady() - socket.sent_at >= BETWEEN_PATCHES_S",
        new="        return True",
        tests=(TESTS + "test_nobody_is_patched_more_than_four_times_a_second_however_it_acknowledges",),
    ),
    Rule(
        name="No snapshot of one epoch's name and another's values",
        path=HUB,
        old="        if self.organisation.ledger.epoch != self.epoch:\n            # The values",
        new="        if False:\n            # The values",
        tests=(TESTS + "test_no_snapshot_carries_one_epochs_name_and_anothers_values",),
    ),
    Rule(
        name="A heartbeat says that the values are the present ones",
        path=HUB,
        old=" and self.organisation.is_computing",
        new="",
        tests=(TESTS + "test_while_nothing_is_computed_no_heartbeat_calls_the_numbers_present",),
    ),
    Rule(
        name="A process that stood still judges nobody by that time",
        path=HUB,
        old="                judges_from = now + OVERSLEPT_S\n",
        new="                pass\n",
        tests=(TESTS + "test_a_process_that_stood_still_itself_throws_nobody_out",),
    ),
    Rule(
        name="Those who came together do not leave together",
        path=HUB,
        old="random.uniform(LEAST_AGE_S, MOST_AGE_S)",
        new="LEAST_AGE_S",
        tests=(TESTS + "test_a_thousand_that_came_in_one_minute_leave_over_eight_hours",),
    ),
    Rule(
        name="Waking is not trusted",
        path="static/tv/show.js",
        part="stale",
        old="  woken = true;\n",
        new="",
        tests=(SLEEP + "test_after_a_sleep_the_board_is_stale_first_and_right_by_a_new_socket_within_three_seconds",),
    ),
    Rule(
        name="Waking is not trusted",
        path="static/tv/show.js",
        part="new socket",
        old="  link.renew();\n",
        new="",
        tests=(SLEEP + "test_after_a_sleep_the_board_is_stale_first_and_right_by_a_new_socket_within_three_seconds",),
    ),
    Rule(
        name="A screen without access keeps nothing",
        path="static/tv/show.js",
        old="    wipe(document, words['short.expired']);\n",
        new="",
        tests=(SLEEP + "test_a_screen_whose_access_ended_shows_and_keeps_nothing_and_comes_back_when_it_may",),
    ),
)
