"""The whole product with one source of Voxloud, and the look-alike that posts to it."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from stats.clock import now_ms
from tests.acceptance.product import agent, eventually, queue
from tests.voxloud.telling import event, key_of, record
from tests.voxloud.whole import DAY_MS, KEY, WITHIN_S, PostedTo, ready


@pytest.fixture(scope="module")
def product() -> Iterator[PostedTo]:
    """Nobody has called yet."""
    yield from ready()


def state_of(product: PostedTo, ext: int) -> str:
    """What the board says an extension is doing."""
    with contextlib.suppress(ValueError):
        return str(agent(product.live(), f"s:vl:{ext}")["state"])
    return "nobody"


@pytest.mark.acceptance("VL-02")
def test_everything_is_ordered_at_our_address_without_anybody(product: PostedTo) -> None:
    """VL-02: the worker orders what is missing, at the address that holds the source's secret."""
    assert {each["callback_url"] for each in product.ordered()} == {product.address}
    assert len({each["event_type"] for each in product.ordered()}) == 7


@pytest.mark.acceptance("VL-05", "VL-10")
def test_a_ring_an_answer_and_a_hang_up_are_on_the_board(product: PostedTo) -> None:
    """VL-05 and VL-10: the extension rings, talks and is idle; the caller waits in a queue that is marked as derived, and is answered."""
    began = now_ms()
    support = key_of("Support")
    product.tell(event("INCOMING", began, 101, call="live-1"))
    eventually(lambda: state_of(product, 101) == "ringing", WITHIN_S, product.said)
    shown = queue(product.live(), support)
    assert shown["now"]["waiting"] == 1
    assert shown["derived"] is True
    product.tell(event("ANSWERED", began + 4_000, 101, call="live-1"))
    eventually(lambda: state_of(product, 101) == "talking", WITHIN_S, product.said)
    product.tell(event("HANGUP", began + 64_000, 101, call="live-1"))
    eventually(lambda: state_of(product, 101) == "unknown", WITHIN_S, product.said)
    whole = record(began, 64, 4, "CALL_TERMINATED", callId="live-1", answererName="Anna Ek", answererNumber="101")
    product.tell(whole)
    product.tell(whole)
    eventually(lambda: queue(product.live(), support)["today"]["answered"] == 1, WITHIN_S, product.said)
    shown = queue(product.live(), support)
    assert (shown["now"]["waiting"], shown["today"]["offered"], shown["today"]["service_level"]) == (0, 1, 1.0)
    assert shown["today"]["overflowed"] is None
    assert shown["today"]["asa"] is not None


@pytest.mark.acceptance("VL-10")
def test_who_gives_up_in_a_queue_that_is_derived_is_abandoned_once(product: PostedTo) -> None:
    """VL-10: the next telephone that rings goes on with the same wait; when all are silent it is over."""
    began, invoices = now_ms() - 60_000, key_of("Faktura")
    for ext, start, end in ((103, 0, 20_000), (104, 20_000, 41_000)):
        product.tell(event("INCOMING", began + start, ext, call="live-2", target="46846500404"))
        product.tell(event("HANGUP", began + end, ext, call="live-2", target="46846500404"))
    product.tell(record(began, 41, 41, "CALL_CANCELED_BY_ORIGINATOR", callId="live-2", destinationNumber="0846500404"))
    eventually(lambda: queue(product.live(), invoices)["today"]["abandoned"] == 1, WITHIN_S, product.said)
    assert queue(product.live(), invoices)["today"]["offered"] == 1


@pytest.mark.acceptance("VL-03")
def test_who_does_not_know_the_secret_leaves_nothing_behind(product: PostedTo) -> None:
    """VL-03: another path, none, another company's; too large a body; what is no document of the vendor's."""
    body = json.dumps(event("INCOMING", now_ms(), 199, call="forged")).encode()
    head, _, _secret = product.address.rstrip("/").rpartition("/")
    assert product.post(body, f"{head}/{'x' * 43}/") == 404
    assert product.post(body, f"{head}/") == 404
    assert product.post(body, product.address.replace("/voxloud/", "/vocatech/")) == 404
    assert product.post(b'{"callId": "forged", "padding": "' + b"x" * (600 << 10) + b'"}') == 413
    assert product.post(b"{") == 400
    with product.redis() as store:
        assert store.xlen("wb:{default}:inbox:vl") == 0
    assert state_of(product, 199) == "nobody"
    assert "forged" not in json.dumps(product.live())


@pytest.mark.acceptance("VL-07", "VL-16")
def test_a_call_that_was_only_told_as_a_whole_and_a_fax_beside_it_count_one_call(product: PostedTo) -> None:
    """VL-07 and VL-16: the record alone makes a call, with its ring; a fax makes none."""
    before = product.live()["site"]["today"]["calls_in"]
    at = now_ms() - 120_000
    product.deed("fax")
    product.tell(record(at, 30, 10, "CALL_TERMINATED", callId="whole-1", answererName="Bo Ek", answererNumber="105"))
    eventually(lambda: product.live()["site"]["today"]["calls_in"] == before + 1, WITHIN_S, product.said)
    assert agent(product.live(), "s:vl:105")["today"]["answered"] == 1


@pytest.mark.acceptance("VL-15")
def test_nothing_of_the_vendors_key_or_address_is_said(product: PostedTo) -> None:
    """No log line holds the key or the secret of the address."""
    secret = product.address.rstrip("/").rpartition("/")[2]
    assert KEY not in product.said()
    assert secret not in product.said()
    assert "701740605" not in product.said()


@pytest.mark.acceptance("VL-11")
def test_a_day_of_long_ago_is_filled_from_the_telephony_events(product: PostedTo) -> None:
    """VL-11: the backfill reads every page of the day, and proves it by the vendor's own total."""
    noon = (now_ms() // DAY_MS - 3) * DAY_MS + DAY_MS // 2
    for n in range(230):  # more than two pages
        ended = "CALL_TERMINATED" if n % 2 else "CALL_CANCELED_BY_ORIGINATOR"
        told = record(noon + n * 1000, 30, 10, ended, callId=f"old-{n}", answererNumber="101" if n % 2 else None)
        product.deed("keep", document={**told["data"], "id": 20_000 + n})
    day = f"{datetime.fromtimestamp(noon / 1000, UTC):%Y-%m-%d}"
    filled = product.manage("backfill", "--from", day, "--to", day, within_s=100)
    assert filled.returncode == 0, filled.stdout + filled.stderr
    report = product.json(f"/api/v1/reports/queues?from={day}&to={day}")
    (row,) = report["rows"]
    assert (row["name"], row["offered"], row["answered"], row["abandoned"]) == ("Support", 230, 115, 115)
    assert (row["asa"], row["avg_abandon_wait"], row["aht"]) == (10.0, 30.0, 20.0)
    assert (row["att"], row["avg_hold"], row["overflowed"]) == (None, None, None)
