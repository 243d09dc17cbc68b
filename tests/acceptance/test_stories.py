"""Single calls and people, told to the running product on the vendor's own day, and looked at through the API."""

import json
import random
import time
from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.product import Answer, Product, agent, eventually, queue, running
from tests.acceptance.told_calls import ANNA, BO, CALLER, CIA, FIRST, SECOND, call, logged_in, offer, presence, visit, worked_example
from tests.telavox import samples

VENDORS_NOW = 1_779_100_030_000  # a few seconds after the vendor's sample payloads
MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def product() -> Iterator[Product]:
    """A product that takes the vendor's day for today."""
    with running(CLOCK_OFFSET_S=str(VENDORS_NOW / 1000 - time.time())) as started:
        started.until("live")
        yield started


def now_of(product: Product) -> int:
    """What it takes for now."""
    return int(product.live()["as_of"])


def settled(product: Product, true: Callable[[Answer], object]) -> Answer:
    """Waits for an answer of which it is true."""
    seen: list[Answer] = []

    def ask() -> object:
        seen[:] = [product.live()]
        return true(seen[0])

    eventually(ask, 20, lambda: json.dumps(seen)[:3000])
    return seen[0]


@pytest.mark.acceptance("TX-01")
def test_TX_01_five_sockets_are_open_with_the_header_alone_and_each_says_when_it_last_heard(product: Product) -> None:
    """One socket per datasource, no token in any address."""
    scripted = product.upstream.upstream
    assert scripted.open_sockets() == dict.fromkeys(("calls", "queues", "agents", "profile_live", "profile_history"), 1)
    assert all(shake.token_ok and shake.status == 101 for shake in scripted.handshakes)
    product.upstream.send("profile_history", [])
    (source,) = product.live()["sources"]
    assert {socket["state"] for socket in source["sockets"].values()} == {"open"}
    began = now_of(product)
    product.upstream.send("agents", offer("a0000000-0000-4000-8000-000000000001", ANNA, began, call_direction="outgoing"))
    answer = settled(product, lambda live: (live["sources"][0]["sockets"]["agents"]["last_frame"] or 0) >= began)
    assert answer["sources"][0]["sockets"]["calls"]["alive_at"] >= began - 10_000


def talked(live: Answer) -> float:
    """Seconds of talk of the agent of the worked example."""
    return float(next((row["today"]["talk_time"] for row in live["agents"] if row["key"] == "7503"), 0.0))


@pytest.mark.acceptance("TX-04")
@pytest.mark.parametrize("order", ["in order", "backwards", "shuffled and twice"])
def test_TX_04_the_vendors_worked_example_is_one_journey_two_visits_and_three_offers(product: Product, order: str) -> None:
    """Overflowed and answered; missed, missed and answered; whatever the order of its frames."""
    id_call = {"in order": "b1", "backwards": "b2", "shuffled and twice": "b3"}[order] + "000000-0000-4000-8000-000000000001"
    before = product.live()
    frames = worked_example(id_call, now_of(product) - 200_000)
    if order != "in order":
        frames = frames[::-1] if order == "backwards" else random.Random(4).sample(frames * 2, 2 * len(frames))
    for datasource, document in frames:
        product.upstream.send(datasource, document)

    def is_told(live: Answer) -> bool:
        """To its last frame: each queue has one journey more that came to its end, and nobody talks."""
        site, was = live["site"], before["site"]["today"]
        moved = tuple(site["today"][name] - was[name] for name in ("calls_in", "overflowed", "answered"))
        return moved == (1, 1, 1) and site["now"]["talking"] == 0 and talked(live) == talked(before) + 120.0

    answer = settled(product, is_told)
    told = product.json(f"/api/v1/calls/{id_call}")
    assert [(v["queue_id"], v["outcome"], v["wait"]) for v in told["visits"]] == [(4501, "overflowed", 32.0), (4502, "answered", 10.0)]
    assert [(o["agent_id"], o["outcome"]) for o in told["offers"]] == [(7501, "missed"), (7502, "missed"), (7503, "answered")]
    assert told["number"] == "+" + CALLER[2:]
    second = queue(answer, "4502")["today"]
    assert (second["offered"], second["answered"], second["overflowed"]) == (second["answered"], second["answered"], 0)
    first = queue(answer, "4501")["today"]
    assert (first["offered"], first["answered"], first["abandoned"]) == (first["overflowed"], 0, 0)
    assert agent(answer, "7503")["today"]["talk_time"] == 120.0 * agent(answer, "7503")["today"]["answered"]
    assert agent(answer, "7501")["today"]["ring_time"] == 15.0 * agent(answer, "7501")["today"]["missed"]


