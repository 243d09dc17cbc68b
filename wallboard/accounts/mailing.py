"""Sends an invitation by e-mail, where EMAIL_HOST names a server that takes it.

Rules that hold here: a mail that cannot be sent is said to be so and stops nothing; the link is in the mail and in no log.
"""

from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.utils.translation import gettext as _

log = structlog.get_logger(__name__)


def is_set_up() -> bool:
    """Whether mails can be sent at all."""
    return bool(settings.EMAIL_HOST)


def send_invitation(email: str, organisation: str, inviter: str, link: str) -> bool:
    """Whether the mail server took it."""
    if not is_set_up():
        return False
    # A name with a line break in it would be a second header.
    subject = " ".join((_("You are invited to the wallboard of %(organisation)s") % {"organisation": organisation}).split())
    words = _(
        "%(inviter)s invites you to the wallboard of %(organisation)s.\n\n"
        "Open this link within seven days, and choose a user name and a password:\n\n%(link)s\n\n"
        "If you did not expect this, you need not do anything.\n"
    ) % {"inviter": inviter, "organisation": organisation, "link": link}
    try:
        return send_mail(subject, words, None, [email]) == 1
    except (SMTPException, OSError) as wrong:
        log.warning("invitation_not_mailed", reason=type(wrong).__name__)
        return False
