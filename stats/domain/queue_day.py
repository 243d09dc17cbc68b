"""One queue's day in quarters, and where its callers came from and went on to.

Rules that hold here: a visit belongs to the UTC quarter in which it entered, in the classes of `receipts`; a caller came from the queue of
the visit just before, and went on to the queue of the one just after; of a call that the live store answers for, the archive's telling is
taken out, so that nothing is counted twice.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from stats.domain.metrics import Amounts, CountingRules, KeyOf, counts_in_queues
from stats.domain.outcomes import VisitOutcome, settle
from stats.domain.periods import quarter_of
from stats.domain.receipts import Groups, Row, grouped, visit_amounts, visits_of
from stats.domain.records import Call

# Where a caller went who left a queue unanswered and was answered outside every queue; and came from, of a visit nobody can name.
NO_QUEUE = ""
Move = tuple[str, bool]


@dataclass(slots=True)
class QueueDay:
    """Visits of one queue by quarter (its first instant, epoch ms), and how many came from and went on to which queue.

    A move is (key of the other queue, whether the caller left the first one unanswered).
    """

    quarters: dict[int, Groups] = field(default_factory=dict)
    came_from: Counter[Move] = field(default_factory=Counter)
    went_to: Counter[Move] = field(default_factory=Counter)

    def put(self, rows: Iterable[Row], sign: int = 1) -> None:
        """Put visits in, or (`sign` -1) take them out."""
        for row in rows:
            grouped([row], self.quarters.setdefault(quarter_of(row.at), {}), sign)

    def tell(self, call: Call, queue: str, rules: CountingRules, queue_key: KeyOf, first: int, end: int) -> list[Row]:
        """Put in what a whole call tells of the queue's visits that entered in [first, end), and return them."""
        settled = settle(call)
        rows = [row for row in visits_of(settled, rules, queue_key) if row.key == queue and first <= row.at < end]
        self.put(rows)
        if not counts_in_queues(settled, rules):
            return rows
        visits = settled.visits
        for number, visit in enumerate(visits):
            if visit.entered_at is None or not first <= visit.entered_at < end or queue_key(visit.visit.queue) != queue:
                continue
            if number:
                before = visits[number - 1]
                self.came_from[(queue_key(before.visit.queue) or NO_QUEUE, before.outcome is VisitOutcome.OVERFLOWED)] += 1
            unanswered = visit.outcome is VisitOutcome.OVERFLOWED
            if number + 1 < len(visits):
                self.went_to[(queue_key(visits[number + 1].visit.queue) or NO_QUEUE, unanswered)] += 1
            elif unanswered:
                self.went_to[(NO_QUEUE, True)] += 1
        return rows

    def amounts(self) -> Iterator[tuple[int, Amounts]]:
        """The sums of each quarter in which anything entered, as a queue's cells hold them."""
        for quarter in sorted(self.quarters):
            yield quarter, visit_amounts(self.quarters[quarter])

    def total(self, first: int, end: int) -> Amounts:
        """The sums of the quarters that begin in [first, end)."""
        sums: Amounts = {}
        for quarter, amounts in self.amounts():
            if first <= quarter < end:
                for name, amount in amounts.items():
                    sums[name] = sums.get(name, 0) + amount
        return sums
