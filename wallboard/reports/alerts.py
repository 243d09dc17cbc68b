"""What is said above every page of mails that were not sent, until somebody has seen it.

Rules that hold here: told are the admins, and whoever made the mail; a database that does not answer costs no page.
"""

from collections.abc import Sequence

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from wallboard.accounts.viewer import Viewer
from wallboard.reports.models import ReportRun

MOST = 20


async def notices(viewer: Viewer) -> Sequence[tuple[str, str]]:
    """Words and an address for each thing to say to somebody."""
    if viewer.kind != "person" or not viewer.may("export"):
        return []
    try:
        failed = await database_sync_to_async(_failed)(viewer)
    except (DatabaseError, InterfaceError):
        return []
    if not failed:
        return []
    if len({pk for pk, _name in failed}) == 1:
        pk, name = failed[0]
        return [(_("The report “%(name)s” could not be mailed.") % {"name": name}, reverse("report-mail", args=[pk]))]
    number = len({pk for pk, _name in failed})
    words = ngettext("%(n)d report could not be mailed.", "%(n)d reports could not be mailed.", number) % {"n": number}
    return [(words, reverse("report-mails"))]


def _failed(viewer: Viewer) -> list[tuple[int, str]]:
    """Mail and name of the newest that failed unseen."""
    found = ReportRun.objects.filter(state="failed", seen_at=None, mail__organisation__slug=viewer.organisation, mail__deleted_at=None)
    if not viewer.may("people"):
        found = found.filter(mail__created_by=viewer.row)
    return list(found.order_by("-due_at").values_list("mail_id", "mail__view__name")[:MOST])