@pytest.mark.acceptance("TX-05")
def test_TX_05_the_vendors_three_sample_payloads_are_shown_as_meant(product: Product) -> None:
    """The number in E.164, 19.211 s of ringing, both ids, available until 15:00Z, ringing in the queue."""
    for datasource, document in (("calls", samples.CALLS), ("agents", samples.AGENTS), ("profile_live", samples.PROFILE_LIVE)):
        product.upstream.send(datasource, document)

    def is_told(live: Answer) -> bool:
        people = {row["key"]: row for row in live["agents"]}
        if not {"924328", "846851"} <= people.keys() or "111834" not in {row["key"] for row in live["queues"]}:
            return False
        return people["924328"]["today"]["missed"] == 1 and queue(live, "111834")["now"]["agents_ringing"] == 1

    answer = settled(product, is_told)
    told = product.json(f"/api/v1/calls/{samples.ID_CALL}")
    assert (told["number"], told["started_at"]) == ("+32470624609", 1_779_099_997_234)
    assert [(o["agent_id"], o["ring"], o["outcome"]) for o in told["offers"]] == [(924328, 19.211, "missed")]
    rung = agent(answer, "924328")
    assert (rung["account_id"], rung["state"], rung["today"]["ring_time"], rung["today"]["missed"]) == (3467672, "unknown", 19.211, 1)
    person = agent(answer, "846851")
    assert (person["account_id"], person["profile"], person["until"]) == (3083293, "Tillgänglig", 1_779_116_400_000)
    assert (person["state"], person["state_since"], person["queues_in"]) == ("ringing", 1_779_100_022_081, [111834, 19843])
    assert queue(answer, "111834")["name"] == "Jour-Customer Support"
    assert queue(answer, "111834")["now"]["agents_ringing"] == 1
    assert queue(answer, "111834")["now"]["waiting"] == 0


@pytest.mark.acceptance("TX-06")
def test_TX_06_waiting_and_the_longest_wait_rise_and_fall_within_two_seconds(product: Product) -> None:
    """On entry, on answer, on leaving and on the end of the call."""
    third = {"id": 4503, "account_id": 994503, "name": "Kö tre"}
    now = now_of(product)
    ids = [f"c{n}000000-0000-4000-8000-000000000001" for n in range(3)]

    def shows(waiting: int, since: int | None) -> None:
        def true() -> bool:
            told = [row["now"] for row in product.live()["queues"] if row["key"] == "4503"]
            return bool(told) and (told[0]["waiting"], told[0]["longest_wait_since"]) == (waiting, since)

        assert eventually(true, 2, lambda: queue(product.live(), "4503")["now"]) < 2

    for n, id_call in enumerate(ids):
        product.upstream.send("calls", call(id_call, now + n))
        product.upstream.send("queues", visit(id_call, third, now + n))
        shows(n + 1, now)
    product.upstream.send("queues", visit(ids[0], third, now, answered=1, agent_first=ANNA | {"answered": now + 500}))
    shows(2, now + 1)
    product.upstream.send("queues", visit(ids[1], third, now + 1, left=now + 700))
    shows(1, now + 2)
    product.upstream.send("calls", call(ids[2], now + 2, end=now + 900))
    shows(0, None)


