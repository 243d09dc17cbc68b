"""Rules that keep screens honest, in a real browser: what the television's script makes of age and silence."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.tv.test_parts import FAKE
from wallboard.boards.freshness import aged

pytestmark = pytest.mark.browser
Run = Callable[[str, str], Any]
LEVELS = ["live", "late", "stale", "unknown"]
AGES = [0, 14_999, 15_000, 59_999, 60_000, 299_999, 300_000, 9_000_000]


def test_a_dying_feed_gets_worse_with_age_in_the_browser_as_on_the_server(module: Run) -> None:
    """Every level at every age, and never better than it was."""
    found = module("freshness.js", f"return {LEVELS!r}.map((level) => {AGES!r}.map((age) => m.aged(level, 1000, 1000 + age)));")
    assert found == [[aged(level, 1000, 1000 + age) for age in AGES] for level in LEVELS]


def test_a_screen_that_hears_nothing_calls_nothing_fresh(module: Run) -> None:
    """Late before fifteen seconds, stale after sixty; and its own deafness makes no feed better than it was told."""
    told = "{level: '%s', alive_at: 500000, reason: 'silent'}"
    body = "return [0, 13499, 13500, 60000].map((deaf) => m.standingOf(%s, 'x', 500000 + deaf, 500000, false).level);"
    assert module("freshness.js", body % (told % "live")) == ["live", "live", "late", "stale"]
    assert module("freshness.js", body % (told % "stale")) == ["stale", "stale", "stale", "stale"]


def test_what_is_stale_has_no_severity(module: Run) -> None:
    """Nobody runs to a queue because of a number of an hour ago."""
    body = "return [true, false].map((ticks) => m.severityOf({waiting: 9, s: 'act'}, 'waiting', 's', ticks, 0));"
    assert module("severity.js", body) == ["act", "unknown"]


def test_a_replaced_socket_reaches_the_page_no_more(module: Run) -> None:
    """It was half open and comes to life again: what it held back is from before, and its end is not the new one's."""
    body = FAKE.replace("onMessage() {}", "onMessage(x) { heard.push(x); }").replace("let t = 0;", "let t = 0; const heard = [];")
    body += "open(); hear(); const old = last(); run(27000); open(); const before = [heard.length, made.length];"
    body += "if (old.onmessage) old.onmessage({data: 'old'}); if (old.onclose) old.onclose({code: 1006}); run(9000);"
    assert module("link.js", body + "return [before, heard.length, made.length];") == [[1, 2], 1, 2]
