"""Projects as the API shows and takes them."""

from rest_framework import serializers

from projects.models import NAME_LENGTH, Project


class ProjectSerializer(serializers.ModelSerializer[Project]):
    """A project with its classes in order."""

    classes = serializers.SerializerMethodField()

    class Meta:
        model = Project
        fields = ["id", "name", "description", "object_type", "classes", "is_sample", "created_at"]
        read_only_fields = fields

    def get_classes(self, project: Project) -> list[str]:
        return [each.label_class.name for each in project.project_classes.all()]


class NewProjectSerializer(serializers.Serializer[Project]):
    """What a new project needs."""

    name = serializers.CharField(max_length=NAME_LENGTH)
    description = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    classes = serializers.ListField(child=serializers.CharField(max_length=64), required=False, default=list)
