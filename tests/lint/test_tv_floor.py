"""The television floor catches what it is there to catch, and lets pass what old sets can run."""

from pathlib import Path

import pytest

from tests.lint.tv_floor import ROOT, budget_faults, faults_in, script_faults, style_faults

REFUSED_SCRIPTS = [
    ("a?.b", "optional chaining"),
    ("a?.()", "optional chaining"),
    ("a ?? b", "nullish"),
    ("a ??= b", "logical assignment"),
    ("a ||= b", "logical assignment"),
    ("class A { x = 1; }", "class fields"),
    ("class A { static x = 1; }", "class fields"),
    ("class A { #x() {} }", "private members"),
    ("class A { static { a(); } }", "static blocks"),
    ("await a();", "top-level await"),
    ("const a = 1_000;", "numeric separators"),
    ("a.flat()", "flat"),
    ("a.flatMap(b)", "flatMap"),
    ("Object.fromEntries(a)", "fromEntries"),
    ("Promise.allSettled(a)", "allSettled"),
    ("a.replaceAll('b', 'c')", "replaceAll"),
    ("a.at(-1)", "at()"),
    ("globalThis.a", "globalThis"),
    ("structuredClone(a)", "structuredClone"),
    ("a.replaceChildren()", "replaceChildren"),
    ("a.innerHTML = b", "markup"),
    ("a.insertAdjacentHTML('x', b)", "markup"),
    ("document.write(a)", "document.write"),
    ("try { a(); } catch { b(); }", "catch without"),
    ("import('./a.js')", "dynamic import"),
    ("const a = ;", "cannot be parsed"),
]


@pytest.mark.parametrize(("source", "what"), REFUSED_SCRIPTS)
def test_a_script_newer_than_the_floor_is_refused(source: str, what: str) -> None:
    assert any(what in fault for fault in script_faults("any.js", source))


@pytest.mark.parametrize("name", ["commit.js", "bind.js"])
@pytest.mark.parametrize("source", ["a.offsetWidth", "a.getBoundingClientRect()", "getComputedStyle(a).scrollTop", "a.clientHeight"])
def test_nothing_is_measured_where_the_page_is_kept_true(name: str, source: str) -> None:
    assert any("measures" in fault for fault in script_faults(name, source))


def test_only_the_one_hand_writes() -> None:
    assert any("alone writes" in fault for fault in script_faults("bind.js", "a.textContent = 'x'"))
    assert any("alone writes" in fault for fault in script_faults("bind.js", "a.appendChild(b)"))
    assert script_faults("commit.js", "a.insertBefore(b, c)") == []
    assert script_faults("bind.js", "const a = b.textContent;") == []


def test_the_store_knows_no_document() -> None:
    assert any("knows no document" in fault for fault in script_faults("store.js", "document.title"))


@pytest.mark.parametrize(
    "source",
    [
        "/* a?.b */ const a = 'x ?? y';",
        "async function a() { await b(); }",
        "const a = Object.assign({}, b, { ...c });",
        "class A { constructor() { this.x = 1; } }",
        "Math.max(a, b); a.closest('x'); list.includes(a); for (const b of c) d(b);",
        "Intl.DateTimeFormat('sv-SE').format(a); const flat = 1; style.flat;",
    ],
)
def test_what_old_sets_can_run_passes(source: str) -> None:
    assert script_faults("any.js", source) == []


REFUSED_STYLES = [
    ("a { width: clamp(1px, 2vw, 3px); }", "clamp"),
    ("a { width: min(1px, 2vw); }", "clamp"),
    ("a { inset: 0; }", "inset"),
    ("a { aspect-ratio: 1; }", "aspect-ratio"),
    (":is(a, b) { color: red; }", ":is()"),
    (":where(a) { color: red; }", ":is()"),
    ("a:has(b) { color: red; }", ":has()"),
    ("a { display: flex; gap: 1px; }", "gap"),
    ("a { column-gap: 1px; display: inline-flex; }", "gap"),
    ("@media (min-width: 1px) { a { display: flex; gap: 1px; } }", "gap"),
    ("a { color: red; b { color: blue; } }", "nesting"),
    ("a { background: linear-gradient(red 0 2px, blue 2px); }", "two positions"),
    ("a { background: repeating-linear-gradient(45deg, var(--a) 0 3px, transparent 3px); }", "two positions"),
    ("@layer a { b { color: red; } }", "@layer"),
    ("a { height: 100dvh; }", "dynamic viewport"),
    ("a { color: color-mix(in srgb, red, blue); }", "color-mix"),
]


@pytest.mark.parametrize(("source", "what"), REFUSED_STYLES)
def test_a_style_newer_than_the_floor_is_refused(source: str, what: str) -> None:
    assert any(what in fault for fault in style_faults(source))


@pytest.mark.parametrize(
    "source",
    [
        "/* inset: 0 */ a { display: grid; grid-gap: 1px; gap: 2px; }",
        "a { grid-template-columns: minmax(0, 1fr) repeat(2, minmax(0, 2fr)); box-shadow: inset 1px 0 0 red; max-width: 3px; }",
        "a { background: repeating-linear-gradient(45deg, red 0, red 3px, transparent 3px, transparent 9px); }",
        "@media (max-aspect-ratio: 16/9) { a { transform: translate(1px, 2px); } }",
    ],
)
def test_a_style_of_the_floor_passes(source: str) -> None:
    assert style_faults(source) == []


def test_a_heavy_script_breaks_the_budget(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_bytes(bytes(range(256)) * 40 + __import__("os").urandom(40_000))
    assert any("scripts weigh" in fault for fault in budget_faults(tmp_path, ROOT / "static" / "fonts" / "inter-tv.woff2"))


def test_our_own_television_code_is_on_the_floor() -> None:
    assert faults_in() == []
