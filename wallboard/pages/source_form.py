"""The form of a source: its name, its addresses, where its numbers are from, and the options of its company; read, judged, and shown again.

Rules that hold here: whatever was typed is shown again beside what is wrong with it, tokens alone are not; an option is kept in the shape
its company names (`stats.providers.base.Option`) and in no other; a row of which nothing was filled in is no row.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from stats.domain.numbers import REGIONS
from stats.ingest.door import Company, Option
from stats.models import Source
from wallboard.pages import trial
from wallboard.pages.company_words import choice_words, option_words

# Addresses of their own below /sources/.
RESERVED = ("new", "companies", "removed")
LONGEST_NAME = 60
LONGEST_TEXT = 200
MOST_LINES = 200
MOST_ROWS = 100
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One option as the form shows it. `rows`: of "queues" (name, numbers, rules) and "agents" (word, name), an empty one last."""

    id: str
    kind: str
    label: str
    hint: str
    value: Any
    required: bool
    fault: str = ""
    choices: Sequence[tuple[str, str]] = ()
    rows: Sequence[Mapping[str, str]] = ()


@dataclass(slots=True, kw_only=True)
class Draft:
    """What was asked for. `faults`: by the name of the field, in words."""

    name: str
    live_url: str
    historic_url: str
    region: str
    token: str = ""
    second_token: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)


def second_of(company: Company) -> Option | None:
    """The option that is a second token, if the company has one."""
    return next((option for option in company.options if option.secret), None)


def defaults(company: Company, source: Source | None, taken: Sequence[str]) -> Draft:
    """The form before anybody has touched it."""
    live, historic = trial.usual_addresses(company)
    if source is not None:
        live, historic = source.live_url or live, source.historic_url or historic
        return Draft(name=source.name, live_url=live, historic_url=historic, region=source.default_region, settings=dict(source.settings))
    settings = {option.name: option.default for option in company.options if not option.secret and option.default not in ("", None)}
    return Draft(name=free_name(company, taken), live_url=live, historic_url=historic, region=company.region, settings=settings)


def free_name(company: Company, taken: Sequence[str]) -> str:
    """What a new source of a company may be called."""
    wanted = (company.name, *(f"{company.name}-{n}" for n in range(2, 1000)))
    return next(name for name in wanted if name not in taken and name not in RESERVED)


def read(company: Company, post: QueryDict, source: Source | None, taken: Sequence[str]) -> Draft:
    """What was sent, with what is wrong with it."""
    usual = defaults(company, source, taken)
    draft = Draft(
        name=usual.name if source is not None else post.get("name", usual.name).strip().lower(),
        live_url=post.get("live_url", "").strip() or usual.live_url,
        historic_url=post.get("historic_url", "").strip() or usual.historic_url,
        region=post.get("region", usual.region).strip().upper(),
        token=post.get("token", "").strip(),
        second_token=post.get("second_token", "").strip(),
        settings=usual.settings,
    )
    if source is None:
        draft.settings, draft.faults = read_options(company, post)
        if fault := _why_no_name(draft.name, taken):
            draft.faults["name"] = fault
        if draft.region not in REGIONS:
            draft.faults["region"] = _("Choose a country from the list.")
    if not (company.token_optional and not draft.token) and (fault := trial.why_no_token(draft.token)):
        draft.faults["token"] = fault
    second = second_of(company)
    if second is not None and (draft.second_token or second.required) and (fault := trial.why_no_token(draft.second_token)):
        draft.faults["second_token"] = fault
    if fault := trial.why_not(draft.live_url, draft.historic_url, source, company.name):
        draft.faults["addresses"] = fault
    return draft


def _why_no_name(name: str, taken: Sequence[str]) -> str:
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        return _("Give it a short name of small letters, digits and hyphens, such as voxloud-oslo.")
    if name in RESERVED:
        return _("This name is taken by a page. Choose another.")
    if name in taken:
        return _("There is a source of this name already. Choose another.")
    return ""


def read_options(company: Company, post: QueryDict) -> tuple[dict[str, Any], dict[str, str]]:
    """The options that were sent, and what is wrong with them, by the id of their fields."""
    settings: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for option in company.options:
        if option.secret:
            continue
        try:
            value = _value_of(option, post)
        except ValueError as why:
            # As it was typed, to be shown again; whoever has faults keeps nothing.
            settings[option.name], faults[_id(option)] = post.get(_id(option), ""), str(why)
            continue
        if value in ("", None, [], {}) and option.required:
            faults[_id(option)] = _("This is needed.")
        settings[option.name] = value
    return settings, faults


