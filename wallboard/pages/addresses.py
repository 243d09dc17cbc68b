"""Where the calls behind a number are listed."""

from urllib.parse import quote, urlencode


def receipt_address(scope: str, metric: str, window: str = "today") -> str:
    """The receipt of a metric of a scope ("site", "queue:<key>", "agent:<key>") in a window."""
    return f"/numbers/{quote(scope, safe=':')}/{quote(metric, safe='')}/?{urlencode({'window': window})}"
