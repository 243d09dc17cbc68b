"""What went wrong, as RFC 9457 problem documents: one title per kind, and words that tell the asker what to do."""

from collections.abc import Mapping

import msgspec
from django.http import HttpResponse

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "Wrong parameter",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    429: "Too many requests",
    503: "Not available now",
}


class Problem(Exception):
    """Ends a request with a problem document. `members` are added to it; `headers` to the answer."""

    def __init__(
        self, status: int, detail: str, *, members: Mapping[str, object] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.members, self.headers = dict(members or {}), dict(headers or {})

    def as_response(self) -> HttpResponse:
        """The answer."""
        document = {"type": "about:blank", "title": TITLES[self.status], "status": self.status, "detail": self.detail, **self.members}
        response = HttpResponse(msgspec.json.encode(document), status=self.status, content_type=CONTENT_TYPE)
        for name, value in self.headers.items():
            response[name] = value
        response["Cache-Control"] = "no-store"
        return response


def wrong_parameter(name: str, given: str, allowed: list[str] | str) -> Problem:
    """400, naming the parameter and what it may be."""
    words = allowed if isinstance(allowed, str) else "one of " + ", ".join(allowed)
    return Problem(400, f"{name}={given[:60]!r} is not possible; it must be {words}.", members={"parameter": name, "allowed": allowed})