def _id(option: Option) -> str:
    return f"o-{option.name}"


def _value_of(option: Option, post: QueryDict) -> Any:
    """One option in the shape it is kept in. Raises ValueError with words."""
    if option.kind in ("text", "number", "choice", "lines") and _id(option) not in post:
        return list(option.default) if option.kind == "lines" else option.default
    sent = post.get(_id(option), "").strip()
    match option.kind:
        case "switch":
            return sent == "on"
        case "number":
            return _number(sent) if sent else None
        case "lines":
            return _lines(sent)
        case "choice":
            if sent not in option.choices:
                raise ValueError(_("Choose one from the list."))
            return sent
        case "queues":
            return _queues(_rows(post, _id(option), ("name", "numbers", "rules")))
        case "agents":
            return {row["word"]: row["name"] for row in _rows(post, _id(option), ("word", "name")) if row["word"] and row["name"]}
        case _:
            if len(sent) > LONGEST_TEXT:
                raise ValueError(_("Give at most %(n)d letters.") % {"n": LONGEST_TEXT})
            return sent


def _number(sent: str) -> int | float:
    try:
        value = float(sent.replace(",", "."))
    except ValueError:
        raise ValueError(_("Give a number.")) from None
    if value != value or abs(value) > 1e9:
        raise ValueError(_("Give a number."))
    return int(value) if value.is_integer() else value


def _lines(sent: str) -> list[str]:
    found = list(dict.fromkeys(line.strip()[:LONGEST_TEXT] for line in sent.splitlines() if line.strip()))
    if len(found) > MOST_LINES:
        raise ValueError(_("Give at most %(n)d lines.") % {"n": MOST_LINES})
    return found


def _rows(post: QueryDict, name: str, columns: Sequence[str]) -> list[dict[str, str]]:
    found = []
    for at in range(MOST_ROWS):
        row = {column: post.get(f"{name}-{at}-{column}", "").strip() for column in columns}
        if any(row.values()):
            found.append(row)
    return found


def _queues(rows: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for row in rows:
        name = " ".join(row["name"].split())[:LONGEST_TEXT]
        # A queue that was emptied is a queue that was taken away.
        if name:
            found.append({"name": name, "numbers": _lines(row["numbers"].replace(",", "\n")), "rules": _lines(row["rules"])})
    return found


def fields_of(company: Company, settings: Mapping[str, Any], faults: Mapping[str, str], more_rows: str = "") -> list[Field]:
    """The options as the form shows them; `more_rows`: the id of a field that is to have another empty row."""
    found = []
    for option in company.options:
        if option.secret:
            continue
        label, hint = option_words(company, option.name)
        value = settings.get(option.name, option.default)
        rows: list[Mapping[str, str]] = []
        if option.kind == "queues":
            rows = [_shown_queue(row) for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
        elif option.kind == "agents":
            rows = [{"word": str(word), "name": str(name)} for word, name in value.items()] if isinstance(value, Mapping) else []
        elif option.kind == "lines":
            value = "\n".join(str(line) for line in value) if isinstance(value, list | tuple) else str(value or "")
        elif option.kind == "number" and isinstance(value, int | float):
            value = f"{value:g}"
        rows += [{}] * (2 if more_rows == _id(option) else 1)
        found.append(
            Field(
                id=_id(option),
                kind=option.kind,
                label=label,
                hint=hint,
                value="" if value is None else value,
                required=option.required,
                fault=faults.get(_id(option), ""),
                choices=[(each, choice_words(each)) for each in option.choices],
                rows=rows,
            )
        )
    return found


def _shown_queue(row: Mapping[str, Any]) -> dict[str, str]:
    return {
        "name": str(row.get("name", "")),
        "numbers": "\n".join(str(number) for number in row.get("numbers") or ()),
        "rules": "\n".join(str(rule) for rule in row.get("rules") or ()),
    }


def regions() -> list[str]:
    """Where numbers without a country code may be from."""
    return sorted(REGIONS)
