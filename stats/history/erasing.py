"""Takes one person out of the archive: a telephone number, or an agent's name and ids; and finds what the archive holds of them.

Rules that hold here:
- First the mark is written, then the rows are cleaned, a source's under the lock of its keeping: what is kept meanwhile is cleaned by the
  keeper (`archive.keep`), what was kept before is cleaned here.
- A call stays, and counts: only who it was goes. Its quarters are marked to be added up again.
- Work goes in parts, each a transaction; cut short and begun again it ends the same.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from stats.clock import now_ms
from stats.domain.errors import Malformed
from stats.domain.forgetting import agents_of, numbers_of
from stats.domain.outcomes import settle
from stats.domain.records import Call, Party
from stats.history import archive, notes_forgetting, rows
from stats.history.erased import Erased, Forgetting, agent_mark, keys_of, pseudonym_of
from stats.history.erased_tables import ErasedAgent
from stats.history.marks import KEPT
from stats.history.rolling_clearing import rename_agent
from stats.history.tables import ArchivedCall, ArchivedOffer, PresenceChange
from stats.history.writing import as_written, read_call, write_call
from stats.models import ErasedNumber, Organisation, PresenceSlotRow
from stats.vault import number_mark

AT_ONCE = 200
# More ways of naming one agent than a mix-up of the vendor's would explain are somebody else's.
MOST_KEYS = 12


@dataclass(frozen=True, slots=True)
class Person:
    """Of whom something is asked: a number as it is kept (E.164 where derivable), or every key an agent went by."""

    number: str = ""
    agents: tuple[str, ...] = ()


def calls_of(organisation: str, person: Person) -> Iterator[tuple[ArchivedCall, Call]]:
    """Every archived call that carries the number or names the agent, oldest first. Raises django.db.Error."""
    for row in _rows_of(organisation, person).order_by("at_ms", "source", "id_call").iterator(AT_ONCE):
        call = _readable(row)
        if call is not None and _is_about(call, person):
            yield row, call


def agent_keys(organisation: str, key: str, known: Sequence[Party] = ()) -> tuple[str, ...]:
    """Every key that an agent went by in the archive or in `known` (the live directory), the given one first."""
    keys = [key]
    for _ in range(3):  # an id leads to an account, an account to a further id
        person = Person(agents=tuple(keys))
        parties = [*known, *(party for _, call in calls_of(organisation, person) for party in set(agents_of(call)))]
        found = [more for party in parties if set(keys_of(party)) & set(keys) for more in keys_of(party)]
        more = [each for each in dict.fromkeys(found) if each not in keys]
        if not more or len(keys) + len(more) > MOST_KEYS:
            break
        keys += more
    return tuple(keys)


def erase_number(organisation: Organisation, number: str) -> dict[str, int]:
    """Take a number out of every archived call, for good. Returns how many calls, notes, messages and contacts. Raises django.db.Error."""
    mark = number_mark(organisation.slug, number)
    ErasedNumber.objects.update_or_create(organisation=organisation, mark=mark, defaults={"until": timezone.now() + KEPT})
    forget = Forgetting(organisation.slug, Erased(numbers=frozenset({mark})))
    calls = (call for _, call in calls_of(organisation.slug, Person(number=number)))
    # What was told beside the calls first: once a call has lost the number, nobody finds it by that.
    counts = notes_forgetting.erase_number(organisation.slug, number, calls, now_ms())
    return {"calls": _clean(organisation.slug, Person(number=number), forget.call), **{what: n for what, n in counts.items() if n}}


def erase_agent(organisation: Organisation, keys: Sequence[str]) -> tuple[str, dict[str, int]]:
    """Put a pseudonym in an agent's place in calls, rings and presence. Returns it, and how many of each. Raises django.db.Error."""
    slug, pseudonym = organisation.slug, pseudonym_of(organisation.slug, keys[0])
    name, key = pseudonym.name or "", pseudonym.key or ""
    marks = {agent_mark(slug, each): name for each in keys}
    for mark in marks:
        values = {"pseudonym": name, "until": timezone.now() + KEPT}
        ErasedAgent._default_manager.update_or_create(organisation=slug, mark=mark, defaults=values)
    organisation.bump()
    forget = Forgetting(slug, Erased(agents=frozenset(marks.items())))
    counts = {"calls": _clean(slug, Person(agents=tuple(keys)), forget.call)}
    counts["offers"] = _rename(ArchivedOffer._default_manager.filter(organisation=slug, agent__in=keys), agent=key)
    counts["presence"] = _rename(PresenceChange._default_manager.filter(organisation=slug, agent__in=keys), agent=key)
    counts["hours"] = _rename(PresenceSlotRow._default_manager.filter(organisation=slug, agent__in=keys), agent=key[:64], agent_name=name)
    if notes := notes_forgetting.erase_agent(slug, keys, key, name):
        counts["notes"] = notes
    rename_agent(slug, keys, key)
    return name, counts


def _clean(organisation: str, person: Person, forget: Callable[[Call], Call]) -> int:
    """Rewrite every record that is about the person, some at a time under the lock of their source."""
    found = _rows_of(organisation, person)
    changed = 0
    for source in list(found.values_list("source", flat=True).distinct()):
        ids = sorted(set(found.filter(source=source).values_list("id_call", "at_ms")))
        for at in range(0, len(ids), AT_ONCE):
            changed += _clean_some(organisation, source, ids[at : at + AT_ONCE], forget)
    return changed


def _clean_some(organisation: str, source: str, ids: Sequence[tuple[str, int]], forget: Callable[[Call], Call]) -> int:
    changed = 0
    quarters: set[int] = set()
    with transaction.atomic():
        archive.lock(f"{organisation}/{source}")
        for id_call, at_ms in ids:
            mine = ArchivedCall.objects.filter(organisation=organisation, source=source, id_call=id_call, at_ms=at_ms)
            for row in mine:
                call = _readable(row)
                if call is None:
                    # Nobody can read it, so nobody can say that the person is not in it.
                    changed += mine.delete()[0]
                    continue
                clean = forget(call)
                if clean is call:
                    continue
                settled = settle(clean)
                changed += mine.update(record=write_call(clean), number=rows.word(settled.number))
                quarters |= set(rows.quarters_of(settled))
        archive.mark(organisation, quarters)
    return changed


def _rename(found: QuerySet[Model], **values: str) -> int:
    """In one statement: the rows of one agent."""
    with transaction.atomic():
        return found.update(**values)


def _rows_of(organisation: str, person: Person) -> QuerySet[ArchivedCall]:
    """The rows that may be about the person: a superset, for text is searched and not meaning."""
    where = Q()
    if person.number:
        where |= Q(number=person.number) | Q(record__contains=as_written(person.number))
    for key in person.agents:
        where |= Q(record__contains=_as_written(key))
    return ArchivedCall.objects.filter(where, organisation=organisation)


def _as_written(key: str) -> str:
    if key.startswith("a:"):
        return f'"account_id":{key[2:]}'
    return as_written(key[2:]) if key.startswith(("n:", "s:")) else f'"id":{key}'


def _is_about(call: Call, person: Person) -> bool:
    if person.number and person.number in numbers_of(call):
        return True
    return bool(person.agents) and any(key in person.agents for party in agents_of(call) for key in keys_of(party))


def _readable(row: ArchivedCall) -> Call | None:
    try:
        return read_call(row.record)
    except Malformed:
        return None


def wipe_file() -> None:
    """On SQLite: what was written over goes from the log beside the file too. Elsewhere the server's own vacuum does it."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        # Somebody who reads just now keeps the log from being emptied; the engine empties it later.
        with suppress(OperationalError), connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
