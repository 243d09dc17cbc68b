"""Holds the television code to what Chromium 68 and Safari of its day can run: `python -m tests.lint.tv_floor`.

A television never gets a newer browser, and a single `?.` leaves it black. The scripts are parsed, not searched, so that a word in a
comment is no fault. Exit 1 and one line a fault, or silence.
"""

import gzip
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "static" / "tv"
SCRIPTS_GZ_MOST, STYLES_GZ_MOST, FONT_MOST = 30_000, 8_000, 46_000

# The first Chromium that has it stands behind each.
SYNTAX = {
    "optional_chain": "optional chaining (80)",
    "field_definition": "class fields (72)",
    "private_property_identifier": "private members (74)",
    "class_static_block": "static blocks (94)",
}
OPERATORS = {"??": "nullish coalescing (80)", **dict.fromkeys(("??=", "||=", "&&="), "logical assignment (85)")}
MEMBERS = {
    "flat": "Array.flat (69)",
    "flatMap": "Array.flatMap (69)",
    "fromEntries": "Object.fromEntries (73)",
    "allSettled": "Promise.allSettled (76)",
    "any": "Promise.any (85)",
    "replaceAll": "replaceAll (85)",
    "matchAll": "matchAll (73)",
    "at": "at() (92)",
    "hasOwn": "Object.hasOwn (93)",
    "findLast": "findLast (97)",
    "trimStart": "trimStart (66, not Safari 11)",
    "replaceChildren": "replaceChildren (86)",
    "randomUUID": "randomUUID (92)",
}
GLOBALS = {
    "globalThis": "globalThis (71)",
    "structuredClone": "structuredClone (98)",
    "WeakRef": "WeakRef (84)",
    "queueMicrotask": "queueMicrotask (71)",
    "AggregateError": "AggregateError (85)",
}
MARKUP = {
    "innerHTML": "markup from strings",
    "outerHTML": "markup from strings",
    "insertAdjacentHTML": "markup from strings",
    "write": "document.write",
    "eval": "eval",
}
LAYOUT = re.compile(r"^(offset|client|scroll)(Width|Height|Top|Left)$|^(getBoundingClientRect|getClientRects|getComputedStyle|innerText)$")
# Where the page is kept true: nothing may be measured there, for a measurement forces a layout in the middle of writing.
UNMEASURED = ("commit.js", "bind.js", "ticker.js", "main.js", "show.js", "screen.js")
# Only the one hand writes; another changes the whole board.
WRITES = re.compile(
    r"^(textContent|nodeValue|className|appendChild|append|removeChild|remove|replaceWith|insertBefore|createElement|createTextNode)$"
)
WRITERS = ("commit.js", "swap.js")
# These know no document.
STORE_ONLY = ("playlist.js", "store.js", "rows.js", "severity.js", "freshness.js", "clock.js")
DOCUMENT = ("document", "window", "navigator", "localStorage", "sessionStorage")

STYLES = (
    (re.compile(r"(?<![-\w])(clamp|min|max)\("), "clamp(), min(), max() (79)"),
    (re.compile(r"(?<![-\w])inset\s*:"), "inset (87)"),
    (re.compile(r"(?<![-\w])aspect-ratio\s*:"), "aspect-ratio (88)"),
    (re.compile(r":(is|where)\("), ":is(), :where() (88)"),
    (re.compile(r":has\("), ":has() (105)"),
    (re.compile(r"@(layer|container|property|supports\s+selector)\b"), "@layer, @container, @property (85 to 105)"),
    (re.compile(r"(color-mix|oklch|oklab)\("), "color-mix(), oklch() (111)"),
    (re.compile(r":focus-visible"), ":focus-visible (86)"),
    (re.compile(r"(?<![-\w])(margin|padding|border)-(inline|block)(?![-\w]*-(start|end))\s*:"), "logical shorthands (87)"),
    (re.compile(r"\d(d|s|l)v[hw]\b"), "dynamic viewport units (108)"),
    (re.compile(r"(?<![-\w])(translate|rotate|scale)\s*:"), "single transforms (104)"),
    (re.compile(r"(?<![-\w])content-visibility\s*:"), "content-visibility (85)"),
    (re.compile(r"(?<![-\w])(overflow\s*:\s*clip|place-content|place-items|place-self)\b"), "clip, place-* (90, 59 without Safari)"),
)
_COLOUR = r"(?:#[0-9a-fA-F]{3,8}|var\([^()]*\)|rgba?\([^()]*\)|\b[a-z]+)"
_LENGTH = r"\s+-?[\d.]+(?:px|%|em|vh|vw)?"
TWO_POSITIONS = re.compile(_COLOUR + _LENGTH + _LENGTH + r"(?=\s*[,)])")
FLEX = re.compile(r"display\s*:\s*(inline-)?flex")
GAP = re.compile(r"(?<![-\w])(row-|column-)?gap\s*:")


def script_faults(name: str, source: str) -> list[str]:
    """Every fault of one script, as "line: what"."""
    tree = Parser(Language(tree_sitter_javascript.language())).parse(source.encode())
    faults = [f"{node.start_point[0] + 1}: {what}" for node in _nodes(tree.root_node) for what in _faults_of(name, node)]
    if tree.root_node.has_error:
        faults.append("1: cannot be parsed")
    return faults


def _nodes(root: Node) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def _text(node: Node | None) -> str:
    return (node.text or b"").decode() if node is not None else ""


