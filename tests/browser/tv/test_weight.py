"""What weeks of updates leave behind: nothing."""

# Scripts for the browser stand in one piece, however long their lines.
# ruff: noqa: E501

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page

from tests.boards import samples
from tests.browser.tv.stage import Stage, until
from wallboard.boards.board import board_for

pytestmark = pytest.mark.browser
HEAP_GROWTH_MOST = 256 * 1024

# A socket that says what the test says, in the page itself, so that a day passes in less than a minute.
FAKE_SOCKET = """
window.WebSocket = class {
  constructor() { this.readyState = 1; window.fake = this; setTimeout(() => this.onopen(), 0); }
  send() {} close() {}
};
window.feed = (message) => window.fake.onmessage({data: JSON.stringify(message)});
window.updates = async (from, count) => {
  const queues = Object.keys(window.sample.values).filter((s) => s.startsWith('queue:'));
  const agents = Object.keys(window.sample.values).filter((s) => s.startsWith('agent:'));
  const states = ['ready', 'talking', 'ringing', 'wrapup', 'away', 'off', 'unknown', 'idle'];
  const levels = ['calm', 'calm', 'attention', 'act'];
  for (let i = from; i < from + count; i += 1) {
    const now = window.wallboard.now();
    const values = {site: {waiting: i % 40, 'waiting:severity': levels[i % 4], calls_in: i, service_level: (i % 100) / 100,
      longest_wait_since: i % 3 ? now - (i % 900) * 1000 : null, 'longest_wait:limits': i % 3 ? [now - 5000, now + 5000] : null,
      'calls_in.spark': Array.from({length: 60}, (x, n) => (n * i) % 9)}};
    values[queues[i % queues.length]] = {waiting: i % 12, 'waiting:severity': levels[i % 3], longest_wait_since: now - i % 500 * 1000, service_level: null};
    values[agents[i % agents.length]] = {state: states[i % 8], state_since: now - i % 7000 * 1000, profile: 'Profil ' + i % 50};
    if (i % 500 === 0) values['feed:telavox:calls'] = {level: i % 1000 ? 'live' : 'late', alive_at: now - 20000, reason: i % 1000 ? 'ok' : 'silent', state: 'live'};
    window.feed({type: 'patch', epoch: 'e', from: i, to: i + 1, server_time: Math.round(now), values: values});
    if (i % 100 === 0) await new Promise((go) => setTimeout(go, 0));
  }
  return window.wallboard.version();
};
"""


def start(page: Page, stage: Stage) -> CDPSession:
    """Opens the board with the fake socket and gives it its snapshot."""
    page.add_init_script(FAKE_SOCKET)
    page.goto(stage.address)
    until(page, "!!window.fake && !!window.wallboard")
    board = board_for(stage.slug, stage.values, "en", samples.ZONE).as_message()
    message = {"type": "snapshot", "epoch": "e", "version": 0, "server_time": samples.NOW, "board": board, "values": stage.values}
    page.evaluate(f"window.sample = {json.dumps(message)}; window.feed(window.sample)")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    return session


def weight(session: CDPSession) -> dict[str, Any]:
    """Bytes of heap and numbers of nodes and listeners after a thorough collection."""
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    metrics = {metric["name"]: metric["value"] for metric in session.send("Performance.getMetrics")["metrics"]}
    return {"heap": metrics["JSHeapUsedSize"], "nodes": metrics["Nodes"], "listeners": metrics["JSEventListeners"]}


def same_weight(page: Page, before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Whether nothing was left behind. The browser counts the copy that each shown <use> holds of its shape among the nodes, and which
    rows are shown turns with the clock: so many may come and go, while one node an update would be a thousand."""
    glyphs: int = page.evaluate("document.querySelectorAll('use').length")
    return abs(after["nodes"] - before["nodes"]) <= 2 * glyphs and after["listeners"] == before["listeners"]


@pytest.mark.fault("D10")
@pytest.mark.parametrize("slug", ["team", "supervisor"])
def test_a_thousand_updates_leave_no_new_node(page: Page, stage: Callable[..., Stage], complaints: list[str], slug: str) -> None:
    session = start(page, stage(slug, samples.many()))
    page.evaluate("window.updates(0, 50)")
    page.wait_for_timeout(2500)
    page.evaluate("window.born = 0; new MutationObserver((all) => all.forEach((one) => { window.born += one.addedNodes.length; }))"
                  ".observe(document, {childList: true, subtree: true})")  # fmt: skip
    before = weight(session)
    assert page.evaluate("window.updates(50, 1000)") == 1050
    page.wait_for_timeout(2500)
    after = weight(session)
    assert page.evaluate("window.born") == 0
    assert page.evaluate("window.wallboard.meter().writes") > 100
    assert same_weight(page, before, after), (before, after)


@pytest.mark.fault("D10")
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_day_of_updates_does_not_grow_the_heap(page: Page, stage: Callable[..., Stage], complaints: list[str]) -> None:
    session = start(page, stage("supervisor", samples.many()))
    page.evaluate("window.updates(0, 4000)")
    page.wait_for_timeout(1500)
    before = weight(session)
    page.set_default_timeout(240_000)
    assert page.evaluate("window.updates(4000, 86400)") == 90400
    page.wait_for_timeout(1500)
    after = weight(session)
    assert after["heap"] - before["heap"] <= HEAP_GROWTH_MOST
    assert same_weight(page, before, after), (before, after)
    assert after["nodes"] < 6000
