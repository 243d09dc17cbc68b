"""Holds who may import whom, by reading every module's syntax tree."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LONGEST_MODULE = 300
STDLIB = sys.stdlib_module_names
# What asks the time by itself. A rule of the domain takes `now`.
CLOCKS = {
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.monotonic_ns",
    "time.perf_counter",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "date.today",
    "datetime.date.today",
}


def modules() -> Iterator[tuple[str, str]]:
    """The dotted name and the source of every module of the product."""
    for room in ("stats", "wallboard"):
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path.read_text(encoding="utf-8")


def imports_of(name: str, source: str) -> set[str]:
    """Every module a source imports, wherever in it, as dotted names; `from a import b` gives `a` and `a.b`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = name.split(".")[: len(name.split(".")) - node.level]
                base = ".".join([*above, base]).rstrip(".")
            found.add(base)
            found |= {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if called == "import_module" and node.args and isinstance(node.args[0], ast.Constant):
                found.add(str(node.args[0].value))
    return found


def within(name: str, *rooms: str) -> bool:
    """Whether a dotted name is one of the rooms or lies in one."""
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def room_of_provider(name: str) -> str | None:
    """`stats.providers.telavox` for any module in that folder; None for the table and the contract."""
    parts = name.split(".")
    if parts[:2] != ["stats", "providers"] or len(parts) < 3 or parts[2] in ("base", "posts", "registry", "sinks"):
        return None
    return ".".join(parts[:3])


def is_simulation(name: str) -> bool:
    """The floor, or a provider's look-alike."""
    provider = room_of_provider(name)
    return within(name, "stats.simulation") or (provider is not None and within(name, f"{provider}.simulator"))


def faults_of(name: str, source: str) -> list[str]:
    """What a module breaks, one sentence each."""
    imported = imports_of(name, source)
    faults: list[str] = []

    def forbid(rule: str, *rooms: str) -> None:
        faults.extend(f"{name} imports {each}: {rule}" for each in sorted(imported) if within(each, *rooms))

    if within(name, "stats.domain"):
        for each in sorted(imported):
            if each.partition(".")[0] not in STDLIB and not within(each, "stats.domain") and each != "stats":
                faults.append(f"{name} imports {each}: the domain knows the standard library and itself alone")
        faults.extend(f"{name} calls {call}: the domain never asks the time" for call in sorted(calls_of(source) & CLOCKS))
    if provider := room_of_provider(name):
        forbid(
            "a provider knows no store, no Django and no road",
            "django",
            "channels",
            "redis",
            "stats.live",
            "stats.history",
            "stats.ingest",
            "stats.models",
        )
        for each in sorted(imported):
            other = room_of_provider(each)
            if other is not None and other != provider and each != "stats.providers":
                faults.append(f"{name} imports {each}: no provider knows another")
    if not within(name, "stats.live"):
        forbid("only stats.live touches Redis", "redis")
    if within(name, "stats.live"):
        forbid("the live store knows no history, provider or road", "stats.history", "stats.providers", "stats.ingest", "stats.models")
    if within(name, "stats.history"):
        forbid("the history knows no live store, provider or road", "stats.live", "stats.providers", "stats.ingest")
    if within(name, "stats.ingest"):
        forbid("on the road only stats.history uses the ORM", "stats.models", "django.db")
    is_command = within(name, "stats.management")
    if within(name, "stats") and not within(name, "stats.ingest") and not is_command:
        sees_provider = any(room_of_provider(each) or within(each, "stats.providers.registry") for each in imported)
        sees_store = any(within(each, "stats.live", "stats.history") for each in imported)
        if sees_provider and sees_store:
            faults.append(f"{name}: only stats.ingest sees providers and stores together")
    if within(name, "stats"):
        forbid("nothing in stats knows the people looking", "wallboard")
    if within(name, "wallboard"):
        helpers = ("stats.clock", "stats.vault", "stats.garbage", "stats.turn")
        allowed = ("stats.domain", "stats.live", "stats.history", "stats.models", "stats.ingest.door", *helpers)
        for each in sorted(imported):
            # `from stats.ingest import door` names the room too.
            is_way_there = each in ("stats", "stats.ingest") and any(within(other, *allowed) for other in imported if other != each)
            if within(each, "stats") and not within(each, *allowed) and not is_way_there:
                faults.append(f"{name} imports {each}: of stats, wallboard knows {', '.join(allowed)}")
    if not is_command and not is_simulation(name):
        faults.extend(
            f"{name} imports {each}: only commands and tests start simulations" for each in sorted(imported) if is_simulation(each)
        )
    return faults


def calls_of(source: str) -> set[str]:
    """Every dotted name that is called."""
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)}


