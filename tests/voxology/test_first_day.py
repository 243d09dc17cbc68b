"""The whole product on the day a source of Voxology was added: no log names a queue, so that what nobody watched is null."""

from collections.abc import Iterator

import pytest

from stats.clock import now_ms
from tests.acceptance.product import eventually, queue
from tests.voxology.whole import QUEUE, WITHIN_S, Asking


@pytest.fixture(scope="module")
def product() -> Iterator[Asking]:
    """One has waited and given up when it was added; another one waits."""
    running = Asking()
    try:
        running.until_the_house_answers()
        for caller, number in (("over", "0046701740613"), ("waits", "0046701740614")):
            running.act("call", caller, number=number)
            running.act("enter", caller)
        running.act("hang_up", "over")
        running.start()
        running.until("live", 40)
        yield running
    finally:
        running.destroy()


def test_what_became_of_callers_whom_nobody_watched_is_null_in_every_window_with_one(product: Asking) -> None:
    eventually(lambda: product.now("waiting") == 1, WITHIN_S, product.said)
    # Which way the other one goes is in its log alone.
    eventually(lambda: product.live()["site"]["today"]["calls_in"] == 1, WITHIN_S, product.said)
    answer = product.live()
    shown = queue(answer, QUEUE)
    for window in ("today", "15m", "30m", "60m"):
        assert {shown[window][name] for name in ("offered", "answered", "abandoned", "service_level", "asa", "aht")} == {None}, window
        assert answer["site"][window]["offered"] is None
        assert answer["site"][window]["calls_in"] == 1, "that is in the log"
    assert answer["site"]["today"]["lost_callers"] is None
    assert shown["now"]["waiting"] == 1
    (source,) = answer["sources"]
    assert source["heard_from"] <= now_ms()
    assert {"offered", "service_level"} <= set(source["lacks"]["queue_past"])


def test_the_report_says_so_too(product: Asking) -> None:
    def told() -> bool:
        answer = product.json("/api/v1/reports/queues?interval=day")
        rows = [row for row in answer["rows"] if row["queue_key"] == QUEUE]
        return len(answer["unheard"]) == 1 and len(rows) == 1 and rows[0]["offered"] is None

    eventually(told, WITHIN_S, product.said)
    (row,) = product.json("/api/v1/reports/site?interval=day")["rows"]
    assert (row["calls_in"], row["offered"], row["calls_answered"]) == (1, None, None)


def test_whoever_waited_when_it_was_added_is_followed(product: Asking) -> None:
    product.act("hang_up", "waits")
    eventually(lambda: product.now("waiting") == 0, WITHIN_S, product.said)
    eventually(lambda: product.live()["site"]["today"]["calls_in"] == 2, WITHIN_S, product.said)
    assert product.today("offered") is None
