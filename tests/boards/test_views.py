"""Who may open a board, and how a television comes to it."""

from collections.abc import AsyncIterator
from io import StringIO
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import AsyncClient

from stats.models import Organisation
from wallboard.accounts.models import Membership, Screen
from wallboard.boards import screens
from wallboard.push import admission, live

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def _house(redis_server: str) -> AsyncIterator[None]:
    admission.forget_all()
    await Organisation.objects.aget_or_create(slug="default", defaults={"name": "Kundservice Växjö"})
    yield
    await live.close()


async def link(board: str = "team") -> str:
    """The path of a new screen link."""
    return "/s/" + await sync_to_async(screens.issue)(board) + "/"


async def test_a_stranger_is_sent_to_the_login(async_client: AsyncClient) -> None:
    response = await async_client.get("/boards/team/?theme=light")
    assert response.status_code == 302
    assert response.headers["Location"] == "/login/?next=%2Fboards%2Fteam%2F%3Ftheme%3Dlight"


async def test_a_person_logged_in_sees_both_boards(async_client: AsyncClient) -> None:
    user = await sync_to_async(get_user_model().objects.create_user)("eva", password="a long word")
    await Membership.objects.acreate(user=user, organisation=await Organisation.objects.aget(), role="viewer")
    await async_client.aforce_login(user)
    for slug in ("team", "supervisor"):
        response = await async_client.get(f"/boards/{slug}/")
        assert response.status_code == 200
        assert f'data-board="{slug}"' in response.content.decode()
    assert (await async_client.get("/boards/lobby/")).status_code == 404


async def test_a_screen_link_opens_its_board_and_no_other(async_client: AsyncClient) -> None:
    response = await async_client.get(await link("team") + "?theme=light&inches=65&metres=5&junk=1")
    assert response.status_code == 302
    assert response.headers["Location"] == "/boards/team/?theme=light&inches=65&metres=5"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    cookie: Any = response.cookies["wb_screen"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (
        True,
        "Lax",
        "/ws/boards/team/",
    )
    board = await async_client.get(response.headers["Location"])
    assert board.status_code == 200
    assert board.headers["Cache-Control"] == "no-store"
    assert 'data-theme="light"' in board.content.decode()
    assert "k-500" in board.content.decode()
    assert (await async_client.get("/boards/supervisor/")).status_code == 302


async def test_one_browser_may_carry_a_link_for_each_board(async_client: AsyncClient) -> None:
    for slug in ("team", "supervisor"):
        await async_client.get(await link(slug))
    for slug in ("team", "supervisor"):
        assert (await async_client.get(f"/boards/{slug}/")).status_code == 200


async def test_a_revoked_link_opens_nothing_and_says_so(async_client: AsyncClient) -> None:
    path = await link("team")
    await async_client.get(path)
    row = await Screen.objects.aget()
    await sync_to_async(row.revoke)()
    admission.forget_all()
    response = await async_client.get("/boards/team/")
    assert response.status_code == 403
    assert "does not open a board" in response.content.decode()
    assert (await async_client.get(path)).status_code == 403
    assert (await async_client.get("/s/" + "x" * 600 + "/")).status_code == 403


async def test_the_token_is_not_in_the_page(async_client: AsyncClient) -> None:
    path = await link("team")
    response = await async_client.get(path, follow=True)
    assert path.split("/")[2] not in response.content.decode()


async def test_a_board_speaks_the_language_it_is_asked_for(async_client: AsyncClient) -> None:
    await async_client.get(await link("team"))
    page = (await async_client.get("/boards/team/?lang=sv")).content.decode()
    assert 'lang="sv"' in page
    assert "Längsta väntan" in page
    assert "Longest wait" in (await async_client.get("/boards/team/?lang=xx&inches=nan&metres=-1")).content.decode()


async def test_without_any_word_from_a_source_the_page_shows_no_number(async_client: AsyncClient) -> None:
    await async_client.get(await link("team"))
    page = (await async_client.get("/boards/team/")).content.decode()
    assert 'data-freshness="unknown"' in page
    assert 'data-freshness="live"' not in page


def test_the_command_prints_the_address_and_nothing_else(settings: Any) -> None:
    settings.PORT = 8123
    out = StringIO()
    call_command("screen_url", "team", stdout=out)
    assert out.getvalue().startswith("http://127.0.0.1:8123/s/")
    assert out.getvalue().count("\n") == 1
    token = out.getvalue().strip().split("/")[4]
    row = screens.resolve(token)
    assert row is not None
    assert row.board == "team"
    assert token not in row.digest


def test_the_command_names_the_boards_when_asked_for_another() -> None:
    with pytest.raises(CommandError, match=r"There is no board 'lobby'\. The boards are: team, supervisor"):
        call_command("screen_url", "lobby")
