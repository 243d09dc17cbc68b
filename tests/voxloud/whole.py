"""One `manage.py up` with one source of Voxloud, and the look-alike that posts to it."""

import contextlib
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from tests.acceptance.product import Answer, eventually
from tests.vendors.housed import Housed
from tests.voxloud.telling import QUEUES

KEY = "voxloud-Ginst-4711-secret"  # made up
DAY_MS = 86_400_000
WITHIN_S = 20.0  # what is promised is two; a loaded machine is no broken promise
_PAUSE = """
import django; django.setup()
from django.utils import timezone
from stats.models import Source
source = Source.objects.select_related("organisation").get(name="vl")
source.paused_at = {at}
source.save()
source.organisation.bump()
"""


class PostedTo(Housed):
    """See Housed; nobody signs, the address holds the secret."""

    def __init__(self) -> None:
        super().__init__("voxloud", "vl", path="/api", token=KEY, settings={"queues": QUEUES})
        self.called_at = 0  # when those of its past called, epoch ms

    def tell(self, posted: dict[str, Any], *, keep: bool = False) -> None:
        """The look-alike posts a document."""
        self.deed("send", kind=posted["type"], document=posted["data"], keep=keep)

    def post(self, body: bytes, address: str | None = None) -> int:
        """Somebody posts; the status."""
        request = urllib.request.Request(address or self.address, data=body, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                return int(reply.status)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code

    def ordered(self) -> list[Answer]:
        """The subscriptions the look-alike has."""
        with contextlib.suppress(OSError):
            found: list[Answer] = self.deed("state")["subscriptions"]
            return found
        return []

    def keep(self, posted: dict[str, Any]) -> None:
        """The look-alike has a record in its past, and posts nothing."""
        self.deed("keep", document=posted["data"])

    def pause(self, paused: bool) -> None:
        """What the page of sources does."""
        self.script(_PAUSE.format(at="timezone.now()" if paused else None))


def ready(*kept: dict[str, Any]) -> Iterator[PostedTo]:
    """Everything runs, the day is read, and everything is ordered; `kept` lay in the look-alike's past before that."""
    running = PostedTo()
    try:
        running.until_the_house_answers()
        for told in kept:
            running.keep(told)
        running.start()
        eventually(lambda: len(running.ordered()) == 7, 30, running.said)
        running.until("live", 30)
        yield running
    finally:
        running.destroy()
