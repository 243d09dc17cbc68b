"""What the browser tests of the boards share."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.boards import samples
from tests.browser.tv.stage import Stage


@pytest.fixture
def stage() -> Iterator[Callable[..., Stage]]:
    """Makes stages that are struck when the test is over."""
    made: list[Stage] = []

    def make(slug: str = "team", values: samples.Values | None = None, **how: Any) -> Stage:
        made.append(Stage(slug, values, **how).__enter__())
        return made[-1]

    yield make
    for each in made:
        each.__exit__()


@pytest.fixture
def module(page: Page, stage: Callable[..., Stage]) -> Callable[[str, str], Any]:
    """Runs a function body in the browser with one of our modules as `m`, and gives back what it returns."""
    page.goto(f"http://127.0.0.1:{stage().port}/healthz")

    def run(name: str, body: str) -> Any:
        return page.evaluate(f"import('/static/tv/{name}').then((m) => {{ {body} }})")

    return run


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """What the page complains of; anything at all fails the test."""
    heard: list[str] = []
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    yield heard
    assert [line for line in heard if "WebSocket" not in line and "ERR_" not in line] == []
