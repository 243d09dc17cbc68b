"""Every address and every socket, asked by everybody: who may gets an answer, who may not gets none, and nothing leaks to a stranger."""

import json
from typing import Any

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.apps import apps
from django.conf import settings
from django.test import AsyncClient
from django.urls import get_resolver

from tests.security.conftest import MARKS, World
from tests.security.routes import ROUTES, Route, all_routes, all_sockets
from wallboard.accounts.roles import abilities_of, abilities_of_scopes
from wallboard.push.routing import websocket_urlpatterns

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engines]

ROLES = {"eva-viewer": "viewer", "supervisor": "supervisor", "scoped": "supervisor", "admin": "admin"}
SCOPES = {"everything": ["live", "calls", "numbers", "reports"], "live alone": ["live"], "no numbers": ["live", "calls"]}
# What may change by being asked: sessions, and what is written down of it.
MOVES = {"Session", "AuditEntry", "Pairing", "FailedSignIns", "OpenSession", "TOTPDevice"}


def test_every_address_of_the_product_is_in_the_matrix() -> None:
    assert set(all_routes()) - set(ROUTES) == set(), "say in tests/security/routes.py what opens it"
    assert set(ROUTES) - set(all_routes()) == set(), "gone from the product"


def test_every_socket_of_the_product_is_in_the_matrix() -> None:
    assert all_sockets() == ["ws/boards/<slug:slug>/", "ws/pages/<path:topic>/", ""]


def person_may(route: Route, role: str) -> bool:
    """Whether a login of this role opens an address."""
    return route.needs in ("everyone", "person", "watcher") or route.needs in abilities_of(role)


def program_may(route: Route, scopes: list[str]) -> bool:
    """Whether a token with these scopes opens an address."""
    return route.needs in ("everyone", "key", "watcher") or route.needs.removeprefix("token:") in (abilities_of_scopes(scopes) | {"token"})


async def ask(client: AsyncClient, world: World, route: Route, headers: dict[str, str] | None = None) -> Any:
    """One question."""
    path = world.path(route.path)
    return await (client.post(path, {}, headers=headers) if route.posts else client.get(path, headers=headers))


def refused(answer: Any) -> bool:
    """Nothing was opened: told so, or sent to the login."""
    return answer.status_code in (401, 403, 404) or (
        answer.status_code == 302 and answer["Location"].startswith(("/login/", "/admin/login/"))
    )


def echoed(route: Route) -> str:
    """What an answer may hold because the asker said it."""
    return route.path


async def counts() -> dict[str, int]:
    """How many rows of each kind there are, of those that nobody changes by asking."""
    kinds = [kind for kind in apps.get_models() if kind.__name__ not in MOVES]
    return {kind.__name__: await kind._default_manager.acount() for kind in kinds}


async def test_people_open_what_their_role_allows_and_nothing_else(world: World) -> None:
    wrong = []
    before = await counts()
    for name, role in ROLES.items():
        for pattern, route in ROUTES.items():
            allowed = person_may(route, role)
            if (route.posts and allowed) or route.needs == "key":
                # What it does is asked elsewhere; here only that nobody else can.
                continue
            answer = await ask(world.people[name], world, route)
            # Whether the product is ready depends on more than who asks.
            if allowed and answer.status_code not in (200, 302, 404, 405) and pattern != "readyz":
                wrong.append(f"{name} at {pattern}: {answer.status_code}, though {route.needs} opens it")
            if not allowed and not refused(answer):
                wrong.append(f"{name} at {pattern}: {answer.status_code}, though it needs {route.needs}")
    assert not wrong, "\n".join(wrong)
    assert await counts() == before


