"""Hands mails to the mail server, each recipient's by itself.

Rules that hold here: what the server answers is told without any address in it; a server that refuses one recipient is still given the
others; one that is away or breaks off ends the try.
"""

import re
import smtplib
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import parseaddr

from django.conf import settings
from django.core import mail as post

from wallboard.reports.letter import Letter


class NotSent(Exception):
    """Why a mail was not sent, as `mail_words` has it; `stops`: the mail is paused, `lasting`: trying again would not help."""

    def __init__(self, error: str, *, stops: bool = False, lasting: bool = False) -> None:
        super().__init__(error)
        self.error, self.stops, self.lasting = error[:300], stops, lasting or stops


def deliver(written: Letter, to: Mapping[str, str], taken: Callable[[str], None]) -> None:
    """Sends it to each address, under its mark; `taken` is told of each that the server has taken. Raises NotSent."""
    connection, refusals = post.get_connection(), []
    try:
        connection.open()
        for address, mark in to.items():
            try:
                connection.send_messages([message(written, address, mark)])
            except smtplib.SMTPServerDisconnected:
                raise
            except (smtplib.SMTPRecipientsRefused, smtplib.SMTPResponseException) as wrong:
                refusals.append(answer_of(wrong))
                continue
            taken(address)
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as wrong:
        raise NotSent(f"refused:{answer_of(wrong)}") from None
    except (smtplib.SMTPException, OSError) as wrong:
        raise NotSent(f"away:{type(wrong).__name__}") from None
    finally:
        with suppress(smtplib.SMTPException, OSError):
            connection.close()
    if refusals:
        raise NotSent(f"refused:{refusals[0]}")


def message(written: Letter, address: str, mark: str) -> post.EmailMultiAlternatives:
    """The mail to one recipient; under one mark it has one Message-ID, however often it is tried."""
    host = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    headers = {"Message-ID": f"<report.{mark}@{host}>", "Auto-Submitted": "auto-generated"}
    made = post.EmailMultiAlternatives(written.subject, written.text, None, [address], headers=headers)
    made.attach_alternative(written.html, "text/html")
    if written.file is not None:
        made.attach(*written.file)
    return made


def answer_of(wrong: smtplib.SMTPException) -> str:
    """A server's code and words, without any address in them."""
    told: list[tuple[int, bytes | str]] = []
    if isinstance(wrong, smtplib.SMTPRecipientsRefused):
        told = list(wrong.recipients.values())
    elif isinstance(wrong, smtplib.SMTPResponseException):
        told = [(wrong.smtp_code, wrong.smtp_error)]
    code, said = told[0] if told else (0, "")
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return " ".join(re.sub(r"\S+@\S+", "…", f"{code} {text}").split())[:200]
