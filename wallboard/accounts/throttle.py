"""Slows down whoever guesses passwords: per account and address together, and per address for whoever tries many accounts.

Rules that hold here:
- An attempt is counted before the password is looked at, so that a burst of parallel guesses is not let by; success takes it back.
- Nobody else is locked out: the right password from another address still works.
- It is the same for an account that does not exist. What was typed is kept as a keyed digest alone.
- The counters lie in the database: another process and the next start know them too.
"""

import hashlib
import hmac
import ipaddress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from wallboard.accounts.models import FailedSignIns

# Failures in a row, until somebody waits.
MOST_OF_ACCOUNT, MOST_OF_ADDRESS = 10, 100
# After so long without a failure they are forgotten.
REMEMBERED = timedelta(minutes=15)
WAIT = timedelta(minutes=5)
# Whoever goes on after a wait waits twice as long, up to this.
LONGEST_WAIT = timedelta(hours=1)


def enter(account: str, address: str, now: datetime | None = None) -> int:
    """Counts an attempt; 0 when it may be tried, else the whole seconds to wait, and nothing is counted."""
    moment = now or timezone.now()
    with transaction.atomic():
        rows = [(_row(digest, moment), most) for digest, most in _digests(account, address)]
        left = max(_left(row, most, moment) for row, most in rows)
        if left > timedelta():
            return int(left.total_seconds()) + 1
        for row, most in rows:
            if moment - row.last_at > max(REMEMBERED, _wait(row.failures, most)):
                row.failures = 0
            row.failures += 1
            row.last_at = moment
            row.save()
    return 0


def forgive(account: str, address: str) -> None:
    """The attempt was right: the account's failures from here are forgotten, and the address gets its attempt back."""
    (pair, _most), (place, _most_of_address) = _digests(account, address)
    with transaction.atomic():
        FailedSignIns.objects.filter(digest=pair).delete()
        row = FailedSignIns.objects.select_for_update().filter(digest=place).first()
        if row is not None and row.failures > 0:
            row.failures -= 1
            row.save()


def _digests(account: str, address: str) -> tuple[tuple[str, int], tuple[str, int]]:
    place = _place(address)
    return (_digest("account", account.strip().casefold(), place), MOST_OF_ACCOUNT), (_digest("address", place), MOST_OF_ADDRESS)


def _place(address: str) -> str:
    """An IPv4 address as it is; of an IPv6 one the /64, which is what one household or office has."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.IPv6Network((known, 64), strict=False)) if isinstance(known, ipaddress.IPv6Address) else address


def _digest(*words: str) -> str:
    text = "\0".join(words).encode("utf-8", "surrogatepass")
    return hmac.new(settings.SECRET_KEY.encode(), b"sign-in\0" + text, hashlib.sha256).hexdigest()


def _row(digest: str, now: datetime) -> FailedSignIns:
    FailedSignIns.objects.get_or_create(digest=digest, defaults={"last_at": now})
    return FailedSignIns.objects.select_for_update().get(digest=digest)


def _left(row: FailedSignIns, most: int, now: datetime) -> timedelta:
    """How much of the wait is left; nothing or less: none."""
    return row.last_at + _wait(row.failures, most) - now


def _wait(failures: int, most: int) -> timedelta:
    if failures < most:
        return timedelta()
    doublings = min(failures - most, 10)
    return min(WAIT * (1 << doublings), LONGEST_WAIT)
