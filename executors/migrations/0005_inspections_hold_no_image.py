from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def release_images(apps: Apps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Inspections name their image in their parameters; those that referred to it too kept it from being deleted."""
    apps.get_model("executors", "Job").objects.filter(kind="executors.inspect").update(image=None)


class Migration(migrations.Migration):
    dependencies = [("executors", "0004_template_object_types")]

    operations = [migrations.RunPython(release_images, migrations.RunPython.noop)]
