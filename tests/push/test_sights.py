"""What each kind of viewer is told: their queues alone, agents as they may be called, and nothing after their rights have changed."""

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.test import AsyncClient

from stats.clock import now_ms
from stats.domain.records import Party, QueueLogin
from stats.models import Organisation
from tests.push.conftest import Browser
from tests.push.floor import PER, SALES, SUPPORT, Worker, ended_call, ready, waiting_call
from wallboard.accounts.models import ApiToken, AuditEntry, Membership, Screen
from wallboard.accounts.viewer import Sight, scope_of
from wallboard.push import admission, attendance, hubs, live, sights
from wallboard.push.naming import Naming

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]

Enter = Callable[..., Awaitable["Desk"]]


class Desk(Browser):
    """A browser of somebody who is logged in, at a page's topic or a board."""

    def __init__(self, path: str, session: str) -> None:
        super().__init__("team", None)
        self.scope["path"] = path
        self.scope["headers"] = [(b"cookie", f"{settings.SESSION_COOKIE_NAME}={session}".encode())]

    async def code(self) -> int:
        """The code of the close that comes now."""
        while True:
            event = await self.receive_output(5)
            if event["type"] == "websocket.close":
                return int(event["code"])


@pytest.fixture
async def floor(worker: Worker) -> Worker:
    """Two queues: one caller waits in each, and each has an agent who is ready."""
    now = now_ms()
    await worker.tell(waiting_call("w1", since=now - 9000), waiting_call("w2", SALES, since=now - 5000))
    await worker.tell(ended_call("e1", since=now - 60_000), ready(), ready(PER, SALES))
    return worker


async def member(name: str, role: str, queues: list[str] | None = None) -> tuple[Membership, str]:
    """A person of a role, and the key of their session."""
    organisation, _made = await Organisation.objects.aget_or_create(slug="default", defaults={"name": "Test"})
    person = await get_user_model().objects.acreate(username=name)
    membership = await Membership.objects.acreate(user=person, organisation=organisation, role=role, queues=queues)
    client = AsyncClient()
    await client.aforce_login(person)
    return membership, client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.fixture
async def enter(floor: Worker) -> AsyncIterator[Enter]:
    """Opens a socket as somebody; all are closed afterwards."""
    desks: list[Desk] = []

    async def entered(path: str, session: str) -> Desk:
        desk = Desk(path, session)
        desks.append(desk)
        accepted, _ = await desk.connect(5)
        assert accepted
        return desk

    yield entered
    for desk in desks:
        await desk.disconnect()
    await live.close()


async def test_a_scoped_viewer_is_told_of_their_queues_alone(enter: Enter) -> None:
    _row, session = await member("eva", "supervisor", ["111834"])
    desk = await enter("/ws/boards/supervisor/", session)
    values: Any = (await desk.hear())["values"]
    assert [scope for scope in values if scope.startswith("queue:")] == ["queue:111834"]
    assert [told["name"] for scope, told in values.items() if scope.startswith("agent:")] == ["Anna Berg"]
    assert (values["site"]["waiting"], values["site"]["agents_ready"]) == (1, 1)
    assert values["site"]["answered"] == 1
    assert values["site"]["calls_in"] is None, "what no queue tells apart is unknown, not nought"
    assert "Försäljning" not in json.dumps(values, ensure_ascii=False)
    assert "Per" not in json.dumps(values, ensure_ascii=False)


async def test_an_agent_at_two_queues_is_told_with_the_one_in_sight(enter: Enter, floor: Worker) -> None:
    await floor.tell(replace(ready(), logged_in=(QueueLogin(queue=SUPPORT), QueueLogin(queue=SALES)), told_at=now_ms() + 1000))
    _row, session = await member("eva", "supervisor", ["111834"])
    values: Any = (await (await enter("/ws/pages/agents/", session)).hear())["values"]
    assert [str(queue) for queue in values["agent:924328"]["queues_in"]] == ["111834"]


async def test_who_sees_one_queue_is_told_of_no_lost_caller_of_all(enter: Enter, floor: Worker) -> None:
    await floor.tell(ended_call("lost", SALES, since=now_ms() - 60_000, wait_ms=30_000, answered=False))
    for queues, lost in ((None, 1), (["111834"], None)):
        membership, session = await member(f"sees {queues}", "supervisor", queues)
        values: Any = (await (await enter("/ws/pages/overview/", session)).hear())["values"]
        assert values["site"]["lost_callers"] == lost, membership


@pytest.mark.parametrize("kept", ["111834", {"111834": True}, 111834, True, ""])
def test_a_scope_that_cannot_be_read_opens_no_queue(kept: object) -> None:
    assert scope_of(kept) == frozenset()
    assert scope_of(None) is None


async def test_viewers_hear_short_names_and_supervisors_whole_ones(enter: Enter) -> None:
    _row, viewer = await member("vera", "viewer")
    _row, supervisor = await member("sara", "supervisor")
    short: Any = (await (await enter("/ws/boards/supervisor/", viewer)).hear())["values"]
    whole: Any = (await (await enter("/ws/boards/supervisor/", supervisor)).hear())["values"]
    assert {short[f"agent:{key}"]["name"] for key in (924328, 924329)} == {"Anna B", "Per Ö"}
    assert {whole[f"agent:{key}"]["name"] for key in (924328, 924329)} == {"Anna Berg", "Per Öst"}