async def test_nobody_without_a_login_or_an_organisation_opens_anything(world: World) -> None:
    wrong = []
    before = await counts()
    for name, client in (("a stranger", AsyncClient()), ("nobody", world.people["nobody"])):
        for pattern, route in ROUTES.items():
            if route.needs in ("everyone", "key") or (name == "nobody" and route.needs == "person"):
                continue
            answer = await ask(client, world, route)
            if not refused(answer):
                wrong.append(f"{name} at {pattern}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert await counts() == before


async def test_programs_open_what_their_scopes_allow_and_no_page(world: World) -> None:
    wrong = []
    before = await counts()
    for name, scopes in SCOPES.items():
        for pattern, route in ROUTES.items():
            allowed = program_may(route, scopes)
            if route.posts or route.needs in ("everyone", "key"):
                continue
            answer = await ask(AsyncClient(), world, route, world.programs[name])
            for_people = not route.needs.startswith("token:") and route.needs != "watcher"
            # A token opens boards as well; pages for people want a person.
            if allowed and answer.status_code != 200 and not (for_people and refused(answer)):
                wrong.append(f"{name} at {pattern}: {answer.status_code}")
            if not allowed and not refused(answer):
                wrong.append(f"{name} at {pattern}: {answer.status_code}, though it needs {route.needs}")
    assert not wrong, "\n".join(wrong)
    assert await counts() == before


async def test_a_screens_key_opens_its_board_and_nothing_else(world: World) -> None:
    wrong = []
    for pattern, route in ROUTES.items():
        if route.needs in ("everyone", "key") or pattern.startswith("boards/"):
            continue
        for headers in (
            {"cookie": f"wb_screen={world.screen}; wb_screen_team={world.screen}"},
            {"authorization": f"Bearer {world.screen}"},
        ):
            answer = await ask(AsyncClient(), world, route, headers)
            if not refused(answer):
                wrong.append(f"{pattern}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


async def test_nothing_of_one_organisation_is_ever_said_to_another(world: World) -> None:
    """A foreign admin and a foreign program ask for everything by the first organisation's own ids."""
    leaks = []
    before = await counts()
    for pattern, route in ROUTES.items():
        # The description of the API has examples, the same for everybody.
        if pattern in ("metrics", "logout/", "api/v1/openapi.json"):
            continue
        for client, headers in ((world.people["foreign"], None), (AsyncClient(), world.programs["foreign"])):
            answer = await ask(client, world, route, headers)
            if "{" in route.path and not refused(answer):
                leaks.append(f"{pattern}: {answer.status_code} for ids of another organisation")
            body = answer.content.decode("utf-8", "replace") if not answer.streaming else ""
            said = body + json.dumps(dict(answer.headers))
            # What the asker sent comes back in the address of the login.
            leaks += [f"{pattern}: {mark}" for mark in MARKS if mark in said and mark not in echoed(route)]
    assert not leaks, "\n".join(leaks)
    assert await counts() == before


@pytest.mark.parametrize(
    "path", ["/ws/boards/team/", "/ws/boards/supervisor/", "/ws/pages/overview/", "/ws/pages/agents/", "/ws/pages/feeds/"]
)
async def test_no_socket_tells_a_stranger_of_anything(world: World, path: str) -> None:
    shown = [
        (b"cookie", f"{settings.SESSION_COOKIE_NAME}={world.sessions['foreign']}".encode()),
        (b"authorization", world.programs["foreign"]["authorization"].encode()),
    ]
    for header in shown:
        socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), path, [header])
        await socket.connect(5)
        event = await socket.receive_output(5)
        said = json.dumps(event, ensure_ascii=False)
        assert [mark for mark in MARKS if mark in said] == []
        await socket.disconnect()


@pytest.mark.parametrize("topic", ["queue:111834", "agent:924328"])
async def test_a_topic_of_another_organisation_does_not_exist(world: World, topic: str) -> None:
    header = (b"cookie", f"{settings.SESSION_COOKIE_NAME}={world.sessions['foreign']}".encode())
    socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), f"/ws/pages/{topic}/", [header])
    await socket.connect(5)
    event = await socket.receive_output(5)
    assert (event["type"], event["code"]) == ("websocket.close", 4404)


async def test_a_scoped_supervisor_sees_nothing_of_other_queues(world: World) -> None:
    """Theirs is Försäljning (111835); everything of Support is somebody else's."""
    leaks = []
    for pattern, route in ROUTES.items():
        # Who may look after screens, sources and health sees their names, whatever the queue.
        if not person_may(route, "supervisor") or route.posts or pattern in ("metrics", "health/", "sources/", "api/v1/openapi.json"):
            continue
        answer = await ask(world.people["scoped"], world, route)
        if answer.streaming:
            continue
        said = answer.content.decode("utf-8", "replace")
        others = ("Support", "Anna", "111834", "924328")
        leaks += [f"{pattern}: {mark}" for mark in others if mark in said and mark not in echoed(route)]
    assert not leaks, "\n".join(leaks)


def test_only_the_api_goes_without_the_word_against_forged_forms() -> None:
    """A view that a foreign page could post to must be known: the API takes no cookie for anything that changes."""

    def exempt(patterns: Any, prefix: str = "") -> list[str]:
        found = []
        for pattern in patterns:
            whole = prefix + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                found += exempt(pattern.url_patterns, whole)
            elif getattr(pattern.callback, "csrf_exempt", False):
                found.append(whole)
        return found

    assert [each for each in exempt(get_resolver().url_patterns) if not each.startswith(("api/", "^api"))] == []


async def test_every_answer_tells_browsers_what_they_may_do(world: World) -> None:
    wrong = []
    for pattern, route in ROUTES.items():
        if route.posts:
            continue
        answer = await ask(world.people["admin"], world, route)
        policy = answer.headers.get("Content-Security-Policy", "")
        if "unsafe" in policy or "default-src 'none'" not in policy or "frame-ancestors 'none'" not in policy:
            wrong.append(f"{pattern}: {policy!r}")
        if answer.headers.get("X-Content-Type-Options") != "nosniff":
            wrong.append(f"{pattern}: may be sniffed")
        open_to_all = route.needs in ("everyone", "key", "staff")
        if not open_to_all and answer.status_code == 200 and "no-store" not in answer.headers.get("Cache-Control", ""):
            wrong.append(f"{pattern}: may be kept by caches")
    assert not wrong, "\n".join(wrong)
