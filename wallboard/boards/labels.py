"""Names short enough for a wall, yet no two alike.

Rules that hold here: a name that fits stays whole; the beginning stays readable; two that would look the same from across the
room (accents do not count) are told apart.
"""

import unicodedata
from collections.abc import Callable, Sequence
from functools import partial

ELLIPSIS = "…"
# So many letters of a last name are worth showing; people who still look alike are told apart by the ends of their names.
LETTERS_OF_LAST = 3
SHORTEST_TAIL = 2


def short_labels(names: Sequence[str], room: int) -> list[str]:
    """People: a name longer than `room` characters becomes first name and initial ("Maria G"), more letters where two would be alike."""
    return _distinct(names, room, [partial(_first_and_last, room, n) for n in range(1, LETTERS_OF_LAST + 1)])


def queue_labels(names: Sequence[str], room: int) -> list[str]:
    """Queues: a name longer than `room` characters keeps its beginning, and its end where two would be alike."""
    return _distinct(names, room, [partial(cut, room=room)])


def cut(name: str, room: int) -> str:
    """The name's beginning and an ellipsis when it is longer than `room` characters."""
    return name if len(name) <= room else name[: max(room - 1, 1)].rstrip() + ELLIPSIS


def _distinct(names: Sequence[str], room: int, ways: Sequence[Callable[[str], str]]) -> list[str]:
    cleaned = [" ".join(name.split()) for name in names]
    tails: list[Callable[[str], str]] = [partial(_both_ends, room, n) for n in range(SHORTEST_TAIL, max(room - 2, SHORTEST_TAIL + 1))]
    once = list(dict.fromkeys(cleaned))
    labels = [name if len(name) <= room else ways[0](name) for name in once]
    for way in [*ways[1:], *tails]:
        for place in _twins(labels):
            if len(once[place]) > room:
                labels[place] = way(once[place])
    chosen = dict(zip(once, labels, strict=True))
    return _numbered([chosen[name] for name in cleaned])


def _first_and_last(room: int, letters: int, name: str) -> str:
    first, _, rest = name.partition(" ")
    last = rest.rsplit(" ", 1)[-1]
    if not last:
        return cut(name, room)
    if letters == 1 and len(first) <= room < len(first) + 2:
        # No room for the initial, and as long as nobody else is called so, no need.
        return first
    return f"{cut(first, max(room - letters - 1, 3))} {last[:letters]}"


def _both_ends(room: int, tail: int, name: str) -> str:
    return name[: max(room - tail - 1, 1)].rstrip() + ELLIPSIS + name[-tail:].lstrip()


def _seen(label: str) -> str:
    """What a label looks like from far away: no accents, no capitals."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", label.casefold()) if not unicodedata.combining(letter))


def _twins(labels: Sequence[str]) -> list[int]:
    """The places of labels that are not alone."""
    places: dict[str, list[int]] = {}
    for place, label in enumerate(labels):
        places.setdefault(_seen(label), []).append(place)
    return [place for twins in places.values() if len(twins) > 1 for place in twins]


def _numbered(labels: Sequence[str]) -> list[str]:
    """Where even the whole names are the same, a number tells them apart."""
    taken: dict[str, int] = {}
    numbered = list(labels)
    for place in _twins(labels):
        seen = _seen(labels[place])
        taken[seen] = taken.get(seen, 0) + 1
        numbered[place] = f"{labels[place]} {taken[seen]}"
    return numbered
