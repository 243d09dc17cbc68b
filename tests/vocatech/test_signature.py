"""Whether a post is Vocatech's: its signature over the raw bytes, and the clock (VT-03, VT-04)."""

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stats.domain.errors import Refused
from stats.providers.base import Checked, Delivery
from stats.providers.vocatech.company import COMPANY
from stats.providers.vocatech.hook import VocatechHook

SECRET = "whsec_made_up_0001"
NOW_MS = 1_773_153_045_000
BODY = json.dumps({"id": "evt_67890abcdef", "event_type": "call.ended", "data": {"extension_name": "Åsa"}}, ensure_ascii=False).encode()
HOOK = VocatechHook()


def signed(body: bytes, *, secret: str = SECRET, at: int = NOW_MS // 1000) -> str:
    """As the guide's Python does it, on bytes."""
    expected = hmac.new(secret.encode(), f"t={at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={expected}"


def delivery(body: bytes, signature: str | None, **headers: str) -> Delivery:
    known = {"x-vocatech-signature": signature} if signature is not None else {}
    return Delivery(at=NOW_MS, method="POST", content_type="application/json", query="", headers={**known, **headers}, body=body)


def check(one: Delivery, *secrets: str, **settings: bool) -> Checked:
    return HOOK.check(one, secrets or (SECRET,), settings)


def test_a_genuine_delivery_is_known_by_its_event_id() -> None:
    """VT-03 and VT-04: raw bytes, with letters of two bytes in them; the same event is the same delivery."""
    assert check(delivery(BODY, signed(BODY))) == Checked(delivery_id="evt_67890abcdef")
    assert (HOOK.answer.status, HOOK.again.status) == (202, 200)


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "t=,v1=",
        signed(BODY, secret="whsec_other"),
        signed(BODY + b" "),
        signed(BODY).replace("t=", "t=1"),
        signed(BODY).replace("v1=", "v0="),
        signed(BODY).split(",")[1],
        signed(BODY).split(",")[0],
        f"t={NOW_MS // 1000},{signed(BODY)}",
        signed(BODY, at=NOW_MS // 1000 - 301),
        signed(BODY, at=NOW_MS // 1000 + 301),
        f"t={NOW_MS // 1000},v1={hmac.new(SECRET.encode(), f'{NOW_MS // 1000}.'.encode() + BODY, hashlib.sha256).hexdigest()}",
        "t=1e9,v1=é",
    ],
)
def test_whatever_is_not_signed_by_the_guide_is_refused(signature: str | None) -> None:
    """VT-03: wrong secret, altered body, no header, an instant twice, older or newer than 300 s, and Stripe's way of signing."""
    with pytest.raises(Refused) as why:
        check(delivery(BODY, signature))
    assert why.value.kind == "auth"
    assert SECRET not in str(why.value)


@pytest.mark.parametrize("skew", [-300, 300])
def test_five_minutes_are_let_pass(skew: int) -> None:
    """VT-03: reject if abs(current_time - t) > 300."""
    assert check(delivery(BODY, signed(BODY, at=NOW_MS // 1000 + skew))).keep


def test_one_of_several_signatures_and_one_of_several_secrets_is_enough() -> None:
    """VT-16 and VT-A4: while a secret is replaced both are in force, and a header may carry several v1."""
    told = signed(BODY) + f",v1={'0' * 64}"
    assert check(delivery(BODY, told), "whsec_new", SECRET).keep
    assert check(delivery(BODY, f"v1={'0' * 64}, {signed(BODY)}")).keep
    with pytest.raises(Refused):
        check(delivery(BODY, signed(BODY, secret="")), "")


def test_the_help_pages_scheme_is_taken_only_where_it_was_switched_on() -> None:
    """VT-A4: HMAC over the body alone, the instant in a header of its own."""
    digest = hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()
    told = delivery(BODY, digest, **{"x-vocatech-timestamp": str(NOW_MS // 1000)})
    with pytest.raises(Refused):
        check(told)
    assert check(told, help_page_signature=True).keep
    with pytest.raises(Refused):
        check(delivery(BODY, digest), help_page_signature=True)
    with pytest.raises(Refused):
        check(delivery(BODY, digest, **{"x-vocatech-timestamp": str(NOW_MS // 1000 - 400)}), help_page_signature=True)
    assert next(option for option in COMPANY.options if option.name == "help_page_signature").default is False


def test_a_signed_test_proves_the_hook_and_is_not_kept() -> None:
    """VT-02 and VT-A19: whatever else it holds."""
    body = b'{"event_type": "webhook.test", "anything": [1, {"b": null}]}'
    told = check(delivery(body, signed(body)))
    assert (told.keep, told.verified) == (False, True)
    assert not check(delivery(BODY, signed(BODY))).verified


@given(st.binary(max_size=200))
def test_signed_bytes_of_any_kind_are_known_by_something(body: bytes) -> None:
    """A genuine delivery that cannot be read is kept, so that somebody can look at it."""
    told = check(delivery(body, signed(body)))
    assert told.delivery_id
    assert told == check(delivery(body, signed(body)))
