"""The parts of the board that know no page, each alone in a real browser: store, clock, link, rows, reload."""

# Scripts for the browser stand in one piece, however long their lines.
# ruff: noqa: E501

from collections.abc import Callable
from typing import Any

import pytest

from wallboard.boards import figures

pytestmark = pytest.mark.browser
Run = Callable[[str, str], Any]

SNAPSHOT = "s.take({type: 'snapshot', epoch: 'e', version: 5, values: {site: {waiting: 1, asa: 2}, 'queue:1': {waiting: 1}}});"


def patch(since: int, to: int, epoch: str = "e", values: str = "{site: {waiting: 7}}") -> str:
    """A patch, taken; its outcome's kind."""
    return f"s.take({{type: 'patch', epoch: '{epoch}', from: {since}, to: {to}, values: {values}}}).kind"


def test_a_patch_on_the_right_version_changes_only_what_it_names(module: Run) -> None:
    found = module("store.js", f"const s = m.createStore(); {SNAPSHOT} return [{patch(5, 6)}, s.of('site'), s.of('queue:1'), s.version()];")
    assert found == ["patch", {"waiting": 7, "asa": 2}, {"waiting": 1}, 6]


@pytest.mark.parametrize(("since", "to", "epoch"), [(6, 7, "e"), (4, 5, "e"), (5, 6, "other"), (4, 6, "e")])
def test_a_gap_a_repeat_and_another_epoch_ask_for_a_snapshot_and_change_nothing(module: Run, since: int, to: int, epoch: str) -> None:
    found = module(
        "store.js", f"const s = m.createStore(); {SNAPSHOT} return [{patch(since, to, epoch)}, s.of('site').waiting, s.isWhole()];"
    )
    assert found == ["gap", 1, False]


def test_after_a_gap_nothing_counts_until_a_snapshot_has_come(module: Run) -> None:
    body = f"const s = m.createStore(); {SNAPSHOT} {patch(8, 9)}; const then = [{patch(5, 6)}, s.of('site').waiting]; {SNAPSHOT} "
    assert module("store.js", body + f"return then.concat([s.isWhole(), {patch(5, 6)}]);") == ["ignored", 1, True, "patch"]


def test_a_heartbeat_of_another_version_is_a_gap_and_of_ours_is_not(module: Run) -> None:
    body = (
        f"const s = m.createStore(); {SNAPSHOT} const ask = (v) => s.take({{type: 'heartbeat', version: v}}).kind; return [ask(5), ask(6)];"
    )
    assert module("store.js", body) == ["heartbeat", "gap"]


def test_a_snapshot_forgets_what_it_does_not_name(module: Run) -> None:
    body = f"const s = m.createStore(); {SNAPSHOT} s.take({{type: 'snapshot', epoch: 'f', version: 1, values: {{site: {{waiting: 0}}}}}});"
    assert module("store.js", body + " return [s.scopes(), s.of('site'), s.version()];") == [["site"], {"waiting": 0}, 1]


@pytest.mark.parametrize(
    "message", ["null", "[]", "'x'", "{}", "{type: 'news'}", "{type: 'snapshot', version: '5', values: {}}", "{type: 'patch'}"]
)
def test_nonsense_changes_nothing(module: Run, message: str) -> None:
    body = f"const s = m.createStore(); {SNAPSHOT} s.take({message}); return [s.of('site').waiting, s.version()];"
    assert module("store.js", body) == [1, 5]


def test_a_scope_that_went_is_gone(module: Run) -> None:
    body = f"const s = m.createStore(); {SNAPSHOT} {patch(5, 6, values=chr(123) + chr(39) + 'queue:1' + chr(39) + ': null' + chr(125))};"
    assert module("store.js", body + " return s.scopes();") == ["site"]


CLOCK = "let t = 0; const c = m.createClock(() => t, 1000000);"


def test_the_clock_goes_by_the_server_and_not_by_the_device(module: Run) -> None:
    assert module("clock.js", CLOCK + "t = 100; c.hear(1005100); return c.now();") == 1005100


def test_a_small_difference_is_slewed_and_never_jumps(module: Run) -> None:
    body = (
        CLOCK + "c.hear(1000400); const at = []; for (let i = 0; i < 4; i += 1) { t += 1000; at.push(c.now() - 1000000 - t); } return at;"
    )
    assert module("clock.js", body) == [50, 100, 150, 200]


@pytest.mark.fault("A16", "D8")
def test_one_message_held_up_on_the_way_does_not_set_the_clock_back(module: Run) -> None:
    assert module("clock.js", CLOCK + "t = 9000; c.hear(1004000); return c.now();") == 1009000


