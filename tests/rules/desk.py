"""The rules that keep pages at a desk and boards that take turns honest: what is not heard of, what somebody reads, and who waits."""

from tests.rules.rule import Rule

DESK = "tests/rules/test_at_the_desk.py::"
WALL = "tests/screens/test_on_the_wall.py::"
LIVE = "static/app/live.js"
BECOME = "static/app/become.js"

RULES: tuple[Rule, ...] = (
    Rule(
        name="Silence is judged by the listener",
        path=LIVE,
        old="standingOf(store.of('feed:' + name + ':' + feed), name, now, heardAt, woken)",
        new="standingOf(store.of('feed:' + name + ':' + feed), name, now, now, woken)",
        tests=(DESK + "test_a_page_that_hears_nothing_calls_nothing_live_and_stops_its_clocks",),
    ),
    Rule(
        name="Only what continues what is held is the present",
        path=LIVE,
        part="gaps",
        old="    if (store.isWhole()) {\n      heardAt = clock.now();\n      woken = false;\n    }",
        new="    heardAt = clock.now();\n    woken = false;",
        tests=(DESK + "test_messages_that_do_not_fit_are_no_sign_of_life",),
    ),
    Rule(
        name="Only what continues what is held is the present",
        path=LIVE,
        part="another socket",
        old="    onOpen: () => store.distrust(),",
        new="    onOpen: () => {},",
        tests=(DESK + "test_a_new_socket_is_built_upon_only_after_its_snapshot",),
    ),
    Rule(
        name="Waking is not trusted",
        path=LIVE,
        part="stale",
        old="    woken = true;\n",
        new="",
        tests=(DESK + "test_after_a_sleep_nothing_is_live_until_a_new_socket_has_told_everything",),
    ),
    Rule(
        name="Waking is not trusted",
        path=LIVE,
        part="new socket",
        old="    link.renew();\n",
        new="",
        tests=(DESK + "test_after_a_sleep_nothing_is_live_until_a_new_socket_has_told_everything",),
    ),
    Rule(
        name="A clock counts no further than its feed is believed",
        path=LIVE,
        old="    return ticks(where) ? now : where.aliveAt;",
        new="    return now;",
        tests=(DESK + "test_a_page_that_hears_nothing_calls_nothing_live_and_stops_its_clocks",),
    ),
    Rule(
        name="What is stale is not judged",
        path=LIVE,
        old="severityOf(told, data.key, data.severityKey, ticks(where), now)",
        new="severityOf(told, data.key, data.severityKey, true, now)",
        tests=(DESK + "test_a_page_that_hears_nothing_calls_nothing_live_and_stops_its_clocks",),
    ),
    Rule(
        name="While a page is paused its numbers are of then",
        path=LIVE,
        part="drawn",
        old="    if (store.version() === null || paused) return;",
        new="    if (store.version() === null) return;",
        tests=(DESK + "test_a_paused_page_stands_still_and_says_so",),
    ),
    Rule(
        name="While a page is paused its numbers are of then",
        path=LIVE,
        part="marked",
        old="        mark(holder, 'data-freshness', 'stale');\n",
        new="",
        tests=(DESK + "test_a_paused_page_stands_still_and_says_so",),
    ),
    Rule(
        name="Nobody is thrown out of what they stand in",
        path=BECOME,
        part="rows",
        old="    const known = name ? named.get(name) : null;",
        new="    const known = null;",
        tests=(DESK + "test_a_fresh_part_leaves_focus_words_and_what_is_open_as_they_are",),
    ),
    Rule(
        name="Nobody is thrown out of what they stand in",
        path=BECOME,
        part="moved",
        old="      if (known !== at && known.contains(document.activeElement)) at = goRound(old, at, known);\n",
        new="",
        tests=(DESK + "test_a_fresh_part_leaves_focus_words_and_what_is_open_as_they_are",),
    ),
    Rule(
        name="Nobody is thrown out of what they stand in",
        path=BECOME,
        part="opened",
        old="{ DETAILS: ['open'], DIALOG: ['open'],",
        new="{",
        tests=(DESK + "test_a_fresh_part_leaves_focus_words_and_what_is_open_as_they_are",),
    ),
    Rule(
        name="A board on which callers wait too long is not turned away",
        path="static/tv/screen.js",
        old="    if (urgent && now - heldSince < HOLD_MS) return;\n",
        new="",
        tests=(WALL + "test_a_board_that_calls_for_action_is_not_turned_away_until_it_is_calm",),
    ),
    Rule(
        name="A screen without access keeps nothing",
        path="static/tv/screen.js",
        old="    [['identify', 'no'], ['dark', 'no'], ['name', ''], ['room', '']].forEach(",
        new="    [].forEach(",
        tests=(WALL + "test_a_screen_whose_key_was_revoked_shows_nothing_and_asks_for_a_new_code",),
    ),
)
