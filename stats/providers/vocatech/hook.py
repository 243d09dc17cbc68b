"""Whether a post is Vocatech's: HMAC-SHA256 over `t={t}.{raw body}`, not older or newer than five minutes (guide: Signature Verification).

The vendor's help page tells of another scheme (over the body alone, its instant in a header that is not signed). It is taken only where the
source's option says so.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from stats.domain.errors import Refused
from stats.providers.base import Answer, Checked, Delivery
from stats.providers.vocatech.wire import Loose, word

SIGNATURE, TIMESTAMP = "x-vocatech-signature", "x-vocatech-timestamp"
TOLERANCE_S = 300
MOST_SIGNATURES = 8
MAX_ID_CHARACTERS = 200
TEST = "webhook.test"
_PART = re.compile(r"\s*(t|v1)\s*=\s*([0-9A-Fa-f]{1,128})\s*")
_INSTANT = re.compile(r"\d{1,12}")


class _Envelope(msgspec.Struct):
    id: Loose = None
    event_type: Loose = None
    type: Loose = None
    event: Loose = None


_envelopes = msgspec.json.Decoder(_Envelope)


class VocatechHook:
    """See `base.Hook`."""

    methods: Sequence[str] = ("POST",)
    headers: Sequence[str] = (SIGNATURE, TIMESTAMP)
    largest = 2 << 20  # a transcript of hours
    signs = True  # with a secret it names once, when a webhook is made
    answer = Answer(status=202)
    again = Answer(status=200)

    def check(self, delivery: Delivery, secrets: Sequence[str], settings: Mapping[str, Any]) -> Checked:
        """By the guide's scheme; by the help page's too where the source allows it. Raises Refused("auth")."""
        genuine = _by_guide(delivery, secrets)
        if not genuine and settings.get("help_page_signature"):
            genuine = _by_help_page(delivery, secrets)
        if not genuine:
            raise Refused("auth", "signature")
        delivery_id, event = _envelope(delivery.body)
        if event == TEST:
            return Checked(delivery_id=delivery_id, keep=False, verified=True)
        return Checked(delivery_id=delivery_id)


def _by_guide(delivery: Delivery, secrets: Sequence[str]) -> bool:
    found = [match for part in delivery.headers.get(SIGNATURE, "").split(",") if (match := _PART.fullmatch(part)) is not None]
    at = [match.group(2) for match in found if match.group(1) == "t"]
    told = [match.group(2).lower() for match in found if match.group(1) == "v1"][:MOST_SIGNATURES]
    if len(at) != 1 or not _recent(at[0], delivery.at):
        return False
    return _matches(f"t={at[0]}.".encode() + delivery.body, told, secrets)


def _by_help_page(delivery: Delivery, secrets: Sequence[str]) -> bool:
    told = delivery.headers.get(SIGNATURE, "").strip().lower().removeprefix("sha256=")
    return _recent(delivery.headers.get(TIMESTAMP, "").strip(), delivery.at) and _matches(delivery.body, [told], secrets)


def _recent(at: str, now_ms: int) -> bool:
    return _INSTANT.fullmatch(at) is not None and abs(now_ms // 1000 - int(at)) <= TOLERANCE_S


def _matches(signed: bytes, told: Iterable[str], secrets: Sequence[str]) -> bool:
    """Every pair is compared, each in constant time."""
    genuine = False
    for secret in secrets:
        if not secret:
            continue
        expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
        for each in told:
            genuine |= hmac.compare_digest(expected, each.encode("utf-8", "replace"))
    return genuine


def _envelope(body: bytes) -> tuple[str, str]:
    """(what the delivery is known by, the event). Whatever cannot be read is known by its bytes, and kept to be looked at."""
    try:
        told = _envelopes.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        told = _Envelope()
    known = word(told.id)
    if not 0 < len(known) <= MAX_ID_CHARACTERS or not known.isprintable():
        known = hashlib.blake2b(body, digest_size=16).hexdigest()
    return known, word(told.event_type) or word(told.type) or word(told.event)
