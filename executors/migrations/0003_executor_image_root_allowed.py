from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("executors", "0002_job_version_index")]

    operations = [
        migrations.AddField(
            model_name="executorimage",
            name="root_allowed",
            field=models.BooleanField(
                default=False,
                help_text=(
                    "For images that change files which only root may change. Inside the container, with few rights"
                ),
                verbose_name="runs as root",
            ),
        ),
    ]