def _faults_of(name: str, node: Node) -> Iterator[str]:
    if node.type in SYNTAX:
        yield SYNTAX[node.type]
    elif node.type in ("binary_expression", "augmented_assignment_expression"):
        operator = _text(node.child_by_field_name("operator"))
        if operator in OPERATORS:
            yield OPERATORS[operator]
    elif node.type == "number" and "_" in _text(node):
        yield "numeric separators (75)"
    elif node.type == "await_expression" and not _inside_function(node):
        yield "top-level await (89)"
    elif node.type == "catch_clause" and node.child_by_field_name("parameter") is None:
        yield "catch without a binding (66, not Safari 11)"
    elif node.type == "import" and node.parent is not None and node.parent.type == "call_expression":
        yield "dynamic import"
    elif node.type == "property_identifier" and node.parent is not None and node.parent.type == "member_expression":
        yield from _member_faults(name, _text(node), node.parent)
    elif node.type == "identifier":
        word = _text(node)
        if word in GLOBALS:
            yield GLOBALS[word]
        if word in DOCUMENT and name in STORE_ONLY:
            yield f"{name} knows no document"
        if word == "eval":
            yield MARKUP[word]


def _member_faults(name: str, word: str, member: Node) -> Iterator[str]:
    above = member.parent
    called = above is not None and above.type == "call_expression" and above.child_by_field_name("function") == member
    if word in MEMBERS and called:
        yield MEMBERS[word]
    if word in MARKUP and (word != "write" or _text(member.child_by_field_name("object")) == "document"):
        yield MARKUP[word]
    if name in UNMEASURED and LAYOUT.match(word):
        yield f"{word} measures, which forces a layout"
    if name not in WRITERS and WRITES.match(word) and not _is_reading(word, member):
        yield f"{word}: {WRITERS[0]} alone writes to the page"


def _is_reading(word: str, member: Node) -> bool:
    """className on the right-hand side is only looked at."""
    above = member.parent
    return word in ("textContent", "nodeValue", "className") and not (
        above is not None and above.type == "assignment_expression" and above.child_by_field_name("left") == member
    )


def _inside_function(node: Node) -> bool:
    above = node.parent
    while above is not None:
        if "function" in above.type or above.type == "method_definition":
            return True
        above = above.parent
    return False


def style_faults(source: str) -> list[str]:
    """Every fault of one style sheet, as "line: what"."""
    plain = re.sub(r"/\*.*?\*/", lambda match: re.sub(r"[^\n]", " ", match[0]), source, flags=re.S)
    faults = [(_line(plain, match.start()), what) for pattern, what in STYLES for match in pattern.finditer(plain)]
    for match in re.finditer(r"gradient\(", plain):
        if TWO_POSITIONS.search(_balanced(plain, match.end())):
            faults.append((_line(plain, match.start()), "colour stops with two positions (71)"))
    for start, body in _blocks(plain):
        if FLEX.search(body) and GAP.search(body):
            faults.append((_line(plain, start), "gap in a flex box (84)"))
        if "{" in body:
            faults.append((_line(plain, start), "nesting (112)"))
    return [f"{line}: {what}" for line, what in sorted(faults)]


def _balanced(source: str, start: int) -> str:
    depth, at = 1, start
    while at < len(source) and depth:
        depth += {"(": 1, ")": -1}.get(source[at], 0)
        at += 1
    return source[start:at]


def _blocks(source: str) -> Iterator[tuple[int, str]]:
    """Each rule's place and body; the rules within @media and @keyframes one by one."""
    at = 0
    while (opening := source.find("{", at)) >= 0:
        head = source[at:opening].strip()
        depth, end = 1, opening + 1
        while end < len(source) and depth:
            depth += {"{": 1, "}": -1}.get(source[end], 0)
            end += 1
        body = source[opening + 1 : end - 1]
        if head.startswith(("@media", "@keyframes", "@supports")):
            yield from ((opening + 1 + inner, text) for inner, text in _blocks(body))
        else:
            yield opening, body
        at = end


def _line(source: str, at: int) -> int:
    return source.count("\n", 0, at) + 1


def budget_faults(folder: Path, font: Path) -> list[str]:
    """What is too heavy for a television on a slow line."""

    def weight(pattern: str) -> int:
        return sum(len(gzip.compress(path.read_bytes(), 9)) for path in sorted(folder.rglob(pattern)))

    weighed = (
        ("scripts", weight("*.js"), SCRIPTS_GZ_MOST),
        ("styles", weight("*.css"), STYLES_GZ_MOST),
        ("font", font.stat().st_size, FONT_MOST),
    )
    return [f"{what} weigh {bytes_} bytes, at most {most} are allowed" for what, bytes_, most in weighed if bytes_ > most]


def faults_in(folder: Path = FOLDER, font: Path | None = None) -> list[str]:
    """Every fault of the folder, each with its file and line."""
    found = [f"{path.name}:{fault}" for path in sorted(folder.rglob("*.js")) for fault in script_faults(path.name, path.read_text())]
    found += [f"{path.name}:{fault}" for path in sorted(folder.rglob("*.css")) for fault in style_faults(path.read_text())]
    return found + budget_faults(folder, font or ROOT / "static" / "fonts" / "inter-tv.woff2")


if __name__ == "__main__":
    faults = faults_in()
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    sys.exit(1 if faults else 0)
