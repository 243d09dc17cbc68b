"""Takes notes away: with their calls, with numbers, with a caller or an agent who is erased; and finds what they hold of somebody.

Rules that hold here:
- Of a caller who is erased nothing stays that was told beside their calls; the mark that a call is one of theirs stays, without words.
- A message stays and counts, without the number. A contact goes.
- A removed contact's row stays for some days (`retention.SHORTEST_DAYS`): no late page of the vendor's brings the name back.
"""

import json
from collections.abc import Callable, Iterable, Sequence

from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from stats.domain.forgetting import numbers_of
from stats.domain.records import Call
from stats.history.archive import lock
from stats.history.note_tables import OF_A_CALL, KeptContact, KeptDetail, KeptMessage, KeptRecording, KeptTranscript
from stats.history.notes import forget_call, turns_of
from stats.history.outbox_tables import Upload
from stats.history.rollup_tables import PartyName
from stats.history.tables import ArchivedCall

AT_ONCE = 200
# What of a call's details tells of the caller and not of the call.
_PERSONAL = ("customer_name", "keys", "crm_name", "crm_url")

Clear = Callable[[str, QuerySet[Model], str], bool]


# --- somebody who is erased -------------------------------------------------------------------------------------------


def erase_number(organisation: str, number: str, calls: Iterable[Call], now_ms: int) -> dict[str, int]:
    """Take away what was told beside a number's calls, and the number out of messages and contacts. Raises django.db.Error."""
    counts = {"notes": 0}
    by_source: dict[str, list[str]] = {}
    for call in calls:
        if number in set(numbers_of(call)):
            by_source.setdefault(call.source, []).append(call.id_call)
    dialled = KeptDetail._default_manager.filter(organisation=organisation, called_number=number, direction="out")
    for source, id_call in dialled.values_list("source", "id_call"):
        by_source.setdefault(source, []).append(id_call)
    for source, ids in sorted(by_source.items()):
        for at in range(0, len(ids), AT_ONCE):
            with transaction.atomic():
                lock(f"{organisation}/{source}")
                counts["notes"] += sum(forget_call(organisation, source, id_call, now_ms) for id_call in ids[at : at + AT_ONCE])
    with transaction.atomic():
        KeptDetail._default_manager.filter(organisation=organisation, called_number=number).update(called_number="")
        counts["messages"] = messages_of(organisation, number).count()
        for end in ("sender", "recipient"):
            KeptMessage._default_manager.filter(organisation=organisation, **{end: number}).update(**{end: ""})
        counts["contacts"] = contacts_of(organisation, number).delete()[0]
    return counts


def erase_agent(organisation: str, keys: Sequence[str], key: str, name: str) -> int:
    """Put a pseudonym in an agent's place in recordings and as who speaks in transcripts. Returns how many rows. Raises django.db.Error."""
    changed = KeptRecording._default_manager.filter(organisation=organisation, agent__in=keys).update(agent=key)
    changed += Upload._default_manager.filter(organisation=organisation, agent__in=keys).update(agent=key)
    names = set(PartyName._default_manager.filter(organisation=organisation, kind="agent", key__in=keys).values_list("name", flat=True))
    names |= {each[2:] for each in keys if each.startswith("n:")}
    for called in sorted(names - {""}):
        written = json.dumps(called, ensure_ascii=False)
        found = KeptTranscript._default_manager.filter(organisation=organisation, turns__contains=written)
        for row in found.iterator(AT_ONCE):
            turns = [
                [turn.text, name if turn.speaker == called else turn.speaker, turn.start_ms, turn.length_ms, turn.confidence]
                for turn in turns_of(row.turns)
            ]
            mine = KeptTranscript._default_manager.filter(organisation=organisation, source=row.source, id_call=row.id_call, part=row.part)
            changed += mine.update(turns=json.dumps(turns, ensure_ascii=False))
    return changed


def messages_of(organisation: str, number: str) -> QuerySet[KeptMessage]:
    """Messages from or to a number."""
    return KeptMessage._default_manager.filter(Q(sender=number) | Q(recipient=number), organisation=organisation)


def contacts_of(organisation: str, number: str) -> QuerySet[KeptContact]:
    """The names a number has."""
    return KeptContact._default_manager.filter(organisation=organisation, number=number)


# --- what is not to be kept any longer --------------------------------------------------------------------------------


def remove_of_calls(organisation: str, source: str, ids: Sequence[str]) -> None:
    """Calls go: what was told beside them goes too. Under the lock of their source."""
    for table in OF_A_CALL:
        table._default_manager.filter(organisation=organisation, source=source, id_call__in=ids).delete()


def blank_of_calls(organisation: str, source: str, ids: Sequence[str]) -> None:
    """Calls lose their numbers: their details lose what tells of the caller. Under the lock of their source."""
    _blank(KeptDetail._default_manager.filter(organisation=organisation, source=source, id_call__in=ids))


def clear(organisation: str, calls_before: int | None, numbers_before: int | None, removed_before: int, clear_rows: Clear) -> bool:
    """Remove what is older, epoch ms (None: it stays), and belongs to no kept call. Returns whether it came to the end.

    `clear_rows` deletes rows, oldest first by a column; False when it has to stop.
    """
    gone = KeptContact._default_manager.filter(organisation=organisation, name="", told_ms__lt=removed_before)
    if not clear_rows("numbers", gone, "told_ms"):
        return False
    if calls_before is not None:
        kept = ArchivedCall._default_manager.filter(organisation=organisation, source=OuterRef("source"), id_call=OuterRef("id_call"))
        for table in OF_A_CALL:
            old = table._default_manager.filter(~Exists(kept), organisation=organisation, at_ms__lt=calls_before)
            if not clear_rows("calls", old, "at_ms"):
                return False
        if not clear_rows("calls", KeptMessage._default_manager.filter(organisation=organisation, at_ms__lt=calls_before), "at_ms"):
            return False
    if numbers_before is not None:
        with transaction.atomic():
            _blank(KeptDetail._default_manager.filter(organisation=organisation, at_ms__lt=numbers_before))
            old = KeptMessage._default_manager.filter(organisation=organisation, at_ms__lt=numbers_before)
            old.exclude(sender="", recipient="").update(sender="", recipient="")
        # Whoever is still in the vendor's book is told every hour.
        old = KeptContact._default_manager.filter(organisation=organisation, told_ms__lt=numbers_before)
        return clear_rows("numbers", old, "told_ms")
    return True


def _blank(details: QuerySet[KeptDetail]) -> None:
    told = Q()
    for name in _PERSONAL:
        told |= ~Q(**{name: ""})
    details.filter(told).update(**dict.fromkeys(_PERSONAL, ""))
    # Of a call that came in it is one of our own numbers.
    details.exclude(direction="in").exclude(called_number="").update(called_number="")