def test_every_module_imports_only_what_its_room_may() -> None:
    """The house of docs/architecture.md."""
    assert [fault for name, source in modules() for fault in faults_of(name, source)] == []


def test_every_module_opens_with_what_it_is_for_and_stays_short() -> None:
    """A sentence ends in a full stop; a long module has two jobs."""
    faults = []
    for name, source in modules():
        if ".migrations" in name or not source.strip():
            continue
        opening = (ast.get_docstring(ast.parse(source)) or "").split("\n\n")[0]
        if not opening.rstrip().endswith((".", ":")):
            faults.append(f"{name} does not open with a sentence")
        if source.count("\n") > LONGEST_MODULE:
            faults.append(f"{name} has {source.count(chr(10))} lines")
    assert faults == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("stats.domain.metrics", "import msgspec"),
        ("stats.domain.metrics", "from stats.clock import now_ms"),
        ("stats.domain.metrics", "import time\ndef rule(): return time.time()"),
        ("stats.domain.metrics", "from datetime import datetime\ndef rule(): return datetime.now()"),
        ("stats.providers.telavox.stream", "from django.conf import settings"),
        ("stats.providers.telavox.stream", "from stats.live import keys"),
        ("stats.providers.telavox.stream", "from stats.providers.voxloud.wire import Call"),
        ("stats.providers.telavox.stream", "from ..voxloud import wire"),
        ("stats.providers.telavox.stream", "from stats.providers.telavox import simulator"),
        ("stats.ingest.session", "import redis.asyncio"),
        ("stats.ingest.session", "from stats.models import Source"),
        ("stats.ingest.session", "from stats.simulation.floor import Floor"),
        ("stats.live.board_store", "from stats.history import archive"),
        ("stats.live.board_store", "from stats.providers.telavox import wire"),
        ("stats.history.archive", "from stats.live import keys"),
        ("stats.processes", "from stats.live import keys\nfrom stats.providers.telavox import wire"),
        ("stats.live.health", "from wallboard.settings import PORT"),
        ("stats.management.commands.up", "import wallboard.settings"),
        ("wallboard.push.hub", "from stats.ingest.session import Session"),
        ("wallboard.push.hub", "from stats.ingest import session"),
        ("wallboard.push.hub", "import redis"),
        ("wallboard.push.hub", "from importlib import import_module\nimport_module('stats.providers.telavox.wire')"),
    ],
)
def test_a_forbidden_import_is_found(name: str, source: str) -> None:
    """The rules above can fail."""
    assert faults_of(name, source) != []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("stats.domain.merge", "from dataclasses import dataclass\nfrom stats.domain.records import Call\nfrom . import errors"),
        (
            "stats.providers.telavox.stream",
            "import websockets\nfrom stats.domain.errors import Retry\nfrom stats.providers.base import Provider",
        ),
        ("stats.providers.telavox.simulator.app", "from stats.simulation.floor import Floor"),
        ("stats.providers.registry", "from stats.providers.telavox import stream"),
        ("stats.ingest.session", "from stats.live import board_store\nfrom stats.providers.registry import provider_of"),
        ("stats.management.commands.simulate", "from stats.providers.telavox.simulator.app import serve"),
        ("wallboard.hooks.views", "from stats.ingest import door\nfrom stats.ingest.door import Door"),
        ("wallboard.push.hub", "from stats.live.board_store import BoardStore\nfrom stats.clock import now_ms"),
    ],
)
def test_an_allowed_import_is_left_alone(name: str, source: str) -> None:
    """The rules forbid no more than they say."""
    assert faults_of(name, source) == []
