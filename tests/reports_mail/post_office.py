"""A real mail server on 127.0.0.1 that accepts, refuses, hangs or breaks off."""

import asyncio
import email
import logging
from email import policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class PostOffice:
    """What it was handed, in order; `refused`: recipients it does not take; `mood`: well, hang, cut, angry or busy."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.taken: list[EmailMessage] = []
        self.to: list[str] = []
        self.refused: set[str] = set()
        self.mood = "well"
        self.cut_after = -1
        self.asked = 0
        self._let_go = asyncio.Event()
        self._controller: Any = Controller(self, hostname="127.0.0.1", port=port, ready_timeout=20)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        """Whether it takes mail for somebody."""
        self.asked += 1
        if self.mood == "hang":
            await self._let_go.wait()
        if self.mood == "busy":
            return "451 4.3.2 try again later"
        if address in self.refused:
            return f"550 5.1.1 <{address}> is not known here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Takes one mail."""
        if self.mood == "cut" or self.cut_after == len(self.taken):
            assert server.transport is not None
            server.transport.abort()
            return "421 gone"
        if self.mood == "angry":
            return "554 5.7.1 this looks like a report"
        content = envelope.content
        assert isinstance(content, bytes)
        self.taken.append(email.message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
        self.to += envelope.rcpt_tos
        return "250 taken"

    def open(self) -> None:
        """Begins to answer; what it writes down itself is none of the product's words."""
        logging.getLogger("mail.log").setLevel(logging.CRITICAL)
        self._controller.start()

    def close(self) -> None:
        """Answers no more."""
        self._controller.loop.call_soon_threadsafe(self._let_go.set)
        self._controller.stop()


def text_of(letter: EmailMessage, kind: str = "plain") -> str:
    """The words of a mail, as text or as HTML."""
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())
