"""How queues and agents of the archive are called, and which of their keys are one: learnt from the calls as they are added up.

Rules that hold here:
- The latest telling's name wins; an id once told stays. One source's ids say nothing of another's.
- A key without the vendor's statistics id ("a:998877", "n:Support") is that of the party which was told with both; where none was, itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stats.domain.records import Party
from stats.domain.rolling import Named
from stats.history.rollup_tables import PartyName
from stats.history.rows import number, word

# `told_ms` of a name that has not changed is brought up to date so seldom.
FRESH_MS = 6 * 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A queue or an agent under one of its keys in the archive. `today`: the key it has today."""

    source: str
    key: str
    today: str
    party: Party
    told_ms: int


def party_names(organisation: str, kind: str) -> dict[tuple[str, str], Called]:
    """Every queue (or agent) of the archive by (source, stored key). Raises django.db.Error."""
    rows = _read(organisation, kind)
    return {(row.source, row.key): _called(row, today) for row, today in _with_today(rows)}


def aliases(organisation: str, kind: str) -> dict[str, str]:
    """Stored key -> key of today, where they differ. Raises django.db.Error."""
    return {row.key: today for row, today in _with_today(_read(organisation, kind)) if row.key != today}


def agents_today(organisation: str) -> dict[tuple[str, str], str]:
    """(source, stored key) of agents -> key of today, where they differ. Raises django.db.Error."""
    return {(row.source, row.key): today for row, today in _with_today(_read(organisation, "agent")) if row.key != today}


def learn(organisation: str, told: Iterable[Named]) -> dict[str, set[str]]:
    """Take in what calls told. Returns, by kind, the older keys that turned out to be another's. Raises django.db.Error."""
    told = list(told)
    if not told:
        return {}
    held = {(row.source, row.kind, row.key): row for row in PartyName._default_manager.filter(organisation=organisation)}
    before = _aliases_of(held.values())
    changed: dict[tuple[str, str, str], PartyName] = {}
    for each in told:
        key = word(each.party.key)
        place = (each.source, each.kind, key)
        row = _told(held.get(place), organisation, place, each)
        if row is not None:
            held[place] = changed[place] = row
    if not changed:
        return {}
    PartyName._default_manager.bulk_create(
        [changed[place] for place in sorted(changed)],
        batch_size=200,
        update_conflicts=True,
        unique_fields=["organisation", "source", "kind", "key"],
        update_fields=["number", "account_id", "name", "told_ms"],
    )
    joined: dict[str, set[str]] = {}
    for (kind, source, key), today in _aliases_of(held.values()).items():
        if before.get((kind, source, key)) != today:
            joined.setdefault(kind, set()).add(key)
    return joined


def _told(held: PartyName | None, organisation: str, place: tuple[str, str, str], each: Named) -> PartyName | None:
    """The row as it is to be; None where it may stay as it is."""
    party = each.party
    name, own, account = word(party.name), number(party.id), number(party.account_id)
    source, kind, key = place
    if held is None:
        return PartyName(
            organisation=organisation, source=source, kind=kind, key=key, number=own, account_id=account, name=name, told_ms=each.told_ms
        )
    later = each.told_ms > held.told_ms
    row = PartyName(
        organisation=organisation,
        source=source,
        kind=kind,
        key=key,
        number=held.number if held.number is not None else own,
        account_id=account if account is not None and (later or held.account_id is None) else held.account_id,
        name=name if name and (later or not held.name) else held.name,
        told_ms=max(each.told_ms, held.told_ms),
    )
    same = (row.number, row.account_id, row.name) == (held.number, held.account_id, held.name)
    return None if same and row.told_ms < held.told_ms + FRESH_MS else row


def _read(organisation: str, kind: str) -> list[PartyName]:
    return list(PartyName._default_manager.filter(organisation=organisation, kind=kind).order_by("source", "key"))


def _called(row: PartyName, today: str) -> Called:
    return Called(
        source=row.source,
        key=row.key,
        today=today,
        party=Party(id=row.number, account_id=row.account_id, name=row.name or None, ref=row.key[2:] if row.key.startswith("s:") else None),
        told_ms=row.told_ms,
    )


def _aliases_of(rows: Iterable[PartyName]) -> Mapping[tuple[str, str, str], str]:
    told = list(rows)
    return {
        (kind, row.source, row.key): today
        for kind in ("agent", "queue")
        for row, today in _with_today([row for row in told if row.kind == kind])
        if row.key != today
    }


def _with_today(rows: Iterable[PartyName]) -> list[tuple[PartyName, str]]:
    """Each row with its key of today. Rows of one kind."""
    ordered = sorted(rows, key=lambda row: (row.source, row.told_ms, row.key))
    by_account: dict[tuple[str, int], str] = {}
    by_name: dict[tuple[str, str], str] = {}
    for row in ordered:  # the one that was told last wins
        if row.number is not None and row.account_id is not None:
            by_account[(row.source, row.account_id)] = str(row.number)
    found: list[tuple[PartyName, str]] = []
    for row in ordered:
        if row.number is None and row.account_id is not None:
            today = by_account.get((row.source, row.account_id), row.key)
        else:
            today = row.key
        if row.name and not row.key.startswith("n:"):
            by_name[(row.source, row.name)] = today
        found.append((row, today))
    return [(row, by_name.get((row.source, row.name), row.key) if row.key.startswith("n:") else today) for row, today in found]
