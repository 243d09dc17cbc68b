"""How far one browser is behind, and what it may therefore be sent.

A socket whose browser does not read fills the server's memory, because Daphne takes whatever it is given. So every message waits for
an acknowledgement: PAUSE_S without one and nothing more is sent until it comes, CLOSE_S and the socket is closed. Only an
acknowledgement of what was sent after the last one counts, so that talking without reading helps nobody. Times are seconds of a
steady clock.
"""

PAUSE_S = 5.0
CLOSE_S = 20.0


class Window:
    """The acknowledgements of one socket."""

    __slots__ = ("acknowledged", "acknowledged_at", "awaited", "owed_since", "sent")

    def __init__(self) -> None:
        self.sent = -1  # the newest version sent
        self.acknowledged = -1  # the newest version the browser has applied
        self.awaited = -1  # the oldest version whose acknowledgement is still to come
        self.owed_since: float | None = None
        self.acknowledged_at: float | None = None

    def note_sent(self, version: int, now: float) -> None:
        """Something that makes the browser's version `version` was sent."""
        self.sent = version
        if self.owed_since is None:
            self.owed_since, self.awaited = now, version

    def note_acknowledged(self, version: int, now: float) -> bool:
        """The browser has applied `version`; False when that tells nothing new or cannot be."""
        if self.owed_since is None or not self.awaited <= version <= self.sent:
            return False
        self.acknowledged, self.acknowledged_at = version, now
        # What was sent after it is still on its way.
        self.owed_since = None if version == self.sent else now
        self.awaited = version + 1
        return True

    def is_paused(self, now: float) -> bool:
        """Nothing may be sent until it acknowledges."""
        return self.owed_since is not None and now - self.owed_since >= PAUSE_S

    def is_over(self, now: float) -> bool:
        """It has had its time."""
        return self.owed_since is not None and now - self.owed_since >= CLOSE_S
