"""An agent's day as the page puts it together from the archive and the live store, against the numbers of the same instant."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from django.test import RequestFactory

from stats.clock import now_ms
from stats.domain.facts import Facts, PartyFacts
from stats.domain.presence_changes import PresenceSeen
from stats.domain.records import Party, PresenceSlot, ProfileUse
from stats.history.shelf import Shelf, let_go
from stats.history.telling import Telling
from stats.ingest.pipeline import Road
from stats.live.unkept import Unkept
from stats.live.waiting import Waiting
from stats.models import Organisation
from tests.laws.road import ORGANISATION, SOURCE, Bench, rules_of
from tests.laws.test_any_order import empty
from tests.midday import ZONE
from tests.oracle.compare import OBSERVED
from tests.oracle.days import Day, day
from wallboard.accounts.viewer import Viewer
from wallboard.pages.agent.day import AgentDay, queue_key, read
from wallboard.pages.frame import Visit
from wallboard.push import live, sights

pytestmark = pytest.mark.engines
COUNTED = ("offers", "answered", "missed", "withdrawn", "outgoing", "answer_rate", "talk_time", "hold_time", "ring_time", "aht")


@pytest.fixture
async def bench(redis_server: str, transactional_db: None) -> AsyncIterator[Bench]:
    """A worker's bench on an empty store."""
    await Organisation.objects.aget_or_create(slug=ORGANISATION, defaults={"name": "Test"})
    bench = Bench(redis_server, ZONE, rules_of({}))
    await empty(bench)
    yield bench
    await live.close()
    await let_go()
    await bench.close()


async def look(viewer: Viewer, query: str = "") -> Visit:
    """A visit with the values of this instant."""
    organisation = await live.organisation(ORGANISATION)
    snapshot = await sights.of(organisation, viewer.sight).fresh(0)
    return Visit(RequestFactory().get(f"/agents/1/{query}"), None, viewer, organisation, snapshot, snapshot.server_time)


def admin(queues: frozenset[str] | None = None) -> Viewer:
    """Somebody who may see agents."""
    return Viewer(kind="person", organisation=ORGANISATION, role="admin", queues=queues, abilities=frozenset({"look", "agents"}))


async def keep(bench: Bench, changes: list[PresenceSeen], share: float = 1.0) -> None:
    """What a worker's keeping does, for the first part of what waits."""
    await Shelf(ORGANISATION).keep_changes(changes)
    unkept = Unkept(bench.store, ORGANISATION, SOURCE)
    held = await unkept.some(10_000)
    tellings = {i: Telling(each.call, "", each.version) for i, each in held.items() if each is not None and each.call is not None}
    some = dict(list(tellings.items())[: round(len(tellings) * share)])
    await Shelf(ORGANISATION).keep_calls(SOURCE, list(some.values()))
    # Every third is kept, and changed again since: it is in the archive and in the store.
    await unkept.strike({i: telling.version for n, (i, telling) in enumerate(some.items()) if n % 3})


async def lived(bench: Bench, today: Day) -> Road:
    """A day was heard: half of its changes are kept, some of the rest wait in Redis, and half of its ended calls are kept."""
    road = await bench.worker()
    frames = today.frames()
    bench.hear(frames)
    await bench.flush()
    changes = road.people.changes
    middle = len(changes) // 2
    await keep(bench, changes[:middle], 0.5)
    await Waiting(bench.store, ORGANISATION, SOURCE, "changes", PresenceSeen).put(changes[middle - 3 :])
    return road


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_agents_day_adds_up_to_the_numbers_of_the_same_instant(bench: Bench, seed: int) -> None:
    today = day(seed, now_ms=now_ms(), n_calls=80, n_agents=8, n_queues=3)
    await lived(bench, today)
    visit = await look(admin())
    counted = watched = 0
    for key, agent in visit.facts.agents.items():
        told, mine = visit.snapshot.values[f"agent:{key}"], (await read(visit, agent)).numbers()
        for metric in COUNTED:
            assert mine[metric] == pytest.approx(told[metric]), (key, metric)
        for metric in OBSERVED:
            if told[metric] is None:
                assert mine[metric] in (None, 0), (key, metric)
            else:
                assert mine[metric] == pytest.approx(told[metric], abs=1), (key, metric)
        counted += int(str(told["offers"]))
        watched += told["time_ready"] is not None
    assert counted > 20
    assert watched > 3


