"""Reads every template as a strict browser and Django would: `python -m tests.ops.templates`, a part of `make lint`.

Rules: it compiles; it holds no inline script, style or on... attribute (the content policy would refuse them); nothing in it
comes from another host.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FORBIDDEN = {
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*\btype=[\"']application/(?:ld\+)?json)[^>]*>", re.I),
    "a style element": re.compile(r"<style[\s>]", re.I),
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.I),
    "an on... attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.I),
    "something from another host": re.compile(r"<(?:script|link|img|iframe|source)[^>]*(?:src|href)=[\"'](?:https?:)?//", re.I),
    "an escape turned off": re.compile(r"\|\s*safe\b|{%\s*autoescape\s+off"),
}


def faults_of(text: str) -> list[str]:
    """What a template's text holds that it must not, in words."""
    return [name for name, pattern in FORBIDDEN.items() if pattern.search(text)]


def template_files() -> list[Path]:
    """Every HTML template of ours."""
    rooms = [ROOT / "templates", *(ROOT / "wallboard").glob("*/templates")]
    return sorted(path for room in rooms for path in room.rglob("*.html"))


def main() -> int:
    """Prints each fault with its file; 1 when there is any."""
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    from django.template import TemplateSyntaxError, engines

    faults = []
    for path in template_files():
        text = path.read_text(encoding="utf-8")
        # A mail is shown by no page of ours, and knows no other style than that of its attributes.
        faults += [
            f"{path.relative_to(ROOT)}: {fault}"
            for fault in faults_of(text)
            if not (path.name.startswith("mail_") and fault == "a style attribute")
        ]
        try:
            engines["django"].from_string(text)
        except TemplateSyntaxError as wrong:
            faults.append(f"{path.relative_to(ROOT)}: {wrong}")
    print("\n".join(faults) or f"templates: {len(template_files())} in order")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
