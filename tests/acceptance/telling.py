"""A day told to the product in pieces, with a record of what can be known of it, for the oracle to compute from."""

import copy
import random
import time
from collections.abc import Iterable, Sequence
from typing import Any

from tests.acceptance.product import Product
from tests.oracle.compare import differences
from tests.oracle.days import Day
from tests.oracle.documents import Documents
from tests.oracle.script import Frame
from tests.oracle.slow import live
from tests.upstream.play import disordered

# Told by frames alone, never by the history: whether a frame arrived in the instant of a crash nobody can know from outside, so days on
# which something crashes are told without them.
FRAMES_ALONE = ("voicemail", "ohw_ordered")
OF_PRESENCE = (".state_since", ".verified", ".unverified_since")


def stripped(frame: Frame) -> Frame:
    """The frame without what only frames tell."""
    document = copy.deepcopy(frame.document)
    if frame.datasource == "calls":
        for name in FRAMES_ALONE:
            document.pop(name, None)
    if frame.datasource == "queues" and "queue" in document:
        document["queue"].pop("not_answer_risk", None)
    return Frame(datasource=frame.datasource, emitted_at_ms=frame.emitted_at_ms, document=document)


def plain(documents: Documents) -> Documents:
    """The same documents without what only frames tell."""

    def of(datasource: str, told: Sequence[Any]) -> list[Any]:
        return [stripped(Frame(datasource=datasource, emitted_at_ms=0, document=dict(doc))).document for doc in told]

    return Documents(
        calls=of("calls", documents.calls),
        queues=of("queues", documents.queues),
        agents=documents.agents,
        presences=documents.presences,
    )


class Telling:
    """Tells a day to a product. `until` is how far the history has come."""

    def __init__(self, product: Product, day: Day, seed: int = 0) -> None:
        self.product, self.day, self._rng = product, day, random.Random(seed)
        self._upstream = product.upstream

    def history(self, until_ms: int, *, page_cap: int | None = None) -> None:
        """The history knows everything up to an instant."""
        history = self._upstream.upstream.history
        history.page_cap = page_cap
        for root, rows in self.day.rows(until_ms=until_ms).items():
            history.set(root, rows)

    def frames(self, since_ms: int, until_ms: int, *, presence: bool = True) -> list[Frame]:
        """The frames of a span, without what only frames tell."""
        told = self.day.frames(since_ms=since_ms, until_ms=until_ms)
        return [stripped(frame) for frame in told if presence or frame.datasource != "profile_live"]

    def send(self, frames: Iterable[Frame], *, per_s: float | None = None) -> None:
        """Disordered within a second, some twice; to nobody when no socket is open."""
        order = disordered(list(frames), self._rng)
        began = time.monotonic()
        for place, frame in enumerate(order):
            if per_s is not None:
                time.sleep(max(0.0, began + place / per_s - time.monotonic()))
            self._upstream.send(frame.datasource, frame.document)

    def present(self, until_ms: int) -> None:
        """The last presence document of every agent, once more."""
        last = {frame.document["agent"]["name"]: frame for frame in self.day.presences if frame.emitted_at_ms <= until_ms}
        for frame in last.values():
            self._upstream.send(frame.datasource, frame.document)

    def differences(self, documents: Documents, *, skip: tuple[str, ...] = OF_PRESENCE) -> list[str]:
        """Where the product's answer of this moment is not the slow computation's."""
        answer = self.product.live()
        expected = live(documents, as_of_ms=answer["as_of"], timezone=self.day.timezone, settings=self.day.settings)
        return [line for line in differences(expected, answer, ticking_within_s=0.002) if not any(word in line for word in skip)]

    def until_equal(self, documents: Documents, within_s: float, *, skip: tuple[str, ...] = OF_PRESENCE) -> float:
        """Waits until every number agrees; gives the seconds it took, or fails with the differences."""
        began = time.monotonic()
        found = ["nothing was compared"]
        while time.monotonic() - began < within_s:
            try:
                found = self.differences(documents, skip=skip)
            except (OSError, AssertionError) as away:
                found = [f"no answer: {away!r}"]
            if not found:
                return time.monotonic() - began
            time.sleep(0.2)
        raise AssertionError(f"after {within_s} s {len(found)} differences:\n" + "\n".join(found[:40]) + "\n" + self.product.said()[-3000:])
