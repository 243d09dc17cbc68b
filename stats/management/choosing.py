"""Whose telephone system a command means, and what it says when that one, or the database, does not do what it should."""

from django.core.management.base import CommandError
from django.db import Error as DatabaseFault

from stats.domain.errors import Refused
from stats.history.assignments import Assigned
from stats.history.configuration import read_assignments
from stats.history.telling import Away
from stats.ingest.asking import Silence
from stats.models import Organisation
from stats.vault import Unreadable

COULD_NOT, WRONG_OPTIONS = 1, 2
Failure = Refused | Silence | Away | DatabaseFault | Unreadable


def asked_for(slug: str | None, name: str | None) -> tuple[Organisation, list[Assigned]]:
    """The organisation, the only one where none is named, and its enabled sources, or the one that is named.

    Raises CommandError for what is not there; django.db.Error and vault.Unreadable.
    """
    organisations = list(Organisation.objects.filter(slug=slug) if slug else Organisation.objects.all())
    if not organisations:
        known = ", ".join(Organisation.objects.values_list("slug", flat=True))
        words = f"There is no organisation {slug!r}; there are: {known}." if slug and known else "There is no organisation yet."
        raise CommandError(words, returncode=WRONG_OPTIONS)
    if len(organisations) > 1:
        listed = ", ".join(each.slug for each in organisations)
        raise CommandError(f"There are several organisations ({listed}): name one with --organisation.", returncode=WRONG_OPTIONS)
    here = [each for each in read_assignments() if each.organisation == organisations[0].slug]
    wanted = [each for each in here if name in (None, each.name)]
    if not wanted:
        known = ", ".join(each.name for each in here) or "none that is enabled"
        words = f"There is no source {name!r}; there are: {known}." if name else "There is no enabled source; /sources/ adds one."
        raise CommandError(words, returncode=WRONG_OPTIONS)
    return organisations[0], wanted


def failure(why: Failure, source: str = "", then: str = "") -> CommandError:
    """One sentence that says what to do about it, and `then` what becomes of what was done."""
    return CommandError(f"{_sentence(why, source)}{then}", returncode=COULD_NOT)


def _sentence(why: Failure, source: str) -> str:
    token = f"/sources/{source}/token/"
    if isinstance(why, Refused) and why.kind == "auth":
        return (
            f"The telephone system refuses the token of {source!r} ({why.reason})."
            f" Give a new one at {token}, or in TELAVOX_TOKEN where it comes from there."
        )
    if isinstance(why, Refused):
        return f"The telephone system cannot be asked for its past: {why.reason}. Its address can be changed at {token}."
    if isinstance(why, Silence):
        return f"The telephone system does not answer ({why}). Is its address right? It can be changed at {token}."
    if isinstance(why, Unreadable):
        return "A source's token cannot be unsealed, for its key is gone: give it anew at /sources/."
    return f"The database cannot be used ({type(why).__name__}). Does DATABASE_URL name one that runs, and has `manage.py up` run once?"
