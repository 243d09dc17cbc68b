"""Raw tapes: what a source's sockets said, written down to be played again; numbers can be masked on the way out.

A tape is a text file, one JSON array a line: [instant ms, feed, frame]. A bug becomes a masked tape, the tape a fixture.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import msgspec

_NUMBER = re.compile(r'(?<![\w.-])(\+|00)?\d[\d ]{6,}\d(?=")')
LARGEST_BYTES = 200 * 1024 * 1024


class Tape:
    """Written to until it is full; a full or failing disk stops the tape and nothing else."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._out: TextIO | None = path.open("a", encoding="utf-8")
        self._size = path.stat().st_size

    def write(self, feed: str, frame: bytes, now: int) -> None:
        """Add one frame."""
        if self._out is None:
            return
        line = msgspec.json.encode([now, feed, frame.decode("utf-8", "replace")]).decode() + "\n"
        try:
            self._out.write(line)
            self._out.flush()
        except OSError:
            self.close()
            return
        self._size += len(line)
        if self._size > LARGEST_BYTES:
            self.close()

    def close(self) -> None:
        """No more is written."""
        if self._out is not None:
            self._out.close()
            self._out = None


def play(path: Path) -> Iterator[tuple[int, str, bytes]]:
    """The frames of a tape, in order: (instant, feed, bytes)."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            at, feed, frame = msgspec.json.decode(line, type=tuple[int, str, str])
            yield at, feed, frame.encode()


def masked(frame: bytes) -> bytes:
    """A frame with its telephone numbers' middle digits made zeros, lengths kept."""

    def hide(found: re.Match[str]) -> str:
        number = found.group(0)
        return number[:5] + "0" * max(0, len(number) - 7) + number[-2:]

    return _NUMBER.sub(hide, frame.decode("utf-8", "replace")).encode()
