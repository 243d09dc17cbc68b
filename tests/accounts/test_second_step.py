"""A code after the password: switched on from one's own account, asked for at the door, and never skipped."""

import re
import time
from typing import Any

import pytest
from django.test import Client
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from tests.accounts.conftest import ON_THIS_ENGINE, PASSWORD, actions, browser_of, sign_in, words_of
from wallboard.accounts import second_step
from wallboard.accounts import sign_in as door

pytestmark = [ON_THIS_ENGINE, pytest.mark.engines]


def code_of(person: Any, steps_ahead: int = 0) -> str:
    """What the app of a person shows; the next code `steps_ahead`."""
    device = TOTPDevice.objects.filter(user=person).latest("confirmed", "pk")
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits)
    totp.time = time.time() + steps_ahead * device.step
    return f"{totp.token():06d}"


def switched_on(person: Any) -> list[str]:
    """Switches the second step on; the recovery codes. The code is the former one, so that the present one still opens."""
    second_step.begin(person)
    codes = second_step.confirm(person, code_of(person, -1))
    assert codes is not None
    return codes


def test_it_is_switched_on_from_ones_own_account_with_a_code_and_the_password(house: dict[str, Any]) -> None:
    browser = browser_of(house["viewer"])
    page = browser.get("/account/").content.decode()
    assert 'src="data:image/svg+xml' in page
    key = re.search(r'class="key">([A-Z2-7 ]+)<', page)
    assert key is not None
    assert key[1] in browser.get("/account/").content.decode(), "a reload does not spoil what was scanned"
    assert browser.post("/account/", {"do": "app", "code": "000000", "current": PASSWORD}).status_code == 400
    assert browser.post("/account/", {"do": "app", "code": code_of(house["viewer"]), "current": "wrong"}).status_code == 400
    assert not second_step.is_on(house["viewer"])
    done = browser.post("/account/", {"do": "app", "code": code_of(house["viewer"]), "current": PASSWORD})
    codes = re.findall(r"<code>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</code>", done.content.decode())
    assert (done.status_code, len(set(codes))) == (200, 10)
    later = browser.get("/account/").content.decode()
    assert key[1] not in later
    assert not any(code in later for code in codes), "shown once"
    assert actions()[-1] == "account.second_step_on"
    assert not set(StaticToken.objects.values_list("token", flat=True)) & {code.replace("-", "") for code in codes}


def test_the_password_alone_opens_nothing_any_more(house: dict[str, Any]) -> None:
    anna = house["viewer"]
    switched_on(anna)
    browser = Client(headers={"accept-language": "en"})
    answer = sign_in(browser, "viewer", next="/tokens/")
    assert answer["Location"] == "/login/code/"
    half = browser.cookies["sessionid"].value
    assert browser.get("/account/").status_code == 302
    assert actions() == []
    answer = browser.post("/login/code/", {"code": code_of(anna)})
    assert (answer.status_code, answer["Location"]) == (302, "/tokens/")
    assert browser.cookies["sessionid"].value != half, "a new key with each step"
    assert browser.get("/account/").status_code == 200
    assert actions() == ["sign_in.done"]


def test_the_half_way_has_a_key_that_nobody_knew_before(house: dict[str, Any]) -> None:
    """Session fixation: whoever planted the key is not half in."""
    switched_on(house["viewer"])
    browser = Client()
    session = browser.session
    session["planted"] = "yes"
    session.save()
    browser.cookies["sessionid"] = planted = session.session_key
    sign_in(browser, "viewer")
    assert browser.cookies["sessionid"].value not in (planted, "")
    thief = Client()
    thief.cookies["sessionid"] = planted
    assert thief.get("/login/code/")["Location"] == "/login/"


def test_a_code_opens_once(house: dict[str, Any]) -> None:
    anna = house["viewer"]
    switched_on(anna)
    first, second = Client(), Client(headers={"accept-language": "en"})
    sign_in(first, "viewer")
    sign_in(second, "viewer")
    code = code_of(anna)
    assert first.post("/login/code/", {"code": code}).status_code == 302
    answer = second.post("/login/code/", {"code": code})
    assert (answer.status_code, second.get("/account/").status_code) == (200, 302)
    assert "has been used already" in words_of(answer)


def test_a_recovery_code_opens_once_however_it_is_written(house: dict[str, Any]) -> None:
    codes = switched_on(house["viewer"])
    browser = Client()
    sign_in(browser, "viewer")
    assert browser.post("/login/code/", {"code": f" {codes[3].upper().replace('-', ' ')} "}).status_code == 302
    assert second_step.recovery_codes_left(house["viewer"]) == 9
    assert second_step.check(house["viewer"], codes[3]) == ""
    assert second_step.check(house["viewer"], StaticToken.objects.values_list("token", flat=True)[0]) == "", "what is kept opens nothing"


def test_wrong_codes_make_the_device_wait_even_for_the_right_one(house: dict[str, Any]) -> None:
    anna = house["viewer"]
    switched_on(anna)
    browser = Client()
    sign_in(browser, "viewer")
    for n in range(3):
        browser.post("/login/code/", {"code": f"{n:06d}"}, REMOTE_ADDR=f"192.0.2.{n}")
    assert browser.post("/login/code/", {"code": code_of(anna)}).status_code == 200
    assert actions() == ["sign_in.code_failed"] * 4
    for n in range(20):
        last = browser.post("/login/code/", {"code": f"{n:06d}"})
    assert last.status_code == 429


def test_the_half_way_ends_by_itself_and_with_the_password(house: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    anna = house["viewer"]
    switched_on(anna)
    browser = Client()
    sign_in(browser, "viewer")
    with monkeypatch.context() as later:
        later.setattr(door, "HALF_IN_S", -1)
        assert browser.post("/login/code/", {"code": code_of(anna)})["Location"] == "/login/"
    sign_in(browser, "viewer")
    anna.set_password("another good password")
    anna.save()
    assert browser.post("/login/code/", {"code": code_of(anna)})["Location"] == "/login/"
    assert Client().get("/login/code/")["Location"] == "/login/"


def test_it_is_switched_off_with_the_password_alone(house: dict[str, Any]) -> None:
    anna = house["viewer"]
    switched_on(anna)
    browser = browser_of(anna)
    assert browser.post("/account/", {"do": "app-off", "current": "wrong"}).status_code == 400
    assert second_step.is_on(anna)
    assert browser.post("/account/", {"do": "app-off", "current": PASSWORD}).status_code == 200
    assert not second_step.is_on(anna)
    assert StaticToken.objects.count() == 0
    assert sign_in(Client(), "viewer")["Location"] == "/"


def test_new_recovery_codes_end_the_former_ones(house: dict[str, Any]) -> None:
    former = switched_on(house["viewer"])
    page = browser_of(house["viewer"]).post("/account/", {"do": "codes", "current": PASSWORD}).content.decode()
    codes = re.findall(r"<code>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</code>", page)
    assert second_step.recovery_codes_left(house["viewer"]) == len(codes) == 10
    assert second_step.check(house["viewer"], codes[0]) == "recovery"
    assert second_step.check(house["viewer"], former[0]) == ""
