import common.wording
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("iterations", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="iteration",
            name="halted_because",
            field=common.wording.WordingField(
                blank=True, default="", editable=False, verbose_name="why it goes on by itself no more"
            ),
        ),
    ]
