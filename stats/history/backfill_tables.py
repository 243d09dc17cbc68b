"""The table of what was read from a telephone system's past: one row for each business day that somebody asked for.

Rules that hold here: a row says no more than what the database has: it moves on in the transaction that keeps what was read, or after it.
"""

from django.db import models


class BackfillDay(models.Model):
    """A business day of one source, [from_ms, to_ms), as far as its past was read. Instants in epoch ms.

    `state`: "reading" (begun, to be gone on with from `reached_ms`), "done" (read, proved complete, all of it over), "incomplete" (read,
    and the vendor's answers do not prove complete) or "open" (something of it still goes on, or it is not over for long enough).
    `why`: in a word or two, what is not right with an incomplete or open one. `calls`: how many were read.
    """

    pk = models.CompositePrimaryKey("organisation", "source", "from_ms")
    organisation = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    from_ms = models.BigIntegerField()
    to_ms = models.BigIntegerField()
    reached_ms = models.BigIntegerField()
    state = models.CharField(max_length=12)
    why = models.CharField(max_length=200, blank=True)
    calls = models.IntegerField(default=0)
    at_ms = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.organisation}/{self.source} {self.from_ms} {self.state}"
