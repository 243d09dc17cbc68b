"""The whole product with something wrong in it: it notices, says so everywhere, and puts right what it can."""

import os
import signal
import time
from typing import Any

import pytest

from stats.domain.periods import business_day
from stats.live.keys import key
from tests.acceptance.product import Product, eventually, running
from tests.acceptance.telling import Telling
from tests.oracle.days import day

pytestmark = [pytest.mark.heavy, pytest.mark.slow]


def health(product: Product) -> dict[str, Any]:
    """What a program is told."""
    return product.json("/api/v1/health")


def codes(product: Product) -> set[str]:
    """What is bad."""
    return {finding["code"] for finding in health(product)["findings"] if finding["level"] == "bad"}


@pytest.mark.fault("C1", "C4", "C7")
def test_a_sum_spoilt_by_hand_is_noticed_told_and_repaired_and_a_stopped_part_is_named() -> None:
    """In Redis itself, behind everybody's back; nobody lifts a finger, and no number stays wrong."""
    with running(LOG_FORMAT="json") as product:
        product.until("live", 40)
        today = day(11, n_calls=80, now_ms=round(time.time() * 1000), instants="ms")
        telling = Telling(product, today)
        telling.history(today.now_ms)
        telling.send(telling.frames(0, today.now_ms))
        eventually(lambda: (health(product)["recount"] or {}).get("calls", 0) >= 60, 60, lambda: health(product)["recount"])
        assert codes(product) == set()

        right = product.live()
        of_day = business_day(right["as_of"], right["timezone"])
        product.redis().hincrby(key("default", "day", of_day, "s"), "calls_out", 1000)
        eventually(lambda: "lies_now" in codes(product), 60, lambda: health(product)["recount"])
        told = health(product)["recount"]
        if told["different"]:
            assert told["worst"] == "site.calls_out today"
            assert told["shown"] - told["recounted"] == 1000
        eventually(lambda: codes(product) == set(), 60, lambda: health(product)["findings"])
        assert product.live()["site"]["today"]["calls_out"] == right["site"]["today"]["calls_out"]
        scraped = product.get("/metrics", None)[2].decode()
        (seconds,) = (float(line.split()[1]) for line in scraped.splitlines() if line.startswith("wallboard_lie_seconds_total "))
        assert 5 < seconds < 180
        assert '"event": "audit.rebuild_ordered"' in product.said()

        (worker,) = product.children("manage.py ingest")
        os.kill(worker, signal.SIGSTOP)
        eventually(lambda: "worker_silent" in codes(product), 40)
        os.kill(worker, signal.SIGCONT)
        eventually(lambda: codes(product) == set(), 40, lambda: health(product)["findings"])

        (redis,) = product.children("redis.sock")
        os.kill(redis, signal.SIGSTOP)
        eventually(lambda: "store_away" in codes(product), 30)
        assert not health(product)["store"]["answers"]
        os.kill(redis, signal.SIGCONT)
        eventually(lambda: codes(product) == set(), 60, lambda: health(product)["findings"])
