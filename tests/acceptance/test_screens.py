"""Televisions on the running product: the same numbers everywhere, within two seconds, and the word for it when the vendor dies."""

import http.cookiejar
import json
import signal
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.acceptance.product import Product, eventually, queue, running
from tests.acceptance.told_calls import FIRST, call, visit

SAID_WITHIN_S = 15.0
Values = dict[str, dict[str, Any]]


class Screen:
    """A program that does what a board's page does with its socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.values: Values = {}
        self.version, self.epoch, self.messages = -1, "", 0
        self.hear(5)

    def hear(self, within_s: float) -> bool:
        """Takes one message, if one comes; a gap in the versions is a failure."""
        try:
            message = json.loads(self._socket.recv(timeout=within_s))
        except TimeoutError:
            return False
        self.messages += 1
        if message["type"] == "snapshot":
            self.values, self.version, self.epoch = message["values"], message["version"], message["epoch"]
        elif message["type"] == "patch":
            assert (message["from"], message["epoch"]) == (self.version, self.epoch)
            self.version = message["to"]
            for scope, changed in message["values"].items():
                self.values.setdefault(scope, {}).update(changed)
        self._socket.send(json.dumps({"type": "ack", "version": self.version}))
        return True

    def until(self, scope: str, metric: str, value: object, within_s: float) -> float:
        """Listens until a value is shown; gives the seconds."""
        began = time.monotonic()
        while self.values.get(scope, {}).get(metric) != value:
            assert time.monotonic() - began < within_s, self.values.get(scope)
            self.hear(0.2)
        return time.monotonic() - began


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    """A live product with one queue."""
    with running() as started:
        started.until("live")
        enter(started, 0)
        eventually(lambda: started.live()["queues"], 5)
        yield started


def enter(product: Product, n: int) -> None:
    """One more caller waits."""
    now = round(time.time() * 1000)
    product.upstream.send("calls", call(f"ba{n:06d}-0000-4000-8000-000000000001", now))
    product.upstream.send("queues", visit(f"ba{n:06d}-0000-4000-8000-000000000001", FIRST, now))


def cookies_of(address: str) -> str:
    """The cookies a screen link gives, as a header."""
    jar = http.cookiejar.CookieJar()
    urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar)).open(address, timeout=10).close()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


@pytest.mark.fault("D5")
@pytest.mark.acceptance("TX-21")
@pytest.mark.acceptance("TX-06")
def test_TX_21_two_screens_a_late_one_and_the_api_hold_the_same_numbers(product: Product) -> None:
    """A snapshot, then patches without a gap; a change is everywhere within two seconds."""
    links = [product.manage("screen_url", board).stdout.strip() for board in ("team", "supervisor")]
    addresses = [f"ws://127.0.0.1:{product.port}/ws/boards/{board}/" for board in ("team", "supervisor")]
    with (
        connect(addresses[0], additional_headers={"Cookie": (cookie := cookies_of(links[0]))}) as one,
        connect(addresses[1], additional_headers={"Cookie": cookies_of(links[1])}) as two,
    ):
        first, second = Screen(one), Screen(two)
        for n in range(1, 6):
            enter(product, n)
            assert first.until("queue:4501", "waiting", n + 1, 2) < 2
        assert second.until("queue:4501", "waiting", 6, 2) < 2
        with connect(addresses[0], additional_headers={"Cookie": cookie}) as three:
            late = Screen(three)
            enter(product, 6)
            for screen in (late, first, second):
                screen.until("queue:4501", "waiting", 7, 2)
            eventually(lambda: queue(product.live(), "4501")["now"]["waiting"] == 7, 2)
            assert late.values["queue:4501"] == first.values["queue:4501"]
            shared = {**second.values["queue:4501"], **first.values["queue:4501"]}
            assert shared == {**first.values["queue:4501"], **second.values["queue:4501"]}
            assert first.values["feed:telavox:calls"]["level"] == "live"


@pytest.mark.acceptance("TX-22")
def test_TX_22_without_a_link_or_with_another_boards_link_no_socket_opens(product: Product) -> None:
    """And nothing is said that could not be said to anybody."""
    link = product.manage("screen_url", "team").stdout.strip()
    for headers in ({}, {"Cookie": cookies_of(link)}):
        with connect(f"ws://127.0.0.1:{product.port}/ws/boards/supervisor/", additional_headers=headers) as socket:
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=5)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4003


@pytest.mark.fault("A5", "D4")
@pytest.mark.browser
@pytest.mark.acceptance("TX-06")
@pytest.mark.acceptance("TX-08")
def test_TX_08_a_board_in_a_browser_moves_within_two_seconds_and_says_so_when_the_vendor_dies(product: Product, page: Page) -> None:
    """The last known number stays, under another freshness, within fifteen seconds; and comes back to life with the vendor."""
    page.goto(product.manage("screen_url", "supervisor").stdout.strip())
    shown = page.locator('[data-value="queue:4501.waiting"]').first
    waiting = queue(product.live(), "4501")["now"]["waiting"]
    expect(shown).to_have_text(str(waiting), timeout=10_000)
    enter(product, 90)
    expect(shown).to_have_text(str(waiting + 1), timeout=2_000)
    freshness = shown.locator("xpath=ancestor-or-self::*[@data-freshness][1]")
    expect(freshness).to_have_attribute("data-freshness", "live")
    product.upstream.run(product.upstream.upstream.kill())
    began = time.monotonic()
    expect(freshness).not_to_have_attribute("data-freshness", "live", timeout=SAID_WITHIN_S * 1000)
    assert time.monotonic() - began < SAID_WITHIN_S
    expect(shown).to_have_text(str(waiting + 1))
    link = page.locator("[data-link]").first
    expect(link).to_have_attribute("data-link", "live")
    product.upstream.run(product.upstream.upstream.start())
    expect(freshness).to_have_attribute("data-freshness", "live", timeout=40_000)
    # The web server hangs: the browser itself says so, and finds back alone.
    product.kill("daphne", signal.SIGSTOP)
    expect(link).not_to_have_attribute("data-link", "live", timeout=(SAID_WITHIN_S + 3) * 1000)
    product.kill("daphne", signal.SIGCONT)
    expect(link).to_have_attribute("data-link", "live", timeout=40_000)
    expect(shown).to_have_text(str(waiting + 1))
