"""Every number and what it means: the registry of definitions, in words, with what each is made of."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import path
from django.utils.translation import gettext as _

from stats.domain.definitions import DEFINITIONS, Definition, definition
from wallboard.pages.definition_words import KINDS, LEFT_OUT, PLACES, UNITS, WINDOWS, WORDS
from wallboard.pages.frame import NotThere, Visit, draw, for_people
from wallboard.pages.receipt_words import formula_in_words

LONGEST_QUESTION = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One definition as a person reads it. `parts`: names and anchors of the numbers its formula speaks of."""

    id: str
    anchor: str
    label: str
    what: str
    formula: str
    unit: str
    kind: str
    windows: str
    left_out: str
    parts: list[tuple[str, str]]


def entry_of(definition: Definition) -> Entry:
    """A definition in the language of the moment."""
    label, what = WORDS[definition.anchor]
    parts = [
        (str(WORDS[anchor][0]), anchor)
        for name in definition.parts
        if (anchor := next((a for a in (f"{definition.place}.{name}", f"queue.{name}") if a in WORDS), ""))
    ]
    return Entry(
        id=definition.id,
        anchor=definition.anchor,
        label=str(label),
        what=str(what),
        formula=formula_in_words(definition) if definition.formula else "",
        unit=str(UNITS[definition.unit]),
        kind=str(KINDS[definition.kind]),
        windows=", ".join(str(WINDOWS[window]) for window in definition.windows),
        left_out=", ".join(str(LEFT_OUT[name]) for name in definition.excluded),
        parts=parts,
    )


async def definitions(visit: Visit) -> HttpResponse:
    """GET /definitions/"""
    asked = visit.request.GET
    if "metric" in asked:
        return _one(visit, asked.get("of", "site"), asked["metric"], fragment=asked.get("fragment") == "1")
    question = asked.get("q", "").strip()[:LONGEST_QUESTION]
    groups = []
    for place, words in PLACES.items():
        entries = [entry_of(each) for each in DEFINITIONS.values() if each.place == place]
        entries = [each for each in entries if fits(each, question)]
        if entries:
            groups.append({"place": place, "words": words, "entries": entries})
    return draw(visit, "definitions.html", "definitions", groups=groups, question=question)


def _one(visit: Visit, scope: str, metric: str, *, fragment: bool) -> HttpResponse:
    """One number alone: a page of its own, or the part of it that is shown over another page."""
    window, _dot, rest = metric.partition(".")
    metric = rest if window in WINDOWS and rest else metric
    meant = definition(scope, {"longest_wait_since": "longest_wait"}.get(metric, metric))
    if meant is None:
        raise NotThere(_("There is no such number."))
    entry = entry_of(meant)
    if fragment:
        return HttpResponse(render_to_string("app/_definition.html", {"each": entry}, visit.request))
    groups = [{"place": meant.place, "words": PLACES[meant.place], "entries": [entry]}]
    return draw(visit, "definitions.html", "definitions", groups=groups, question="", one=True)


def fits(entry: Entry, question: str) -> bool:
    """Whether every word of the question is somewhere in the entry."""
    text = " ".join((entry.id, entry.label, entry.what, entry.formula)).casefold()
    return all(word in text for word in question.casefold().split())


page = for_people(definitions, needs="look")
urls = [path("definitions/", page, name="definitions")]