@pytest.mark.acceptance("TX-12")
def test_TX_12_words_of_profiles_decide_nothing_and_a_missing_call_ends_it(product: Product) -> None:
    """`status` and `is_wrapup` decide; the active call comes first; queues of the login; each within seconds."""
    now = now_of(product)
    login = {"queue_login": logged_in(FIRST, SECOND, since=now)}
    talk = {"id_call": "d1000000-0000-4000-8000-000000000001", "answered": 1, "queue_id": 4501, "time": {"start": now, "answered": now}}
    told = [
        (presence(BO, now, **login), "ready"),
        (presence(BO, now, name="Lunch", **login), "ready"),
        (presence(BO, now, name="Tillgänglig", status="unavailable", **login), "away"),
        (presence(BO, now, wrapup=True, **login), "wrapup"),
        (presence(BO, now, active_call=talk | {"answered": 0}, **login), "ringing"),
        (presence(BO, now, status="unavailable", active_call=talk, **login), "talking"),
        (presence(BO, now, **login), "ready"),
        (presence(BO, now, active_call={}, **login), "ready"),
        (presence(BO, now, active_call=None), "idle"),
        (presence(BO, now, status="unavailable"), "away"),
        (presence(BO, now, status="unavailable", web_active=0), "off"),
        (presence(BO, now, status="betwixt", **login), "unknown"),
        (presence(BO, now, **login), "ready"),
    ]
    for document, state in told:
        product.upstream.send("profile_live", document)
        answer = settled(product, lambda live, state=state: [row["state"] for row in live["agents"] if row["key"] == "7502"] == [state])
        assert agent(answer, "7502")["verified"] is True
    assert agent(answer, "7502")["queues_in"] == [4501, 4502]
    assert [row["state"] for row in answer["agents"] if row["key"] == "7503"] in ([], ["unknown"])


@pytest.mark.acceptance("TX-19")
def test_TX_19_outgoing_and_internal_calls_are_not_offered_and_voicemail_and_callbacks_are_their_own(product: Product) -> None:
    """And of agents, outgoing documents count in `outgoing` alone, internal ones as any other."""
    fourth = {"id": 4504, "account_id": 994504, "name": "Kö fyra"}
    start = now_of(product) - 60_000
    before = product.live()["site"]["today"]
    kinds = [{"call_direction": "outgoing"}, {"call_direction": "internal"}, {"internal": 1}, {"voicemail": 1}, {"on_hooked_calls": 1}, {}]
    for n, kind in enumerate(kinds):
        id_call = f"e{n}000000-0000-4000-8000-000000000001"
        of_call = {name: value for name, value in kind.items() if name != "on_hooked_calls"}
        product.upstream.send("queues", visit(id_call, fourth, start, left=start + 30_000, **kind))
        product.upstream.send("calls", call(id_call, start, end=start + 30_000, **of_call))

    def is_told(live: Answer) -> bool:
        today = [row["today"] for row in live["queues"] if row["key"] == "4504"]
        begun = sum(live["site"]["today"][name] - before[name] for name in ("calls_in", "calls_out", "calls_internal"))
        lost = live["site"]["today"]["true_abandoned"] - before["true_abandoned"]
        return begun == len(kinds) and lost > 0 and [each["offered"] for each in today] == [3]

    answer = settled(product, is_told)
    told = queue(answer, "4504")["today"]
    assert (told["voicemail"], told["callbacks"], told["abandoned"]) == (1, 1, 1)
    after = answer["site"]["today"]
    assert [after[name] - before[name] for name in ("calls_in", "calls_out", "calls_internal", "true_abandoned")] == [3, 1, 2, 1]


