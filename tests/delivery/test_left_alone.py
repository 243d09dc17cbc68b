"""A television left alone with the running product: its web server is replaced or killed, its link is revoked."""

import contextlib
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.product import Product, eventually, queue, running
from tests.acceptance.test_screens import enter
from tests.conftest import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.heavy, pytest.mark.timeout(200)]
REVOKE_ALL = """
import django; django.setup()
from django.utils import timezone
from wallboard.accounts.models import Screen
Screen.objects.filter(revoked_at=None).update(revoked_at=timezone.now())
"""


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    """A live product with one queue."""
    with running() as started:
        started.until("live")
        enter(started, 0)
        eventually(lambda: started.live()["queues"], 10)
        yield started


def opened(page: Page, product: Product) -> None:
    """The board, live, through a link of its own."""
    page.goto(product.manage("screen_url", "supervisor").stdout.strip())
    expect(page.locator("html")).to_have_attribute("data-link", "live", timeout=15_000)


def answers(product: Product) -> bool:
    """Whether the web server is there."""
    with contextlib.suppress(OSError):
        return product.get("/healthz")[0] == 200
    return False


def waiting(product: Product) -> str:
    """How many wait, by the API."""
    return str(queue(product.live(), "4501")["now"]["waiting"])


@pytest.mark.fault("C13", "D4")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_web_server_that_is_replaced_is_hardly_noticed_and_no_error_page_is_ever_shown(
    product: Product, page: Page, how: signal.Signals
) -> None:
    """Late for as long as the new one takes to start, at most; then live and right, by the very same page."""
    opened(page, product)
    page.evaluate("window.never = 'reloaded'")
    shown = page.locator('[data-value="queue:4501.waiting"]').first
    old = product.kill("daphne", how)
    began = time.monotonic()
    enter(product, 1000 + how)
    eventually(lambda: product.children("daphne") not in ([], [old]), 20)
    eventually(lambda: answers(product), 40)
    up = time.monotonic()
    expected = waiting(product)
    expect(shown).to_have_text(expected, timeout=15_000)
    expect(page.locator("html")).to_have_attribute("data-link", "live", timeout=15_000)
    print(how.name, "server back after", round(up - began, 1), "screen right", round(time.monotonic() - up, 1), "s later")
    assert time.monotonic() - up < 12
    assert page.evaluate("window.never") == "reloaded"


@pytest.mark.fault("D9")
def test_a_revoked_screen_is_blank_within_five_seconds(product: Product, page: Page) -> None:
    """Its numbers are gone from the page; it says in words what to do."""
    opened(page, product)
    assert page.locator('[data-value="queue:4501.waiting"]').first.inner_text() != "–"
    environment = product.environment | {"DJANGO_SETTINGS_MODULE": "wallboard.settings"}
    subprocess.run([sys.executable, "-c", REVOKE_ALL], cwd=ROOT, env=environment, check=True)
    expect(page.locator("[data-notice-text]")).to_have_text(re.compile("access has ended"), timeout=5_000)
    texts = page.evaluate("Array.from(document.querySelectorAll('[data-value]')).map((e) => e.firstChild.data)")
    assert set(texts) == {"–"}
    assert page.evaluate("window.wallboard.of('site')") is None
