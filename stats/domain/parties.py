"""Whether two namings mean one queue or agent, and what both together say of it."""

from stats.domain.records import Party


def same_party(one: Party, other: Party) -> bool:
    """Whether two namings are one queue (agent): by statistics id, else by account id, else by ref, else by name alone."""
    if one.id is not None and other.id is not None:
        return one.id == other.id
    if one.account_id is not None and other.account_id is not None:
        return one.account_id == other.account_id
    if one.ref is not None and other.ref is not None:
        return one.ref == other.ref
    bare = _bare(one) or _bare(other)
    return bare and one.name is not None and one.name == other.name


def _bare(party: Party) -> bool:
    return party.id is None and party.account_id is None and party.ref is None


def merge_party(held: Party | None, told: Party | None, *, newer: bool = True) -> Party | None:
    """One naming with everything either knew; a null id never clears a known one."""
    if held is None or told is None or held == told:
        return held if told is None else told
    if not same_party(held, told):
        return told if newer else held
    first, second = (told, held) if newer else (held, told)
    return Party(
        id=first.id if first.id is not None else second.id,
        account_id=first.account_id if first.account_id is not None else second.account_id,
        name=first.name or second.name,
        ref=first.ref or second.ref,
    )
