from django.db import migrations, models


class Migration(migrations.Migration):
    """Which queues an agent was logged in to, beside how many. What was kept before tells their number alone."""

    dependencies = [
        ('stats', '0004_privacy'),
    ]

    operations = [
        migrations.AddField(
            model_name='presencechange',
            name='queue_keys',
            field=models.TextField(null=True),
        ),
    ]
