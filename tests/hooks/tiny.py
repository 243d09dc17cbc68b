"""The smallest company that posts: signs the whole body, names each post, and tells of one call in each."""

import contextlib
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stats.domain.errors import Malformed, Refused
from stats.providers import registry
from stats.providers.base import Answer, Checked, Company, Delivery

NAME = "tiny"
SIGNATURE = "x-tiny-signature"


class TinyHook:
    """Body: {"id": <delivery>, "call": <id>}; the signature is the HMAC-SHA256 of the body."""

    methods: Sequence[str] = ("POST",)
    headers: Sequence[str] = (SIGNATURE,)
    largest = 64 * 1024
    answer = Answer()
    again = Answer(status=200, body=b'{"again":true}')

    def check(self, delivery: Delivery, secrets: Sequence[str], settings: Mapping[str, Any]) -> Checked:
        """Judge one post."""
        given = delivery.headers.get(SIGNATURE, "")
        if not any(hmac.compare_digest(given, sign(delivery.body, secret)) for secret in secrets):
            raise Refused("auth", "wrong signature")
        try:
            told = json.loads(delivery.body)
        except ValueError:
            raise Malformed("json") from None
        if told.get("raise"):
            raise ZeroDivisionError
        return Checked(delivery_id=told.get("id"), keep=not told.get("test"), verified=bool(told.get("test")))


def sign(body: bytes, secret: str) -> str:
    """What the header says."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@contextlib.contextmanager
def tiny_company() -> Iterator[Company]:
    """While it lasts, the company is in the registry."""
    companies: dict[str, Company] = registry.COMPANIES  # type: ignore[assignment]
    companies[NAME] = Company(name=NAME, title="Tiny", hook=TinyHook())
    try:
        yield companies[NAME]
    finally:
        del companies[NAME]
