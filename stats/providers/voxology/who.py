"""Who an agent's leg is of, and whether a call is one at all: the vendor knows numbers, the customer's settings and flows know people.

Rules that hold here:
- "session": agents are known by `agent_id` of their legs' session data. Logs have none, so a log's number is looked up among the numbers
  of the settings and those learnt from legs; a leg that names nobody in either way is no ring of anybody known.
- "number": agents are known by their number or SIP address alone, now and in the past.
- A call whose far end is an agent, or that a flow dialled on behalf of another call, is a leg: it belongs to the other call, and is
  counted as none. What says that it goes to a customer (`for_agent_id`) or to a colleague (`internal`) wins over that.
"""

from collections.abc import Mapping
from typing import Any

from stats.domain.records import Direction, Party
from stats.providers.base import party_of
from stats.providers.voxology.book import Book
from stats.providers.voxology.words import Words


class Who:
    """The agents of one source."""

    def __init__(self, source: str, settings: Mapping[str, Any], book: Book) -> None:
        self._source, self._book = source, book
        self._by_number = settings.get("agents_by") == "number"
        names = settings.get("agents")
        self._names: dict[str, str] = {str(key): str(name) for key, name in names.items()} if isinstance(names, Mapping) else {}
        self._numbers: dict[str, str] = {}
        for line in settings.get("agent_numbers") or ():
            number, _, agent = (part.strip() for part in str(line).partition("="))
            if number:
                self._numbers[number.casefold()] = agent or number

    def agents(self) -> list[Party]:
        """Those whom the settings name."""
        return [self.agent(each) for each in dict.fromkeys((*self._names, *self._numbers.values()))]

    def agent(self, word: str, name: str | None = None) -> Party:
        """An agent by the customer's own word."""
        return party_of(self._source, word, self._names.get(word) or name)

    def number_of(self, word: str) -> str | None:
        """Where an agent is reached."""
        return next((number for number, agent in self._numbers.items() if agent == word), None)

    def known_number(self, number: str | None) -> bool:
        """Whether a number is an agent's."""
        return number is not None and (number.casefold() in self._numbers or number.casefold() in self._book.learnt)

    def of_leg(self, words: Words) -> Party | None:
        """The agent at the far end of a leg."""
        said, far = words.said, words.far
        if self._by_number:
            return self._at(far, said.agent_name) if far else None
        if said.agent_id is not None:
            agent = self.agent(said.agent_id, said.agent_name)
            self._book.learn(far, agent)
            return agent
        if far is None:
            return None
        if self.known_number(far) or words.linked is not None:
            return self._at(far, None)
        return None

    def _at(self, number: str, name: str | None) -> Party:
        mapped = self._numbers.get(number.casefold())
        if mapped is not None:
            return self.agent(mapped, name)
        learnt = self._book.learnt.get(number.casefold())
        return learnt if learnt is not None and not self._by_number else self.agent(number, name)

    def is_leg(self, words: Words) -> bool:
        """Whether a document is about an agent's leg."""
        book, said, id_call = self._book, words.said, words.id_call
        if id_call in book.legs:
            return True
        known = book.talks.get(id_call)
        if (
            said.for_agent_id is not None
            or said.internal
            or (known is not None and (known.stays or known.agent is not None or known.internal))
        ):
            return False
        if said.agent_id is not None:
            return True
        if words.linked is not None and words.linked not in book.legs:
            return True
        if words.direction is Direction.OUT and words.parent is not None and words.parent not in book.legs:
            return True
        return words.direction is not Direction.IN and self.known_number(words.far)