async def test_a_screen_with_pseudonyms_is_sent_no_name_and_no_id(floor: Worker, transactional_db: None) -> None:
    organisation = await Organisation.objects.acreate(slug="default", name="Test")
    row, token = await database_sync_to_async(Screen.issue)(organisation, "supervisor", "Hall")
    await Screen.objects.filter(pk=row.pk).aupdate(names="pseudonym")
    browser = Browser("supervisor", token)
    await browser.connect(5)
    message = await browser.hear()
    text = json.dumps(message, ensure_ascii=False)
    assert [secret for secret in ("Anna", "Berg", "924328", "3467672", "Per Öst", "924329") if secret in text] == []
    values: Any = message["values"]
    names = sorted(told["name"] for scope, told in values.items() if scope.startswith("agent:"))
    assert len(set(names)) == 2
    assert all(name.startswith("Agent ") for name in names)
    await browser.disconnect()
    await live.close()


async def test_a_page_follows_its_queue_and_the_agents_at_it(enter: Enter, floor: Worker) -> None:
    _row, session = await member("sara", "supervisor")
    desk = await enter("/ws/pages/queue:111834/", session)
    first: Any = await desk.hear()
    assert {scope for scope in first["values"] if not scope.startswith(("feed:", "source:"))} == {"queue:111834", "agent:924328"}
    assert first["values"]["queue:111834"]["wait_p90"] is not None, "a page is told everything of its queue"
    await desk.ack(first)
    await floor.tell(waiting_call("w3", since=now_ms() - 1000))
    while True:
        message: Any = await desk.hear(5)
        await desk.ack(message)
        if message["type"] == "patch" and "waiting" in message["values"].get("queue:111834", {}):
            break
    assert message["values"]["queue:111834"]["waiting"] == 2
    assert "queue:111835" not in message["values"]


@pytest.mark.parametrize(
    ("role", "queues", "topic", "code"),
    [
        ("viewer", None, "agent:924328", 4003),
        ("viewer", None, "agents", 4003),
        ("supervisor", ["111834"], "queue:111835", 4404),
        ("supervisor", ["111834"], "agent:924329", 4404),
        ("supervisor", None, "nonsense", 4404),
    ],
)
async def test_a_topic_out_of_sight_is_refused(enter: Enter, role: str, queues: list[str] | None, topic: str, code: int) -> None:
    _row, session = await member("eva", role, queues)
    assert await (await enter(f"/ws/pages/{topic}/", session)).code() == code


async def test_a_screen_opens_no_page(floor: Worker, token: str) -> None:
    browser = Desk("/ws/pages/overview/", "")
    browser.scope["headers"] = [(b"cookie", f"wb_screen={token}".encode())]
    await browser.connect(5)
    assert await browser.code() == 4003
    await live.close()


async def test_somebody_without_an_organisation_is_not_admitted(enter: Enter) -> None:
    membership, session = await member("eva", "viewer")
    await membership.adelete()
    assert await (await enter("/ws/boards/team/", session)).code() == 4003


async def test_a_changed_role_ends_what_the_old_one_opened_and_a_lost_one_refuses(enter: Enter) -> None:
    membership, session = await member("eva", "supervisor")
    desk = await enter("/ws/boards/supervisor/", session)
    await desk.hear()
    await Membership.objects.filter(pk=membership.pk).aupdate(queues=["111834"])
    await hubs.end_revoked(hubs.hubs())
    assert await desk.code() == 4000, "come again, and be told less"
    again = await enter("/ws/boards/supervisor/", session)
    values: Any = (await again.hear())["values"]
    assert "queue:111835" not in values
    await membership.adelete()
    await hubs.end_revoked(hubs.hubs())
    assert await again.code() == 4003


async def test_a_person_of_two_organisations_looks_at_the_one_they_chose(enter: Enter) -> None:
    membership, session = await member("eva", "viewer")
    other = await Organisation.objects.acreate(slug="other", name="Other")
    await Membership.objects.acreate(user_id=membership.user_id, organisation=other, role="viewer")
    kept = SessionStore(session)
    await kept.aset("organisation", "other")
    await kept.asave()
    values: Any = (await (await enter("/ws/boards/team/", session)).hear())["values"]
    assert [scope for scope in values if scope.startswith(("queue:", "feed:"))] == [], "nothing of the organisation that was not chosen"