async def test_the_archive_alone_gives_the_same_day_once_it_is_over(bench: Bench) -> None:
    yesterday = now_ms() - 86_400_000
    road = await lived(bench, day(3, now_ms=yesterday, n_calls=60, n_agents=6, n_queues=3))
    visit = await look(admin())
    during = {key: await read(replace(visit, now=yesterday), agent) for key, agent in visit.facts.agents.items()}
    await keep(bench, road.people.changes)
    await empty(bench)
    shown = next(iter(during.values())).day
    visit = replace(visit, request=RequestFactory().get(f"/agents/1/?day={shown}"), now=now_ms())
    rings = 0
    for key, before in during.items():
        after = await read(visit, before.agent)
        assert not after.is_today
        over = [rung for rung in before.rungs if rung.over]
        kept = {(rung.id_call, rung.number): rung for rung in after.rungs}
        for rung in over:
            if (rung.id_call, rung.number) in kept:
                assert kept[(rung.id_call, rung.number)] == rung, key
                rings += 1
        assert {login.keys for login in before.watched.logins} <= {login.keys for login in after.watched.logins}, key
    assert rings > 20


async def test_a_viewer_of_some_queues_may_not_open_the_calls_of_others(bench: Bench) -> None:
    await lived(bench, day(4, now_ms=now_ms(), n_calls=80, n_agents=5, n_queues=3))
    everything = await look(admin())
    queue = next(key for key in everything.facts.queues if key.isdigit())
    visit = await look(admin(frozenset({queue})))
    seen = hidden = 0
    for agent in visit.facts.agents.values():
        whole: AgentDay = await read(everything, agent)
        mine = await read(visit, agent)
        assert len(mine.rungs) == len(whole.rungs), "the time stays on the axis"
        for rung in mine.rungs:
            call = await live.store().call(ORGANISATION, rung.id_call)
            assert call is not None
            visited = {visit.facts.queue_key(SOURCE, each.queue) for each in call.visits}
            assert mine.sees(rung) == (queue in visited)
            seen, hidden = seen + mine.sees(rung), hidden + (not mine.sees(rung))
    assert seen > 3
    assert hidden > 3


async def test_hourly_accounts_are_found_by_the_account_an_agent_was_first_known_by(bench: Bench) -> None:
    hour = now_ms() // 3_600_000 * 3_600_000
    agent = PartyFacts(key="7", party=Party(id=7, account_id=77, name="Elsa"), source=SOURCE)
    use = ProfileUse(profile_id=1, name="Lunch", available=False, usage_ms=600_000)
    slot = PresenceSlot(source=SOURCE, agent=Party(account_id=77, name="Elsa"), start=hour, end=hour + 3_600_000, profiles=(use,))
    await Shelf(ORGANISATION).keep_slots([slot])
    found = await read(await look(admin()), agent)
    assert [(each.profile, each.usage_ms) for each in found.slots] == [("Lunch", 600_000)]
    assert found.watched.heard_from is None
    assert found.recorded_from == hour


async def test_a_day_nobody_knows_is_empty_and_one_to_come_is_today(bench: Bench) -> None:
    agent = PartyFacts(key="7", party=Party(id=7), source=SOURCE)
    for query in ("?day=2031-01-01", "?day=x", "?day=0001-01-01"):
        assert (await read(await look(admin(), query), agent)).is_today, query
    found = await read(await look(admin(), "?day=2026-01-05"), agent)
    assert (found.day, found.rungs, found.watched.presence, found.recorded_from) == ("2026-01-05", (), (), None)
    assert found.numbers()["occupancy"] is None


@pytest.mark.parametrize("kept", ["111834", "a:998877", "s:voxology:Kundtjanst", "n:Support", ""])
def test_a_queue_a_ring_was_kept_by_is_that_queue_still(kept: str) -> None:
    """A queue of a vendor without numbers, too: under a key of its name it would be nobody's."""
    assert queue_key(kept, SOURCE, Facts(timezone=ZONE)) == kept
