"""What a paired screen is told beside its board: its name, what it shows in turn, to say who it is, to go dark, to begin anew.

Rules that hold here: what a screen is to be lies in its row, and the guard finds it by looking, so that no order is lost with a connection;
a socket is told only what it has not been told; the same look tells when a screen was last switched on, once a minute.
"""

import json
import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256

import structlog
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from wallboard.accounts.keys import SLIDES
from wallboard.accounts.models import Screen
from wallboard.push.socket import BoardSocket
from wallboard.screens.playlist import steps_of

log = structlog.get_logger(__name__)

SEEN_EVERY_S = 60.0
# SQLite takes a thousand parameters in a question.
AT_A_TIME = 500
_noted_at = float("-inf")


def order_of(screen: Screen) -> dict[str, object]:
    """What a screen is to be now. Instants are epoch ms; `look` changes when its board has to be drawn anew."""
    look = (screen.theme, screen.language, screen.inches, screen.metres, screen.names, screen.queues)
    return {
        "type": "screen",
        "name": screen.name,
        "room": screen.room,
        "identify_until": _ms(screen.identify_until),
        "reload_at": _ms(screen.reload_asked_at),
        "blanked": screen.blanked,
        "steps": [step.as_message() for step in steps_of(screen.playlist, screen.board)],
        "look": sha256(repr(look).encode("utf-8", "backslashreplace")).hexdigest()[:10],
    }


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


async def tell(sockets: Iterable[BoardSocket]) -> None:
    """Tells the sockets of paired screens what has changed since they were told."""
    those = [socket for socket in sockets if socket.is_device and not socket.closed]
    if not those:
        return
    texts: dict[str, str] = {}
    digests = list({socket.entry.digest for socket in those})
    try:
        for at in range(0, len(digests), AT_A_TIME):
            async for row in Screen.objects.filter(digest__in=digests[at : at + AT_A_TIME]):
                texts[row.digest] = json.dumps(order_of(row), separators=(",", ":"))
        await _note_seen(those)
    except (DatabaseError, InterfaceError):
        # The guard says so already, and the next look may find it back.
        return
    for socket in those:
        text = texts.get(socket.entry.digest)
        if text is not None and text != socket.ordered:
            socket.ordered = text
            await socket.say({"type": "websocket.send", "text": text})


async def _note_seen(those: Sequence[BoardSocket]) -> None:
    global _noted_at
    if time.monotonic() - _noted_at < SEEN_EVERY_S:
        return
    _noted_at = time.monotonic()
    now = timezone.now()
    rows = list({socket.entry.row for socket in those if socket.entry.row is not None})
    for at in range(0, len(rows), AT_A_TIME):
        await Screen.objects.filter(pk__in=rows[at : at + AT_A_TIME]).aupdate(last_seen_at=now, expires_at=now + SLIDES)


def forget() -> None:
    """As if the process had just begun; for tests."""
    global _noted_at
    _noted_at = float("-inf")
