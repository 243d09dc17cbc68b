"""The overview: which queue comes first, what calls for attention, and where every number leads."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import get_user_model

from stats.clock import now_ms
from stats.domain.facts import Stretch
from stats.domain.records import Party
from stats.models import Organisation
from tests.midday import ZONE
from tests.pages.members import looks
from tests.push.floor import SALES, SUPPORT, Worker, ended_call, ready, waiting_call
from wallboard.accounts.models import Membership
from wallboard.boards.figure import Place
from wallboard.boards.freshness import Values
from wallboard.pages.overview import sentence_of
from wallboard.pages.urgency import alarms, urgency, worst_of
from wallboard.push import admission, live

NOW = 1_800_000_000_000
FEED = {"level": "live", "alive_at": NOW, "reason": "ok"}
FEEDS = {"source:t": {"name": "t"}, "feed:t:calls": FEED, "feed:t:agents": FEED, "feed:t:presence": FEED}


def queue(name: str, *, waiting: int = 0, since: int | None = None, limits: list[int] | None = None, **more: object) -> dict[str, object]:
    """A queue's values; `since` and `limits` are seconds ago."""
    return {
        "name": name,
        "source": "t",
        "waiting": waiting,
        "waiting:severity": "calm",
        "longest_wait_since": None if since is None else NOW - since * 1000,
        "longest_wait:limits": None if limits is None else [NOW - ago * 1000 for ago in limits],
        "service_level": 0.9,
        "service_level:severity": "calm",
        "abandon_rate": 0.01,
        "abandon_rate:severity": "calm",
        **more,
    }


def ordered(values: Values, now: int = NOW) -> list[str]:
    """The names of the queues, most urgent first."""
    scopes = sorted((scope for scope in values if scope.startswith("queue:")), key=lambda scope: urgency(values, scope, now))
    return [str(values[scope]["name"]) for scope in scopes]


def test_queues_stand_by_how_bad_then_how_long_then_how_many() -> None:
    values: Values = {
        **FEEDS,
        "queue:1": queue("Calm A"),
        "queue:2": queue("Bad day", **{"service_level:severity": "act"}),
        "queue:3": queue("Short wait", waiting=9, since=5, limits=[-55, -115]),
        "queue:4": queue("Long wait", waiting=1, since=50, limits=[-10, -70]),
        "queue:5": queue("Over its limit", waiting=1, since=70, limits=[10, -50]),
        "queue:6": queue("Far over", waiting=1, since=61, limits=[41, 21]),
        "queue:7": queue("Calm B"),
    }
    assert ordered(values) == ["Far over", "Over its limit", "Long wait", "Short wait", "Bad day", "Calm A", "Calm B"]


def test_the_order_does_not_change_with_the_seconds_alone() -> None:
    values: Values = {**FEEDS, "queue:1": queue("B", waiting=1, since=31), "queue:2": queue("A", waiting=1, since=30)}
    assert ordered(values) == ordered(values, NOW + 9_000) == ["B", "A"]


def test_what_is_too_old_to_believe_is_not_judged() -> None:
    old = {"level": "stale", "alive_at": NOW - 90_000, "reason": "silent"}
    values: Values = {**FEEDS, "feed:t:calls": old, "queue:1": queue("Far over", waiting=1, since=61, limits=[41, 21])}
    assert worst_of(values, "queue:1", NOW) == "unknown"
    assert alarms(values, Place(now=NOW, timezone="UTC", language="en")) == []


def test_the_sentence_says_of_what_was_that_it_was_and_when() -> None:
    site = {"waiting": 1, "agents_ready": 2, "agents_logged_in": 3}
    values: Values = {**FEEDS, "site": site, "queue:1": queue("Support", waiting=1, since=31)}
    place = Place(now=NOW, timezone="UTC", language="en")
    assert sentence_of(values, place) == "One caller has waited 0:31 in Support. Agents ready: 2 of 3."
    later = replace(place, now=NOW + 90_000)
    told = {**values, "feed:t:calls": {"level": "stale", "alive_at": NOW, "reason": "silent"}}
    assert sentence_of(told, later) == "As of 08:00: One caller has waited 0:31 in Support. Agents ready: 2 of 3."


