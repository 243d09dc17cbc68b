"""The product as a household of processes: it starts with what it is given or says why not, ends in time, and keeps its secrets."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.product import API_TOKEN, VENDOR_TOKEN, Product, eventually, running
from tests.acceptance.told_calls import ANNA, CALLER, call, logged_in, presence, visit, worked_example
from tests.conftest import ROOT, environment_of, processes_of

ADMIN = "Lind-ek-4711-hemlig"
WRONG = [
    ("PORT", "eighty"),
    ("PORT", "0"),
    ("PORT", "70000"),
    ("DEBUG", "perhaps"),
    ("ORG_TIMEZONE", "Europe/Stokholm"),
    ("TELAVOX_LIVE_URL", "https://example.org"),
    ("TELAVOX_HISTORIC_URL", "ftp://example.org/graphql"),
    ("CLOCK_OFFSET_S", "soon"),
    ("CLOCK_OFFSET_S", "nan"),
    ("DATABASE_URL", "oracle://somewhere/else"),
    ("REDIS_URL", "http://127.0.0.1:6379"),
    ("ALLOWED_HOSTS", "http://example.org"),
    ("VAR_DIR", "/proc/nowhere"),
    ("TELAVOX_TOKEN_FILE", "/nowhere/token"),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=[f"{name}={value}" for name, value in WRONG])
def test_a_wrong_variable_is_one_clear_line_that_names_it(name: str, value: str, tmp_path: Path) -> None:
    """No traceback, nothing started."""
    environment = environment_of(tmp_path) | {name: value}
    done = subprocess.run(
        [sys.executable, "manage.py", "up"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    assert len(lines) == 1, lines
    assert name.removesuffix("_FILE") in lines[0]
    assert processes_of(tmp_path) == []


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    """A talkative product with a day's worth of secrets in it."""
    # Where it is about noon, so that what was minutes ago is of today.
    behind = time.gmtime().tm_hour - 12
    with running(LOG_LEVEL="debug", ADMIN_PASSWORD=ADMIN, ORG_TIMEZONE=f"Etc/GMT{behind:+d}" if behind else "Etc/GMT") as started:
        started.until("live")
        now = round(time.time() * 1000)
        for datasource, document in worked_example("ab000000-0000-4000-8000-000000000001", now - 200_000):
            started.upstream.send(datasource, document)
        third = {"id": 4601, "account_id": 994601, "name": "Kö"}
        started.upstream.send("queues", visit("ac000000-0000-4000-8000-000000000001", third, now - 5_000))
        started.upstream.send("calls", call("ac000000-0000-4000-8000-000000000001", now - 5_000))
        started.upstream.send("profile_live", presence(ANNA | {"phone": CALLER}, now, queue_login=logged_in(third, since=now)))
        started.upstream.send("calls", '{"id_call": 5, "customer_target": {"number": "' + CALLER + '"}')
        eventually(lambda: started.live()["site"]["today"]["calls_in"] == 2, 5)
        yield started


def forms(number: str) -> list[str]:
    """How a whole number may be written."""
    return [number, "+" + number[2:], number[2:], "0" + number[4:]]


@pytest.mark.acceptance("TX-22")
def test_TX_22_no_answer_but_the_calls_own_holds_a_number_or_the_token(product: Product) -> None:
    """Pages, boards, metrics, health and the API, with and without a login."""
    told = product.json("/api/v1/calls/ab000000-0000-4000-8000-000000000001")
    assert told["number"] == "+" + CALLER[2:]
    asked = [
        "/",
        "/login/",
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/v1/live",
        "/api/v1/openapi.json",
        "/sources/",
        "/boards/team/",
        "/nowhere",
    ]
    asked += ["/api/v1/queues/4501/calls?metric=offered&window=today", "/api/v1/calls/nobody", "/admin/"]
    pages = {path: product.get(path)[2].decode(errors="replace") for path in asked}
    for board in ("team", "supervisor"):
        address = product.manage("screen_url", board).stdout.strip()
        pages[board] = opened(address)
        assert "data-value" in pages[board]
    for path, page in pages.items():
        assert VENDOR_TOKEN not in page, path
        assert ADMIN not in page, path
        assert [form for form in forms(CALLER) if form in page] == [], path


def opened(address: str) -> str:
    """What a browser with a jar for cookies gets."""
    import http.cookiejar
    import urllib.request

    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    with opener.open(address, timeout=10) as page:
        return str(page.read().decode())


@pytest.mark.acceptance("TX-22")
def test_TX_22_no_log_line_file_or_key_holds_the_token_and_numbers_are_in_records_alone(product: Product) -> None:
    """At LOG_LEVEL=debug; the store's records and callers may hold numbers, nothing else may."""
    time.sleep(3)
    said = product.said()
    assert "source.taken" in said
    for secret in (VENDOR_TOKEN, API_TOKEN, ADMIN):
        assert secret not in said
    assert [form for form in forms(CALLER) if form in said] == []
    for path in product.var_dir.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert VENDOR_TOKEN.encode() not in content, path
            assert API_TOKEN.encode() not in content, path
    store = product.redis()
    readers = {b"string": store.get, b"hash": store.hgetall, b"set": store.smembers, b"zset": lambda key: store.zrange(key, 0, -1)}
    readers[b"list"] = lambda key: store.lrange(key, 0, -1)
    readers[b"stream"] = lambda key: store.xrange(key)
    for key in store.scan_iter("*"):
        content = repr(readers[store.type(key)](key)) + repr(key)
        assert VENDOR_TOKEN not in content, key
        if not re.search(rb":(r|callers):", key):
            assert [form for form in forms(CALLER)[:2] if form in content] == [], key


@pytest.mark.acceptance("TX-22")
def test_TX_22_no_process_list_shows_a_secret(product: Product) -> None:
    """Command lines are everybody's to read."""
    for pid in processes_of(product.var_dir):
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        assert VENDOR_TOKEN.encode() not in command
        assert API_TOKEN.encode() not in command


def test_sigterm_ends_everything_within_five_seconds(product: Product) -> None:
    """Whatever it is doing; the last test of this file, for it ends the product."""
    assert len(processes_of(product.var_dir)) >= 5
    assert product.terminate() < 10, "five where nobody else is at work; a loaded machine is no broken promise"
    assert processes_of(product.var_dir) == []
    assert "Traceback" not in product.said()
