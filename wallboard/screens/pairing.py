"""From a television's code to a screen with a key: what the database knows of it.

Rules that hold here: only the digest of a television's secret is kept, and it becomes the screen's key when the code is claimed; a code is
claimed once, and lives for CODE_LIVES; a key that was taken back never opens anything again, so its television begins with a new secret.
"""

from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from stats.models import Organisation
from wallboard.accounts import journal
from wallboard.accounts.keys import SLIDES
from wallboard.accounts.models import Pairing, Screen, digest_of
from wallboard.accounts.viewer import Viewer
from wallboard.screens.codes import new_code
from wallboard.screens.wishes import Wishes

CODE_LIVES = timedelta(minutes=10)
# A television that has not asked for so long is gone.
FORGOTTEN_AFTER = timedelta(days=1)
MOST_TRIES = 8


def screen_of(secret: str) -> Screen | None:
    """The paired screen whose key this is."""
    return Screen.open_ones().filter(digest=digest_of(secret)).exclude(paired_at=None).first()


def pairing_of(secret: str, now: datetime | None = None) -> Pairing | None:
    """What a television that nobody has claimed shows; with a new code where the old one has had its time."""
    moment = now or timezone.now()
    found = Pairing.objects.filter(digest=digest_of(secret), screen=None).first()
    if found is not None and found.expires_at <= moment:
        found.expires_at = moment + CODE_LIVES
        _with_a_new_code(found)
    return found


def begin(secret: str, address: str, now: datetime | None = None) -> Pairing:
    """A television that has never been here; those that have gone are forgotten."""
    moment = now or timezone.now()
    Pairing.objects.filter(expires_at__lt=moment - FORGOTTEN_AFTER).delete()
    pairing = Pairing(digest=digest_of(secret), address=address, expires_at=moment + CODE_LIVES)
    _with_a_new_code(pairing)
    return pairing


def _with_a_new_code(pairing: Pairing) -> None:
    for _try in range(MOST_TRIES):
        pairing.code = new_code()
        try:
            with transaction.atomic():
                pairing.save()
            return
        except IntegrityError:
            if Pairing.objects.filter(digest=pairing.digest).exclude(pk=pairing.pk).exists():
                raise
    raise RuntimeError("no free code")


def note_seen(pairing: Pairing, seen: dict[str, object]) -> None:
    """Keeps what a television says of itself, when it says something new."""
    if seen and seen != pairing.seen:
        Pairing.objects.filter(pk=pairing.pk).update(seen=seen)


def waiting(code: str, now: datetime | None = None) -> Pairing | None:
    """The television that shows this code now."""
    return Pairing.objects.filter(code=code, screen=None, expires_at__gt=now or timezone.now()).first()


def claim(viewer: Viewer, code: str, wishes: Wishes, *, address: str = "", now: datetime | None = None) -> Screen | None:
    """Makes the television with this code a screen of the viewer's organisation; None where no television shows it."""
    moment = now or timezone.now()
    with transaction.atomic():
        pairing = Pairing.objects.select_for_update().filter(code=code, screen=None, expires_at__gt=moment).first()
        if pairing is None:
            return None
        screen = Screen(
            organisation=Organisation.objects.get(slug=viewer.organisation),
            digest=pairing.digest,
            paired_at=moment,
            paired_by=viewer.name,
            last_seen_at=moment,
            expires_at=moment + SLIDES,
            report=pairing.seen,
        )
        wishes.put_on(screen)
        screen.save()
        pairing.screen = screen
        pairing.save(update_fields=["screen"])
        shown = ", ".join(screen.boards)
        journal.note(viewer, "screen.paired", "screen", str(screen.pk), address=address, name=screen.name, room=screen.room, shows=shown)
    return screen
