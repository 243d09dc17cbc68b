"""Packs everything that is held of one person into a zip, as JSON for programs and CSV for people, a piece at a time.

Rules that hold here: it is theirs and nobody else's: of others a call's agents are named by first name and initial, and numbers are masked;
a cell that a spreadsheet would take for a formula is made text; nothing is held whole in memory.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from stats.domain.forgetting import agents_of, numbers_of, with_agents, without_numbers
from stats.domain.outcomes import settle
from stats.domain.records import Call, Journey, Offer, Party, Visit
from stats.history import erasing
from stats.history.erased import keys_of
from stats.history.rows import outcome_of
from stats.history.tables import ArchivedOffer, PresenceChange
from stats.history.writing import write_call
from stats.models import PresenceSlotRow
from wallboard.accounts import journal
from wallboard.accounts.models import AuditEntry
from wallboard.pages.words import masked
from wallboard.privacy import noted
from wallboard.privacy.person import Wanted, handled_of
from wallboard.push.naming import shortened
from wallboard.spreadsheet import as_text

AT_ONCE = 500
CALL = ("source", "call", "from", "started", "ended", "direction", "outcome", "number", "queues", "agents")
RINGS = ("source", "id_call", "at_ms", "agent", "queue", "direction", "outcome", "answered_ms", "ended_ms", "ring_ms", "talk_ms", "hold_ms")
CHANGES = ("source", "agent", "at_ms", "state", "profile_name", "available", "wrapup", "queues")
HOURS = (
    "source",
    "agent",
    "agent_name",
    "start_ms",
    "end_ms",
    "profile_name",
    "available",
    "usage_ms",
    "busy_ms",
    "calls_answered",
    "talk_ms",
)
AUDIT = ("at", "actor_name", "action", "subject")
HANDLED = ("day", "handled_at", "handled_by", "note")


@dataclass(slots=True)
class _Sink:
    """A file that can only be written to, and is emptied by whoever sends it on."""

    parts: list[bytes] = field(default_factory=list)

    def write(self, part: bytes) -> int:
        self.parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """Nothing waits here."""

    def take(self) -> bytes:
        whole = b"".join(self.parts)
        self.parts.clear()
        return whole


def packed(wanted: Wanted, live: list[Call]) -> Iterator[bytes]:
    """The zip's bytes. Raises django.db.Error."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]  # a sink is all it needs
        for name, lines in _files(wanted, live):
            with archive.open(name, "w", force_zip64=True) as file:
                for line in lines:
                    file.write(line.encode("utf-8", "replace"))
                    if sum(map(len, sink.parts)) > 65_536:
                        yield sink.take()
            yield sink.take()
    yield sink.take()


def _files(wanted: Wanted, live: list[Call]) -> Iterator[tuple[str, Iterable[str]]]:
    yield "about.json", [_about(wanted)]
    yield "calls.json", _array(write_call(_theirs(wanted, call)) for _, call in _calls(wanted, live))
    yield "calls.csv", _table(CALL, (_row(wanted, where, call) for where, call in _calls(wanted, live)))
    slug, keys = wanted.organisation.slug, wanted.person.agents
    if not wanted.is_agent:
        yield from _both("handled", HANDLED, handled_of(wanted).order_by("day").values_list(*HANDLED))
        yield "notes.json", _array(noted.of_calls(wanted, _calls(wanted, live)))
        yield "messages.json", _array(noted.messages(wanted))
        yield "contacts.json", _array(noted.contacts(wanted))
        return
    rings = ArchivedOffer.objects.filter(organisation=slug, agent__in=keys).order_by("at_ms").values_list(*RINGS)
    yield from _both("rings", RINGS, rings)
    changes = PresenceChange.objects.filter(organisation=slug, agent__in=keys).order_by("at_ms").values_list(*CHANGES)
    yield "recordings.json", _array(noted.recordings(wanted))
    yield from _both("presence_changes", CHANGES, changes)
    hours = PresenceSlotRow.objects.filter(organisation=slug, agent__in=keys).order_by("start_ms").values_list(*HOURS)
    yield from _both("presence_hours", HOURS, hours)
    looked = AuditEntry.objects.filter(organisation=slug, subject_kind="agent", subject__in=journal.subjects_of(slug, keys))
    looks = looked.order_by("id").values_list(*AUDIT)
    yield from _both("who_looked", AUDIT, looks)


