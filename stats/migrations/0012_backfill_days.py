from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("stats", "0011_rolling")]

    operations = [
        migrations.CreateModel(
            name="BackfillDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "organisation", "source", "from_ms", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("organisation", models.CharField(max_length=60)),
                ("source", models.CharField(max_length=60)),
                ("from_ms", models.BigIntegerField()),
                ("to_ms", models.BigIntegerField()),
                ("reached_ms", models.BigIntegerField()),
                ("state", models.CharField(max_length=12)),
                ("why", models.CharField(blank=True, max_length=200)),
                ("calls", models.IntegerField(default=0)),
                ("at_ms", models.BigIntegerField()),
            ],
        ),
    ]
