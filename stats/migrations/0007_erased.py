from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('stats', '0006_receipts'),
    ]

    operations = [
        migrations.CreateModel(
            name='ErasedAgent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organisation', models.CharField(max_length=60)),
                ('mark', models.CharField(max_length=64)),
                ('pseudonym', models.CharField(max_length=60)),
                ('until', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organisation', 'mark'), name='one_mark_of_an_erased_agent')],
            },
        ),
        migrations.CreateModel(
            name='RetentionRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organisation', models.CharField(max_length=60)),
                ('night', models.CharField(help_text="The organisation's own date.", max_length=10)),
                ('holder', models.CharField(blank=True, max_length=60)),
                ('held_until', models.DateTimeField(null=True)),
                ('began_at', models.DateTimeField(auto_now_add=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('removed', models.JSONField(default=dict)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('organisation', 'night'), name='one_run_of_a_night')],
            },
        ),
    ]
