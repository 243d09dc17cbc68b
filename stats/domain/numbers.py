"""Telephone numbers as callers, switchboards and people write them, read as E.164 where they can be.

Rules that hold here:
- What cannot be read with certainty is kept as it was written (an extension, a SIP address); nothing is guessed.
- A withheld number is no number: None. Two callers who withhold theirs are never taken for one.
- A national number needs a region, for `0701740605` is a number in Sweden and another one elsewhere.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

MAX_RAW_CHARACTERS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """How a country writes its own numbers: calling code, trunk prefix, exit code, and digits after the trunk prefix."""

    code: str
    trunk: str = "0"
    exit: str = "00"
    shortest: int = 6
    longest: int = 12


REGIONS = {
    "SE": Region(code="46", shortest=7, longest=9),
    "NO": Region(code="47", trunk="", shortest=8, longest=8),
    "DK": Region(code="45", trunk="", shortest=8, longest=8),
    "FI": Region(code="358", shortest=5),
    "IS": Region(code="354", trunk="", shortest=7, longest=7),
    "DE": Region(code="49"),
    "AT": Region(code="43"),
    "CH": Region(code="41", shortest=9, longest=9),
    "NL": Region(code="31", shortest=9, longest=9),
    "BE": Region(code="32", shortest=8, longest=9),
    "FR": Region(code="33", shortest=9, longest=9),
    "GB": Region(code="44", shortest=9, longest=10),
    "IE": Region(code="353", shortest=7, longest=9),
    "ES": Region(code="34", trunk="", shortest=9, longest=9),
    "PT": Region(code="351", trunk="", shortest=9, longest=9),
    "IT": Region(code="39", trunk="", shortest=8, longest=11),  # the leading 0 belongs to the number
    "PL": Region(code="48", trunk="", shortest=9, longest=9),
    "EE": Region(code="372", trunk="", shortest=7, longest=8),
    "LV": Region(code="371", trunk="", shortest=8, longest=8),
    "LT": Region(code="370", shortest=8, longest=8),
    "US": Region(code="1", trunk="1", exit="011", shortest=10, longest=10),
    "CA": Region(code="1", trunk="1", exit="011", shortest=10, longest=10),
}

_WITHHELD = frozenset(
    {"anonymous", "anonym", "unknown", "okänd", "okänt", "private", "privat", "hidden", "hemligt", "withheld", "restricted", "blocked"}
    | {"unavailable", "undefined", "null", "none", "skyddat nummer", "hemligt nummer", "okänt nummer", "private number", "unknown number"}
)
_SCHEME = re.compile(r"^(?:sips?|tel):", re.IGNORECASE)
_HIDE_CALLER = re.compile(r"^[*#]31[*#]")  # dialled before a number to withhold one's own
_SEPARATORS = re.compile(r"[\s().\-/\u00a0\u2010-\u2015]")
_E164_DIGITS = range(8, 16)


def e164(raw: str | None, region: str = "SE") -> str | None:
    """`+` and 8 to 15 digits, or None when that cannot be derived from `raw` as written in `region` (ISO 3166, two letters)."""
    return _read(raw, region)[0] if raw else None


def as_dialled(raw: str | None, region: str = "SE") -> str | None:
    """E.164 when derivable, else the number as written; None when there is none or the caller withheld it."""
    if not raw:
        return None
    derived, kept = _read(raw, region)
    return derived or kept


@lru_cache(maxsize=8192)
def _read(raw: str, region: str) -> tuple[str | None, str | None]:
    kept = "".join(letter for letter in raw if letter.isprintable()).strip()[:MAX_RAW_CHARACTERS]
    bare = _SCHEME.sub("", kept).split(";", 1)[0].split("@", 1)[0]
    if not bare.strip(" -.?") or bare.strip().lower() in _WITHHELD:
        return None, None
    compact = bare.replace("(0)", "") if bare.lstrip().startswith(("+", "00")) else bare
    compact = _HIDE_CALLER.sub("", _SEPARATORS.sub("", compact))
    return _derive(compact, REGIONS.get(region.upper())), kept


def _derive(compact: str, region: Region | None) -> str | None:
    international = compact.startswith("+")
    digits = compact[1:] if international else compact
    if not (digits.isascii() and digits.isdigit()):
        return None
    if international:
        return _international(digits)
    exit_code = region.exit if region else "00"
    for prefix in (exit_code, "00"):  # switches in any country hand over `00`
        if digits.startswith(prefix):
            return _international(digits[len(prefix) :])
    if region is None:
        return None
    if region.trunk and digits.startswith(region.trunk):
        national = digits[len(region.trunk) :]
    elif not region.trunk or region.code == "1":
        national = digits
    else:
        national = ""
    if region.shortest <= len(national) <= region.longest:
        return _international(region.code + national)
    if digits.startswith(region.code) and region.shortest <= len(digits) - len(region.code) <= region.longest and len(digits) >= 10:
        return "+" + digits  # the calling code without its plus; shorter ones are extensions
    return None


def _international(digits: str) -> str | None:
    return "+" + digits if len(digits) in _E164_DIGITS and not digits.startswith("0") else None
