"""What the list of calls is asked for besides days and queues: its own part of the address, read and checked.

Rules that hold here: what is as usual is left out of an address; what cannot be read is `Unfit` with a sentence that says what is allowed;
a number in any spelling is one number, and one that nobody has found nothing.
"""

from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

from stats.domain.call_list import DIRECTIONS, OUTCOMES, Filters, Place
from stats.domain.numbers import e164
from wallboard.accounts.viewer import Viewer
from wallboard.reports.asked import Asked, Unfit

LONGEST = 200
# A wait of a week is a fault of somebody's clock.
LONGEST_S = 604_800


@dataclass(frozen=True, slots=True, kw_only=True)
class CallsAsked:
    """The list's own parameters. `written`: name -> value as it was sent; `before` and `after`: where a page begins."""

    filters: Filters
    written: dict[str, str] = field(default_factory=dict)
    before: Place | None = None
    after: Place | None = None

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The filters as an address has them."""
        return list(self.written.items())


def read_calls_asked(params: QueryDict, asked: Asked, viewer: Viewer) -> CallsAsked:
    """What an address asks for. Raises Unfit."""
    written: dict[str, str] = {}

    def word(name: str, allowed: tuple[str, ...]) -> str:
        value = params.get(name, "").strip()
        if value and value not in allowed:
            raise Unfit(name, _("“%(name)s” is one of %(allowed)s.") % {"name": name, "allowed": ", ".join(allowed)})
        if value:
            written[name] = value
        return value

    def length(name: str) -> int | None:
        value = params.get(name, "").strip().replace(",", ".")
        if not value:
            return None
        whole, _dot, rest = value.partition(".")
        if not (value.isascii() and len(value) < 12 and whole.isdigit() and (rest or "0").isdigit() and float(value) <= LONGEST_S):
            raise Unfit(name, _("“%(name)s” is a number of seconds, 20 or 19.5.") % {"name": name})
        written[name] = value
        return round(float(value) * 1000)

    def text(name: str) -> str:
        value = params.get(name, "").strip().replace("\0", "")
        if len(value) > LONGEST:
            raise Unfit(name, _("“%(name)s” has at most %(most)d characters.") % {"name": name, "most": LONGEST})
        if value:
            written[name] = value
        return value

    number = text("number") if viewer.may("numbers") else ""
    filters = Filters(
        queues=frozenset(asked.queues) or None,
        agents=(frozenset(asked.agents) or None) if viewer.may("agents") else None,
        direction=word("direction", DIRECTIONS),
        outcome=word("outcome", OUTCOMES),
        # What is no number is looked for as it was kept: an extension, a SIP address.
        number=(e164(number) or number) if number else "",
        id_call=text("call"),
        wait_least=length("waited"),
        wait_most=length("waited_most"),
        talk_least=length("talked"),
        transferred=bool(word("transferred", ("1",))),
        ivr=bool(word("menu", ("1",))),
        seen=viewer.queues,
    )
    if filters.wait_least is not None and filters.wait_most is not None and filters.wait_most < filters.wait_least:
        raise Unfit("waited_most", _("The longest wait asked for is not shorter than the shortest."))
    before, after = _place(params, "before"), _place(params, "after")
    return CallsAsked(filters=filters, written=written, before=before, after=None if before is not None else after)


def _place(params: QueryDict, name: str) -> Place | None:
    """Where a page begins, as `wallboard.api.numbers.cursor` writes it."""
    told = params.get(name, "")
    if not told:
        return None
    at, number, source, id_call = (told.split("~", 3) + [""] * 4)[:4]
    if not all(each.isascii() and each.isdigit() and len(each) < 17 for each in (at, number)):
        raise Unfit(name, _("“%(name)s” is what a link of this list holds.") % {"name": name})
    return int(at), id_call, int(number), source
