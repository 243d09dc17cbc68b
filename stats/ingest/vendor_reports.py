"""A telephone system's own report of any past time, fetched when somebody asks for it, and put beside our archive.

Rules that hold here: nothing is kept by asking; several queues or agents are asked for one after the other, and a row told twice is one;
a report that does not prove complete says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from stats.domain.records import Call, Party, Telling
from stats.domain.vendor_rows import Dataset, Row, rows_of
from stats.history.shelf import ask
from stats.history.vendor_reports import Compared, compare
from stats.ingest.asking import Asking, NoSense
from stats.providers.base import Only

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
# Of one report. More is what the archive is for.
LONGEST_MS = 35 * DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for: a data set of [start, end), of one queue and of one agent where they are given (by statistics or account id)."""

    dataset: Dataset
    start_ms: int
    end_ms: int
    queue: Party | None = None
    agent: Party | None = None

    @property
    def only(self) -> Only | None:
        """As the provider is asked; a statistics id says all."""
        if self.queue is None and self.agent is None:
            return None
        queue, agent = self.queue or Party(), self.agent or Party()
        return Only(
            queue_id=queue.id,
            queue_account_id=queue.account_id if queue.id is None else None,
            agent_id=agent.id,
            agent_account_id=agent.account_id if agent.id is None else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorReport:
    """What came: `rows` as a table, `tellings` as our records, `lacking` what does not prove complete ("" when nothing)."""

    rows: list[Row]
    tellings: list[Telling] = field(repr=False)
    lacking: str = ""
    unreadable: int = 0


def party_of(key: str) -> Party:
    """A queue or agent by its key: "111834", or "a:998877" for an account id. Raises ValueError."""
    number = key.removeprefix("a:")
    if not (number.isascii() and number.isdigit()):
        raise ValueError(key)
    return Party(account_id=int(number)) if key.startswith("a:") else Party(id=int(number))


async def fetch(asking: Asking, wanted: Wanted, now_ms: int) -> VendorReport:
    """Fetch a report, a day at a time. Raises Refused or Silence; ValueError for a window that nobody should ask for at once."""
    if not 0 < wanted.end_ms - wanted.start_ms <= LONGEST_MS:
        raise ValueError("window")
    only = wanted.only
    tellings: dict[str, Telling] = {}
    lacking, unreadable = "", 0
    for start in range(wanted.start_ms, wanted.end_ms, DAY_MS):
        end = min(start + DAY_MS, wanted.end_ms)
        try:
            window = await asking.pages(wanted.dataset, start, end, now_ms, only=only)
            if window.lacking:  # rows may have come between two pages
                window = await asking.pages(wanted.dataset, start, end, now_ms, only=only)
        except NoSense as why:
            lacking = lacking or str(why)
            continue
        lacking, unreadable = lacking or window.lacking, unreadable + window.unreadable
        for telling in window.tellings:
            tellings.setdefault(repr(telling), telling)
    told = list(tellings.values())
    return VendorReport(rows=rows_of(wanted.dataset, told), tellings=told, lacking=lacking, unreadable=unreadable)


async def beside_ours(organisation: str, source: str, wanted: Wanted, told: Sequence[Telling]) -> Compared | None:
    """The report beside our archive; None for the hours of agents, which have no calls to be named. Raises Away."""
    if wanted.dataset == "profile_history":
        return None
    calls = [telling for telling in told if isinstance(telling, Call)]
    question = partial(
        compare, organisation, source, wanted.dataset, wanted.start_ms, wanted.end_ms, calls, queue=wanted.queue, agent=wanted.agent
    )
    return await ask(question)
