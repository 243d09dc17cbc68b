import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stats", "0012_backfill_days"),
    ]

    operations = [
        migrations.CreateModel(
            name="SourceHook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mark", models.CharField(help_text="SHA-256 of the key in the address.", max_length=64, unique=True)),
                ("sealed_key", models.TextField(editable=False)),
                ("sealed_secret", models.TextField(blank=True, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("retires_at", models.DateTimeField(blank=True, help_text="Let in until then; empty: until further notice.", null=True)),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                ("last_at", models.DateTimeField(blank=True, null=True)),
                (
                    "source",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="hooks", to="stats.source"),
                ),
            ],
            options={"ordering": ["-created_at", "-pk"]},
        ),
    ]