def test_three_messages_that_agree_do_set_it_back(module: Run) -> None:
    assert module("clock.js", CLOCK + "t = 9000; c.hear(1004000); c.hear(1004000); c.hear(1004000); return c.now();") == 1004000


FAKE = """
let t = 0; const timers = []; const made = []; const states = []; let ended = 0;
const connect = () => { const s = {readyState: 0, sent: [], send(x) { this.sent.push(x); }, close() { this.closed = true; }}; made.push(s); return s; };
const link = m.createLink({url: 'x', onMessage() {}, onOpen() {}, onState(s) { states.push(s); }, onEnded() { ended += 1; }, monotonic: () => t,
  random: () => 0.5, connect: connect, later: (work, ms) => { timers.push({work: work, at: t + ms}); return timers.length; },
  never: (n) => { if (n) timers[n - 1].at = Infinity; }});
const last = () => made[made.length - 1];
const run = (ms) => { const until = t + ms; while (t < until) { t += 1000; link.watch();
  timers.forEach((x) => { if (x.at <= t) { x.at = Infinity; x.work(); } }); } };
const open = () => { last().readyState = 1; last().onopen(); };
const hear = () => last().onmessage({data: '{}'});
link.start();
"""


def test_fifteen_seconds_of_silence_are_late_and_twenty_five_offline(module: Run) -> None:
    body = (
        FAKE
        + "open(); hear(); run(13000); const a = link.state(); run(2000); const b = link.state(); run(10000); return [a, b, link.state()];"
    )
    assert module("link.js", body) == ["live", "late", "offline"]


@pytest.mark.fault("D4")
def test_a_half_open_socket_is_replaced_and_its_events_taken_away(module: Run) -> None:
    body = FAKE + "open(); hear(); const old = last(); run(27000); return [made.length, old.onmessage, old.onclose, old.closed];"
    assert module("link.js", body) == [2, None, None, True]


def test_a_connection_that_never_opens_is_given_up(module: Run) -> None:
    assert module("link.js", FAKE + "run(12000); return made.length;") == 2


@pytest.mark.fault("D4", "D9")
def test_every_close_code_reconnects_but_the_one_that_ends_the_screens_access(module: Run) -> None:
    body = FAKE + "open(); hear(); last().onclose({code: %d}); run(15000); return [made.length > 1, ended];"
    assert module("link.js", body % 1006) == [True, 0]
    assert module("link.js", body % 4008) == [True, 0]
    assert module("link.js", body % 1000) == [True, 0]
    assert module("link.js", body % 4003) == [False, 1]


@pytest.mark.fault("D9")
def test_a_screen_whose_access_ended_asks_every_five_minutes_and_is_told_when_it_may_again(module: Run) -> None:
    body = (
        FAKE + "open(); hear(); last().onclose({code: 4003}); run(299000); const early = made.length; run(3000); const asked = made.length;"
    )
    body += "open(); last().onclose({code: 4003}); run(299000); const still = made.length; run(3000); open(); hear();"
    assert module("link.js", body + "return [early, asked, still, made.length, ended, link.state()];") == [1, 2, 2, 3, 1, "live"]


@pytest.mark.fault("C13")
def test_a_server_that_parts_as_planned_is_looked_for_soon_and_not_for_ever(module: Run) -> None:
    refused = "const waits = []; for (let i = 0; i < 30; i += 1) { last().onclose({code: 4012}); const x = timers[timers.length - 1];"
    refused += " waits.push(x.at - t); t = x.at; x.at = Infinity; x.work(); }"
    waits = module("link.js", FAKE + "open(); hear();" + refused + "return waits;")
    assert waits[0] == 500
    assert set(waits[1:20]) == {1000}
    assert waits[-1] == 5000, "one that goes on refusing is no planned replacement any more"


@pytest.mark.fault("D3")
def test_after_a_sleep_there_is_a_new_socket_even_beside_an_open_one(module: Run) -> None:
    body = FAKE + "open(); hear(); const old = last(); link.renew(); return [made.length, old.onmessage, old.closed, link.state()];"
    assert module("link.js", body) == [2, None, True, "late"]


def test_delays_grow_with_jitter_and_their_reset_is_earned_by_thirty_seconds_of_life(module: Run) -> None:
    refused = "const waits = []; for (let i = 0; i < 6; i += 1) { last().onclose({code: 1006}); const x = timers[timers.length - 1];"
    refused += " waits.push(x.at - t); t = x.at; x.at = Infinity; x.work(); }"
    assert module("link.js", FAKE + refused + "return waits;") == [500, 1000, 2000, 4000, 5000, 5000]
    short = FAKE + refused + "open(); hear(); t += 20000; hear(); last().onclose({code: 1006}); return timers[timers.length - 1].at - t;"
    assert module("link.js", short) == 5000
    long = FAKE + refused + "open(); hear(); t += 31000; hear(); last().onclose({code: 1006}); return timers[timers.length - 1].at - t;"
    assert module("link.js", long) == 500


