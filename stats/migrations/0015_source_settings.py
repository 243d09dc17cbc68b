from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("stats", "0014_notes"),
    ]

    operations = [
        migrations.AddField("source", "sealed_second_token", models.TextField(blank=True, editable=False)),
        migrations.AddField("source", "settings", models.JSONField(blank=True, default=dict)),
        migrations.AddField("source", "hook_base", models.CharField(blank=True, editable=False, max_length=300)),
        migrations.AddField("source", "hook_mark", models.CharField(blank=True, editable=False, max_length=64)),
        migrations.AddField("source", "paused_at", models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.AddField("source", "paused_by", models.CharField(blank=True, editable=False, max_length=150)),
    ]
