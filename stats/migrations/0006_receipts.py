"""What the lists behind numbers ask of the archive; the rows of the last three days are told it anew, older ones count in no live window."""

import time

from django.db import migrations, models

DAYS_MS = 3 * 86_400_000
AT_ONCE = 500


def tell_again(apps, schema_editor):
    from stats.domain.errors import Malformed
    from stats.history.rows import CALL, OFFER, VISIT, rows_of
    from stats.history.writing import read_call

    since = int(time.time() * 1000) - DAYS_MS
    database = schema_editor.connection.alias
    kinds = {name: apps.get_model("stats", name) for name in ("ArchivedCall", "ArchivedVisit", "ArchivedOffer")}
    columns = {
        "ArchivedCall": (CALL, ("ivr", "gave_up", "last_queue", "last_wait_ms")),
        "ArchivedVisit": (VISIT, ("dated", "direction", "internal", "transferred", "wait_bucket")),
        "ArchivedOffer": (OFFER, ("dated",)),
    }
    calls = kinds["ArchivedCall"].objects.using(database).filter(at_ms__gte=since)
    for organisation, record in calls.values_list("organisation", "record").iterator(AT_ONCE):
        try:
            call, visits, offers, _quarters = rows_of(organisation, read_call(record))
        except (Malformed, ValueError):
            continue
        for name, rows in (("ArchivedCall", [call]), ("ArchivedVisit", visits), ("ArchivedOffer", offers)):
            names, told = columns[name]
            for row in rows:
                values = dict(zip(names, row, strict=False))
                where = {key: values[key] for key in ("organisation", "source", "id_call", "at_ms")}
                if name != "ArchivedCall":
                    where["number"] = values["number"]
                kinds[name].objects.using(database).filter(**where).update(**{column: values[column] for column in told})


class Migration(migrations.Migration):
    dependencies = [("stats", "0005_queues_of_a_presence")]

    operations = [
        migrations.AddField("archivedcall", "ivr", models.BooleanField(default=False)),
        migrations.AddField("archivedcall", "gave_up", models.BooleanField(default=False)),
        migrations.AddField("archivedcall", "last_queue", models.TextField(default="")),
        migrations.AddField("archivedcall", "last_wait_ms", models.BigIntegerField(null=True)),
        migrations.AddField("archivedvisit", "dated", models.BooleanField(default=False)),
        migrations.AddField("archivedvisit", "direction", models.CharField(default="", max_length=8)),
        migrations.AddField("archivedvisit", "internal", models.BooleanField(default=False)),
        migrations.AddField("archivedvisit", "transferred", models.BooleanField(default=False)),
        migrations.AddField("archivedvisit", "wait_bucket", models.SmallIntegerField(null=True)),
        migrations.AddField("archivedoffer", "dated", models.BooleanField(default=False)),
        migrations.AddIndex("archivedvisit", models.Index(fields=["organisation", "at_ms"], name="visits_by_entry")),
        migrations.RunPython(tell_again, migrations.RunPython.noop),
    ]
