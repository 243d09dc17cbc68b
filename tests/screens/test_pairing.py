"""From a code on a television to a board on it: whose code, how often guessed, for how long, and what is left of it in the database."""

import re
from datetime import timedelta

import pytest
from channels.db import database_sync_to_async
from django.test import AsyncClient
from django.utils import timezone

from stats.clock import now_ms
from stats.models import Organisation
from tests.push.floor import Worker
from tests.screens.conftest import SECRET, Wall, code_on, state_of
from wallboard.accounts.models import AuditEntry, Membership, Pairing, Screen, digest_of
from wallboard.accounts.viewer import Viewer
from wallboard.boards.screens import screen_address
from wallboard.screens import codes, limits, pairing
from wallboard.screens.wishes import Wishes

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_television_shows_the_same_code_until_it_is_old(wall: Wall) -> None:
    tv = AsyncClient()
    first = code_on((await tv.get("/tv/")).content.decode())
    assert code_on((await tv.get("/tv/")).content.decode()) == first
    assert (await state_of(tv))["code"] == first
    await Pairing.objects.aupdate(expires_at=timezone.now() - timedelta(seconds=1))
    told = await state_of(tv)
    assert told["state"] == "waiting"
    assert told["code"] != first
    assert set(told["code"]) <= set(codes.ALPHABET)
    assert await Pairing.objects.acount() == 1


