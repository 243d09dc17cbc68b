"""A vendor that posts hundreds of events a second, while one process after the other is killed."""

import time
from collections.abc import Iterator

import pytest

from tests.acceptance.product import eventually
from tests.hooks.product import PostedTo, heard
from tests.hooks.tiny import PARTS

RATE, SECONDS = 500, 12
# A machine that is busy with other things takes its time to start a web process anew.
CAUGHT_UP_S = 60.0


@pytest.fixture
def product() -> Iterator[PostedTo]:
    """As it is after its first start."""
    made = PostedTo()
    try:
        made.start()
        yield made
    finally:
        made.destroy()


@pytest.mark.heavy
@pytest.mark.timeout(300)
@pytest.mark.fault("E1", "E2", "E5", "C1", "C7")
def test_of_a_flood_nothing_is_lost_and_nothing_counted_twice_whoever_is_killed(product: PostedTo) -> None:
    """The worker, everybody's connections to Redis, one web process, then both, and the worker again."""
    eventually(lambda: len(product.children("daphne")) == 2, CAUGHT_UP_S)
    flooder = product.flood(RATE, SECONDS)
    time.sleep(2.5)
    product.kill_all("manage.py ingest")
    product.kill_one("daphne")
    time.sleep(2.0)
    with product.redis() as store:
        store.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    time.sleep(2.0)
    product.kill_all("daphne")
    time.sleep(2.0)
    product.kill_all("manage.py ingest")
    told = heard(flooder)
    posted = RATE * SECONDS
    calls = posted // PARTS
    assert (told["posted"], told["taken"] + told["again"], told["given_up"]) == (posted, posted, 0), told
    assert set(told["refused"]) <= {"503"}, "whoever could not take it said when to come again"
    eventually(lambda: product.lies() == {"inbox": 0, "calls": calls, "open": 0, "unkept": 0}, CAUGHT_UP_S, product.lies)
    answer = product.live()
    assert answer["site"]["today"]["calls_in"] == answer["site"]["today"]["calls_answered"] == calls
    assert [agent["today"]["offers"] for agent in answer["agents"]] == [calls] * (PARTS - 1)
    assert product.kept() == {"calls": calls, "offers": calls * (PARTS - 1)}
