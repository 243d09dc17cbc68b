"""Who was erased and must not come back: marks of numbers and of agents, and what is done to a telling that carries one.

Rules that hold here: a mark is a keyed digest (`stats.vault`), so that nothing here names anybody; an agent who was erased is told of
under one pseudonym; without marks nothing is computed.
"""

from dataclasses import dataclass

from stats import vault
from stats.domain.forgetting import with_agents, without_numbers
from stats.domain.records import Call, Party

# A busy day has so many different numbers; what was computed longest ago goes.
REMEMBERED = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """Of one organisation: marks of numbers, (mark, pseudonym) of agents, and when the newest of them was made, epoch ms."""

    numbers: frozenset[str] = frozenset()
    agents: frozenset[tuple[str, str]] = frozenset()
    newest_ms: int = 0

    def __bool__(self) -> bool:
        return bool(self.numbers or self.agents)


NOBODY = Erased()


def agent_mark(organisation: str, key: str) -> str:
    """What stands for an agent's key ("111834", "a:998877", "n:Anna Ek")."""
    return vault.number_mark(organisation, f"agent {key}")


def pseudonym_of(organisation: str, key: str) -> Party:
    """Under which an erased agent is told of; the same key always has the same one, and nobody reads the key out of it."""
    return Party(name=f"Former agent {agent_mark(organisation, key)[:6].upper()}")


class Forgetting:
    """Takes those who were erased out of what is told of one organisation."""

    def __init__(self, organisation: str, erased: Erased = NOBODY) -> None:
        self._organisation = organisation
        self._numbers: dict[str, bool] = {}
        self._named: dict[Party, str | None] = {}
        self.erased = erased
        self._agents = dict(erased.agents)

    def follow(self, erased: Erased) -> bool:
        """Other people are erased now. Returns whether there is anybody whom it did not know of."""
        more = bool(erased.numbers - self.erased.numbers or erased.agents - self.erased.agents)
        self.erased, self._agents = erased, dict(erased.agents)
        self._numbers.clear()
        self._named.clear()
        return more

    def call(self, call: Call) -> Call:
        """The call without them; the same object where it names none of them."""
        if self.erased.numbers:
            call = without_numbers(call, self.is_erased)
        return with_agents(call, self.rename) if self._agents else call

    def is_erased(self, number: str) -> bool:
        """Whether a telephone number was erased."""
        known = self._numbers.get(number)
        if known is None:
            if len(self._numbers) > REMEMBERED:
                self._numbers.clear()
            known = self._numbers[number] = vault.number_mark(self._organisation, number) in self.erased.numbers
        return known

    def rename(self, agent: Party) -> Party:
        """The agent, or the pseudonym of one who was erased."""
        if not self._agents:
            return agent
        if agent not in self._named:
            if len(self._named) > REMEMBERED:
                self._named.clear()
            marks = (agent_mark(self._organisation, key) for key in keys_of(agent))
            self._named[agent] = next((self._agents[mark] for mark in marks if mark in self._agents), None)
        name = self._named[agent]
        # The very object that was asked about: who is not meant is not touched.
        return agent if name is None else Party(name=name)

    def key(self, key: str) -> str:
        """An agent's key, or that of the pseudonym of one who was erased."""
        if not self._agents:
            return key
        name = self._agents.get(agent_mark(self._organisation, key))
        return key if name is None else f"n:{name}"


def keys_of(agent: Party) -> list[str]:
    """Every key that one naming of an agent supports; a name counts only where there is no id."""
    found = []
    if agent.id is not None:
        found.append(str(agent.id))
    if agent.account_id is not None:
        found.append(f"a:{agent.account_id}")
    if agent.ref:
        found.append(f"s:{agent.ref}")
    if not found and agent.name:
        found.append(f"n:{agent.name}")
    return found