async def test_a_token_reads_what_its_scopes_and_queues_allow(floor: Worker, transactional_db: None) -> None:
    organisation = await Organisation.objects.acreate(slug="default", name="Test")
    row, token = await database_sync_to_async(ApiToken.issue)(organisation, "small")
    await ApiToken.objects.filter(pk=row.pk).aupdate(scopes=["live"], queues=["111834"])
    client, shown = AsyncClient(), {"authorization": f"Bearer {token}"}
    told = (await client.get("/api/v1/live", headers=shown)).json()
    assert [queue["id"] for queue in told["queues"]] == [111834]
    assert [agent["id"] for agent in told["agents"]] == [924328]
    assert (await client.get("/api/v1/calls/w1", headers=shown)).status_code == 403
    await ApiToken.objects.filter(pk=row.pk).aupdate(scopes=["live", "calls"])
    admission.forget_all()
    assert (await client.get("/api/v1/calls/w2", headers=shown)).status_code == 404, "of another queue"
    assert (await client.get("/api/v1/calls/w1", headers=shown)).json()["number"] is None
    assert (await client.get("/api/v1/queues/111835/calls", headers=shown)).status_code == 404
    await ApiToken.objects.filter(pk=row.pk).aupdate(scopes=["live", "calls", "numbers"])
    admission.forget_all()
    assert (await client.get("/api/v1/calls/w1", headers=shown)).json()["number"] == "+46701740605"
    await live.close()


async def test_the_same_sight_is_computed_once_and_a_whole_one_is_the_organisation_itself(floor: Worker) -> None:
    organisation = await live.organisation("default")
    one, same = (sights.of(organisation, Sight(queues=frozenset({"111834"}))) for _ in range(2))
    assert one is same
    assert sights.of(organisation, Sight()) is organisation
    await live.close()


def test_no_two_agents_are_called_the_same_however_they_are_called() -> None:
    names = {"1": "Anna Berg", "2": "Anna Bergman", "3": "Anna Berg", "4": "Bo", "5": "Anna Blom", "6": ""}
    for way in ("short", "pseudonym"):
        naming = Naming("default", way)
        naming.learn(names)
        called = [naming.name_of(key, name) for key, name in names.items() if name]
        assert len(set(called)) == len(called), called
    short = Naming("default", "short")
    short.learn(names)
    assert short.name_of("4", "Bo") == "Bo"
    assert short.name_of("6", "") is None
    hidden = Naming("default", "pseudonym")
    hidden.learn(names)
    other = Naming("other", "pseudonym")
    other.learn(names)
    assert hidden.name_of("1", "Anna Berg") != other.name_of("1", "Anna Berg"), "organisations cannot compare their pseudonyms"


def test_a_pseudonym_hangs_on_the_secret_of_the_installation(settings: Any) -> None:
    """Keys of agents are short numbers: without the secret anybody could make the pseudonyms of all of them."""
    naming = Naming("default", "pseudonym")
    before = naming.key_of("924328")
    assert naming.key_of("924328") == before
    settings.SECRET_KEY = "another secret of another installation"
    assert naming.key_of("924328") != before


async def test_what_machines_and_colleagues_read_never_says_whose_page_is_open(enter: Enter, floor: Worker) -> None:
    """An agent known by name alone has the name for a key; that somebody looks at a page is told by its kind."""
    await floor.tell(replace(ready(), agent=Party(name="Canary Kanin")))
    _row, session = await member("eva", "admin")
    for topic in ("agent:n:Canary Kanin", "agent:924329", "queue:111834"):
        assert (await (await enter(f"/ws/pages/{topic}/", session)).hear())["type"] == "snapshot"
    await attendance.report_once(attendance._clerks[asyncio.get_running_loop()])
    client = AsyncClient()
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    told = [(await client.get(path)).content.decode() for path in ("/metrics", "/api/v1/health", "/health/")]
    assert [text for text in told if "Canary" in text or "924329" in text] == []
    assert 'wallboard_browser_sockets{board="page:agent"} 2.0' in told[0]
    assert {"page:agent": 2, "page:queue": 1} in [web["boards"] for web in json.loads(told[1])["web"]]
    assert "An agent&#x27;s page: 2" in told[2]


async def test_the_log_of_looks_never_holds_an_agents_name(floor: Worker, transactional_db: None) -> None:
    """Its lines cannot be changed when somebody is erased; who looked is in the person's own file all the same."""
    await floor.tell(replace(ready(), agent=Party(name="Canary Kanin")))
    _row, session = await member("eva", "admin")
    client = AsyncClient()
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    for path in ("/agents/n:Canary Kanin/", "/agents/n:Canary Kanin/", "/numbers/agent:n:Canary Kanin/offers/?format=csv"):
        assert (await client.get(path)).status_code == 200
    written = [row async for row in AuditEntry.objects.order_by("id").values("action", "subject_kind", "subject", "detail")]
    assert [row["action"] for row in written] == ["agent.opened", "receipt.exported"], "one look in ten minutes is one line"
    assert "Canary" not in str(written)
    mark = str(written[0]["subject"])
    assert str(written[1]["subject"]) == f"agent:{mark} offers"
    answer: Any = await client.post("/privacy/person/", {"kind": "agent", "who": "Canary Kanin", "do": "export"})
    packed = zipfile.ZipFile(io.BytesIO(b"".join([part async for part in answer])))
    assert [(each["actor_name"], each["subject"]) for each in json.loads(packed.read("who_looked.json"))] == [("eva", mark)]
    await live.close()
