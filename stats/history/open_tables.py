"""What of the history is open to other programs, column by column: read by the SQL views and by the Parquet files alike.

Rules that hold here: no telephone number, no record and no secret is in a column; sums are given, never ratios, for ratios of ratios are
wrong; instants are instants, durations seconds; a name is how somebody was last called, the key is who they are.
"""

from dataclasses import dataclass
from typing import Literal

from stats.history.open_columns import (
    AGENT,
    AGENT_SUMS,
    CALL,
    QUEUE,
    QUEUE_SUMS,
    SITE_SUMS,
    SOURCE,
    Column,
    count,
    instant,
    seconds,
    text,
    yes,
)
from stats.history.rollup_tables import DAY, QUARTER, AgentRollup, PartyName, QueueRollup, Restatement, SiteRollup
from stats.history.tables import ArchivedCall, ArchivedOffer, ArchivedVisit, PresenceChange
from stats.models import PresenceSlotRow


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


_QUEUES, _AGENTS, _SITE = QueueRollup._meta.db_table, AgentRollup._meta.db_table, SiteRollup._meta.db_table

OPEN_TABLES: tuple[OpenTable, ...] = (
    *(
        OpenTable(
            name=f"queue_{name}",
            words=f"what the visits to a queue add up to by {of}",
            table=_QUEUES,
            at="start_ms",
            columns=QUEUE_SUMS,
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
            columns=AGENT_SUMS,
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
            columns=SITE_SUMS,
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
            *CALL,
            instant("started_at", "at_ms", "when it began"),
            instant("ended_at", "ended_ms", "when it ended"),
            text("direction", "in or out"),
            yes("internal", "between colleagues"),
            text("outcome", "what became of it"),
            seconds("total_seconds", "total_ms", "its length as the vendor tells it"),
            yes("ivr", "a menu was seen"),
            yes("gave_up", "its last visit to a queue was given up"),
            text("last_queue", "key of the queue it visited last"),
            text("last_queue_name", "how that queue was last called", "p.name"),
            seconds("last_wait_seconds", "last_wait_ms", "the wait in it"),
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
            *CALL,
            count("number", "its place in the call, from 0"),
            *QUEUE,
            instant("entered_at", "at_ms", "when it entered the queue"),
            instant("answered_at", "answered_ms", "when it was answered"),
            instant("left_at", "left_ms", "when it left the queue"),
            text("outcome", "what became of it"),
            seconds("wait_seconds", "wait_ms", "how long it waited"),
            seconds("talk_seconds", "talk_ms", "how long it talked"),
            seconds("hold_seconds", "hold_ms", "how long it was on hold"),
            yes("dated", "its entry was told, so that it counts"),
            text("direction", "the call's"),
            yes("internal", "the call's"),
            yes("transferred", "it was transferred after the answer"),
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
            *CALL,
            count("number", "its place in the call, from 0"),
            *AGENT,
            text("queue", "key of the queue it was for"),
            instant("began_at", "at_ms", "when it began"),
            instant("answered_at", "answered_ms", "when it was answered"),
            instant("ended_at", "ended_ms", "when it was over"),
            text("direction", "out for a call the agent made"),
            text("outcome", "what became of it"),
            seconds("ring_seconds", "ring_ms", "how long it rang"),
            seconds("talk_seconds", "talk_ms", "how long it talked"),
            seconds("hold_seconds", "hold_ms", "how long it was on hold"),
            yes("dated", "its begin was told, so that it counts"),
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
            SOURCE,
            *AGENT,
            instant("changed_at", "at_ms", "since when it is so, by the vendor's instants"),
            instant("told_at", "told_ms", "when it was heard"),
            text("state", "the state it became"),
            text("profile", "the profile as the vendor names it", "profile_name"),
            count("queues", "how many queues the agent was logged in to"),
        ),
    ),
    OpenTable(
        name="profile_hours",
        words="an agent's time in a profile by hour, as the vendor's hourly batch told it",
        table=PresenceSlotRow._meta.db_table,
        at="start_ms",
        columns=(
            SOURCE,
            text("agent", "the agent's key"),
            text("agent_name", "how the agent was called"),
            instant("starts_at", "start_ms", "where the hour begins"),
            text("profile", "the profile as the vendor names it", "profile_name"),
            yes("available", "whether calls reach the agent in it"),
            seconds("usage_seconds", "usage_ms", "time in it"),
            seconds("busy_seconds", "busy_ms", "of this, in calls"),
            count("times", "how often it was chosen"),
        ),
    ),
    OpenTable(
        name="restatements",
        words="numbers of quarters that became others after they were final",
        table=Restatement._meta.db_table,
        at="at_ms",
        columns=(
            instant("quarter_starts_at", "quarter_ms", "the quarter whose numbers moved"),
            text("kind", "queue, agent or site"),
            SOURCE,
            text("key", "which queue or agent"),
            instant("moved_at", "at_ms", "when"),
            text("changes", "JSON: number -> [what it was, what it is]"),
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
