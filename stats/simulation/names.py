"""Made-up people and made-up telephone numbers, the same for the same seed.

Numbers come only from ranges that the Swedish and British regulators keep free for drama and documentation, so no simulated
call can ever name a real subscriber.
"""

from __future__ import annotations

import random


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words(
    "Anna Björn Cecilia David Elin Fredrik Gunilla Hassan Ingrid Johan Karin Lars Maja Nils Olivia Per Rania Sofia Tobias Ulrika "
    "Viktor Wilma Yusuf Åsa Östen Agnes Bengt Carina Dragan Ebba Filip Greta Henrik Ida Jonas Klara Leila Mattias Nina Oskar"
)
LAST = _words(
    "Andersson Bergström Carlsson Dahl Ek Forsberg Gustafsson Holm Isaksson Jönsson Kjellberg Lindqvist Månsson Nyström Olofsson "
    "Persson Qvist Rosén Sjöberg Törnqvist Ullman Vikström Wallin Åberg Öberg Ahmadi Brandt Ceder Dufva Engdahl"
)

QUEUE_NAMES = ("Växel", "Kundtjänst", "Support", "Försäljning", "Faktura", "Order", "Teknik", "Leverans", "Reklamation", "Bokning")

LICENCES = ("Flow Fast", "Flow Mobil", "Flow Kontakt Center")

# Swedish numbers for fiction, written as a caller in Sweden would (national) or as the exchange passes them on (00 + country).
_SWEDISH = (
    [f"07017406{n:02d}" for n in range(5, 100)] + [f"03139006{n:02d}" for n in range(100)] + [f"0980319{n:03d}" for n in range(200, 300)]
)
_BRITISH = ("7700900", "2079460", "1134960", "1144960", "1154960", "1164960", "1174960", "1184960", "1214960", "1314960", "1414960")


def person(order: int) -> str:
    """A name of its own for each of the first 1,200 agents."""
    return f"{FIRST[order % len(FIRST)]} {LAST[(order * 7 + order // len(FIRST)) % len(LAST)]}"


def mailbox(name: str) -> str:
    plain = name.lower().translate(str.maketrans("åäöé ", "aaoe."))
    return f"{plain}@floor.example"


def extension(order: int) -> str:
    """An agent's own number: national or international, as agents' numbers really come in both spellings."""
    national = f"0406280{400 + order % 100}"
    return national if order % 3 else f"0046{national[1:]}"


def service_number(order: int) -> str:
    return f"08465004{order % 100:02d}"


def caller(chance: random.Random) -> str | None:
    """A caller's number as the exchange shows it, or None for the one in twenty who hides it."""
    roll = chance.random()
    if roll < 0.05:
        return None
    if roll < 0.20:
        national = chance.choice(_SWEDISH)
        return national if roll < 0.13 else f"0046{national[1:]}"
    return f"0044{chance.choice(_BRITISH)}{chance.randrange(1000):03d}"
