"""One reading of the database for a report: stored sums, what is laid over them, and what everybody is called.

Rules that hold here: asked in a thread of its own, in one look; keys of today are what the live store says, else what the archive learnt.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from stats.domain.facts import PartyFacts
from stats.domain.periods import business_day, day_bounds
from stats.domain.records import Party
from stats.domain.report import Kind, Line, Span
from stats.domain.report_lines import Lines
from stats.domain.slices import Along
from stats.domain.tellers import tellers_of
from stats.history.party_names import Called, aliases, party_names
from stats.history.reports import Sums, add_stored, one_look
from stats.history.rolling_days import days_from
from stats.history.rolling_reading import watched_since
from stats.history.settings_in_force import InForce
from stats.history.unheard import unheard_stretches
from stats.history.unread import unread_days
from wallboard.reports.overlay import Live, Whose, lay
from wallboard.reports.report import Report


def live_keys(parties: Collection[PartyFacts]) -> dict[tuple[str, str], str]:
    """(source, a key under which somebody may be stored) -> the key of today, as the live store knows it."""
    keys: dict[tuple[str, str], str] = {}
    for each in parties:
        if each.party.account_id is not None:
            keys[(each.source, f"a:{each.party.account_id}")] = each.key
        if each.party.name:
            keys.setdefault((each.source, f"n:{each.party.name}"), each.key)
    keys.update(((each.source, each.key), each.key) for each in parties)
    return keys


@dataclass(slots=True, kw_only=True)
class Reader:
    """One reading of the database, in a thread of its own."""

    span: Span
    kind: Kind
    along: Along
    waits: bool
    bins: bool
    told: Live
    agents: frozenset[str] | None

    def read(self) -> tuple[Report, int]:
        """The report without names cut to a viewer, and up to when quarters were added up. Raises django.db.Error."""
        span, kind, facts = self.span, self.kind, self.told.facts
        lines = Lines(span, self.along)
        with one_look():
            called = party_names(span.organisation, "agent" if kind == "agent" else "queue")
            key_of = _key_of(called, live_keys((facts.agents if kind == "agent" else facts.queues).values()))
            asked = self.agents if kind == "agent" else span.queues
            stored = None if asked is None else frozenset(key for source, key in called if key_of(source, key) in asked) | asked
            rules = InForce(span.organisation, span.timezone, self._aliases(called))
            whose = Whose(kind=kind, rules_of=rules.rules_at, key_of=key_of, wanted=lambda key: asked is None or key in asked)
            laid = lay(lines, whose, self.told)
            sums = Sums(
                span=span,
                apart=laid.apart,
                days_from=days_from(span.organisation, span.timezone),
                queues=None if kind == "agent" else stored,
                agents=stored if kind == "agent" else None,
                key_of=key_of,
                waits=self.waits,
                bins=self.bins,
            )
            add_stored(kind, sums, lines)
            today = business_day(self.told.as_of, span.timezone)
            unread = unread_days(span.organisation, span.timezone, span.first, span.last, today)
            since = watched_since(span.organisation) if kind == "agent" else {}
            watched = self._watched_from(since, key_of) if kind == "agent" and not self.told.away else None
            stretches = unheard_stretches(span.organisation)
        report = Report(span=span, kind=kind, along=self.along, as_of=self.told.as_of, recounting=laid.recounting)
        report.lines = lines.finished(self.told.as_of)
        report.scoped, report.away = span.queues is not None, self.told.away
        report.names = self._names(report.lines, called, key_of)
        report.watched_from, report.unread = watched, tuple(unread)
        report.tellers = tellers_of(facts, span, kind, stretches, since, called, key_of, asked)
        return report, laid.rolled_to

    def _watched_from(self, since_kept: Mapping[tuple[str, str], int], key_of: Callable[[str, str], str]) -> dict[str, int]:
        """By key of today since when an agent is watched: as the archive was told, what is on its way to it, else today."""
        found: dict[str, int] = {}
        changes = (((change.source, change.agent), change.told_at) for change in self.told.changes)
        for (source, stored), since in (*since_kept.items(), *changes):
            key = key_of(source, stored)
            found[key] = min(since, found.get(key, since))
        today = day_bounds(business_day(self.told.as_of, self.span.timezone), self.span.timezone)[0]
        return dict.fromkeys(self.told.facts.presence, today) | found

    def _aliases(self, called: Mapping[tuple[str, str], Called]) -> dict[str, str]:
        """Older keys of queues, by which their settings are found."""
        of_queues = aliases(self.span.organisation, "queue") if self.kind == "agent" else {each.key: each.today for each in called.values()}
        return of_queues | {key: today for (_source, key), today in live_keys(self.told.facts.queues.values()).items()}

    def _names(self, lines: list[Line], called: Mapping[tuple[str, str], Called], key_of: Callable[[str, str], str]) -> dict[str, Party]:
        wanted = {line.key for line in lines if line.key}
        names = {key: _party_of(key) for key in wanted}
        for each in sorted(called.values(), key=lambda each: (each.key == each.today, each.told_ms)):
            if (key := key_of(each.source, each.key)) in wanted:
                names[key] = each.party
        facts = self.told.facts
        for key, party in (facts.agents if self.kind == "agent" else facts.queues).items():
            if key in wanted:
                names[key] = party.party
        return names


def _key_of(called: Mapping[tuple[str, str], Called], known: Mapping[tuple[str, str], str]) -> Callable[[str, str], str]:
    def key_of(source: str, stored: str) -> str:
        """The live store's word first; then what the archive has learnt, and of that the live store's word again."""
        if (key := known.get((source, stored))) is not None:
            return key
        learnt = called.get((source, stored))
        return stored if learnt is None else known.get((source, learnt.today), learnt.today)

    return key_of


def _party_of(key: str) -> Party:
    """What a key says by itself of somebody nobody has learnt the name of yet."""
    kind, colon, rest = key.partition(":")
    if not colon:
        return Party(id=int(key)) if key.isascii() and key.isdigit() else Party()
    if kind == "a" and rest.isascii() and rest.isdigit():
        return Party(account_id=int(rest))
    if kind == "s":
        return Party(ref=rest)
    return Party(name=rest) if kind == "n" else Party()
