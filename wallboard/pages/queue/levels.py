"""The six service levels of a queue's day side by side, who counts so, what each is made of; and how many calls may still miss.

Rules that hold here: every ratio is the one that travels in the queue's values, at the same version; the words say who counts so, without a
judgement; the budget is told with the sum that makes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from stats.domain.metrics import VARIANTS
from wallboard.boards import figures
from wallboard.pages.addresses import receipt_address
from wallboard.pages.words import Words, length

NAMES: Mapping[str, Words] = {
    "short_excluded": gettext_lazy("Short ones left out"),
    "all_abandons_miss": gettext_lazy("Every abandon misses"),
    "early_abandons_met": gettext_lazy("Early abandons met"),
    "early_abandons_excluded": gettext_lazy("Early abandons left out"),
    "answered_only": gettext_lazy("Answered alone"),
    "short_met": gettext_lazy("Short ones met"),
}
WHO: Mapping[str, Words] = {
    "short_excluded": gettext_lazy(
        "Who hung up at once is left out; everybody else who gave up was missed. So count Talkdesk with its short-abandon setting, Twilio"
        " by queue, and this wallboard unless told otherwise."
    ),
    "all_abandons_miss": gettext_lazy(
        "Whoever gave up was missed, however soon. ICMI's third formula, Genesys's base formula, and Cisco where abandons count against."
    ),
    "early_abandons_met": gettext_lazy(
        "Who gave up within the target was served in time. ICMI's first formula, Cisco where abandons count in favour, and Amazon Connect,"
        " which looks at how soon a caller left the queue."
    ),
    "early_abandons_excluded": gettext_lazy(
        "Who gave up within the target is left out. ICMI's fourth formula, Bright Pattern's choice, CxEngage's way, and Cisco where"
        " abandons are ignored."
    ),
    "answered_only": gettext_lazy(
        "Whoever gave up is not counted at all, so that losing callers does no harm. ICMI's second formula, which it calls inaccurate, and"
        " Aircall's overviews."
    ),
    "short_met": gettext_lazy("Who hung up at once counts as served in time; everybody else who gave up was missed. ICMI's fifth formula."),
}
FORMULAS: Mapping[str, str] = {
    "short_excluded": "A_T / (A + B − S)",
    "all_abandons_miss": "A_T / (A + B)",
    "early_abandons_met": "(A_T + B_T) / (A + B)",
    "early_abandons_excluded": "A_T / (A + B − B_T)",
    "answered_only": "A_T / A",
    "short_met": "(A_T + S) / (A + B)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the five numbers that the formulas are made of."""

    letter: str
    label: str
    number: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way to count. `percent` with two decimals, so that six nearly equal ones can be told apart."""

    id: str
    name: str
    who: str
    formula: str
    percent: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """All of them. `budget` in words, `sum` how it is made; `left`: the number itself, None when nothing is known."""

    parts: list[Part]
    variants: list[Variant]
    left: int | None
    budget: str
    sum: str
    address: str


def levels_of(told: Mapping[str, object], scope: str, language: str) -> Levels:
    """From a queue's values of today."""
    levels = told.get("service_levels")
    ratios = levels if isinstance(levels, Mapping) else {}
    left = told.get("sl_budget")
    return Levels(
        parts=_parts(told, scope),
        variants=[
            Variant(
                id=name,
                name=str(NAMES[name]),
                who=str(WHO[name]),
                formula=FORMULAS[name],
                percent=hundredths(ratios.get(name), language),
                chosen=told.get("variant") == name,
            )
            for name in VARIANTS
        ],
        left=left if isinstance(left, int) else None,
        budget=_budget(left),
        sum=_sum(told, left),
        address=receipt_address(scope, "sl_budget"),
    )


def hundredths(ratio: object, language: str) -> str:
    """`81.90`; a dash for what is not known."""
    known = figures.number(ratio)
    if known is None:
        return figures.DASH
    text = f"{known * 100:.2f}"
    return text if language.startswith("en") else text.replace(".", ",")


def _parts(told: Mapping[str, object], scope: str) -> list[Part]:
    target, short = length(figures.number(told.get("target_s"))), length(figures.number(told.get("short_s")))
    answered, abandoned, at_once = (_whole(told.get(name)) for name in ("answered", "abandoned", "short_abandoned"))
    gave_up = None if abandoned is None or at_once is None else abandoned + at_once
    return [
        Part(letter="A", label=_("answered"), number=_count(answered), address=receipt_address(scope, "answered")),
        Part(
            letter="A_T",
            label=_("of these within %(target)s") % {"target": target},
            number=_count(_whole(told.get("answered_in_target"))),
            address=receipt_address(scope, "answered_in_target"),
        ),
        Part(letter="B", label=_("gave up, all of them"), number=_count(gave_up), address=receipt_address(scope, "abandoned")),
        Part(
            letter="S",
            label=_("of these sooner than %(short)s") % {"short": short},
            number=_count(at_once),
            address=receipt_address(scope, "short_abandoned"),
        ),
        Part(letter="B_T", label=_("of B within %(target)s") % {"target": target}, number=_count(early_of(told)), address=""),
    ]


def early_of(told: Mapping[str, object]) -> int | None:
    """B_T, which no count carries alone: abandons within the target, those before the short limit among them.

    It follows from two of the ratios, which are made of the same sums: (A_T + B_T) / (A + B) is told, and A_T, A and B are.
    """
    levels = told.get("service_levels")
    met = figures.number(levels.get("early_abandons_met")) if isinstance(levels, Mapping) else None
    parts = [_whole(told.get(name)) for name in ("answered", "abandoned", "short_abandoned", "answered_in_target")]
    if met is None or any(part is None for part in parts):
        return 0 if all(part == 0 for part in parts) else None
    answered, abandoned, short, in_target = (part or 0 for part in parts)
    return round(met * (answered + abandoned + short)) - in_target


def _budget(left: object) -> str:
    if not isinstance(left, int):
        return _("Not known yet.")
    if left > 0:
        return ngettext("%(n)d more call may miss the target today.", "%(n)d more calls may miss the target today.", left) % {"n": left}
    if left == 0:
        return _("No more call may miss the target today.")
    words = ngettext(
        "The promise is missed by %(n)d call; every call answered in time brings it nearer.",
        "The promise is missed by %(n)d calls; every call answered in time brings it nearer.",
        -left,
    )
    return words % {"n": -left}


def _sum(told: Mapping[str, object], left: object) -> str:
    """`⌊(1 − 80 %) × 1 050⌋ − 190 = 20`."""
    share = figures.number(told.get("share"))
    counts = [_whole(told.get(name)) for name in ("answered", "abandoned", "answered_in_target")]
    if not isinstance(left, int) or share is None or any(count is None for count in counts):
        return ""
    answered, abandoned, in_target = (count or 0 for count in counts)
    d = answered + abandoned
    percent = f"{float(Fraction(str(share)) * 100):g}"
    return f"⌊(1 − {percent} %) × {d}⌋ − {d - in_target} = {left}"


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _count(value: int | None) -> str:
    return figures.count(value)
