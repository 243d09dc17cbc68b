"""Which one number a chart of a report shows: chosen by `metric` in the address, among those of queues and of the whole site.

Rules that hold here: a number of one queue is judged by its own formula; a number of calls, which no queue has, is the whole site's, and
that is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from stats.domain.metrics import QueueTargets
from stats.domain.report import Kind
from wallboard.boards.figure import format_of
from wallboard.pages.definition_words import label_of
from wallboard.pages.frame import Visit
from wallboard.reports import reading, table
from wallboard.reports.asked import Asked, Unfit
from wallboard.reports.bar import Address
from wallboard.reports.reading import Report

METRICS = (*table.EVERY_QUEUE_COLUMN, *table.SITE_COLUMNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """The number: its id, of what kind of line, of which scope of receipts, what it is called; `shares`: it is a ratio or a mean, of which
    nothing is a dash and not zero; `beyond`: queues are chosen, and it is of the whole site all the same."""

    id: str
    kind: Kind
    scope: str
    label: str
    shares: bool
    beyond: bool

    @property
    def waits(self) -> bool:
        """Whether percentiles of waits are needed for it."""
        return self.id in ("wait_p50", "wait_p90")


def metric_of(asked: Asked, usual: str) -> Metric:
    """What an address asks for. Raises Unfit."""
    metric = asked.metric or usual
    if metric not in METRICS:
        raise Unfit("metric", _("“metric” is here one of %(allowed)s.") % {"allowed": ", ".join(METRICS)})
    of_site = table.is_of_site(metric)
    kind: Kind = "queue" if len(asked.queues) == 1 and not of_site else "site"
    return Metric(
        id=metric,
        kind=kind,
        scope=f"queue:{asked.queues[0]}" if kind == "queue" else "site",
        label=str(label_of("site" if of_site else "queue", metric)),
        shares=format_of(metric) != "count",
        beyond=of_site and bool(asked.queues),
    )


async def promises_of(visit: Visit, asked: Asked, report: Report) -> dict[tuple[int, Decimal], QueueTargets]:
    """What was promised by the queues of a report, once each: by target (ms) and share. Raises as reading does."""
    lines = report.lines
    if report.kind != "queue":
        span = asked.span(visit.viewer.organisation, visit.timezone, visit.viewer)
        by_queue = await reading.read(visit.viewer.organisation, span, "queue", visit.viewer, along="key", waits=False, bins=False)
        lines = by_queue.lines
    return {(each.target_ms, each.share): each for line in lines for each in line.settings}


def choice_of(asked: Asked, metric: Metric, own: Sequence[tuple[str, str]] = ()) -> dict[str, object]:
    """The chooser of the number: `app/reports/_metric.html`."""
    return {
        "options": [
            {"id": each, "label": label_of("site" if table.is_of_site(each) else "queue", each), "chosen": each == metric.id}
            for each in METRICS
        ],
        "hidden": Address(asked, own).hidden("metric"),
    }
