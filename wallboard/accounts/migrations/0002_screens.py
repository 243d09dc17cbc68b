"""A screen's token becomes a screen."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Keeps every row."""

    dependencies = [("accounts", "0001_initial"), ("stats", "0003_archive")]

    operations = [
        migrations.RenameModel("ScreenToken", "Screen"),
        migrations.AlterField(
            "Screen",
            "organisation",
            models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="screens", to="stats.organisation"),
        ),
    ]