def test_the_sentence_says_that_nobody_can_tell_who_waits_and_not_that_nobody_does() -> None:
    values: Values = {**FEEDS, "site": {"waiting": None, "lacks": ["waiting"]}, "queue:1": queue("Support")}
    place = Place(now=NOW, timezone="UTC", language="en")
    assert sentence_of(values, place) == "Who is waiting cannot be told."


@pytest.mark.parametrize(("language", "amount"), [("en", "79.6 %"), ("sv", "79,6 %")])
def test_a_share_that_falls_short_by_little_is_not_rounded_to_its_goal(language: str, amount: str) -> None:
    values: Values = {**FEEDS, "queue:1": queue("Nearly", **{"service_level": 0.796, "service_level:severity": "attention"})}
    assert [each.amount for each in alarms(values, Place(now=NOW, timezone="UTC", language=language))] == [amount]


def test_what_calls_for_action_stands_before_what_calls_for_attention() -> None:
    values: Values = {
        **FEEDS,
        "queue:1": queue("Waits", waiting=1, since=30, limits=[10, -50]),
        "queue:2": queue("Lost", **{"abandon_rate:severity": "act", "abandon_rate": 0.2}),
    }
    found = alarms(values, Place(now=NOW, timezone="UTC", language="en"))
    assert [(each.name, each.metric, each.severity) for each in found] == [
        ("Lost", "abandon_rate", "act"),
        ("Waits", "longest_wait", "attention"),
    ]


@pytest.fixture
async def floor(redis_server: str, transactional_db: None) -> AsyncIterator[Worker]:
    """A worker; nothing has been told yet."""
    admission.forget_all()
    worker = await Worker(redis_server).begin()
    yield worker
    await live.close()
    await worker.close()


def rows(html: str) -> list[str]:
    """The scopes of the queues in the order in which they stand."""
    return re.findall(r'data-row="(queue:[^"]+)"', html)


async def test_with_no_queue_it_says_how_queues_come_about(floor: Worker) -> None:
    html = (await looks("/")).content.decode()
    assert "Queues appear by themselves" in html
    assert "Nothing calls for attention" in html


async def test_the_queue_with_the_longest_wait_stands_first_and_its_wait_is_in_the_rail(floor: Worker) -> None:
    now = now_ms()
    await floor.tell(ended_call("e", since=now - 300_000), waiting_call("w", SALES, since=now - 130_000), ready())
    html = (await looks("/")).content.decode()
    assert rows(html) == ["queue:111835", "queue:111834"]
    assert re.search(r'data-alarm="queue:111835\.longest_wait" data-severity="act"', html)
    assert re.search(r'data-row="queue:111835" data-worst="act"', html)


async def test_every_number_on_the_overview_leads_to_its_receipt(floor: Worker) -> None:
    now = now_ms()
    await floor.tell(ended_call("e", since=now - 300_000), waiting_call("w", SALES, since=now - 30_000), ready())
    html = (await looks("/")).content.decode()
    values = re.findall(r'<(\w+) class="num"(?: href="([^"]*)")? data-value="([^"]+)"', html)
    assert len(values) > 25
    for tag, address, value in values:
        scope, _dot, metric = value.partition(".")
        assert tag == "a"
        assert address == f"/numbers/{scope}/{metric}/?window=today"


async def test_every_label_at_the_top_explains_itself(floor: Worker) -> None:
    await floor.tell(ended_call("e", since=now_ms() - 300_000))
    html = (await looks("/")).content.decode()
    explained = re.findall(r'class="explain" href="/definitions/\?of=site&amp;metric=(\w+)"[^>]*aria-label="What is ([^"]+)\?"', html)
    assert [metric for metric, _label in explained] == ["waiting", "longest_wait", "service_level", "abandoned", "calls_in", "asa"]


async def test_who_sees_one_queue_is_shown_that_queue_alone(floor: Worker) -> None:
    now = now_ms()
    await floor.tell(ended_call("e", since=now - 300_000), waiting_call("w", SALES, since=now - 130_000), ready())
    html = (await looks("/", role="supervisor", queues=["111834"])).content.decode()
    assert rows(html) == ["queue:111834"]
    assert "Försäljning" not in html
    assert "111835" not in html


async def test_the_menu_holds_what_its_reader_may_open(floor: Worker) -> None:
    admin = (await looks("/")).content.decode()
    viewer = (await looks("/", role="viewer")).content.decode()
    assert 'href="/agents/"' in admin
    assert 'href="/agents/"' not in viewer
    assert 'href="/screens/"' not in viewer
    assert (await looks("/agents/", role="viewer")).status_code == 403


