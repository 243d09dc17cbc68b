"""`python -m tests.hooks.measured PORT`: Daphne as the product starts it, before an application that says how long the body was."""

import sys
from typing import Any

from daphne.cli import CommandLineInterface

from wallboard.hooks import measuring

LARGEST, WHOLE_WITHIN_S = 100_000, 1.0


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Echoes the length."""
    length, more = 0, True
    while more:
        message = await receive()
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    body = str(length).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    measuring.LARGEST, measuring.WHOLE_WITHIN_S = LARGEST, WHOLE_WITHIN_S
    measuring.measure_requests()
    CommandLineInterface().run(["-v", "0", "-b", "127.0.0.1", "-p", sys.argv[1], "tests.hooks.measured:application"])
