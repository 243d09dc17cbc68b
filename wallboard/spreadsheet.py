"""Text that goes into spreadsheets: no name, note or number that somebody else wrote may become a formula there.

Rules that hold here: what a spreadsheet would calculate begins with an apostrophe in CSV; in XLSX it is text by its type; letters that XML
refuses are replaced, never dropped.
"""

import re

# What begins a formula somewhere, in ASCII and in the full width that some spreadsheets fold to it.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
# A spreadsheet's cell holds no more.
LONGEST_CELL = 32_767
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def as_text(value: object) -> str:
    """A cell of CSV that no spreadsheet calculates; "" for None."""
    text = "" if value is None else str(value)
    # Some programs pass over blanks before they look whether it is a formula.
    return f"'{text}" if text.lstrip(" \u00a0").startswith(FORMULA) or text.startswith(FORMULA) else text


def as_cell(value: object) -> str:
    """Text for a cell of XLSX, which is text whatever it says."""
    return _NO_XML.sub("\ufffd", "" if value is None else str(value))[:LONGEST_CELL]
