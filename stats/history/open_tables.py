"""What of the history is open to other programs, column by column: read by the SQL views and by the Parquet files alike.

Rules that hold here: no telephone number, no record and no secret is in a column; sums are given, never ratios, for ratios of ratios are
wrong; instants are instants, durations seconds; a name is how somebody was last called, the key is who they are.
"""

from dataclasses import dataclass
from typing import Literal

from stats.history.rollup_tables import DAY, QUARTER, AgentRollup, PartyName, QueueRollup, Restatement, SiteRollup
from stats.history.tables import ArchivedCall, ArchivedOffer, ArchivedVisit, PresenceChange
from stats.models import PresenceSlotRow

Type = Literal["text", "number", "seconds", "instant", "yes or no", "share"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what it holds, the table's own column `of` ("p.name": the party's), and what it means."""

    name: str
    type: Type
    of: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTable:
    """One view, or one kind of file. `at`: the column (epoch ms) that cuts it into months; `party`: whose name is joined, by `key`."""

    name: str
    words: str
    table: str
    at: str
    columns: tuple[Column, ...]
    grain: int | None = None
    party: Literal["", "queue", "agent"] = ""
    key: str = ""


def _text(name: str, words: str, of: str = "") -> Column:
    return Column(name, "text", of or name, words)


def _count(name: str, words: str, of: str = "") -> Column:
    return Column(name, "number", of or name, words)


def _seconds(name: str, of: str, words: str) -> Column:
    return Column(name, "seconds", of, words)


def _at(name: str, of: str, words: str) -> Column:
    return Column(name, "instant", of, words)


def _is(name: str, words: str) -> Column:
    return Column(name, "yes or no", name, words)


_SOURCE = _text("source", "the telephone system it came from")
_VERSION = _count("definitions", "version of the definitions it was counted by")
_QUEUE = (_text("queue", "the queue's key"), _text("queue_name", "how the queue was last called", "p.name"))
_AGENT = (_text("agent", "the agent's key"), _text("agent_name", "how the agent was last called", "p.name"))
_CALL = (_SOURCE, _text("call", "the vendor's id of the call", "id_call"))

_QUEUE_SUMS = (
    _at("starts_at", "start_ms", "where its time begins"),
    _SOURCE,
    *_QUEUE,
    _count("offered", "visits that entered the queue"),
    _count("answered", "of these, answered in it"),
    _count("answered_in_target", "of these, within the target"),
    _count("abandoned", "given up, short ones not"),
    _count("short_abandoned", "given up before the short limit"),
    _count("abandoned_in_target", "of the abandoned, within the target"),
    _count("short_in_target", "of the short abandoned, within the target"),
    _count("overflowed", "went on to another queue or agent"),
    _count("voicemail", "ended in voicemail"),
    _count("callbacks", "ordered a callback"),
    _count("transferred", "answered and transferred later"),
    _count("waits", "answered visits whose wait is known", "wait_n"),
    _seconds("wait_seconds", "wait_sum", "their waits added up"),
    _count("abandon_waits", "abandoned visits whose wait is known", "abandon_wait_n"),
    _seconds("abandon_wait_seconds", "abandon_wait_sum", "their waits added up"),
    _count("talks", "answered visits whose talk is known", "talk_n"),
    _seconds("talk_seconds", "talk_sum", "their talk added up"),
    _seconds("hold_seconds", "hold_sum", "their hold added up"),
    _seconds("longest_wait_seconds", "wait_max", "the longest wait of any of them; a maximum, not a sum"),
    _seconds("target_seconds", "target_ms", "the target it was counted with"),
    _seconds("short_seconds", "short_ms", "the limit of short abandons it was counted with"),
    Column("promised_share", "share", "share", "the share promised within the target"),
    _text("variant", "the formula of the service level in force"),
    _VERSION,
)
_TIMES = tuple(
    _seconds(f"{state}_seconds", f"time_{state}", f"time {words}")
    for state, words in (
        ("talking", "talking"),
        ("ringing", "ringing"),
        ("wrapup", "in after-call work"),
        ("ready", "ready in a queue"),
        ("idle", "available in no queue"),
        ("away", "away"),
        ("logged_in", "logged in to a queue, whatever the state"),
    )
)
_AGENT_SUMS = (
    _at("starts_at", "start_ms", "where its time begins"),
    _SOURCE,
    *_AGENT,
    _count("offers", "calls that rang"),
    _count("answered", "of these, answered"),
    _count("missed", "of these, missed"),
    _count("withdrawn", "of these, taken by somebody else or given up"),
    _count("outgoing", "calls the agent made"),
    _seconds("ring_seconds", "ring_sum", "ringing of offers that are over"),
    _count("talks", "answered offers whose talk is known", "talk_n"),
    _seconds("talk_seconds", "talk_sum", "their talk added up"),
    _seconds("hold_seconds", "hold_sum", "their hold added up"),
    *_TIMES,
    _VERSION,
)
_SITE_SUMS = (
    _at("starts_at", "start_ms", "where its time begins"),
    _SOURCE,
    _count("calls_in", "incoming calls that started"),
    _count("calls_out", "outgoing calls"),
    _count("calls_internal", "calls between colleagues"),
    _count("calls_answered", "incoming calls that were answered"),
    _count("ivr_abandoned", "given up in a menu"),
    _count("true_abandoned", "incoming calls whose caller a queue lost"),
    _VERSION,
)
_QUEUES, _AGENTS, _SITE = QueueRollup._meta.db_table, AgentRollup._meta.db_table, SiteRollup._meta.db_table

OPEN_TABLES: tuple[OpenTable, ...] = (
    *(
        OpenTable(
            name=f"queue_{name}",
            words=f"what the visits to a queue add up to by {of}",
            table=_QUEUES,
            at="start_ms",
            columns=_QUEUE_SUMS,
            grain=grain,
            party="queue",
            key="queue",
        )
        for name, of, grain in (("quarters", "quarter of an hour", QUARTER), ("days", "business day", DAY))
    ),
    *(
        OpenTable(
            name=f"agent_{name}",
            words=f"what the offers to an agent and the agent's time add up to by {of}",
            table=_AGENTS,
            at="start_ms",
            columns=_AGENT_SUMS,
            grain=grain,
            party="agent",
            key="agent",
        )
        for name, of, grain in (("quarters", "quarter of an hour", QUARTER), ("days", "business day", DAY))
    ),
    *(
        OpenTable(
            name=f"site_{name}",
            words=f"what the calls of the organisation add up to by {of}",
            table=_SITE,
            at="start_ms",
            columns=_SITE_SUMS,
            grain=grain,
        )
        for name, of, grain in (("quarters", "quarter of an hour", QUARTER), ("days", "business day", DAY))
    ),
    OpenTable(
        name="calls",
        words="ended calls",
        table=ArchivedCall._meta.db_table,
        at="at_ms",
        party="queue",
        key="last_queue",
        columns=(
            *_CALL,
            _at("started_at", "at_ms", "when it began"),
            _at("ended_at", "ended_ms", "when it ended"),
            _text("direction", "in or out"),
            _is("internal", "between colleagues"),
            _text("outcome", "what became of it"),
            _seconds("total_seconds", "total_ms", "its length as the vendor tells it"),
            _is("ivr", "a menu was seen"),
            _is("gave_up", "its last visit to a queue was given up"),
            _text("last_queue", "key of the queue it visited last"),
            _text("last_queue_name", "how that queue was last called", "p.name"),
            _seconds("last_wait_seconds", "last_wait_ms", "the wait in it"),
        ),
    ),
    OpenTable(
        name="visits",
        words="visits of ended calls to queues",
        table=ArchivedVisit._meta.db_table,
        at="at_ms",
        party="queue",
        key="queue",
        columns=(
            *_CALL,
            _count("number", "its place in the call, from 0"),
            *_QUEUE,
            _at("entered_at", "at_ms", "when it entered the queue"),
            _at("answered_at", "answered_ms", "when it was answered"),
            _at("left_at", "left_ms", "when it left the queue"),
            _text("outcome", "what became of it"),
            _seconds("wait_seconds", "wait_ms", "how long it waited"),
            _seconds("talk_seconds", "talk_ms", "how long it talked"),
            _seconds("hold_seconds", "hold_ms", "how long it was on hold"),
            _is("dated", "its entry was told, so that it counts"),
            _text("direction", "the call's"),
            _is("internal", "the call's"),
            _is("transferred", "it was transferred after the answer"),
        ),
    ),
    OpenTable(
        name="offers",
        words="rings of agents, and calls agents made",
        table=ArchivedOffer._meta.db_table,
        at="at_ms",
        party="agent",
        key="agent",
        columns=(
            *_CALL,
            _count("number", "its place in the call, from 0"),
            *_AGENT,
            _text("queue", "key of the queue it was for"),
            _at("began_at", "at_ms", "when it began"),
            _at("answered_at", "answered_ms", "when it was answered"),
            _at("ended_at", "ended_ms", "when it was over"),
            _text("direction", "out for a call the agent made"),
            _text("outcome", "what became of it"),
            _seconds("ring_seconds", "ring_ms", "how long it rang"),
            _seconds("talk_seconds", "talk_ms", "how long it talked"),
            _seconds("hold_seconds", "hold_ms", "how long it was on hold"),
            _is("dated", "its begin was told, so that it counts"),
        ),
    ),
    OpenTable(
        name="presence_changes",
        words="changes of agents' presence as they were seen live",
        table=PresenceChange._meta.db_table,
        at="at_ms",
        party="agent",
        key="agent",
        columns=(
            _SOURCE,
            *_AGENT,
            _at("changed_at", "at_ms", "since when it is so, by the vendor's instants"),
            _at("told_at", "told_ms", "when it was heard"),
            _text("state", "the state it became"),
            _text("profile", "the profile as the vendor names it", "profile_name"),
            _count("queues", "how many queues the agent was logged in to"),
        ),
    ),
    OpenTable(
        name="profile_hours",
        words="an agent's time in a profile by hour, as the vendor's hourly batch told it",
        table=PresenceSlotRow._meta.db_table,
        at="start_ms",
        columns=(
            _SOURCE,
            _text("agent", "the agent's key"),
            _text("agent_name", "how the agent was called"),
            _at("starts_at", "start_ms", "where the hour begins"),
            _text("profile", "the profile as the vendor names it", "profile_name"),
            _is("available", "whether calls reach the agent in it"),
            _seconds("usage_seconds", "usage_ms", "time in it"),
            _seconds("busy_seconds", "busy_ms", "of this, in calls"),
            _count("times", "how often it was chosen"),
        ),
    ),
    OpenTable(
        name="restatements",
        words="numbers of quarters that became others after they were final",
        table=Restatement._meta.db_table,
        at="at_ms",
        columns=(
            _at("quarter_starts_at", "quarter_ms", "the quarter whose numbers moved"),
            _text("kind", "queue, agent or site"),
            _SOURCE,
            _text("key", "which queue or agent"),
            _at("moved_at", "at_ms", "when"),
            _text("changes", "JSON: number -> [what it was, what it is]"),
        ),
    ),
)
NAMES = PartyName._meta.db_table


def joined(open_table: OpenTable) -> str:
    """The FROM of a question about the table, alias r, with the party's name as p where it has one."""
    if not open_table.party:
        return f'"{open_table.table}" r'
    return (
        f'"{open_table.table}" r LEFT JOIN "{NAMES}" p ON p.organisation = r.organisation AND p.source = r.source'
        f" AND p.kind = '{open_table.party}' AND p.key = r.{open_table.key}"
    )


def raw(column: Column) -> str:
    """The column as it is stored, in SQL."""
    return column.of if "." in column.of else f"r.{column.of}"
