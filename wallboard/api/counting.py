"""Makes a number again from the records behind it, and writes its formula with the figures in it.

Rules that hold here: sums become numbers by `stats.domain.sums` alone, as they do for the boards; what is counted again is the list's own
records, never the sums of the store.
"""

import re
from collections.abc import Callable, Mapping

from stats.domain import receipts as r
from stats.domain.board import Values
from stats.domain.definitions import Definition
from stats.domain.metrics import DEFAULT_TARGETS, CountingRules
from stats.domain.receipts import Groups, Row
from stats.domain.sums import agent_numbers, queue_numbers, seconds, sl_budget

Number = int | float | None
# The classes behind the names that definitions leave out.
LEFT_OUT: Mapping[str, frozenset[str]] = {
    r.INTERNAL: frozenset({r.INTERNAL}),
    r.OUTGOING: frozenset({r.OUTGOING}),
    "abandoned": r.ABANDONED,
    "short_abandoned": r.SHORT,
    "abandoned_in_target": frozenset({r.ABANDONED_MET}),
    "short_in_target": frozenset({r.SHORT_MET}),
    "overflowed": r.OVERFLOWED,
    "voicemail": r.VOICEMAIL,
    "callbacks": r.CALLBACKS,
    "waiting": r.WAITING,
    "leaving": r.LEAVING,
    "expired": r.EXPIRED,
    "withdrawn": frozenset({"withdrawn"}),
}
_WORD = re.compile(r"[a-z][a-z0-9_]*")


def shown(values: Values, scope: str, metric: str, window: str, as_of: int) -> object:
    """The number as boards, pages and the API show it; seconds for a wait that is sent as an instant."""
    told = values.get(scope, {})
    prefix = "" if window in ("now", "today") else f"{window}."
    name, _dot, variant = metric.partition(".")
    if name == "longest_wait":
        since = told.get("longest_wait_since")
        return seconds(max(0, as_of - since)) if isinstance(since, int) else None
    value = told.get(prefix + name)
    if variant:
        return value.get(variant) if isinstance(value, dict) else None
    return value


def visits_again(
    definition: Definition, groups: Groups, rules: CountingRules, variant: str, longest: int | None
) -> tuple[Number, dict[str, Number]]:
    """A queue's (or the site's) number of a window from the totals of its visits, and the amounts its formula speaks of."""
    amounts = r.visit_amounts(groups)
    told = queue_numbers(amounts, variant)
    figures: dict[str, Number] = {name: _figure(name, amount) for name, amount in amounts.items()}
    name, _dot, level = definition.id.partition(".")
    if name == "sl_budget":
        keys = {key for key, _class in groups}
        parts = [(r.visit_amounts(groups, frozenset({key})), rules.of(key).share) for key in sorted(keys)]
        shares = {share for sums, share in parts if sums["answered"] or sums["abandoned"]} or {DEFAULT_TARGETS.share}
        figures["share"] = float(shares.pop()) if len(shares) == 1 else None
        return sl_budget(parts), figures
    if name == "longest_wait_window":
        return (seconds(longest) if longest is not None else None), figures
    value = told["service_levels"] if level else told.get(name)
    value = value.get(level) if isinstance(value, dict) else value
    return (value if isinstance(value, int | float) else None), figures


def offers_again(definition: Definition, groups: Groups) -> tuple[Number, dict[str, Number]]:
    """An agent's number of today from the totals of the agent's offers."""
    amounts = r.offer_amounts(groups)
    return agent_numbers(amounts).get(definition.id), {name: _figure(name, amount) for name, amount in amounts.items()}


def times_again(definition: Definition, sums: Mapping[str, int]) -> tuple[Number, dict[str, Number]]:
    """An agent's time in a state, or occupancy, from milliseconds by `time_<state>`."""
    return agent_numbers(sums).get(definition.id), {name: seconds(ms) for name, ms in sums.items()}


def _figure(name: str, amount: int) -> Number:
    return seconds(amount) if name.endswith("_sum") else amount


def left_out(definition: Definition, groups: Groups) -> dict[str, int]:
    """How many records of the same time are not in it, by why."""
    return {name: r.total(groups, LEFT_OUT[name]).n for name in definition.excluded}


def counts(definition: Definition, row: Row) -> bool:
    """Whether a listed record is one of those that are counted, or whose duration is."""
    if row.klass not in definition.counted:
        return False
    if definition.id == "transfer_rate":
        return row.transferred
    return not definition.measure or measured(definition, row) is not None


def measured(definition: Definition, row: Row) -> int | None:
    """The duration of a record that a number is about, ms; None where it is not known."""
    match definition.measure:
        case "wait":
            return row.wait
        case "talk":
            return row.talk
        case "ring":
            return row.ring
        case "hold":
            return row.hold if definition.place == "agent" else None if row.talk is None else row.hold or 0
        case "handling" if definition.place == "agent":
            return None if row.talk is None and row.hold is None else (row.talk or 0) + (row.hold or 0)
        case "handling":
            return None if row.talk is None else row.talk + (row.hold or 0)
    return None


def number_counted(definition: Definition, groups: Groups) -> int:
    """How many of the listed records are counted, from their totals."""
    whole = r.total(groups, definition.counted)
    if definition.id == "transfer_rate":
        return whole.transferred
    return {"": whole.n, "wait": whole.wait_n}.get(definition.measure, whole.talk_n)


def filled(definition: Definition, figures: Mapping[str, Number], write: Callable[[str, Number], str]) -> str:
    """The formula with figures for its ids; "" where one of them is not known."""
    formula = definition.formula
    if any(figures.get(name) is None for name in definition.parts):
        return ""
    return _WORD.sub(lambda word: write(word[0], figures[word[0]]) if word[0] in figures else word[0], formula)


def replaced(formula: str, words: Mapping[str, str]) -> str:
    """The formula with words for its ids."""
    return _WORD.sub(lambda word: words.get(word[0], word[0]), formula)


def same(one: object, other: object) -> bool:
    """Whether two numbers are one, but for how fractions are rounded."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return abs(one - other) <= 1e-9 * max(1.0, abs(one), abs(other))
    return one is None and other is None
