"""The bar of controls over every report: links and small forms, each of which is the address of another report.

Rules that hold here: a control without a script is a link or a form that is sent by GET; every address keeps what it does not change;
what is listed to choose from is what the viewer sees.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from wallboard.pages.frame import Visit
from wallboard.pages.menu import is_there
from wallboard.reports import words
from wallboard.reports.asked import Asked

Pairs = Sequence[tuple[str, str]]
# The tabs that show agents, who may be chosen there.
OF_AGENTS = ("agents", "profiles", "calls")
OPENS, CLOSES = range(0, 1440, 15), range(15, 1441, 15)


@dataclass(frozen=True, slots=True)
class Address:
    """Addresses of a tab: the question as it is changed, and the tab's own parameters as they are."""

    asked: Asked
    own: Pairs

    def to(self, **changes: object) -> str:
        """The query of a link."""
        return "?" + urlencode([*self.asked.changed(**changes).pairs(), *self.own])

    def hidden(self, *without: str) -> list[tuple[str, str]]:
        """What a form sends along with its own fields."""
        return [(name, value) for name, value in [*self.asked.pairs(), *self.own] if name not in without]


def names_of(visit: Visit, kind: str) -> dict[str, str]:
    """The queues or agents the viewer sees now, by key."""
    begin = f"{kind}:"
    return {
        (key := scope.removeprefix(begin)): name.strip() if isinstance(name := told.get("name"), str) and name.strip() else f"#{key}"
        for scope, told in visit.snapshot.values.items()
        if scope.startswith(begin)
    }


def bar_of(visit: Visit, tab: str, asked: Asked, own: Pairs, *, files: bool) -> dict[str, Any]:
    """The context `bar` of `app/reports/_bar.html`."""
    address = Address(asked, own)
    before, after = asked.neighbour(-1), asked.neighbour(1)
    return {
        "periods": [
            {"label": label, "address": address.to(period=each), "current": asked.period == each, "key": words.PERIOD_KEYS[each]}
            for each, label in words.PERIODS.items()
        ],
        "before": Address(before, own).to() if before is not None else "",
        "after": Address(after, own).to() if after is not None else "",
        "custom": {"first": asked.first, "last": asked.last, "today": asked.today, "hidden": address.hidden("period", "from", "to")},
        "compares": [
            {"label": label, "address": address.to(compare=each), "current": asked.compare == each}
            for each, label in words.COMPARISONS.items()
        ],
        "compared": words.COMPARED[asked.compare] if asked.compare else "",
        "compare_toggle": address.to(compare="" if asked.compare else "weekdays"),
        "intervals": [
            {"label": words.INTERVALS[each], "address": address.to(interval=each), "current": asked.interval == each}
            for each in asked.offered
        ],
        "interval": words.INTERVALS[asked.interval],
        "queues": _choice(names_of(visit, "queue"), asked.queues, address.hidden("queue")),
        "agents": _choice(names_of(visit, "agent"), asked.agents, address.hidden("agent"))
        if tab in OF_AGENTS and visit.may("agents")
        else None,
        "hours": _hours(asked, address),
        "chips": _chips(visit, asked, address),
        "save": _way("report-views", tab, asked, own),
        "mail": _way("report-mails", tab, asked, own) if visit.may("export") else "",
        "files": [
            {"label": "CSV", "address": f"{address.to()}&format=csv"},
            {"label": _("Excel (XLSX)"), "address": f"{address.to()}&format=xlsx"},
        ]
        if files and visit.may("export")
        else [],
    }


def _choice(known: Mapping[str, str], chosen: Sequence[str], hidden: Pairs) -> dict[str, Any]:
    """Checkboxes: those chosen first, then by name. What was chosen and is not known any more can be let go."""
    every = {**{key: f"#{key}" for key in chosen}, **known}
    keys = sorted(every, key=lambda key: (key not in chosen, every[key].casefold(), key))
    return {
        "options": [{"key": key, "name": every[key], "chosen": key in chosen} for key in keys],
        "number": len(chosen),
        "hidden": hidden,
    }


def _hours(asked: Asked, address: Address) -> dict[str, Any]:
    hours = asked.hours
    opens, closes = (hours.opens, hours.closes) if hours is not None else (0, 1440)
    return {
        "words": words.hours_words(hours),
        "opens": [{"value": words.minute_words(each), "chosen": each == opens} for each in OPENS],
        "closes": [{"value": words.minute_words(each), "chosen": each == closes} for each in CLOSES],
        "weekdays": [
            {"value": number + 1, "label": label, "chosen": hours is None or number + 1 in hours.weekdays}
            for number, label in WEEKDAYS.items()
        ],
        "hidden": address.hidden("hours", "opens", "closes", "weekdays"),
        "none": address.to(hours=None) if hours is not None else "",
    }


def _chips(visit: Visit, asked: Asked, address: Address) -> list[dict[str, str]]:
    """Every filter that is on, with the address without it."""
    found = []
    for kind, chosen, label in (("queue", asked.queues, _("Queue: %(name)s")), ("agent", asked.agents, _("Agent: %(name)s"))):
        known = names_of(visit, kind) if chosen else {}
        for key in chosen:
            rest = tuple(each for each in chosen if each != key)
            found.append({"words": label % {"name": known.get(key, f"#{key}")}, "address": address.to(**{f"{kind}s": rest})})
    if asked.hours is not None:
        found.append({"words": words.hours_words(asked.hours), "address": address.to(hours=None)})
    return found


def _way(name: str, tab: str, asked: Asked, own: Iterable[tuple[str, str]]) -> str:
    """To a page that keeps what is on the screen, where there is such a page."""
    address = {"report-views": "/reports/views/", "report-mails": "/reports/mails/"}[name]
    return f"{address}?{urlencode({'tab': tab, 'query': urlencode([*asked.pairs(), *own])})}" if is_there(address) else ""


def tabs_of(visit: Visit, tab: str, asked: Asked) -> list[dict[str, object]]:
    """The tabs that are there and open to the viewer, each with the same question."""
    return [
        {"label": label, "address": f"{address}?{asked.query()}", "current": each == tab}
        for each, (label, ability) in words.TABS.items()
        if visit.may(ability) and is_there(address := f"{reverse('reports')}{each}/")
    ]