@pytest.mark.acceptance("TX-20")
def test_TX_20_who_is_known_by_either_id_is_one_and_a_new_name_makes_no_second(product: Product) -> None:
    """First by the account alone, then by the other id alone, then by both, then under another name."""
    start = now_of(product) - 30_000
    names = [
        {"account_id": 994505},
        {"id": 4505},
        {"id": 4505, "account_id": 994505},
        {"id": 4505, "account_id": 994505, "name": "Nytt namn"},
    ]
    people = [{"account_id": 3997509}, {"id": 7509}, {"id": 7509, "account_id": 3997509}, {"account_id": 3997509, "name": "Ny Namn"}]
    for n, (which, who) in enumerate(zip(names, people, strict=True)):
        id_call = f"f{n}000000-0000-4000-8000-000000000001"
        product.upstream.send("queues", visit(id_call, {"name": "Gammalt namn"} | which, start + n, left=start + 20_000))
        product.upstream.send("agents", offer(id_call, {"name": "Gam Namn"} | who, start + n, end=start + 9_000))
        product.upstream.send("calls", call(id_call, start + n, end=start + 20_000))
        if n == 0:
            early = settled(product, lambda live: any(row["key"] == "a:994505" for row in live["queues"]))
            assert (queue(early, "a:994505")["id"], queue(early, "a:994505")["today"]["offered"]) == (None, 1)
            assert product.json("/api/v1/queues/a:994505/calls?metric=offered")["items"]
    mine = lambda live, kind, account: [row for row in live[kind] if row["account_id"] == account or row["id"] in (4505, 7509)]  # noqa: E731

    def is_told(live: Answer) -> bool:
        queues, agents = mine(live, "queues", 994505), mine(live, "agents", 3997509)
        if (len(queues), len(agents)) != (1, 1):
            return False
        return (queues[0]["today"]["abandoned"], queues[0]["name"], agents[0]["today"]["missed"], agents[0]["name"]) == (
            4,
            "Nytt namn",
            4,
            "Ny Namn",
        )

    answer = settled(product, is_told)
    (one,) = mine(answer, "queues", 994505)
    assert (one["id"], one["key"], one["name"]) == (4505, "4505", "Nytt namn")
    (person,) = mine(answer, "agents", 3997509)
    assert (person["id"], person["name"], person["today"]["missed"]) == (7509, "Ny Namn", 4)
    assert len(product.json("/api/v1/queues/4505/calls?metric=abandoned&window=today")["items"]) == 4


@pytest.mark.acceptance("TX-17")
def test_TX_17_a_new_target_restates_today_within_ten_seconds_and_every_receipt_agrees(product: Product) -> None:
    """What was in target is no longer; each number lists the calls behind it."""
    fifth = {"id": 4506, "account_id": 994506, "name": "Kö sex"}
    start = now_of(product) - 90_000
    for n in range(4):
        id_call = f"9{n}000000-0000-4000-8000-000000000001"
        answered = {"answered": 1, "agent_first": CIA | {"answered": start + 12_000}} if n else {}
        product.upstream.send("queues", visit(id_call, fifth, start, left=start + 12_000, **answered))
        product.upstream.send("calls", call(id_call, start, end=start + 40_000, **answered))
    mine = lambda live: [row for row in live["queues"] if row["key"] == "4506"]  # noqa: E731
    answer = settled(product, lambda live: [row["today"]["service_level"] for row in mine(live)] == [0.75])
    done = product.manage("queue", "4506", "--target", "10", "--short", "15", "--variant", "all_abandons_miss")
    assert done.returncode == 0, done.stderr
    wanted = (10, 0, 1, 0.0)

    def restated() -> bool:
        (told,) = mine(product.live())
        today = told["today"]
        return (told["target_s"], today["answered_in_target"], today["short_abandoned"], today["service_level"]) == wanted

    assert eventually(restated, 10, lambda: mine(product.live())) < 10
    for metric in ("offered", "answered", "answered_in_target", "abandoned", "short_abandoned", "overflowed"):
        items = product.json(f"/api/v1/queues/4506/calls?metric={metric}&window=today")["items"]
        assert len(items) == mine(product.live())[0]["today"][metric], metric
    assert answer["day"] == "2026-05-18"
    done = product.manage("recount")
    assert done.returncode == 0, done.stdout