def test_figures_are_written_as_the_server_writes_them(module: Run) -> None:
    values = [
        None,
        0,
        1,
        7,
        59.5,
        60,
        119.49,
        3599,
        3600,
        3661,
        86400 * 5,
        0.005,
        0.0049,
        0.041,
        0.0999,
        0.1,
        0.5,
        0.845,
        0.8449,
        1,
        12345,
        True,
        "x",
    ]
    place = "{at: 5000000, language: 'sv', words: {}}"
    body = f"return {values!r}.map((v) => ['count', 'percent', 'percent1', 'duration'].map((k) => m.written(k, v, {place})));"
    found = module("format.js", body.replace("None", "null").replace("True", "true"))
    wanted = [[figures.count(v), figures.percent(v), figures.fine_percent(v, "sv"), figures.duration(v)] for v in values]
    assert found == wanted


def test_a_sentence_loses_its_optional_part_when_that_is_not_known(module: Run) -> None:
    body = "return [m.filled('a[ since {time}] {n}', {time: null, n: 0}), m.filled('a[ since {time}] {n}', {time: '14:02', n: 2})];"
    assert module("format.js", body) == ["a 0", "a since 14:02 2"]


@pytest.mark.fault("D10", "C13")
def test_the_page_reloads_only_when_the_server_answers_and_not_in_circles(module: Run) -> None:
    body = """let t = 0; let there = false; let gone = 0; const box = {}; const tell = () => new Promise((r) => setTimeout(r, 0));
      const memory = {getItem: (k) => box[k] || null, setItem(k, v) { box[k] = v; }};
      const make = () => m.createReload({monotonic: () => t, wall: () => t, random: () => 0, answer: () => Promise.resolve(there), go() { gone += 1; },
        remembered: memory});
      const r = make(); const out = [];
      const step = (ms, x) => { t += ms; x.watch('14:00'); return tell().then(() => out.push(gone)); };
      r.want('rev 2');
      return step(5000, r).then(() => step(6000, r)).then(() => { there = true; return step(20000, r); }).then(() => {
        const again = make(); again.want('rev 2'); return step(11000, again).then(() => step(120000, again)); }).then(() => out);"""
    assert module("reload.js", body) == [0, 0, 1, 1, 2]


def test_an_old_page_reloads_in_the_small_hours_once(module: Run) -> None:
    body = """let t = 0; let gone = 0; const memory = {getItem: () => null, setItem() {}}; const tell = () => new Promise((r) => setTimeout(r, 0));
      const r = m.createReload({monotonic: () => t, wall: () => t, random: () => 0.5, answer: () => Promise.resolve(true), go() { gone += 1; },
        remembered: memory});
      r.watch('03:50'); return tell().then(() => { t = 7 * 3600000; r.watch('03:44'); return tell(); }).then(() => { const early = gone; r.watch('03:45'); t += 4000; r.watch('03:45');
        return tell().then(() => [early, gone]); });"""
    assert module("reload.js", body) == [0, 1]


def test_queues_that_do_not_fit_are_the_least_urgent_and_are_counted(module: Run) -> None:
    body = """const row = (rank, busy, base, mark) => ({rank: rank, busy: busy, mark: mark || 0, base: base});
      const p = m.placeQueues([row(0, false, 0), row(0, true, 1), row(2, true, 2), row(0, true, 3)], 3); return [p.order, p.over, p.hidden];"""
    assert module("rows.js", body) == [[3, 1, 0, 2], [True, False, False, True], 2]
    quiet = body.replace("row(0, false, 0)", "row(0, false, 0, 2)").replace("row(0, true, 1)", "row(0, false, 1)")
    assert module("rows.js", quiet)[0] == [2, 3, 0, 1]


def test_agents_turn_page_by_page_and_those_off_fill_only_what_is_left(module: Run) -> None:
    body = "const at = (s, off) => m.placeAgents(off, 2, s * 1000); const off = [false, true, false, false];"
    found = module("rows.js", body + "return [at(0, off).over, at(12, off).over, at(12, off).hiddenOff, at(0, [true, false, true]).over];")
    assert found == [[False, True, False, True], [True, True, True, False], 1, [False, False, True]]
