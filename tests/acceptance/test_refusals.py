"""A vendor that says no: wrong tokens, unknown paths, refused pages. Seldom asked again, plainly said, healed alone, and never a 0."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.product import VENDOR_TOKEN, Product, eventually, queue
from tests.upstream import UpstreamThread
from tests.upstream.server import Handshake

MOST_IN_TEN_S = 5


def busiest_ten_seconds(handshakes: list[Handshake]) -> int:
    """The most handshakes in any ten seconds from the first refused one on."""
    refused = next((shake.at for shake in handshakes if shake.status == 401), None)
    times = [shake.at for shake in handshakes if refused is not None and shake.at >= refused]
    return max((len([at for at in times if first <= at < first + 10.0]) for first in times), default=0)


def pretended(answer: dict[str, Any]) -> list[str]:
    """Numbers of calls and agents that are not null though nothing is known."""
    found = []
    for window, numbers in answer["site"].items():
        for name, value in numbers.items():
            values = value.values() if isinstance(value, dict) else [value]
            found += [f"{window}.{name} {value}" for each in values if each is not None]
    return found + [f"{row['key']}" for row in answer["queues"] + answer["agents"] if row.get("today", {}).get("answered") is not None]


@pytest.fixture
def upstream() -> Iterator[UpstreamThread]:
    """An upstream to be set before the product starts."""
    with UpstreamThread() as thread:
        yield thread


@pytest.fixture
def product(upstream: UpstreamThread) -> Iterator[Product]:
    """A product not yet started."""
    made = Product(upstream)
    yield made
    made.destroy()


@pytest.mark.acceptance("TX-02")
@pytest.mark.fault("A4")
def test_TX_02_a_bad_token_is_an_auth_error_seldom_asked_again_and_healed_at_once_by_a_new_one(product: Product) -> None:
    """From the first handshake on; every number is null meanwhile."""
    product.upstream.upstream.tokens = {"another-token"}
    product.start()
    assert product.until("auth_error", 10) < 10
    assert pretended(product.live()) == []
    time.sleep(10.5)
    assert busiest_ten_seconds(product.upstream.upstream.handshakes) <= MOST_IN_TEN_S
    assert len(product.upstream.upstream.asked) <= MOST_IN_TEN_S
    changed = product.manage(
        "shell", "-c", "from stats.models import Source; s = Source.objects.get(); s.token = 'another-token'; s.save()"
    )
    assert changed.returncode == 0, changed.stderr
    assert product.until("live", 15) < 15
    assert busiest_ten_seconds(product.upstream.upstream.handshakes) <= MOST_IN_TEN_S
    assert product.live()["site"]["today"]["calls_in"] == 0


@pytest.mark.slow
@pytest.mark.acceptance("TX-02")
@pytest.mark.fault("A4")
def test_TX_02_a_token_revoked_while_connected_is_an_auth_error_and_works_again_alone(product: Product) -> None:
    """The vendor drops every socket and refuses them from then on; a minute later the same token works again."""
    product.start()
    product.until("live")
    scripted = product.upstream.upstream
    scripted.tokens = set()
    since = time.monotonic()
    product.upstream.run(scripted.drop_sockets())
    assert product.until("auth_error", 10) < 10
    time.sleep(35)
    assert product.state() == "auth_error"
    assert busiest_ten_seconds(scripted.handshakes_since(since)) <= MOST_IN_TEN_S
    scripted.tokens = {VENDOR_TOKEN}
    assert product.until("live", 90) < 90
    assert busiest_ten_seconds(scripted.handshakes_since(since)) <= MOST_IN_TEN_S


@pytest.mark.slow
@pytest.mark.acceptance("TX-02")
@pytest.mark.acceptance("TX-11")
@pytest.mark.parametrize("doors", [["queues"], ["queues", "agents", "profile_live", "profile_history"]], ids=["one", "all-but-one"])
def test_TX_11_a_refusal_of_some_doors_makes_no_hot_loop(product: Product, doors: list[str]) -> None:
    """401 on some sockets while the others and the pages are good: still an auth error, still at most five handshakes in ten seconds."""
    scripted = product.upstream.upstream
    scripted.behave("401", *doors)
    product.start()
    product.until("auth_error", 15)
    time.sleep(25)
    assert busiest_ten_seconds(scripted.handshakes) <= MOST_IN_TEN_S
    scripted.behave("ok")
    assert product.until("live", 90) < 90


@pytest.mark.acceptance("TX-11")
def test_TX_11_a_refusal_by_the_history_alone_is_the_same_auth_error(product: Product) -> None:
    """Sockets open, 401 on every page; and nothing is pretended."""
    product.upstream.upstream.fail_graphql(10_000, status=401)
    product.start()
    product.until("auth_error", 15)
    assert pretended(product.live()) == []
    time.sleep(4)
    assert product.state() == "auth_error"
    assert len(product.upstream.upstream.asked) < 10
    product.upstream.upstream._failures.clear()
    assert product.until("live", 90) < 90


@pytest.mark.fault("A3")
@pytest.mark.acceptance("TX-03")
@pytest.mark.parametrize("behaviour", ["invalid_path", "invalid_path_open"])
def test_TX_03_an_unknown_path_is_a_configuration_error_while_the_good_sockets_count(product: Product, behaviour: str) -> None:
    """Never parsed as JSON, never dialled in a hot loop."""
    scripted = product.upstream.upstream
    scripted.behave(behaviour, "agents")
    product.start()
    product.until("config_error", 10)
    time.sleep(2)
    now = round(time.time() * 1000)
    visit = {
        "id_call": "1f0e6f7a-4f1d-4d5d-9f37-9f8f6a1c2d11",
        "active": 1,
        "answered": 0,
        "call_direction": "incoming",
        "queue": {"id": 4201, "account_id": 994201, "name": "Order", "timestart": now},
        "time": {"start": now},
    }
    product.upstream.send("queues", visit)
    eventually(lambda: [row["now"]["waiting"] for row in product.live()["queues"]] == [1], 5, product.live)
    assert queue(product.live(), "4201")["today"]["offered"] == 1
    assert product.state() == "config_error"
    assert len(scripted.handshakes_since(0, "agents")) <= 2
    assert product.quarantined() == {}


@pytest.mark.acceptance("TX-13")
@pytest.mark.parametrize("how", ["everything", "sockets", "pages"])
def test_TX_13_who_never_heard_anything_shows_no_number(product: Product, how: str) -> None:
    """Refused everywhere; sockets refused and pages given; sockets open and pages refused: null, never 0."""
    scripted = product.upstream.upstream
    if how != "pages":
        scripted.behave("503")
    if how != "sockets":
        scripted.fail_graphql(10_000, status=503)
    product.start()
    began = time.monotonic()
    while time.monotonic() - began < 4:
        answer = product.live()
        state = answer["sources"][0]["state"] if answer["sources"] else "none"
        # Pages alone may be shown once they are read; then they are numbers, and the state says that the stream is away.
        if how != "sockets":
            assert pretended(answer) == [], state
        assert state in ("none", "connecting", "seeding", "stale"), state
        time.sleep(0.2)
    scripted.behave("ok")
    scripted._failures.clear()
    product.until("live", 30)
    assert product.live()["site"]["now"]["waiting"] == 0