async def test_a_claimed_code_makes_the_televisions_own_secret_its_key(wall: Wall) -> None:
    tv = AsyncClient()
    page = (await tv.get("/tv/")).content.decode()
    secret = SECRET.search(page)
    assert secret is not None
    screen = await wall.pair(tv, room="Växel")
    assert screen.digest == digest_of(secret[1])
    assert (await state_of(tv))["state"] == "paired"
    board = await tv.get("/tv/")
    html = board.content.decode()
    assert 'data-board="team"' in html
    assert 'data-socket="/ws/boards/team/?device"' in html
    assert secret[1] not in html
    cookie = board.cookies["wb_device"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"], cookie["path"]) == (secret[1], True, "Lax", "/")
    entry = await AuditEntry.objects.aget(action="screen.paired")
    assert (entry.actor_name, entry.subject, entry.detail["name"]) == ("default-supervisor", str(screen.pk), "Hall")
    rows = [str(row) for table in (Screen, Pairing, AuditEntry) for row in [each async for each in table.objects.values()]]
    assert not any(secret[1] in row for row in rows)


async def test_a_code_is_claimed_once(wall: Wall) -> None:
    tv = AsyncClient()
    code = code_on((await tv.get("/tv/")).content.decode())
    await wall.pair(tv)
    again = await (await wall.person()).post("/pair/", {"code": code, "name": "Mine", "board": "team"})
    assert again.status_code == 400
    assert "No television shows this code" in again.content.decode()
    assert await Screen.objects.acount() == 1


@pytest.mark.parametrize("spelling", ["{a}{b}", "{a}-{b}", "{a} {b}", " {a} – {b} "])
async def test_a_code_may_be_typed_as_one_likes(wall: Wall, spelling: str) -> None:
    tv = AsyncClient()
    code = code_on((await tv.get("/tv/")).content.decode())
    typed = spelling.format(a=code[:4].lower(), b=code[4:])
    assert (await (await wall.person()).post("/pair/", {"code": typed, "name": "Hall", "board": "team"})).status_code == 302


async def test_an_old_code_opens_nothing(wall: Wall) -> None:
    tv = AsyncClient()
    code = code_on((await tv.get("/tv/")).content.decode())
    await Pairing.objects.aupdate(expires_at=timezone.now() - timedelta(seconds=1))
    person = await wall.person()
    assert (await person.get(f"/pair/?code={code}")).status_code == 400
    answer = await person.post("/pair/", {"code": code, "name": "Hall", "board": "team"})
    assert answer.status_code == 400
    assert await Screen.objects.acount() == 0


async def test_a_code_that_grew_old_or_was_claimed_meanwhile_makes_no_screen(wall: Wall) -> None:
    """Between the look at it and the wish for it."""
    waiting = await database_sync_to_async(pairing.begin)("secret", "127.0.0.1")
    somebody = Viewer(kind="person", organisation="default", role="supervisor", row=1, name="sara")
    claim, late = database_sync_to_async(pairing.claim), waiting.expires_at + timedelta(seconds=1)
    assert await claim(somebody, waiting.code, Wishes(name="Late"), now=late) is None
    first = await claim(somebody, waiting.code, Wishes(name="First"))
    assert first is not None
    assert await claim(somebody, waiting.code, Wishes(name="Second")) is None
    assert [screen.name async for screen in Screen.objects.all()] == ["First"]


async def test_who_guesses_five_times_waits_even_with_the_right_code(wall: Wall) -> None:
    tv = AsyncClient()
    code = code_on((await tv.get("/tv/")).content.decode())
    guesser = await wall.person()
    for number in range(5):
        wrong = await guesser.get(f"/pair/?code=BBBB-BBB{codes.ALPHABET[number]}")
        assert wrong.status_code == 400
    assert (await guesser.get(f"/pair/?code={code}")).status_code == 429
    assert (await guesser.post("/pair/", {"code": code, "name": "Hall", "board": "team"})).status_code == 429
    assert await Screen.objects.acount() == 0
    assert "Too many wrong codes" in (await guesser.get(f"/pair/?code={code}")).content.decode()


def test_a_hundred_televisions_of_one_building_get_their_codes_at_once_and_a_flood_waits() -> None:
    now = 0.0
    limit = limits.Limit(limits.NEW_PER_S, limits.NEW_BURST, lambda: now)
    assert [limit.count("10.0.0.1") for _ in range(300)] == [0.0] * 300
    assert 0 < limit.count("10.0.0.1") <= 2.0
    assert limit.count("10.0.0.2") == 0.0
    now = 2.1
    assert limit.count("10.0.0.1") == 0.0


async def test_a_television_in_a_flood_is_told_to_come_again(wall: Wall) -> None:
    while not limits.new_codes.count("127.0.0.1"):
        pass
    answer = await AsyncClient().get("/tv/")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    assert 'http-equiv="refresh"' in answer.content.decode()
    assert await Pairing.objects.acount() == 0


async def test_only_who_may_pairs_and_the_code_survives_the_login(wall: Wall) -> None:
    stranger = await AsyncClient().get("/pair/?code=BCDF-GHJK")
    assert stranger.headers["Location"] == "/login/?next=%2Fpair%2F%3Fcode%3DBCDF-GHJK"
    viewer = await wall.person("viewer")
    for address in ("/pair/", "/screens/"):
        assert (await viewer.get(address)).status_code == 403
    screen = await wall.pair(AsyncClient())
    for address in (f"/screens/{screen.pk}/", f"/screens/{screen.pk}/order/", f"/screens/{screen.pk}/revoke/"):
        assert (await viewer.post(address, {"do": "blank"})).status_code == 403
    await screen.arefresh_from_db()
    assert (screen.blanked, screen.revoked_at) == (False, None)


async def test_another_organisation_neither_sees_nor_orders_a_screen(wall: Wall) -> None:
    screen = await wall.pair(AsyncClient(), name="Secret lobby")
    await Organisation.objects.acreate(slug="other", name="Other")
    foreign = await Wall("other").person("admin")
    assert "Secret lobby" not in (await foreign.get("/screens/")).content.decode()
    for address in (f"/screens/{screen.pk}/", f"/screens/{screen.pk}/order/", f"/screens/{screen.pk}/revoke/"):
        assert (await foreign.post(address, {"do": "blank"})).status_code == 404
    await screen.arefresh_from_db()
    assert (screen.blanked, screen.revoked_at) == (False, None)


async def test_a_television_that_lost_its_cookies_gets_them_back_by_its_secret(wall: Wall) -> None:
    tv = AsyncClient()
    secret = SECRET.search((await tv.get("/tv/")).content.decode())
    assert secret is not None
    screen = await wall.pair(tv)
    bare = AsyncClient()
    assert (await bare.post("/tv/restore/", {"secret": "guessed"})).json() == {"state": "none"}
    assert (await bare.post("/tv/restore/", {"secret": secret[1]})).json() == {"state": "paired"}
    assert 'data-board="team"' in (await bare.get("/tv/")).content.decode()
    await database_sync_to_async(screen.revoke)()
    assert (await AsyncClient().post("/tv/restore/", {"secret": secret[1]})).json() == {"state": "none"}


async def test_a_revoked_television_begins_anew_with_another_secret(wall: Wall) -> None:
    tv = AsyncClient()
    old = SECRET.search((await tv.get("/tv/")).content.decode())
    screen = await wall.pair(tv)
    revoked = await (await wall.person()).post(f"/screens/{screen.pk}/revoke/")
    assert revoked.status_code == 302
    assert (await state_of(tv))["state"] == "none"
    new = SECRET.search((await tv.get("/tv/")).content.decode())
    assert old is not None
    assert new is not None
    assert new[1] != old[1]
    assert (await AuditEntry.objects.aget(action="screen.revoked")).detail["name"] == "Hall"


async def test_a_key_lives_180_days_from_its_last_use(wall: Wall) -> None:
    tv = AsyncClient()
    screen = await wall.pair(tv)
    assert screen.expires_at is not None
    assert timedelta(days=179) < screen.expires_at - timezone.now() <= timedelta(days=180)
    await Screen.objects.aupdate(last_seen_at=timezone.now() - timedelta(days=170), expires_at=timezone.now() + timedelta(days=10))
    assert 'data-board="team"' in (await tv.get("/tv/")).content.decode()
    await screen.arefresh_from_db()
    assert screen.expires_at - timezone.now() > timedelta(days=179)
    await Screen.objects.aupdate(expires_at=timezone.now() - timedelta(seconds=1))
    assert 'data-board="pair"' in (await tv.get("/tv/")).content.decode()


async def test_a_television_that_waits_for_months_is_never_forgotten_and_one_that_left_is(wall: Wall) -> None:
    await database_sync_to_async(pairing.begin)("stays", "127.0.0.1")
    await database_sync_to_async(pairing.begin)("leaves", "127.0.0.1")
    now = timezone.now()
    for _day in range(60):
        now += timedelta(hours=23)
        assert await database_sync_to_async(pairing.pairing_of)("stays", now) is not None
        await database_sync_to_async(pairing.begin)(f"other {now}", "127.0.0.1", now)
    assert await database_sync_to_async(pairing.pairing_of)("leaves", now) is None


async def test_nobody_gives_a_screen_more_queues_than_they_see(wall: Wall) -> None:
    scoped = await wall.person("supervisor", queues=["111835"])
    tv = AsyncClient()
    code = code_on((await tv.get("/tv/")).content.decode())
    form = {"code": code, "name": "Hall", "board": "team", "queue": ["111834"]}
    assert (await scoped.post("/pair/", form)).status_code == 302
    assert (await Screen.objects.aget()).queues == ["111835"]
    assert "Support" not in (await tv.get("/tv/")).content.decode()
    assert await Membership.objects.filter(queues=["111835"]).acount() == 1


async def test_what_is_wrong_in_the_form_is_said_and_nothing_is_lost(wall: Wall) -> None:
    tv = AsyncClient()
    code = code_on((await tv.get("/tv/")).content.decode())
    form = {"code": code, "name": "  ", "room": "Växel", "inches": "55 tum", "metres": "4", "seconds-team": "2", "board": "team"}
    answer = await (await wall.person()).post("/pair/", form)
    html = answer.content.decode()
    assert answer.status_code == 400
    for words in ("Give the screen a name", "A number from 7 to 200", "5 to 3600 seconds", 'value="Växel"', codes.grouped(code)):
        assert words in html
    for typed in ('value="55 tum"', 'name="seconds-team" min="5" max="3600" value="2"'):
        assert typed in html, "a wrong number is there to be put right"
    assert await Screen.objects.acount() == 0


async def test_a_television_without_a_script_gets_its_code_and_its_board_too(wall: Wall, worker: Worker) -> None:
    tv = AsyncClient()
    answer = await tv.get("/tv/lite/")
    page = answer.content.decode()
    assert ('http-equiv="refresh" content="5"' in page, answer.headers["Refresh"]) == (True, "5")
    assert "<script" not in page
    await wall.pair(tv)
    answer = await tv.get("/tv/lite/")
    board = answer.content.decode()
    assert ('http-equiv="refresh" content="15"' in board, answer.headers["Refresh"]) == (True, "15")
    assert "<script" not in board
    assert 'data-value="queue:111834.waiting"' in board
    assert "since " in board


async def test_the_page_without_a_script_says_what_is_stale(wall: Wall, worker: Worker) -> None:
    await worker.report(at=now_ms() - 100_000)
    tv = AsyncClient()
    await wall.pair(tv)
    board = (await tv.get("/tv/lite/")).content.decode()
    assert 'data-tile="waiting" data-freshness="stale"' in board
    assert "Our collector is silent since" in board


async def test_a_new_screen_names_agents_as_the_organisation_chose(wall: Wall) -> None:
    """The form proposes it, a link made on the page follows it, and so does a form that says nothing; somebody may decide otherwise."""
    await Organisation.objects.aupdate(screen_names="pseudonym")
    person, tv = await wall.person(), AsyncClient()
    code = code_on((await tv.get("/tv/")).content.decode())
    assert '<option value="pseudonym" selected>' in (await person.get(f"/pair/?code={code}")).content.decode()
    assert (await wall.pair(tv)).names == "pseudonym"
    assert (await wall.pair(AsyncClient(), names="full")).names == "full"
    assert (await person.post("/screens/", {"name": "Reception", "board": "supervisor"})).status_code == 200
    link = await Screen.objects.aget(paired_at=None)
    assert link.names == "pseudonym"
    assert "Anna Berg" not in (await tv.get("/tv/")).content.decode()
    address = await database_sync_to_async(screen_address)("team")
    made_by_command = await database_sync_to_async(Screen.find)(address.rstrip("/").rpartition("/")[2])
    assert made_by_command is not None
    assert made_by_command.names == "full", "whoever has the machine has decided"


async def test_who_sees_some_queues_looks_after_the_screens_that_show_no_other(wall: Wall) -> None:
    """Others are told of, but neither changed, ordered about nor taken back; least of all cut to fewer queues."""
    scoped = await wall.person("viewer", queues=["111835"])
    await Membership.objects.filter(user__username="default-viewer").aupdate(role="supervisor")
    of_all = await wall.pair(AsyncClient(), name="Of all")
    of_both = await wall.pair(AsyncClient(), name="Of both", queue=["111834", "111835"])
    theirs = await wall.pair(AsyncClient(), name="Theirs", queue=["111835"])
    await (await wall.person()).post("/screens/", {"name": "Link", "board": "team"})
    link = await Screen.objects.aget(paired_at=None)
    page = (await scoped.get("/screens/")).content.decode()
    assert "Of all" in page
    assert f"/screens/{theirs.pk}/revoke/" in page
    form = {"name": "Changed", "board": "team"}
    for other in (of_all, of_both, link):
        assert f"/screens/{other.pk}/" not in page
        assert (await scoped.get(f"/screens/{other.pk}/")).status_code == 404
        for what, sent in (("", form), ("order/", {"do": "blank"}), ("revoke/", {})):
            assert (await scoped.post(f"/screens/{other.pk}/{what}", sent)).status_code == 404
        kept = await Screen.objects.aget(pk=other.pk)
        assert (kept.name, kept.queues, kept.blanked, kept.revoked_at) == (other.name, other.queues, False, None)
    assert (await scoped.post(f"/screens/{theirs.pk}/", form)).status_code == 302
    assert ((await Screen.objects.aget(pk=theirs.pk)).name, (await Screen.objects.aget(pk=theirs.pk)).queues) == ("Changed", ["111835"])


async def test_a_queue_that_has_said_nothing_today_stays_chosen(wall: Wall) -> None:
    """Else the screen would show all of them from the next change of its name."""
    screen = await wall.pair(AsyncClient(), queue=["990099"])
    page = (await (await wall.person()).get(f"/screens/{screen.pk}/")).content.decode()
    assert re.search(r'name="queue" value="990099" checked', page)
