"""What a receipt is: which number was asked for, its window, its list, and what counting the list again gave."""

from dataclasses import dataclass, field

from stats.domain.definitions import Definition
from stats.domain.metrics import QueueTargets
from stats.domain.receipts import Row
from wallboard.api.counting import Number
from wallboard.api.spans import AskedTime
from wallboard.push.live import Snapshot

ALL, COUNTED, REST = "all", "counted", "rest"
PARTS = (ALL, COUNTED, REST)
PAGE = 100


class NoSuchNumber(Exception):
    """There is no such number; the text says why, in English, and `allowed` what there is instead."""

    def __init__(self, words: str, parameter: str = "", allowed: tuple[str, ...] = ()) -> None:
        super().__init__(words)
        self.parameter, self.allowed = parameter, allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which number, of which window ("" for its first), and which page of which part of its list."""

    scope: str
    metric: str
    window: str = ""
    part: str = ALL
    limit: int = PAGE
    after: tuple[int, str, int, str] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One record. `named` False: of a queue the viewer does not see, counted but not told."""

    row: Row
    counted: bool
    named: bool = True


@dataclass(slots=True, kw_only=True)
class Receipt:
    """Everything about one number. Instants epoch ms; `first` and `end` bound its window, None for now.

    Of a span: `asked` is which, `settings` what its queue promised from which day on ("" from the first), `name` what somebody was called
    who is not known any more; `uncounted`: its records are too many to be counted again.
    """

    definition: Definition
    wish: Wish
    window: str
    as_of: int
    first: int | None = None
    end: int | None = None
    snapshot: Snapshot
    value: object = None
    recounted: object = None
    agrees: bool = True
    moved: bool = False
    total: int = 0
    counted: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    figures: dict[str, Number] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    next: tuple[int, str, int, str] | None = None
    without_archive: bool = False
    source: str | None = None
    asked: AskedTime | None = None
    name: str = ""
    settings: list[tuple[str, QueueTargets]] = field(default_factory=list)
    uncounted: bool = False
