"""Default values and deletion of custom fields; tags that are not offered any more."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0003_list_settings")]

    operations = [
        migrations.AddField("customfield", "deleted", models.BooleanField(default=False)),
        migrations.AddField("customfield", "default", models.JSONField(blank=True, null=True)),
        migrations.AddField("tag", "retired", models.BooleanField(default=False, verbose_name="Retired")),
    ]
