"""QR codes as the path of an SVG: drawn by the server, so that a television runs no program for them."""

from dataclasses import dataclass
from functools import lru_cache

import segno

# The margin the standard asks for, in modules.
QUIET = 4


@dataclass(frozen=True, slots=True)
class Qr:
    """`box` is the viewBox, `path` the dark modules, `address` what it says."""

    box: str
    path: str
    address: str


@lru_cache(maxsize=512)
def drawn(address: str) -> Qr:
    """The code of an address."""
    rows = [list(row) for row in segno.make(address, error="m", micro=False).matrix]
    size = len(rows) + 2 * QUIET
    return Qr(box=f"0 0 {size} {size}", path="".join(_runs(rows)), address=address)


def _runs(rows: list[list[int]]) -> list[str]:
    """One rectangle for each run of dark modules in a row."""
    found = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            width = 0
            while x + width < len(row) and row[x + width]:
                width += 1
            if width:
                found.append(f"M{x + QUIET} {y + QUIET}h{width}v1h-{width}z")
            x += max(width, 1)
    return found