async def test_the_root_says_at_which_version_it_was_drawn(floor: Worker) -> None:
    await floor.tell(ended_call("e", since=now_ms() - 300_000))
    html = (await looks("/")).content.decode()
    snapshot = await live.current("default")
    root = re.search(r'<html[^>]* data-version="(\d+)" data-epoch="([^"]+)"', html)
    assert root is not None
    assert root[2] == snapshot.epoch
    assert int(root[1]) <= snapshot.version


async def test_the_view_stands_in_the_address(floor: Worker) -> None:
    await floor.tell(ended_call("e", since=now_ms() - 300_000))
    assert 'data-view="cards"' in (await looks("/")).content.decode()
    assert 'data-view="table"' in (await looks("/?view=table")).content.decode()
    assert 'data-view="cards"' in (await looks("/?view=upside-down")).content.decode()


async def test_eighty_queues_are_all_there(floor: Worker) -> None:
    now = now_ms()
    calls = [
        ended_call(f"e{n}", Party(id=200_000 + n, name=f"Kö {n} med ett långt namn {'x' * 60}"), since=now - 300_000) for n in range(80)
    ]
    await floor.tell(*calls, waiting_call("w", SUPPORT, since=now - 10_000))
    html = (await looks("/")).content.decode()
    assert len(rows(html)) == 81
    assert rows(html)[0] == "queue:111834"


async def test_who_belongs_to_two_organisations_can_go_to_the_other(floor: Worker) -> None:
    alone = (await looks("/")).content.decode()
    assert 'name="organisation"' not in alone
    other = await Organisation.objects.acreate(slug="other", name="Other & Sons")
    person = await get_user_model().objects.aget(username="admin-all")
    await Membership.objects.acreate(user=person, organisation=other, role="viewer")
    html = (await looks("/")).content.decode()
    assert re.search(r'<form action="/account/organisation/".*name="organisation" value="other">Go to Other &amp; Sons<', html, re.DOTALL)


@pytest.mark.parametrize("address", ["/", "/agents/", "/queues/111834/", "/agents/924328/", "/callers/"])
async def test_whatever_changes_by_itself_can_be_paused(floor: Worker, address: str) -> None:
    await floor.tell(ended_call("e", since=now_ms() - 300_000), ready())
    html = (await looks(address)).content.decode()
    assert html.count("data-pause-button") == 1
    assert 'data-hotkey="p"' in html


async def test_it_says_which_systems_are_not_in_every_sum_and_why(floor: Worker) -> None:
    now = now_ms()
    await floor.tell(ended_call("e", since=now - 300_000), waiting_call("w", SALES, since=now - 30_000), ready())
    assert "Sums over several" not in (await looks("/")).content.decode()
    heard = Stretch(start=0, end=now - 60_000, last=now - 90_000, number=1)
    await floor.report_beside("vocatech", lacks={"queue": ("waiting",), "site": ("waiting", "longest_wait")})
    await floor.report_beside("voxology", lacks={"queue_past": ("abandoned",), "site_past": ("abandoned",)}, unheard=(heard,))
    clock = f"{datetime.fromtimestamp((now - 60_000) / 1000, ZoneInfo(ZONE)):%H:%M}"
    async with asyncio.timeout(10):
        while "nobody listened" not in (words := (await looks("/")).content.decode()):  # noqa: ASYNC110 (nobody tells it)
            await asyncio.sleep(0.1)  # it is shown with the next change of the mirror
    assert "are without what Vocatech cannot tell" in words
    assert 'href="/sources/vocatech/#lacks"' in words
    assert f"Before {clock} there were calls at voxology to which nobody listened" in words
    waiting = (await looks("/numbers/site/waiting/")).content.decode()
    assert ("are without what Vocatech cannot tell" in waiting, "nobody listened" in waiting) == (True, False)
    lost = (await looks("/numbers/site/abandoned/")).content.decode()
    assert ("cannot tell." in lost, f"Before {clock} there were calls at voxology" in lost) == (False, True)
    of_one = (await looks("/numbers/queue:111835/waiting/")).content.decode()
    assert "Sums over several" not in of_one
    whole = await looks("/", role="supervisor", queues=["111834"])
    assert "Sums over several" not in whole.content.decode(), "none of these queues is of the other systems"
