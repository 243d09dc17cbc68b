"""Who is who: queues and agents by statistics id, account id and name, joined as soon as one document carries both.

Rules that hold here: a null id never clears a known one; names are attributes, never identity, unless nothing else was told.
"""

from dataclasses import dataclass

from stats.domain.records import Party


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a naming taught: the party as now known, and the keys that turned out to be another one's."""

    party: Party
    joined: tuple[str, ...] = ()


class Directory:
    """The queues (or agents) of one source. `revision` grows with everything that may change a key."""

    def __init__(self) -> None:
        self.revision = 0
        self.by_key: dict[str, Party] = {}
        self._by_account: dict[int, int] = {}  # account id -> statistics id
        self._by_name: dict[str, str] = {}  # name -> key, for tellings that carry nothing else
        self._by_ref: dict[str, str] = {}  # ref -> key, where a party has numbers too
        self._fills: dict[Party, Party] = {}

    def fill(self, party: Party) -> Party:
        """The party completed with what is known of it; the same object when nothing is missing."""
        known = self._fills.get(party)
        if known is None:
            known = self._fill(party)
            if len(self._fills) > 10_000:
                self._fills.clear()
            self._fills[party] = known
        return known

    def _fill(self, party: Party) -> Party:
        number = party.id
        if number is None and party.account_id is not None:
            number = self._by_account.get(party.account_id)
        key = str(number) if number is not None else party.key
        if key is not None and key.startswith("s:"):
            key = self._by_ref.get(key[2:], key)
        if key is not None and key.startswith("n:"):
            key = self._by_name.get(key[2:], key)
        known = self.by_key.get(key) if key is not None else None
        if known is None:
            return party
        full = Party(
            id=party.id if party.id is not None else known.id,
            account_id=party.account_id if party.account_id is not None else known.account_id,
            name=party.name or known.name,
            ref=party.ref or known.ref,
        )
        return party if full == party else full

    def key(self, party: Party) -> str | None:
        """The one key of a party under everything known."""
        return self.fill(party).key

    def learn(self, party: Party, *, rename: bool = True) -> Learnt | None:
        """Take in a naming. None when it taught nothing; otherwise the party, and keys to be moved to its key.

        `rename` False: what is told is old, so a known name stays.
        """
        full = self.fill(party)
        key = full.key
        if key is None:
            return None
        held = self.by_key.get(key)
        if held is not None:
            full = Party(
                id=held.id,
                account_id=full.account_id if full.account_id is not None else held.account_id,
                name=held.name if held.name and not (rename and full.name) else full.name,
                ref=full.ref or held.ref,
            )
        if full == held:
            return None
        joined: list[str] = []
        if full.id is not None:
            aliases = [f"a:{full.account_id}"] if full.account_id is not None else []
            if held is None and full.name is not None:
                aliases.append(f"n:{full.name}")
            joined = [alias for alias in aliases if self.by_key.pop(alias, None) is not None]
            if full.account_id is not None:
                self._by_account[full.account_id] = full.id
        self.by_key[key] = full
        if full.ref and not key.startswith("s:"):
            self._by_ref[full.ref] = key
        if full.name:
            self._by_name[full.name] = key
        self._changed()
        return Learnt(full, tuple(joined))

    def forget(self, key: str) -> None:
        """Know nothing more of a party: not its ids, not its name."""
        self.by_key.pop(key, None)
        self._by_account = {account: number for account, number in self._by_account.items() if str(number) != key}
        self._by_name = {name: known for name, known in self._by_name.items() if known != key}
        self._by_ref = {ref: known for ref, known in self._by_ref.items() if known != key}
        self._changed()

    def _changed(self) -> None:
        self._fills.clear()
        self.revision += 1
