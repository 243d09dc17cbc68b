"""The second step of signing in: a code from an app (TOTP, RFC 6238), or one of the recovery codes made with it.

Rules that hold here: a code opens once; recovery codes are kept as digests and shown once; wrong codes make the device itself wait, from
whatever address they come (django-otp).
"""

import base64
import hashlib
import secrets
from binascii import unhexlify
from typing import Any

import segno
from django.db import transaction
from django_otp import verify_token
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

RECOVERY_CODES = 10
# Base 32 of 10 random bytes: 16 letters and digits, which nobody guesses, in four groups that people can copy.
RECOVERY_BYTES, GROUP = 10, 4


def is_on(person: Any) -> bool:
    """Whether this person must give a second code."""
    return bool(TOTPDevice.objects.filter(user=person, confirmed=True).exists())


def begin(person: Any) -> TOTPDevice:
    """The device that waits to be confirmed; the same one until it is, so that a reload does not spoil what was scanned."""
    waiting = TOTPDevice.objects.filter(user=person, confirmed=False).first()
    return waiting or TOTPDevice.objects.create(user=person, name="app", confirmed=False)


def key_in_words(device: TOTPDevice) -> str:
    """The key as apps take it by hand, in groups of four."""
    return _grouped(base64.b32encode(unhexlify(device.key)).decode().rstrip("="), " ")


def picture_of(device: TOTPDevice) -> str:
    """A `data:` address of an SVG with the QR code that apps scan."""
    return str(segno.make(device.config_url, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff"))


def confirm(person: Any, code: str) -> list[str] | None:
    """Switches the second step on when the code is right; the recovery codes, or None."""
    with transaction.atomic():
        device = begin(person)
        # Somebody who mistypes while setting up has not attacked anything.
        device.throttle_reset()
        if not device.verify_token(_plain(code)):
            return None
        TOTPDevice.objects.filter(user=person, confirmed=True).delete()
        device.confirmed = True
        device.save()
        return new_recovery_codes(person)


def new_recovery_codes(person: Any) -> list[str]:
    """Ten new ones in clear; the former ones stop working."""
    codes = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        StaticDevice.objects.filter(user=person).delete()
        device = StaticDevice.objects.create(user=person, name="recovery")
        for code in codes:
            device.token_set.create(token=_kept(code))
    return [_grouped(code, "-") for code in codes]


def recovery_codes_left(person: Any) -> int:
    """How many have not been used."""
    return sum(device.token_set.count() for device in StaticDevice.objects.filter(user=person))


def switch_off(person: Any) -> None:
    """No second step any more."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=person).delete()
        StaticDevice.objects.filter(user=person).delete()


def check(person: Any, code: str) -> str:
    """What a code is for this person: "app", "recovery", or nothing when it is wrong, used, or comes while the device waits."""
    plain = _plain(code)
    kinds: tuple[tuple[str, Any, str], ...]
    if plain.isdecimal():
        kinds = (("app", TOTPDevice, plain),)
    else:
        kinds = (("recovery", StaticDevice, _kept(plain)),)
    for name, kind, token in kinds:
        for device in kind.objects.filter(user=person, confirmed=True):
            if verify_token(person, device.persistent_id, token) is not None:
                return name
    return ""


def _plain(code: str) -> str:
    return "".join(letter for letter in code.lower() if letter.isalnum())[:64]


def _kept(code: str) -> str:
    """As much of the digest as django-otp's column holds: 64 bits of it, of a code with 80."""
    return hashlib.sha256(code.encode()).hexdigest()[:16]


def _grouped(text: str, between: str) -> str:
    return between.join(text[i : i + GROUP] for i in range(0, len(text), GROUP))
