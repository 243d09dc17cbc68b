"""What is said of mails of reports: when they come, how a run ended and what went wrong.

Rules that hold here: an error is kept as a code, with a number or the mail server's answer after a colon, and becomes words in the
language of whoever reads it; what to do about it is said with it.
"""

from collections.abc import Mapping
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from stats.domain.periods import zone
from wallboard.pages.words import day_and_time
from wallboard.reports import words
from wallboard.reports.models import ReportMail

STATES: Mapping[str, str | Promise] = {
    "begun": pgettext_lazy("mail", "Being sent"),
    "sent": pgettext_lazy("mail", "Sent"),
    "failed": pgettext_lazy("mail", "Failed"),
    "skipped": pgettext_lazy("mail", "Left out"),
}
ATTACHED: Mapping[str, str | Promise] = {
    "xlsx": gettext_lazy("Excel (XLSX)"),
    "csv": gettext_lazy("CSV"),
    "": pgettext_lazy("attachment", "None"),
}
# `%(told)s` is what stands after the code.
ERRORS: Mapping[str, str | Promise] = {
    "not_set_up": gettext_lazy("No mail server is named: whoever runs the wallboard sets EMAIL_HOST."),
    "away": gettext_lazy("The mail server could not be reached, or broke off (%(told)s)."),
    "refused": gettext_lazy("The mail server refused it: %(told)s"),
    "database": gettext_lazy("The database did not answer, so that there was nothing to send."),
    "crashed": gettext_lazy("It was begun three times and never ended. The log of housekeeping says more."),
    "broken": gettext_lazy("It could not be made (%(told)s). The log of housekeeping says more."),
    "no_maker": gettext_lazy("Whoever made the mail is not a member any more. It is paused; somebody else makes a new one."),
    "no_right": gettext_lazy("Whoever made the mail may not send such reports any more. It is paused."),
    "no_view": gettext_lazy("The view is not shared any more with whoever made the mail. It is paused."),
    "unfit": gettext_lazy("The view cannot be read any more. It is paused; open the view, and save it anew."),
    "no_address": gettext_lazy("Your account has no e-mail address."),
    "nobody": gettext_lazy("No recipient is a member or an allowed address any more."),
    "paused": gettext_lazy("It was paused before it was sent."),
}


def error_words(error: str) -> str:
    """What went wrong or was left out, in words; "" for nothing."""
    code, _colon, told = error.partition(":")
    if code == "late":
        number = int(told)
        return ngettext(
            "It could not be sent for more than a day, and is too old now.",
            "From here on %(n)d mails could not be sent for more than a day, and are too old now.",
            number,
        ) % {"n": number}
    if code == "missed":
        number = int(told)
        return ngettext(
            "It could not be sent in time; the one after it is sent late in its place.",
            "From here on %(n)d mails could not be sent in time; the one after them is sent late in their place.",
            number,
        ) % {"n": number}
    if code == "left_out":
        number = int(told)
        return ngettext(
            "One recipient was left out: neither a member nor an allowed address any more.",
            "%(n)d recipients were left out: neither members nor allowed addresses any more.",
            number,
        ) % {"n": number}
    return str(ERRORS[code]) % {"told": told} if code in ERRORS else error


def when_words(mail: ReportMail) -> str:
    """`Mon–Fri at 08:00`, `On day 1 of each month at 08:00`."""
    clock = words.minute_words(mail.minute)
    if mail.weekdays:
        return _("%(days)s at %(clock)s") % {"days": words.weekdays_words(int(each) for each in mail.weekdays), "clock": clock}
    return _("On day %(day)d of each month at %(clock)s") % {"day": mail.month_day, "clock": clock}


def moment_words(at: datetime | None, timezone: str) -> str:
    """`Mon 23 November 2026 08:00` where the organisation is; a dash for none."""
    if at is None:
        return words.DASH
    local = at.astimezone(zone(timezone))
    return f"{words.day_words(local.date().isoformat())} {day_and_time(round(at.timestamp() * 1000), timezone)[11:16]}"
