"""Whose the numbers on a page are, for whoever may see numbers; one question a page.

Rules that hold here: a name tells as much as a number, so that who may not uncover numbers is told none; without an answer of the
database a page stands without names.
"""

from collections.abc import Iterable
from functools import partial

from channels.db import database_sync_to_async
from django.db import DatabaseError, InterfaceError

from stats.history.notes_reading import names_of
from wallboard.pages.frame import Visit


async def names_for(visit: Visit, numbers: Iterable[str | None]) -> dict[str, str]:
    """The name of each number that is somebody's, as far as this viewer may know."""
    wanted = {number for number in numbers if number}
    if not wanted or not visit.may("numbers"):
        return {}
    try:
        return await database_sync_to_async(partial(names_of, visit.viewer.organisation, wanted))()
    except (DatabaseError, InterfaceError):
        return {}
