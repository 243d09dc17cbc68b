"""Who and what a document names: numbers in all the vendor's spellings, users by extension, pseudo-queues by number or IVR rule.

Rules that hold here:
- Numbers are documented as E.164 and come as `+39...`, `39...`, `06...`, `102` and `anonymous` alike: up to six digits are an extension,
  eleven or more without a leading 0 lack their plus, the rest is read as written in the source's region.
- An agent is an extension: no other name of a user is in every document. A name alone is an agent only if exactly one user has it.
- A queue is what an administrator made of numbers and rules; a number decides before a rule does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stats.domain.numbers import as_dialled
from stats.domain.records import Party
from stats.providers.base import party_of
from stats.providers.voxloud.wire import User, text

MOST_EXTENSION_DIGITS = 6
FEWEST_INTERNATIONAL_DIGITS = 11


def extension(raw: str | None) -> str | None:
    """An extension, or None for anything that is no short row of digits."""
    return raw if raw is not None and raw.isascii() and raw.isdigit() and len(raw) <= MOST_EXTENSION_DIGITS else None


def spelled(raw: str | None, region: str) -> str | None:
    """E.164 where it can be derived, else as written; None when there is none or it is withheld."""
    if raw is None:
        return None
    compact = raw.replace(" ", "")
    if compact.isascii() and compact.isdigit() and not compact.startswith("0") and 15 >= len(compact) >= FEWEST_INTERNATIONAL_DIGITS:
        return f"+{compact}"
    return raw if extension(raw) else as_dialled(raw, region)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queues:
    """The queues of a source's option `queues`: by number in E.164, by rule in lower case."""

    by_number: Mapping[str, Party] = field(default_factory=dict)
    by_rule: Mapping[str, Party] = field(default_factory=dict)

    @property
    def all(self) -> list[Party]:
        """Each of them once, in the order of their keys."""
        return sorted({*self.by_number.values(), *self.by_rule.values()}, key=lambda queue: queue.key or "")

    def of_number(self, number: str | None) -> Party | None:
        """The queue whose number was dialled."""
        return self.by_number.get(number) if number else None

    def of_rules(self, rules: Sequence[str]) -> Party | None:
        """The queue of the last rule that leads to one."""
        return next((queue for rule in reversed(rules) if (queue := self.by_rule.get(rule.casefold())) is not None), None)


def queues_of(source: str, region: str, told: object) -> Queues:
    """From the option's value, a list of {"name", "numbers", "rules"}. What is no such thing is left out; the first claim holds."""
    by_number: dict[str, Party] = {}
    by_rule: dict[str, Party] = {}
    for each in told if isinstance(told, list | tuple) else ():
        name = text(each.get("name")) if isinstance(each, Mapping) else None
        if name is None:
            continue
        queue = party_of(source, f"q:{name}", name)
        for raw in _listed(each, "numbers"):
            if number := spelled(raw, region):
                by_number.setdefault(number, queue)
        for rule in _listed(each, "rules"):
            by_rule.setdefault(rule.casefold(), queue)
    return Queues(by_number=by_number, by_rule=by_rule)


def _listed(each: Mapping[str, Any], name: str) -> list[str]:
    told = each.get(name)
    return [kept for raw in (told if isinstance(told, list | tuple) else [told]) if (kept := text(raw)) is not None]


class Staff:
    """The users as last asked for: names by extension, extensions by name, and the company's own numbers."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._extensions: dict[str, str | None] = {}
        self._all: frozenset[str] = frozenset()
        self.own: frozenset[str] = frozenset()

    def learn(self, users: Sequence[User], region: str) -> None:
        """Everybody there is."""
        self._names = {ext: name for user in users if (ext := extension_of(user)) and (name := name_of(user))}
        self._extensions = {}
        for ext, name in self._names.items():
            self._extensions[name.casefold()] = None if name.casefold() in self._extensions else ext
        self._all = frozenset(ext for user in users if (ext := extension_of(user)) is not None)
        shown = [did.number for user in users if user.outbound_cli is not None for did in user.outbound_cli.available_dids]
        self.own = frozenset(number for raw in shown if (number := spelled(text(raw), region)))

    def name_of(self, ext: str) -> str | None:
        """Whose extension it is."""
        return self._names.get(ext)

    def user_of(self, ext: str | None) -> str | None:
        """The extension, unless it is known to be no user's: a group, a conference or a mailbox has one too."""
        return ext if not self._all or ext in self._all else None

    def extension_of(self, name: str | None) -> str | None:
        """The extension of the only user of that name."""
        return self._extensions.get(name.casefold()) if name else None


def extension_of(user: User) -> str | None:
    """A user's extension as text."""
    return extension(text(user.extension_number))


def name_of(user: User) -> str | None:
    """A user's whole name."""
    return text(" ".join(part for part in (user.first_name, user.last_name) if part))
