"""Rules that keep pages at a desk honest, in a real browser: silence, sleep, gaps, a pause, and what somebody stands in."""

# Scripts for the browser stand in one piece, however long their lines.
# ruff: noqa: E501

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.tv.stage import Stage

pytestmark = pytest.mark.browser
Desk = Callable[[str], Any]
NOW = 1_790_000_000_000

# A page with one figure and one clock of a feed; time, timers and sockets are ours.
BEGIN = f"""
let t = 1000, wall = 0; const due = [], sockets = [];
performance.now = () => t; Date.now = () => {NOW} + t + wall;
window.setTimeout = (work, ms) => due.push({{ at: t + ms, work }}); window.clearTimeout = (n) => {{ if (n > 0) due[n - 1].work = () => {{}}; }};
window.WebSocket = class {{
  constructor() {{ this.readyState = 0; this.sent = []; sockets.push(this); }}
  send(text) {{ this.sent.push(JSON.parse(text)); }}
  close() {{ this.readyState = 3; }}
}};
const run = (ms) => {{ const end = t + ms; for (;;) {{ const next = due.filter((each) => !each.done && each.at <= end).sort((a, b) => a.at - b.at)[0]; if (!next) break; next.done = true; t = Math.max(t, next.at); next.work(); }} t = end; }};
const socket = () => sockets[sockets.length - 1];
const open = () => {{ socket().readyState = 1; socket().onopen(); }};
const say = (message, on) => (on || socket()).onmessage({{ data: JSON.stringify(Object.assign({{ server_time: {NOW} + t }}, message)) }});
const values = (waiting) => ({{
  'source:x': {{ name: 'x' }}, 'feed:x:calls': {{ level: 'live', alive_at: {NOW} + t, reason: 'ok' }},
  'queue:1': {{ waiting, 'waiting:severity': 'act' }} }});
const snapshot = (version, waiting) => say({{ type: 'snapshot', epoch: 'e', version, values: values(waiting) }});
const page = document.documentElement;
Object.assign(page.dataset, {{ texts: '{{}}', serverTime: String({NOW} + t), timezone: 'UTC', clockText: '00:00', language: 'en', socket: '/ws/pages/overview/' }});
page.querySelector('body').innerHTML = `<button data-pause-button data-pause="Pause" data-go-on="Go on" data-since-words="Paused"></button>
<div class="figure" data-feed="calls" data-source="x"><a data-value data-scope="queue:1" data-key="waiting" data-severity-key="waiting:severity" data-format="count">?</a>
<span data-since="{NOW}">?</span></div>`;
const figure = document.querySelector('.figure');
const shown = () => [figure.dataset.freshness, figure.dataset.severity, figure.querySelector('a').textContent, figure.querySelector('span').textContent];
const live = (await import('/static/app/live.js')).startLive();
open(); snapshot(5, 3);
"""


@pytest.fixture
def desk(page: Page, stage: Callable[..., Stage]) -> Desk:
    """Runs a script in a page at a desk that has just been told everything, and gives back what it returns."""
    page.goto(f"http://127.0.0.1:{stage().port}/healthz")
    return lambda body: page.evaluate(f"(async () => {{ {BEGIN} {body} }})()")


def test_a_page_that_hears_nothing_calls_nothing_live_and_stops_its_clocks(desk: Desk) -> None:
    """Late before fifteen seconds, stale after sixty: then it is not judged, and its clock stands where it was last heard."""
    found = desk(
        "const seen = [shown()]; run(14500); seen.push(shown()); run(50000); seen.push(shown()); run(9000); return seen.concat([shown()]);"
    )
    assert found[0] == ["live", "act", "3", "0:01"]
    assert found[1][:3] == ["late", "act", "3"]
    assert found[2] == ["stale", "unknown", "3", "0:01"]
    assert found[3] == found[2]