def _about(wanted: Wanted) -> str:
    organisation = wanted.organisation
    return json.dumps(
        {
            "organisation": organisation.name,
            "about": wanted.shown,
            "kind": "agent" if wanted.is_agent else "number",
            "keys": list(wanted.person.agents),
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "kept_days": {
                "calls": organisation.keep_calls_days,
                "numbers": organisation.keep_numbers_days,
                "presence": organisation.keep_presence_days,
                "audit": organisation.keep_audit_days,
            },
            "times": "epoch milliseconds in JSON, UTC in CSV; others are named by first name and initial, their numbers masked",
        },
        ensure_ascii=False,
        indent=2,
    )


def _calls(wanted: Wanted, live: list[Call]) -> Iterator[tuple[str, Call]]:
    """Everything archived, then what only the live store has yet."""
    told = set()
    for _, call in erasing.calls_of(wanted.organisation.slug, wanted.person):
        told.add((call.source, call.id_call))
        yield "archive", call
    for call in live:
        if (call.source, call.id_call) not in told:
            yield "live", call


def _theirs(wanted: Wanted, call: Call) -> Call:
    """The call without what it tells of others."""
    keys = wanted.person.agents

    def renamed(party: Party) -> Party:
        if any(key in keys for key in keys_of(party)):
            return party
        return Party(name=shortened(party.name) if party.name else "?")

    def hidden(document: Journey | Visit | Offer) -> dict[str, str]:
        number = document.number
        return {"number": masked(number)} if number and number != wanted.person.number else {}

    call = with_agents(call, renamed)
    if all(number == wanted.person.number for number in numbers_of(call)):
        return call
    return replace(
        without_numbers(call, lambda number: False),
        journey=replace(call.journey, **hidden(call.journey)) if call.journey is not None else None,  # type: ignore[arg-type]
        visits=tuple(replace(visit, **hidden(visit)) for visit in call.visits),  # type: ignore[arg-type]
        offers=tuple(replace(offer, **hidden(offer)) for offer in call.offers),  # type: ignore[arg-type]
    )


def _row(wanted: Wanted, where: str, whole: Call) -> list[object]:
    call = _theirs(wanted, whole)
    settled = settle(call)
    queues = [visit.queue.name or visit.queue.key or "" for visit in call.visits]
    agents = [party.name or party.key or "" for party in agents_of(call)]
    return [
        *(call.source, call.id_call, where, _utc(settled.started_at), _utc(settled.ended_at), str(settled.direction or "")),
        *(outcome_of(settled), settled.number or "", "; ".join(dict.fromkeys(queues)), "; ".join(dict.fromkeys(agents))),
    ]


def _utc(at_ms: int | None) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds") if at_ms is not None else ""


def _both(name: str, columns: tuple[str, ...], rows: QuerySet[Any, Any]) -> Iterator[tuple[str, Iterable[str]]]:
    yield (
        f"{name}.json",
        _array(json.dumps(dict(zip(columns, row, strict=True)), default=str, ensure_ascii=False) for row in rows.iterator(AT_ONCE)),
    )
    times = [column.endswith("_ms") and column not in ("ring_ms", "talk_ms", "hold_ms", "usage_ms", "busy_ms") for column in columns]
    told = ([_utc(cell) if is_time else cell for cell, is_time in zip(row, times, strict=True)] for row in rows.iterator(AT_ONCE))
    yield f"{name}.csv", _table(columns, told)


def _array(written: Iterable[str]) -> Iterator[str]:
    yield "["
    for number, each in enumerate(written):
        yield f"{',' if number else ''}\n{each}"
    yield "\n]\n"


def _table(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    # For Excel, which takes a file without this mark for another alphabet.
    yield "\ufeff"
    yield _written(columns)
    for row in rows:
        yield _written(row)


def _written(row: Iterable[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([as_text(value) for value in row])
    return line.getvalue()
