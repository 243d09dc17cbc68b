"""What adding up by quarter hour asks of the tables, and the settings that are in force today, for every day until now."""

from django.db import migrations, models


def index_offers(apps, schema_editor):
    """Offers by time alone. They come in the order of time, so that PostgreSQL needs a few numbers a megabyte, and nothing a row."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX offers_by_time ON stats_archivedoffer USING brin (at_ms) WITH (pages_per_range = 32, autosummarize = on)"
        )
    else:
        schema_editor.execute("CREATE INDEX offers_by_time ON stats_archivedoffer (organisation, at_ms)")


def no_index(apps, schema_editor):
    schema_editor.execute("DROP INDEX offers_by_time")


def settings_until_now(apps, schema_editor):
    database = schema_editor.connection.alias
    in_force = apps.get_model("stats", "SettingInForce").objects.using(database)
    for organisation in apps.get_model("stats", "Organisation").objects.using(database).iterator():
        in_force.create(organisation=organisation.slug, queue="", from_day="", include_internal=organisation.include_internal)
    for setting in apps.get_model("stats", "QueueSetting").objects.using(database).select_related("organisation").iterator():
        in_force.create(
            organisation=setting.organisation.slug, queue=setting.queue_key, from_day="", target_ms=setting.target_s * 1000,
            short_ms=setting.short_s * 1000, share=setting.share, variant=setting.variant,
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("stats", "0010_rollups")]

    operations = [
        migrations.CreateModel(
            name="RollupState",
            fields=[
                ("organisation", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("timezone", models.CharField(blank=True, max_length=64)),
                ("days_from_ms", models.BigIntegerField(null=True)),
                ("rolled_to_ms", models.BigIntegerField(null=True)),
                ("calls_from_ms", models.BigIntegerField(default=0)),
                ("presence_from_ms", models.BigIntegerField(default=0)),
                ("erasures", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.AddIndex(
            "rolledquarter", models.Index(fields=["organisation", "state", "quarter_ms"], name="quarters_by_state")
        ),
        migrations.AddIndex(
            "rolledquarter",
            models.Index(condition=models.Q(("final_ms__isnull", True)), fields=["organisation", "quarter_ms"], name="quarters_not_final"),
        ),
        migrations.AddIndex(
            "presencechange", models.Index(fields=["organisation", "source", "agent", "told_ms"], name="presence_as_told")
        ),
        migrations.RunPython(index_offers, no_index),
        migrations.RunPython(settings_until_now, migrations.RunPython.noop),
    ]
