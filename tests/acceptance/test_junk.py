"""What cannot be read is put aside and counted; nothing else changes, and no socket is lost for it."""

import time

import pytest

from tests.acceptance.product import Product, eventually, queue
from tests.oracle.compare import differences

DATASOURCES = ("calls", "queues", "agents", "profile_live", "profile_history")
CANARY_NUMBER = "004670174" + "0605"  # a number of the range that is given to nobody
NOT_JSON = ["", "{", "null", "true", "42", '"text"', "[]", "not json at all", '{"id_call": "x", "active": 1', "\x00\x01\x02", "{}{}"]
NOT_NUMBERS = ['{"id_call": "a", "active": NaN}', '{"id_call": "b", "time": {"start": Infinity}}', '{"id_call": "c", "active": -Infinity}']
LONE_SURROGATES = ['{"id_call": "\\ud800", "active": 1}', '{"id_call": "d", "customer_target": {"number": "\\udfff"}, "active": 1}']
WRONG_TYPES = [
    '{"id_call": 17, "active": 1}',
    '{"id_call": null, "active": 1}',
    '{"id_call": [], "active": {}}',
    '{"id_call": "e", "active": [1], "queue": "Support", "agent": 7, "time": "yesterday"}',
    '{"active": 1}',
    '{"agent": "Anna", "profile": [], "queue_login": 5, "active_call": "no"}',
]
DEEP = "[" * 5_000 + "]" * 5_000
BYTES = [b"\xff\xfe\xfd", b'{"id_call": "\xc3\x28"}', b"\x80" * 100]


def a_visit(**changes: object) -> dict[str, object]:
    """A caller in a queue since a moment ago."""
    now = round(time.time() * 1000)
    return {
        "id_call": "2b6d1d9e-0d1c-4c33-9a68-3f3a0a3f8a01",
        "active": 1,
        "answered": 0,
        "call_direction": "incoming",
        "queue": {"id": 4301, "account_id": 994301, "name": "Växel", "timestart": now},
        "time": {"start": now},
    } | changes


@pytest.fixture(scope="module")
def seen(product: Product) -> Product:
    """A product that shows one waiting caller."""
    product.until("live")
    product.upstream.send("queues", a_visit())
    eventually(lambda: [row["now"]["waiting"] for row in product.live()["queues"]] == [1], 5)
    return product


def unchanged(before: dict[str, object], product: Product) -> list[str]:
    """What differs from before, but for what the clock moves."""
    after = product.live()
    return [line for line in differences(before, after, ticking_within_s=30) if "last_frame" not in line and ".as_of" not in line]


@pytest.mark.fault("A14")
@pytest.mark.acceptance("TX-16")
@pytest.mark.parametrize("datasource", DATASOURCES)
def test_TX_16_junk_is_put_aside_and_counted_and_nothing_else_changes(seen: Product, datasource: str) -> None:
    """Every kind of junk on every socket."""
    sockets = seen.upstream.upstream.sockets
    before, counted, opened = seen.live(), sum(seen.quarantined().values()), set(sockets[datasource])
    junk = [
        *NOT_JSON,
        *NOT_NUMBERS,
        *LONE_SURROGATES,
        *WRONG_TYPES,
        DEEP,
        *BYTES,
        "x" * 2_000_000,
        '{"id_call": "' + "y" * 2_000_000 + '"}',
    ]
    for each in junk:
        assert seen.upstream.send(datasource, each) == 1, each[:60]
    quiet = 0 if datasource != "profile_history" else 1  # `[]` is an empty batch there
    sure = len(NOT_JSON) - quiet - 1 + len(NOT_NUMBERS)
    eventually(lambda: sum(seen.quarantined().values()) >= counted + sure, 10, seen.quarantined)
    assert unchanged(before, seen) == []
    assert seen.state() == "live"
    assert set(sockets[datasource]) == opened, "a socket was lost for junk"
    assert all(reason and reason.isascii() for reason in seen.quarantined())


@pytest.mark.acceptance("TX-16")
def test_TX_16_one_frame_between_junk_is_counted(seen: Product) -> None:
    """The good frame after the bad one counts as if there had been none."""
    before = queue(seen.live(), "4301")["today"]["offered"]
    seen.upstream.send("queues", "{")
    seen.upstream.send("queues", a_visit(id_call="2b6d1d9e-0d1c-4c33-9a68-3f3a0a3f8a02", unheard_of={"x": [1]}, call_direction="sideways"))
    seen.upstream.send("queues", "]")
    eventually(lambda: queue(seen.live(), "4301")["today"]["offered"] == before + 1, 5)


@pytest.mark.fault("A13")
@pytest.mark.acceptance("TX-16")
def test_TX_16_a_frame_of_five_megabytes_costs_at_most_a_new_handshake(seen: Product) -> None:
    """The vendor promises nothing of the kind; the source is live again within seconds."""
    before = seen.live()
    seen.upstream.send("calls", "z" * 5_000_000)
    time.sleep(1)
    eventually(lambda: seen.upstream.upstream.open_sockets()["calls"] == 1, 15)
    seen.until("live", 15)
    assert unchanged(before, seen) == []


@pytest.mark.acceptance("TX-22")
def test_TX_22_notes_of_what_was_put_aside_hold_no_words_of_it(seen: Product) -> None:
    """A number in a broken frame is in no note, no metric and no log."""
    seen.upstream.send("calls", '{"id_call": "f", "customer_target": {"number": "' + CANARY_NUMBER + '"}, "active": [')
    seen.upstream.send("agents", '{"id_call": ["' + CANARY_NUMBER + '"], "agent": {"phone": "' + CANARY_NUMBER + '"}}')
    time.sleep(3)
    store = seen.redis()
    for key in store.scan_iter("*"):
        if store.type(key) == b"list":
            assert CANARY_NUMBER.encode() not in b"".join(store.lrange(key, 0, -1))
        assert CANARY_NUMBER.encode() not in key
    assert CANARY_NUMBER not in seen.get("/metrics")[2].decode()
    assert CANARY_NUMBER not in seen.said()
