"""How much fits on one screen so that the farthest reader can still read it.

ISO 9241-3 asks for characters of 20 to 22 minutes of arc. With digits 0.727 of the type size that is 64.3 * metres / inches
hundredths of the screen's height on a 16:9 screen: the step `k`, in vh. Every size of the boards is a multiple of it.
"""

from dataclasses import dataclass
from math import ceil

READABLE = 64.3
# tv.css has one class for each step.
STEP = 0.25
LEAST, MOST = 2.0, 9.0
ASPECT = 16 / 9
# Heights in k, as tv.css lays them out: the safe area and gaps, the header, a row of tiles, a table row, an agent.
FRAME, HEADER = 1.7, 1.6
HERO, STRIP = 8.2, 5.4
TABLE_HEAD, TABLE_ROW = 1.5, 1.45
AGENT_HEAD, AGENT_ROW, AGENT_WIDTH = 1.6, 2.35, 9.6
# The supervisor's table lies above the agents, whole, for so many queues; for some more when that costs no page of agents.
STACKED_ALWAYS, STACKED_AT_MOST = 4, 8
AGENT_SHARE = 13 / 24
# A board less wide than this shows four tiles and four columns, and the table above the agents.
NARROW = 44.0
# What a queue row leaves of the panel for the name: the numbers' columns, the glyph and the padding, by column set.
TEAM_SHARE, TEAM_COLUMNS, BESIDE_COLUMNS = 15 / 24, 15.8, 18.5
LETTER = 0.53

DEFAULTS = {"team": (55.0, 4.0), "supervisor": (43.0, 2.1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the template and the browser need to know of the room: the step's class, and how many rows and columns there are."""

    step: str
    table_rows: int
    agent_rows: int
    agent_columns: int
    stacked: bool
    name_room: int
    queue_room: int
    narrow: bool

    def pages(self, agents: int) -> int:
        """How many pages so many agents take."""
        return -(-agents // self.agents_a_page)

    @property
    def agents_a_page(self) -> int:
        """How many agents are seen at once."""
        return self.agent_rows * self.agent_columns


def type_step(inches: float, metres: float) -> float:
    """The height of 20' type in vh, rounded up to a step that has a class."""
    wanted = ceil(READABLE * metres / inches / STEP - 1e-9) * STEP
    return min(max(wanted, LEAST), MOST)


def layout_for(kind: str, queues: int, agents: int = 0, inches: float | None = None, metres: float | None = None) -> Layout:
    """The layout of a board of `kind` ("team" or "supervisor") with so many queues and agents, seen on this screen from this far."""
    usual_inches, usual_metres = DEFAULTS.get(kind, DEFAULTS["team"])
    k = type_step(inches or usual_inches, metres or usual_metres)
    beside = _arranged(kind, k, queues, stacked=False)
    if kind != "supervisor" or (queues > STACKED_AT_MOST and not beside.narrow):
        return beside
    stacked = _arranged(kind, k, queues, stacked=True)
    if stacked.narrow:
        return stacked
    fits = stacked.table_rows >= queues and stacked.pages(agents) <= beside.pages(agents)
    return stacked if queues <= STACKED_ALWAYS or fits else beside


def _arranged(kind: str, k: float, queues: int, *, stacked: bool) -> Layout:
    height, width = 100 / k - FRAME - HEADER, 100 * ASPECT / k - 1.2
    body = height - (HERO if kind == "team" else STRIP)
    table = max(int((body - TABLE_HEAD) / TABLE_ROW), 1)
    agents_height, agents_width = body, width * AGENT_SHARE
    if stacked:
        # At least one row of agents stays below the table.
        table = max(min(table, int((body - TABLE_HEAD - AGENT_HEAD - AGENT_ROW - 0.9) / TABLE_ROW)), 1)
        agents_height = body - TABLE_HEAD - min(max(queues, 3), table) * TABLE_ROW - 0.9
        agents_width = width
    if kind == "team":
        names = width * TEAM_SHARE - TEAM_COLUMNS
    elif width < NARROW:
        names = width - TEAM_COLUMNS
    else:
        names = (width - 1) * 3 / 11 - 2.4 if stacked else width * (1 - AGENT_SHARE) - BESIDE_COLUMNS
    columns = min(max(int(agents_width / AGENT_WIDTH), 1), 8)
    return Layout(
        step=f"k-{round(k * 100)}",
        table_rows=table,
        agent_rows=max(int((agents_height - AGENT_HEAD) / AGENT_ROW), 1),
        agent_columns=columns,
        stacked=stacked,
        # The glyph, the time and the padding take about five, less where the time is short.
        name_room=max(int((agents_width / columns - 4.6) / LETTER), 8),
        queue_room=max(int(names / LETTER), 8),
        narrow=kind == "supervisor" and width < NARROW,
    )
