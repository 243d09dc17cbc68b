"""The fingerprint of what a screen runs: when it changes, screens fetch the board anew.

It is made of the files themselves, so that nobody has to remember to raise a number.
"""

from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings

FOLDERS = ("static/tv", "static/fonts", "templates/tv")


@cache
def build() -> str:
    """Eight hexadecimal digits over the board's scripts, styles and templates, counted once in the life of a process."""
    seen = sha256()
    base = Path(settings.BASE_DIR)
    for folder in FOLDERS:
        for path in sorted((base / folder).rglob("*")):
            if path.is_file():
                seen.update(str(path.relative_to(base)).encode())
                seen.update(path.read_bytes())
    return seen.hexdigest()[:8]
