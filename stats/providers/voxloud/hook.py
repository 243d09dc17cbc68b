"""How what Voxloud posts is let in: it signs nothing, so the secret is in the address, and the door has judged that already.

What can be judged here is the shape alone: a JSON object with a kind we know. The vendor gives deliveries no id; the same bytes again are
a repetition, and tell nothing new.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from stats.domain.errors import Malformed
from stats.providers.base import Answer, Checked, Delivery
from stats.providers.voxloud import wire
from stats.providers.voxloud.translate import EVENTS, RECORDS


class VoxloudHook:
    """See `providers.base.Hook`."""

    methods: Sequence[str] = ("POST",)
    headers: Sequence[str] = ()
    largest = 512 << 10  # a transcription has up to 65,535 characters, each of which JSON may spell in six
    answer = Answer(status=200)
    again = Answer(status=200)

    def check(self, delivery: Delivery, secrets: Sequence[str], settings: Mapping[str, Any]) -> Checked:
        """Raises Malformed for what is no document of the vendor's."""
        heard = wire.heard(delivery.body)
        if heard.kind not in EVENTS | RECORDS | {"FAX_CALL"}:
            raise Malformed("kind")
        return Checked(delivery_id=hashlib.blake2b(delivery.body, digest_size=16).hexdigest())
