"""The form of a mail of a report: what it offers, what was sent, and what is wrong with that in words.

Rules that hold here: times are quarters of the local day; what was typed is there again beside the fault.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from stats.models import Organisation
from wallboard.pages.frame import Visit
from wallboard.reports import mail_words, recipients, words
from wallboard.reports.models import ReportMail, SavedView
from wallboard.reports.schedule import MONTH_DAYS
from wallboard.reports.views import Refused, in_sight

MINUTES = range(0, 1440, 15)
NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A form as it was filled in. `view`: a row, or "new" for what was on the screen under `name`; `often`: week or month."""

    view: str = ""
    name: str = ""
    to: str = ""
    minute: str = "480"
    often: str = "week"
    weekdays: str = "12345"
    month_day: str = "1"
    attach: str = "xlsx"

    @classmethod
    def of_form(cls, form: QueryDict) -> "Wish":
        """As it was sent."""
        return cls(
            view=form.get("view", ""),
            name=" ".join(form.get("name", "").split()),
            to=form.get("to", "")[:8000],
            minute=form.get("minute", ""),
            often=form.get("often", ""),
            weekdays="".join(sorted(set(form.getlist("weekdays")) & set("1234567"))),
            month_day=form.get("month_day", ""),
            attach=form.get("attach", ""),
        )

    @classmethod
    def of_mail(cls, mail: ReportMail) -> "Wish":
        """As it is kept."""
        return cls(
            view=str(mail.view_id),
            to="\n".join(recipients.split(mail.recipients)),
            minute=str(mail.minute),
            often="week" if mail.weekdays else "month",
            weekdays=mail.weekdays or "12345",
            month_day=str(mail.month_day),
            attach=mail.attach,
        )

    def put(self, mail: ReportMail, organisation: Organisation) -> None:
        """Onto a mail, all but its view. Raises Refused."""
        mail.recipients = "\n".join(self._recipients(organisation))
        minutes, days = {str(each): each for each in MINUTES}, {str(each): each for each in MONTH_DAYS}
        if self.minute not in minutes:
            raise Refused(_("Choose a time of day."))
        mail.minute = minutes[self.minute]
        if self.often == "week":
            if not self.weekdays:
                raise Refused(_("Choose at least one day of the week."))
            mail.weekdays = self.weekdays
        elif self.often == "month" and self.month_day in days:
            mail.weekdays, mail.month_day = "", days[self.month_day]
        else:
            raise Refused(_("Choose on which days the mail is sent."))
        if self.attach not in mail_words.ATTACHED:
            raise Refused(_("Choose what is attached: Excel, CSV or nothing."))
        mail.attach = self.attach

    def _recipients(self, organisation: Organisation) -> list[str]:
        wished = recipients.split(self.to)
        if not wished:
            raise Refused(_("Write at least one e-mail address to send it to."))
        if len(wished) > recipients.MOST:
            raise Refused(_("At most %(n)d recipients.") % {"n": recipients.MOST})
        if wrong := recipients.not_addresses(wished):
            raise Refused(_("No e-mail address: %(wrong)s") % {"wrong": ", ".join(wrong)[:200]})
        strangers = [each for each in wished if each not in recipients.allowed(organisation)]
        if strangers:
            known = {"strangers": ", ".join(strangers)}
            raise Refused(_("Neither a member's address nor one that an admin has allowed: %(strangers)s") % known)
        return wished


def context_of(visit: Visit, wish: Wish, screen: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What `app/reports/_mail_form.html` draws."""
    return {
        "wish": wish,
        "screen": screen,
        "views": _views(visit, wish),
        "minutes": [{"value": each, "label": words.minute_words(each), "chosen": str(each) == wish.minute} for each in MINUTES],
        "days": [{"value": number + 1, "label": label, "chosen": str(number + 1) in wish.weekdays} for number, label in WEEKDAYS.items()],
        "month_days": [{"value": each, "chosen": str(each) == wish.month_day} for each in MONTH_DAYS],
        "attached": [{"value": each, "label": label, "chosen": each == wish.attach} for each, label in mail_words.ATTACHED.items()],
        "most": recipients.MOST,
    }


def _views(visit: Visit, wish: Wish) -> Sequence[dict[str, Any]]:
    return [
        {
            "value": each.pk,
            "label": each.name if each.owner_id == visit.viewer.row else f"{each.name} ({each.owner.get_username()})",
            "chosen": str(each.pk) == wish.view,
        }
        for each in in_sight(visit)
    ]


def view_of(visit: Visit, wish: Wish) -> SavedView:
    """The saved view that was chosen. Raises Refused."""
    pk = int(wish.view) if wish.view.isascii() and wish.view.isdigit() and len(wish.view) < 18 else 0
    view = in_sight(visit).filter(pk=pk).first()
    if view is None:
        raise Refused(_("Choose a view to send."))
    return view


def with_view(wish: Wish, view: SavedView) -> Wish:
    """The same, about a view."""
    return replace(wish, view=str(view.pk))
