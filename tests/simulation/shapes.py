"""Flat paths of vendor documents, and a simulator's documents of a busy hour to look at."""

import re
from collections.abc import Iterator
from typing import Any


def paths(document: Any, prefix: str = "") -> Iterator[str]:
    """`{"a": {"b": 1}, "c": [{"d": 2}]}` has `a.b` and `c.d`; a list of plain values counts as one value."""
    if isinstance(document, dict):
        for key, value in document.items():
            name = re.sub(r"^(extra_profile_(?:not_)?available)_\d+$", r"\1_*", key)
            yield from paths(value, f"{prefix}.{name}" if prefix else name)
    elif isinstance(document, list) and document and isinstance(document[0], dict):
        for item in document:
            yield from paths(item, prefix)
    else:
        yield prefix
