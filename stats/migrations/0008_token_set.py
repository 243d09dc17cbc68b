from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('stats', '0007_erased'),
    ]

    operations = [
        migrations.AddField(
            model_name='source',
            name='token_set_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='source',
            name='token_set_by',
            field=models.CharField(blank=True, editable=False, max_length=150),
        ),
    ]
