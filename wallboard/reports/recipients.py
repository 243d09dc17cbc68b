"""Whom reports may be mailed to: members of the organisation, and addresses an admin has allowed.

Rules that hold here: an address that is neither is refused when it is written down and left out when it is sent to, so that the wallboard
is nobody's way of writing to strangers, and a member who leaves is told nothing more; addresses are compared in small letters.
"""

from collections.abc import Iterable
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from stats.models import Organisation
from wallboard.accounts.models import Membership
from wallboard.reports.models import AllowedAddress

MOST = 20


def members(organisation: Organisation) -> list[str]:
    """The addresses of the members who can sign in, in order."""
    found = Membership.objects.filter(organisation=organisation, user__is_active=True).exclude(user__email="")
    return sorted({email.strip().lower() for email in found.values_list("user__email", flat=True)})


def allowed(organisation: Organisation) -> frozenset[str]:
    """Every address that may be written to."""
    others = AllowedAddress.objects.filter(organisation=organisation).values_list("email", flat=True)
    return frozenset({*members(organisation), *others})


def split(written: str) -> list[str]:
    """Addresses as somebody writes them into a form: a line each, or with commas or semicolons between; each once, in small letters."""
    return list(dict.fromkeys(each.lower() for each in written.replace(",", " ").replace(";", " ").split()))


def not_addresses(addresses: Iterable[str]) -> list[str]:
    """Those that are no e-mail addresses at all."""
    found = []
    for each in addresses:
        try:
            EmailValidator()(each)
        except ValidationError:
            found.append(each)
    return found


def mark(run: int, address: str) -> str:
    """A recipient of one run, without the address."""
    return sha256(f"{run} {address}".encode()).hexdigest()[:16]
