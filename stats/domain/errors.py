"""The three things that can go wrong outside.

ProviderError
  Retry      try again, not before `after_s` where the other side said so
  Refused    trying again as we are is pointless: credentials, configuration or permission
  Malformed  one frame or row cannot be read; it is quarantined, nothing stops
"""

from typing import Literal

RefusalKind = Literal["auth", "config"]


class ProviderError(Exception):
    """The root; the road catches nothing wider."""


class Retry(ProviderError):
    """A passing fault. `after_s` is what the other side asked for, or None."""

    def __init__(self, reason: str, *, after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after_s = after_s


class Refused(ProviderError):
    """The other side understood us and said no; somebody must change something."""

    def __init__(self, kind: RefusalKind, reason: str) -> None:
        super().__init__(f"{kind}: {reason}")
        self.kind: RefusalKind = kind
        self.reason = reason


class Malformed(ProviderError):
    """Bytes that are not what the vendor's document promises. `reason` is a short code fit for a metric label."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
