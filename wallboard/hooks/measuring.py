"""Measures requests while Daphne reads them: it would keep any body whole before an application is asked, and wait for one that drips.

Rules that hold here: past LARGEST bytes nothing is kept, whether a length was named or not; a request that is not whole within
WHOLE_WITHIN_S of its first line ends; both hold for every address of the product, sockets' handshakes included.
"""

import sys
from typing import Any

# More than any page, and any company's post, may hold; each measures its own after this.
LARGEST = 2 * 1024 * 1024
WHOLE_WITHIN_S = 20.0


def measure_requests() -> None:
    """To be called once, before Daphne listens. Other servers measure for themselves, or are told to."""
    if "daphne.server" not in sys.modules:
        return
    from daphne import http_protocol
    from twisted.internet import reactor as running

    reactor: Any = running

    class MeasuredRequest(http_protocol.WebRequest):  # type: ignore[misc]  # Daphne has no types
        """A request that ends early when it is too large or too slow."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            # Nobody asks Twisted what was in a form, and to look costs a fifth of a small post. (An older Twisted looks all the same.)
            self._parsePOSTFormSubmission = False
            self._room = LARGEST
            self._is_over = False
            self._deadline = reactor.callLater(WHOLE_WITHIN_S, self._end, b"408 Request Timeout")

        def gotLength(self, length: int | None) -> None:
            """The headers are there."""
            super().gotLength(0 if length is not None and length > LARGEST else length)
            if length is not None and length > LARGEST:
                self._end(b"413 Content Too Large")

        def handleContentChunk(self, data: bytes) -> None:
            """A piece of the body."""
            self._room -= len(data)
            if self._room >= 0:
                super().handleContentChunk(data)
            else:
                self._end(b"413 Content Too Large")

        def process(self) -> Any:
            """It is whole."""
            self._in_time()
            return None if self._is_over else super().process()

        def connectionLost(self, reason: Any) -> None:
            """Nobody is there any more."""
            self._in_time()
            super().connectionLost(reason)

        def _in_time(self) -> None:
            if self._deadline.active():
                self._deadline.cancel()

        def _end(self, status: bytes) -> None:
            if self._is_over or self.channel is None:
                return
            self._is_over = True
            self._in_time()
            self.channel.transport.write(b"HTTP/1.1 " + status + b"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            self.channel.loseConnection()

    http_protocol.WebRequest = MeasuredRequest
