"""Addresses beside the members' that reports may be mailed to, as admins allow and take back.

Rules that hold here: an address that is taken back is sent nothing more from that moment, whatever lists it is still on; which it is
stands in the audit log, as an invitation's does.
"""

from channels.db import database_sync_to_async
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from stats.models import Organisation
from wallboard.accounts import journal
from wallboard.pages.frame import Visit, for_people
from wallboard.reports import recipients
from wallboard.reports.mails import ADMINISTERS, show
from wallboard.reports.models import AllowedAddress

MOST = 200


async def addresses(visit: Visit) -> HttpResponse:
    """POST /reports/mails/addresses/ with `do` (allow, forbid) and `email`."""
    return await database_sync_to_async(_addresses)(visit)


def _addresses(visit: Visit) -> HttpResponse:
    form, back = visit.request.POST, HttpResponseRedirect(f"{reverse('report-mails')}#addresses")
    if visit.request.method != "POST":
        return back
    email = form.get("email", "").strip().lower()
    organisation = Organisation.objects.get(slug=visit.viewer.organisation)
    known = AllowedAddress.objects.filter(organisation=organisation)
    if form.get("do") == "forbid":
        with transaction.atomic():
            if known.filter(email=email).delete()[0]:
                journal.note(visit.viewer, "mail.address_forbidden", "address", email, address=visit.address)
        return back
    if len(email) > 254 or recipients.not_addresses([email]):
        return show(visit, 400, address_fault=_("That is no e-mail address. Write one such as anna@example.org."))
    if known.count() >= MOST:
        return show(visit, 400, address_fault=_("Very many addresses are allowed. Take some back first."))
    with transaction.atomic():
        _row, made = known.get_or_create(organisation=organisation, email=email, defaults={"allowed_by": visit.person})
        if made:
            journal.note(visit.viewer, "mail.address_allowed", "address", email, address=visit.address)
    return back


page = for_people(addresses, needs=ADMINISTERS)
