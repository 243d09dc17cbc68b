"""What somebody wants of a screen: its name, its room, its boards, its type size and how much it may say; read from a form.

Rules that hold here: nothing that was typed is thrown away when something is wrong; nobody gives a screen more queues than they see.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils.translation import gettext as _

from wallboard.accounts.models import Screen
from wallboard.accounts.roles import WAYS_TO_NAME
from wallboard.accounts.viewer import Viewer
from wallboard.boards.board import KINDS
from wallboard.boards.layout import DEFAULTS
from wallboard.screens.playlist import LEAST_S, MOST_S, USUAL_S, Step, steps_of

LONGEST_NAME = 80
LONGEST_NUMBER = 20
THEMES = ("dark", "light")
LANGUAGES = ("", "en", "sv")
LEAST_INCHES, MOST_INCHES = 7.0, 200.0
LEAST_METRES, MOST_METRES = 0.3, 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a screen is to be. `queues` None: all there are; `faults` by field, in words, and empty where all is well; `typed` holds the
    numbers as they stood in the form, by field."""

    name: str = ""
    room: str = ""
    steps: tuple[Step, ...] = (Step("team", USUAL_S),)
    inches: float | None = None
    metres: float | None = None
    theme: str = "dark"
    language: str = ""
    names: str = "short"
    queues: frozenset[str] | None = None
    faults: Mapping[str, str] = field(default_factory=dict)
    typed: Mapping[str, str] = field(default_factory=dict)

    def put_on(self, screen: Screen) -> None:
        """Writes them on a row, which is not saved."""
        screen.name, screen.room = self.name, self.room
        screen.board = self.steps[0].board
        screen.playlist = [step.as_message() for step in self.steps] if len(self.steps) > 1 else []
        screen.inches, screen.metres = self.inches, self.metres
        screen.theme, screen.language, screen.names = self.theme, self.language, self.names
        screen.queues = None if self.queues is None else sorted(self.queues)

    @property
    def seconds(self) -> dict[str, int]:
        """How long each board is shown, of those that are."""
        return {step.board: step.seconds for step in self.steps}


def may_change(viewer: Viewer, screen: Screen) -> bool:
    """Whether a screen is this viewer's to look after: it shows no queue that they do not see."""
    return viewer.queues is None or (screen.queues is not None and all(viewer.sees_queue(str(key)) for key in screen.queues))


def wishes_of(screen: Screen) -> Wishes:
    """What a screen is now."""
    return Wishes(
        name=screen.name,
        room=screen.room,
        steps=tuple(steps_of(screen.playlist, screen.board)),
        inches=screen.inches,
        metres=screen.metres,
        theme=screen.theme if screen.theme in THEMES else THEMES[0],
        language=screen.language,
        names=screen.names,
        queues=None if screen.queues is None else frozenset(str(key) for key in screen.queues),
    )


def read_wishes(form: QueryDict, viewer: Viewer, names: str = "") -> Wishes:
    """The wishes in a form; `names` holds where the form does not say how agents are named. What is wrong is said in `faults`."""
    faults: dict[str, str] = {}
    name, room = " ".join(form.get("name", "").split()), " ".join(form.get("room", "").split())
    if not 0 < len(name) <= LONGEST_NAME:
        faults["name"] = _("Give the screen a name of at most %(n)d letters, such as the wall it hangs on.") % {"n": LONGEST_NAME}
    if len(room) > LONGEST_NAME:
        faults["room"] = _("At most %(n)d letters.") % {"n": LONGEST_NAME}
    steps = tuple(Step(board, _seconds(form, board, faults)) for board in KINDS if board in form.getlist("board"))
    if not steps:
        faults["board"] = _("Choose at least one board.")
    inches = _number(form, "inches", LEAST_INCHES, MOST_INCHES, faults)
    metres = _number(form, "metres", LEAST_METRES, MOST_METRES, faults)
    numbers = ("inches", "metres", *(f"seconds-{board}" for board in KINDS))
    usual = DEFAULTS["team"]
    if (inches is None) != (metres is None) and not faults.keys() & {"inches", "metres"}:
        # One of them alone says nothing of the size of the type.
        inches, metres = inches or usual[0], metres or usual[1]
    return Wishes(
        name=name[:LONGEST_NAME],
        room=room[:LONGEST_NAME],
        steps=steps or (Step("team", USUAL_S),),
        inches=inches,
        metres=metres,
        theme=_one_of(form, "theme", THEMES),
        language=_one_of(form, "language", LANGUAGES),
        names=_one_of(form, "names", (a_way_to_name(names), *WAYS_TO_NAME)),
        queues=_queues(form, viewer),
        faults=faults,
        typed={each: form.get(each, "")[:LONGEST_NUMBER] for each in numbers},
    )


def a_way_to_name(chosen: str) -> str:
    """The way itself, or the careful one where there is no such way."""
    return chosen if chosen in WAYS_TO_NAME else "short"


def _one_of(form: QueryDict, name: str, known: tuple[str, ...]) -> str:
    asked = form.get(name, "")
    return asked if asked in known else known[0]


def _queues(form: QueryDict, viewer: Viewer) -> frozenset[str] | None:
    asked = frozenset(form.getlist("queue"))
    if viewer.queues is None:
        return asked or None
    return (asked & viewer.queues) or viewer.queues


def _seconds(form: QueryDict, board: str, faults: dict[str, str]) -> int:
    typed = form.get(f"seconds-{board}", "").strip() or str(USUAL_S)
    if typed.isdecimal() and LEAST_S <= int(typed[:6]) <= MOST_S:
        return int(typed)
    faults["board"] = _("A board is shown for %(least)d to %(most)d seconds.") % {"least": LEAST_S, "most": MOST_S}
    return USUAL_S


def _number(form: QueryDict, name: str, least: float, most: float, faults: dict[str, str]) -> float | None:
    typed = form.get(name, "").strip().replace(",", ".")
    if not typed:
        return None
    try:
        number = float(typed)
    except ValueError:
        number = -1.0
    if least <= number <= most:
        return number
    faults[name] = _("A number from %(least)g to %(most)g.") % {"least": least, "most": most}
    return None
