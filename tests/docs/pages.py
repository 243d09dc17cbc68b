"""The pages people read, cut into what can be checked: links, anchors, commands, names of files and words in code type."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`]+)`")
_MAKE = re.compile(r"(?<![\w-])make ([a-z]+)\b(?!ing)")
_MANAGE = re.compile(r"manage\.py ([a-z_]+)")
_FILE = re.compile(r"^[A-Za-z_][\w./-]*\.(?:py|lua|js|yaml|toml|md|txt)$|^[a-z_]+/[\w/]+$")


def pages() -> list[Path]:
    """Every page, the front one first."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def page(name: str) -> str:
    """The text of one page, by its path from the project's folder."""
    return (ROOT / name).read_text(encoding="utf-8")


def links(text: str) -> list[str]:
    """What a page points to inside the project: paths, with their anchors."""
    return [target for target in _LINK.findall(text) if "://" not in target]


def anchors(text: str) -> set[str]:
    """The anchors that a page's headings make."""
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def words(text: str) -> set[str]:
    """Every span in code type, whole."""
    return set(_CODE.findall(text))


def made(text: str) -> set[str]:
    """The targets of `make` that a page names in code type or on an indented line."""
    return {target for span in _as_code(text) for target in _MAKE.findall(span)}


def managed(text: str) -> set[str]:
    """The management commands that a page names."""
    return set(_MANAGE.findall(text))


def files(text: str) -> set[str]:
    """The files and folders of the project that a page names in code type."""
    return {word.rstrip("/") for word in words(text) if _FILE.match(word.rstrip("/"))}


def rows(text: str) -> list[list[str]]:
    """The rows of every table, cell by cell."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


def _as_code(text: str) -> list[str]:
    return [*_CODE.findall(text), *(line for line in text.splitlines() if line.startswith("    "))]
