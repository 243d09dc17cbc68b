"""How a WEBHOOK action's request is let in: it carries our secret in a header, or in the callback configuration's custom data.

Rules that hold here:
- Secrets are compared in constant time, every one of those in force.
- The answer is 200 with no actions, and never 204: the vendor ends a call whose callback is answered 204. Were our address ever set as a
  callback, the call would go on to its end without any; it must not be, and the setup says so.
- The vendor repeats nothing and numbers nothing: there is no delivery id.
"""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any

from stats.domain.errors import Refused
from stats.providers.base import Answer, Checked, Delivery
from stats.providers.voxology.bodies import fields_of
from stats.providers.voxology.values import word
from stats.providers.voxology.wire import fields

HEADER = "x-wallboard-key"
CUSTOM_KEY = "wallboard_key"
LONGEST_SECRET = 512
_NOTHING_TO_DO = Answer(status=200, body=b'{"actions":[]}')


class VoxologyHook:
    """The door of Voxology."""

    methods: Sequence[str] = ("POST", "GET", "PUT")
    headers: Sequence[str] = (HEADER,)
    largest = 256 << 10
    answer = _NOTHING_TO_DO
    again = _NOTHING_TO_DO

    def check(self, delivery: Delivery, secrets: Sequence[str], settings: Mapping[str, Any]) -> Checked:
        """Raises Refused("auth") where no secret is right, and Malformed where the body cannot be read."""
        shown = delivery.headers.get(HEADER)
        if shown is not None:
            if not _right(shown, secrets):
                raise Refused("auth", "the key in the header is not ours")
            fields_of(delivery)
            return Checked(delivery_id=None)
        custom = fields_of(delivery).get("custom_data")
        said = word(custom, LONGEST_SECRET) if isinstance(custom, str) and not custom.lstrip().startswith("{") else None
        key = said if said is not None else word(fields(custom).get(CUSTOM_KEY), LONGEST_SECRET)
        if key is None or not _right(key, secrets):
            raise Refused("auth", "neither a header nor custom data has our key")
        return Checked(delivery_id=None)


def _right(shown: str, secrets: Sequence[str]) -> bool:
    right = False
    for secret in secrets:
        right |= bool(secret) and hmac.compare_digest(shown.encode("utf-8", "surrogatepass"), secret.encode("utf-8", "surrogatepass"))
    return right
