"""The table of when nobody listened to a source."""

from django.db import models


class UnheardStretch(models.Model):
    """[start_ms, end_ms) of a source, `start_ms` 0: since ever; `last_ms`: when something last happened in it, as far as its day tells."""

    pk = models.CompositePrimaryKey("organisation", "source", "number")
    organisation = models.CharField(max_length=60)
    source = models.CharField(max_length=60)
    number = models.BigIntegerField()
    start_ms = models.BigIntegerField()
    end_ms = models.BigIntegerField()
    last_ms = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.organisation}/{self.source} {self.start_ms}-{self.end_ms}"
