"""What a paired television does in a real browser: boards in turn, its name when asked, darkness, and nothing after its end."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from playwright.sync_api import Error, Page, expect

from tests.boards import samples
from tests.boards.draw import draw
from tests.browser.tv.conftest import complaints
from tests.browser.tv.stage import POLICY, Stage, until
from wallboard.boards import qr
from wallboard.screens.playlist import Step, board_at

__all__ = ["complaints"]
pytestmark = [pytest.mark.browser, pytest.mark.slow]
BOARDS = ("team", "supervisor")
SHOWN = "document.documentElement.dataset.board"


class Hall(Stage):
    """A stage for one television, at `/boards/team/?board=<slug>`; `order` is what it is told to be."""

    def __init__(self) -> None:
        super().__init__("team")
        self.order: dict[str, Any] = {
            "type": "screen",
            "name": "Växel TV 1",
            "room": "Hall",
            "identify_until": None,
            "reload_at": None,
            "blanked": False,
            "steps": [{"board": "team", "seconds": 3600}],
            "look": "first",
        }
        self.asked: list[str] = []
        self._drawn: dict[tuple[str, str], str] = {}

    def tell(self, **changes: Any) -> None:
        """An order, as the guard gives it."""
        self.order = {**self.order, **changes}
        self.say(self.order)

    async def _page(self, request: web.Request) -> web.Response:
        asked = request.query.get("board", "")
        self.asked.append(asked)
        self.pages += 1
        steps = self.order["steps"]
        slug = asked if asked in BOARDS else steps[0]["board"]
        key = (slug, json.dumps(self.order))
        if key not in self._drawn:
            ways = {name: qr.drawn(f"http://127.0.0.1/{slug}/{name}") for name in ("board", "numbers")}
            body = draw(
                slug,
                self.values,
                screen=json.dumps(self.order),
                look=self.order["look"],
                ways=ways,
                screen_name=self.order["name"],
                screen_room=self.order["room"],
            )
            self._drawn[key] = body.replace('data-home="/tv/"', 'data-home="/boards/team/"')
        headers = {"Content-Security-Policy": f"{POLICY} ws://127.0.0.1:{self.port}", "Cache-Control": "no-store"}
        return web.Response(text=self._drawn[key], content_type="text/html", headers=headers)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        self.slug = request.match_info["slug"]
        try:
            return await super()._socket(request)
        except ConnectionError:
            # The board was turned while its socket was still opening.
            return web.Response()


@pytest.fixture
def hall(page: Page, complaints: list[str]) -> Iterator[Hall]:
    """A television that is on."""
    with Hall() as made:
        page.goto(made.address)
        until(page, "window.wallboard && window.wallboard.version() === 41")
        page.evaluate("window.neverLeft = true")
        yield made


def reloaded(page: Page) -> None:
    """Waits until another page stands there; between the two there is nobody to ask."""
    deadline = time.monotonic() + 60
    while True:
        try:
            if page.evaluate("window.neverLeft === undefined"):
                return
        except Error:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_boards_take_turns_by_the_servers_clock_inside_one_page(page: Page, hall: Hall) -> None:
    hall.tell(steps=[{"board": "team", "seconds": 2}, {"board": "supervisor", "seconds": 2}])
    for slug in ("supervisor", "team", "supervisor"):
        until(page, f"{SHOWN} === '{slug}' && document.querySelector('main.board:not([data-leaving])').dataset.kind === '{slug}'")
    until(page, "document.querySelectorAll('main.board').length === 1 && document.documentElement.dataset.link === 'live'")
    assert page.evaluate("window.neverLeft")
    assert len(hall.sockets) == 1
    assert hall.heard("ack")


def test_a_board_that_calls_for_action_is_not_turned_away_until_it_is_calm(page: Page, hall: Hall) -> None:
    urgent = samples.normal()
    urgent["site"] |= {"waiting": 40, "waiting:severity": "act"}
    hall.snapshot(urgent)
    expect(page.locator('[data-tile="waiting"]')).to_have_attribute("data-severity", "act")
    hall.tell(steps=[{"board": "team", "seconds": 1}, {"board": "supervisor", "seconds": 3600}])
    time.sleep(4)
    assert page.evaluate(SHOWN) == "team"
    calm = {scope: {key: "calm" if value == "act" else value for key, value in told.items()} for scope, told in urgent.items()}
    calm["site"] |= {"longest_wait_since": None}
    for told in calm.values():
        told.pop("longest_wait:limits", None)
    hall.snapshot(calm)
    until(page, f"{SHOWN} === 'supervisor'")


def test_a_screen_says_its_name_when_asked_from_afar_or_by_its_button(page: Page, hall: Hall) -> None:
    name = page.locator("[data-screen-name]")
    expect(name).to_be_hidden()
    hall.tell(name="Lobby", identify_until=samples.NOW + 600_000)
    expect(name).to_be_visible()
    expect(name).to_have_text("Lobby")
    expect(page.get_by_role("img", name="http://127.0.0.1/team/numbers").first).to_be_visible()
    hall.tell(identify_until=None)
    expect(name).to_be_hidden()
    page.keyboard.press("Enter")
    expect(name).to_be_visible()


def test_a_screen_goes_dark_and_comes_back(page: Page, hall: Hall) -> None:
    dark = page.locator("[data-dark]")
    hall.tell(blanked=True)
    expect(dark).to_be_visible()
    assert dark.bounding_box() == {"x": 0, "y": 0, "width": 1280, "height": 720}
    hall.tell(blanked=False)
    expect(dark).to_be_hidden()


def test_another_look_is_drawn_in_place_and_a_reload_is_a_reload(page: Page, hall: Hall) -> None:
    hall.tell(look="second")
    until(page, "document.documentElement.dataset.look === 'second'")
    assert page.evaluate("window.neverLeft")
    hall.tell(reload_at=samples.NOW)
    reloaded(page)


def test_a_screen_whose_board_was_taken_from_it_asks_what_it_is_to_show(page: Page, hall: Hall) -> None:
    hall.order["steps"] = [{"board": "supervisor", "seconds": 30}]
    hall.hang_up(4404)
    until(page, f"{SHOWN} === 'supervisor' && document.documentElement.dataset.link === 'live'")
    assert "" in hall.asked
    assert page.evaluate("window.neverLeft")


def test_a_screen_whose_key_was_revoked_shows_nothing_and_asks_for_a_new_code(page: Page, hall: Hall) -> None:
    hall.tell(identify_until=samples.NOW + 600_000)
    expect(page.locator("[data-screen-name]")).to_be_visible()
    hall.refuse_with = 4003
    pages = hall.pages
    hall.hang_up(4003)
    expect(page.locator("[data-screen-name]")).to_be_hidden()
    expect(page.locator('[data-value="site.waiting"]')).to_have_text("–")
    assert "Växel TV 1" not in page.inner_text("body")
    expect(page.locator("[data-notice-text]")).to_have_text("This screen was unpaired. A new code comes by itself.")
    reloaded(page)
    assert hall.pages > pages


def test_a_screen_reports_how_it_is(page: Page, hall: Hall) -> None:
    deadline = time.monotonic() + 20
    while not hall.heard("report"):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    told = hall.heard("report")[0]
    assert told["engine"].startswith("Chromium ")
    assert (told["width"], told["height"], told["visible"]) == (1280, 720, True)
    assert told["nodes"] > 100
    assert told["build"] == page.evaluate("document.documentElement.dataset.build")


def test_the_browser_finds_the_same_board_as_the_server(page: Page, hall: Hall) -> None:
    steps = [Step("team", 30), Step("supervisor", 7), Step("team", 5)]
    instants = [samples.NOW + number * 1709 for number in range(60)]
    said = json.dumps([step.as_message() for step in steps])
    found = page.evaluate(f"import('/static/tv/playlist.js').then((m) => {instants}.map((at) => m.placeIn({said}, at).board))")
    assert found == [board_at(steps, at) for at in instants]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("turns", [40, pytest.param(500, marks=pytest.mark.heavy)])
def test_boards_in_turn_leave_nothing_behind(page: Page, hall: Hall, turns: int) -> None:
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")

    def weight() -> dict[str, float]:
        session.send("HeapProfiler.collectGarbage")
        return {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}

    def turn(times: int) -> None:
        page.evaluate(
            f"(async () => {{ for (let i = 0; i < {times}; i += 1) await wallboard.turnTo(['team', 'supervisor'][i % 2]); "
            "await new Promise((go) => setTimeout(go, 800)); })()"
        )

    hall.order["steps"] = [{"board": slug, "seconds": 3600} for slug in BOARDS]
    turn(20)
    before = weight()
    turn(turns)
    after = weight()
    assert len(hall.sockets) <= 1
    assert after["JSHeapUsedSize"] - before["JSHeapUsedSize"] < 600_000
    # The page that was fetched last may still be about; all of them may not.
    assert after["Nodes"] <= 3 * before["Nodes"]
    assert after["JSEventListeners"] <= before["JSEventListeners"] + 5
