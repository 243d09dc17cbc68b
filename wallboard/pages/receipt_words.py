"""How receipts say things: numbers by their unit, formulas in words and in figures, the rows of a list under their headings."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from stats.domain.definitions import Definition
from stats.domain.receipts import Row
from stats.domain.sums import seconds
from wallboard.api import counting
from wallboard.api.numbers import outcome_of
from wallboard.api.receipt_shape import Line, Receipt
from wallboard.boards import figures
from wallboard.boards.figures import DASH
from wallboard.boards.wording import STATE_WORDS
from wallboard.pages.definition_words import label_of
from wallboard.pages.words import OUTCOMES, clock_time, day_and_time, iso, length, masked

NameOf = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLine:
    """One row as it is drawn.

    `address` leads to the call or agent, "" to nothing; `source` is the call's; `since` (epoch ms) makes the browser count.
    """

    row: str
    at: str
    at_iso: str
    address: str
    source: str
    texts: list[str]
    outcome: str
    words: str
    counted: bool
    since: int | None = None


def number_text(definition: Definition, value: object, language: str, timezone: str = "UTC") -> str:
    """A number as people write it, with its sign."""
    if value is None:
        return DASH
    match definition.unit:
        case "ratio":
            return in_percent(value, language)
        case "s":
            return figures.duration(value)
        case "instant":
            return clock_time(int(str(value)), timezone)
        case "text" if definition.id == "state":
            return state_word(str(value))
        case "list":
            return ", ".join(str(each) for each in value) if isinstance(value, list) else str(value)
        case "true/false":
            return _("yes") if value else _("no")
        case "text":
            return str(value)
    return _grouped(value)


def in_percent(value: object, language: str) -> str:
    """`95.2 %`; a comma where the language has one."""
    known = figures.number(value)
    if known is None:
        return DASH
    text = f"{known * 100:.1f}"
    return (text if language.startswith("en") else text.replace(".", ",")) + "\u00a0%"


def _grouped(value: object) -> str:
    known = figures.number(value)
    return str(value) if known is None else f"{known:,.0f}".replace(",", "\u202f").replace("-", "\u2212")


def formula_in_words(definition: Definition) -> str:
    """The formula with what people call its parts, and the few words it has itself in their language."""
    own = definition.formula.replace("wait of rank ", pgettext("formula", "wait of rank") + " ")
    own = own.replace("wait of ", pgettext("formula", "wait of") + " ")
    return counting.replaced(own, {name: str(label_of(definition.place, name)) for name in definition.parts})


def formula_in_figures(told: Receipt, language: str) -> str:
    """`812 / (812 + 41) = 95.2 %`; "" where it has no formula or a part is not known."""

    def write(name: str, figure: float | int | None) -> str:
        if name.endswith("_sum") or name.startswith("time_"):
            return _("%(n)s s") % {"n": _grouped(figure)}
        return in_percent(figure, language) if name == "share" else _grouped(figure)

    text = counting.filled(told.definition, told.figures, write)
    return f"{text} = {number_text(told.definition, told.recounted, language)}" if text else ""


def state_word(state: str) -> str:
    """An agent's state in words."""
    words = {"logged_in": _("logged in"), "off": pgettext("agent", "Off"), "idle": pgettext("agent", "Idle")}
    return str(STATE_WORDS.get(state) or words.get(state, state))


def headings(told: Receipt) -> list[str]:
    """Of the columns between the time and the outcome."""
    meant, whole = told.definition, told.wish.scope == "site"
    match meant.kind:
        case "visit":
            return [*([_("Queue")] if whole else []), _("Waited"), *([_("Talk"), _("Hold")] if _about_talk(meant) else [])]
        case "offer":
            return [_("Queue"), _("Ring time"), _("Talk"), _("Hold")]
        case "call" | "caller":
            return [_("Number")] + ([_("Gave up")] if meant.kind == "caller" else [])
        case "living" if meant.id == "talking":
            return [_("Agent"), _("Queue")]
        case "living":
            return [*([_("Queue")] if whole else []), _("Waits")]
        case "agents":
            return [_("Agent"), _("For")]
        case "presence":
            return [_("Until"), _("Lasted")]
    return []


def first_heading(definition: Definition) -> str:
    """Of the column that holds the time."""
    words = {"visit": _("Entered"), "offer": _("Rang"), "call": _("Started"), "caller": _("Last time")}
    if definition.kind == "living":
        return _("Since") if definition.id == "talking" else _("Entered")
    return words.get(definition.kind) or _("Since")


def _about_talk(definition: Definition) -> bool:
    return definition.measure in ("talk", "hold", "handling")


def line_of(
    line: Line, told: Receipt, queue_name: NameOf, agent_name: NameOf, timezone: str, today: tuple[int, int], caller: str = ""
) -> ListLine:
    """A record as a row of the table. `caller`: whose its number is, "" where nobody knows or the viewer may not."""
    row, kind = line.row, told.definition.kind
    outcome = outcome_of(row)
    within = today[0] <= row.at < today[1]
    texts, since = _texts(row, told, queue_name, agent_name, timezone)
    if caller and texts and texts[0] == masked(row.caller):
        texts = [f"{caller} {texts[0]}", *texts[1:]]
    return ListLine(
        # What tells rows apart while the page goes on names no call that is not open to the reader.
        row=f"{row.source}/{row.id_call if line.named else row.at}/{row.number}/{row.key if kind != 'call' else ''}",
        at=clock_time(row.at, timezone) if within else day_and_time(row.at, timezone),
        at_iso=iso(row.at, timezone),
        address=row.id_call if line.named else "",
        source=row.source,
        texts=texts if line.named else [_("of another queue"), *texts[1:]],
        outcome=outcome,
        words=_outcome_words(outcome, kind),
        counted=line.counted,
        since=since,
    )


def _texts(row: Row, told: Receipt, queue_name: NameOf, agent_name: NameOf, timezone: str) -> tuple[list[str], int | None]:
    meant, whole = told.definition, told.wish.scope == "site"
    queue = [queue_name(row.key)] if whole else []
    match meant.kind:
        case "visit" if row.klass == "waiting":
            return [*queue, _length(row.wait), *([DASH, DASH] if _about_talk(meant) else [])], row.at
        case "visit":
            return [*queue, _length(row.wait), *([_length(row.talk), _length(row.hold)] if _about_talk(meant) else [])], None
        case "offer":
            return [queue_name(row.queue) if row.queue else DASH, _length(row.ring), _length(row.talk), _length(row.hold)], None
        case "call":
            return [masked(row.caller)], None
        case "caller":
            return [masked(row.caller), _("%(n)s times") % {"n": row.number} if row.number > 1 else _("once")], None
        case "living" if meant.id == "talking":
            return [agent_name(row.key), queue_name(row.queue)], None
        case "living":
            return [*queue, _length(row.wait)], row.at
        case "agents":
            return [agent_name(row.key), length(seconds(max(0, told.as_of - row.at)))], row.at
    return [clock_time(row.ended_at, timezone), _length(row.talk)], None


def _outcome_words(outcome: str, kind: str) -> str:
    if kind in ("agents", "presence"):
        return state_word(outcome)
    if outcome == "unanswered":
        return _("Not answered")
    return str(OUTCOMES.get(outcome, outcome))


def _length(ms: int | None) -> str:
    return length(seconds(ms)) if ms is not None else DASH
