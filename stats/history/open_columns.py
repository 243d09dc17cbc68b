"""The columns that are open to other programs: what each is called, what it holds, and what it means.

Rules that hold here: words are for whoever reads the table without us; a column says which of the archive's it is made of.
"""

from dataclasses import dataclass
from typing import Literal

Type = Literal["text", "number", "seconds", "instant", "yes or no", "share"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, what it holds, the table's own column `of` ("p.name": the party's), and what it means."""

    name: str
    type: Type
    of: str
    words: str


def text(name: str, words: str, of: str = "") -> Column:
    """A column of text."""
    return Column(name, "text", of or name, words)


def count(name: str, words: str, of: str = "") -> Column:
    """A column of a number."""
    return Column(name, "number", of or name, words)


def seconds(name: str, of: str, words: str) -> Column:
    """A column of a duration."""
    return Column(name, "seconds", of, words)


def instant(name: str, of: str, words: str) -> Column:
    """A column of an instant."""
    return Column(name, "instant", of, words)


def yes(name: str, words: str) -> Column:
    """A column of yes or no."""
    return Column(name, "yes or no", name, words)


SOURCE = text("source", "the telephone system it came from")
VERSION = count("definitions", "version of the definitions it was counted by")
QUEUE = (text("queue", "the queue's key"), text("queue_name", "how the queue was last called", "p.name"))
AGENT = (text("agent", "the agent's key"), text("agent_name", "how the agent was last called", "p.name"))
CALL = (SOURCE, text("call", "the vendor's id of the call", "id_call"))

QUEUE_SUMS = (
    instant("starts_at", "start_ms", "where its time begins"),
    SOURCE,
    *QUEUE,
    count("offered", "visits that entered the queue"),
    count("answered", "of these, answered in it"),
    count("answered_in_target", "of these, within the target"),
    count("abandoned", "given up, short ones not"),
    count("short_abandoned", "given up before the short limit"),
    count("abandoned_in_target", "of the abandoned, within the target"),
    count("short_in_target", "of the short abandoned, within the target"),
    count("overflowed", "went on to another queue or agent"),
    count("voicemail", "ended in voicemail"),
    count("callbacks", "ordered a callback"),
    count("transferred", "answered and transferred later"),
    count("waits", "answered visits whose wait is known", "wait_n"),
    seconds("wait_seconds", "wait_sum", "their waits added up"),
    count("abandon_waits", "abandoned visits whose wait is known", "abandon_wait_n"),
    seconds("abandon_wait_seconds", "abandon_wait_sum", "their waits added up"),
    count("talks", "answered visits whose talk is known", "talk_n"),
    seconds("talk_seconds", "talk_sum", "their talk added up"),
    seconds("hold_seconds", "hold_sum", "their hold added up"),
    seconds("longest_wait_seconds", "wait_max", "the longest wait of any of them; a maximum, not a sum"),
    seconds("target_seconds", "target_ms", "the target it was counted with"),
    seconds("short_seconds", "short_ms", "the limit of short abandons it was counted with"),
    Column("promised_share", "share", "share", "the share promised within the target"),
    text("variant", "the formula of the service level in force"),
    VERSION,
)
TIMES = tuple(
    seconds(f"{state}_seconds", f"time_{state}", f"time {words}")
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
AGENT_SUMS = (
    instant("starts_at", "start_ms", "where its time begins"),
    SOURCE,
    *AGENT,
    count("offers", "calls that rang"),
    count("answered", "of these, answered"),
    count("missed", "of these, missed"),
    count("withdrawn", "of these, taken by somebody else or given up"),
    count("outgoing", "calls the agent made"),
    seconds("ring_seconds", "ring_sum", "ringing of offers that are over"),
    count("talks", "answered offers whose talk is known", "talk_n"),
    seconds("talk_seconds", "talk_sum", "their talk added up"),
    seconds("hold_seconds", "hold_sum", "their hold added up"),
    *TIMES,
    VERSION,
)
SITE_SUMS = (
    instant("starts_at", "start_ms", "where its time begins"),
    SOURCE,
    count("calls_in", "incoming calls that started"),
    count("calls_out", "outgoing calls"),
    count("calls_internal", "calls between colleagues"),
    count("calls_answered", "incoming calls that were answered"),
    count("ivr_abandoned", "given up in a menu"),
    count("true_abandoned", "incoming calls whose caller a queue lost"),
    VERSION,
)