def test_messages_that_do_not_fit_are_no_sign_of_life(desk: Desk) -> None:
    """Changes come and go on top of one that was lost: what stands there is not the present, and is asked for again."""
    body = "for (let n = 0; n < 16; n += 1) { run(1000); say({ type: 'patch', epoch: 'e', from: 8 + n, to: 9 + n, values: { 'queue:1': { waiting: 9 } } }); }"
    body += "const then = shown(); const asked = socket().sent.filter((each) => each.type === 'resync').length; snapshot(40, 7); return [then, asked > 0, shown()];"
    then, asked, after = desk(body)
    assert (then[0], then[2], asked) == ("late", "3", True)
    assert after[:3] == ["live", "act", "7"]


def test_a_new_socket_is_built_upon_only_after_its_snapshot(desk: Desk) -> None:
    """What was told between the two sockets is in no patch."""
    body = "socket().onclose({ code: 1006 }); run(3000); open(); say({ type: 'patch', epoch: 'e', from: 5, to: 6, values: { 'queue:1': { waiting: 9 } } });"
    assert desk(body + "const then = shown()[2]; snapshot(9, 8); return [sockets.length, then, shown()[2]];") == [2, "3", "8"]


@pytest.mark.parametrize("sleep", ["wall += 3600000;", "t += 3600000;"])
def test_after_a_sleep_nothing_is_live_until_a_new_socket_has_told_everything(desk: Desk, sleep: str) -> None:
    """Whichever of its clocks the machine stops; and what the old socket held back is from before."""
    body = f"const old = socket(); {sleep} say({{ type: 'heartbeat', version: 5, epoch: 'e' }}, old); const woken = [shown()[0], sockets.length];"
    body += "run(1000); const then = shown()[0]; open(); snapshot(9, 8); return [woken, then, shown().slice(0, 3)];"
    assert desk(body) == [["stale", 2], "stale", ["live", "act", "8"]]


def test_a_sleep_that_no_message_ends_is_seen_by_the_next_tick(desk: Desk) -> None:
    """The old socket is as dead as it looks alive."""
    assert desk("wall += 3600000; run(1100); return [shown()[0], shown()[1], sockets.length];") == ["stale", "unknown", 2]


def test_a_page_that_nobody_sees_does_not_take_its_rest_for_a_sleep(desk: Desk) -> None:
    """Its timers rest up to a minute there, and messages come all the same."""
    body = "for (let n = 0; n < 6; n += 1) { t += 10000; say({ type: 'heartbeat', version: 5, epoch: 'e' }); } run(20); return [shown()[0], sockets.length];"
    assert desk(body) == ["live", 1]


def test_a_paused_page_stands_still_and_says_so(desk: Desk) -> None:
    """What it shows is of the moment of the pause, and marked as that; going on it is the present."""
    body = "live.pause(true); run(2000); snapshot(6, 9); const then = shown(); live.pause(false); return [then, shown().slice(0, 3)];"
    then, after = desk(body)
    assert then == ["stale", "act", "3", "0:01"]
    assert after == ["live", "act", "9"]


def test_a_fresh_part_leaves_focus_words_and_what_is_open_as_they_are(desk: Desk) -> None:
    """The server draws other rows in another order; whoever stands in one, types in one or has opened one goes on."""
    row = '<tr data-row="{0[0]}"><td>{0[1]}<input><details><summary>why</summary>{0[1]}</details></td></tr>'
    old, new = (
        f"<table><tbody>{''.join(row.format(each) for each in rows)}</tbody></table>" for rows in (["a1", "b2"], ["c5", "b4", "a3"])
    )
    body = "const { become } = await import('/static/app/become.js'); const part = document.createElement('section'), fresh = document.createElement('section');"
    body += (
        f"part.innerHTML = `{old}`; fresh.innerHTML = `{new}`; document.body.append(part); const mine = part.querySelector('[data-row=b]');"
    )
    body += "mine.querySelector('details').open = true; const typed = mine.querySelector('input'); typed.value = 'half a w'; typed.focus(); become(part, fresh);"
    body += "return [Array.from(part.querySelectorAll('tr'), (each) => each.dataset.row + each.querySelector('td').firstChild.nodeValue), document.activeElement === typed,"
    body += (
        " typed.value, typed.closest('tr').dataset.row, mine.querySelector('details').open, part.querySelectorAll('details[open]').length];"
    )
    assert desk(body) == [["c5", "b4", "a3"], True, "half a w", "b", True, 1]
