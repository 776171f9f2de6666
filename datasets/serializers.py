"""Dataset versions as the API shows and takes them."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from datasets.models import Dataset, DatasetVersion
from datasets.services import exports, imports, versions


class VersionSerializer(serializers.ModelSerializer[DatasetVersion]):
    """A version in a list."""

    dataset = serializers.CharField(source="dataset.name")
    dataset_id = serializers.IntegerField()
    project = serializers.IntegerField(source="dataset.project_id")
    version = serializers.IntegerField(source="number")

    class Meta:
        model = DatasetVersion
        fields = [
            "id",
            "project",
            "dataset",
            "dataset_id",
            "version",
            "ref",
            "content_id",
            "operation",
            "message",
            "asset_count",
            "annotation_count",
            "class_counts",
            "fault_count",
            "created_at",
        ]
        read_only_fields = fields


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    """A line of versions."""

    class Meta:
        model = Dataset
        fields = ["id", "project", "name", "created_at", "hidden_at"]
        read_only_fields = fields


class VersionDetailSerializer(VersionSerializer):
    """A version with what it was made of and what was wrong with it."""

    parents = serializers.SerializerMethodField()
    faults = serializers.SerializerMethodField()

    class Meta(VersionSerializer.Meta):
        fields = [*VersionSerializer.Meta.fields, "params", "parents", "faults"]
        read_only_fields = fields

    def get_parents(self, version: DatasetVersion) -> list[str]:
        links = version.parent_links.select_related("parent__dataset").order_by("position")
        return [link.parent.ref for link in links]

    def get_faults(self, version: DatasetVersion) -> list[dict[str, Any]]:
        faults: list[dict[str, Any]] = versions.report(version)["faults"]
        return faults


class KeyField(serializers.IntegerField):
    """The number of a row: what no column can hold is refused."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1, **options)


class TargetSerializer(serializers.Serializer[Any]):
    """Where a new version goes."""

    name = serializers.CharField(max_length=80)
    message = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class ImportSerializer(TargetSerializer):
    """An upload, or a path below one of the installation's import folders."""

    project = serializers.IntegerField()
    file = serializers.FileField(required=False)
    path = serializers.CharField(required=False, max_length=1000)
    format = serializers.ChoiceField(choices=imports.FORMATS, default="auto")
    unknown = serializers.ChoiceField(choices=imports.Unknown.choices, default=imports.Unknown.ADD)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("file" in attrs) == ("path" in attrs):
            raise serializers.ValidationError(_("Send either file or path."))
        return attrs


class MergeSerializer(TargetSerializer):
    """This version and `others`, oldest first."""

    others = serializers.ListField(child=KeyField(), min_length=1)
    strategy = serializers.ChoiceField(choices=["newest", "oldest", "stop"], default="newest")


class FilterSerializer(TargetSerializer):
    """Which assets to keep."""

    classes = serializers.ListField(child=serializers.CharField(), required=False, default=list)
    exclude_classes = serializers.ListField(child=serializers.CharField(), required=False, default=list)


class SampleSerializer(TargetSerializer):
    """How many assets to draw."""

    count = serializers.IntegerField(min_value=1, required=False, allow_null=True, default=None)
    share = serializers.FloatField(min_value=1e-9, max_value=1.0, required=False, allow_null=True, default=None)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, required=False, default=1)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs["count"] is None) == (attrs["share"] is None):
            raise serializers.ValidationError(_("Send either count or share."))
        return attrs


class ExcludeSerializer(TargetSerializer):
    """Versions whose assets to leave out."""

    others = serializers.ListField(child=KeyField(), min_length=1)


class ExportSerializer(serializers.Serializer[Any]):
    """What the zip holds."""

    format = serializers.ChoiceField(choices=exports.FORMATS)
    with_images = serializers.BooleanField(default=True)


class BoxSerializer(serializers.Serializer[Any]):
    """One annotation, in pixels of the image."""

    class_name = serializers.CharField()
    x = serializers.FloatField()
    y = serializers.FloatField()
    w = serializers.FloatField()
    h = serializers.FloatField()
    score = serializers.FloatField(allow_null=True)
    kind = serializers.CharField()


class AssetSerializer(serializers.Serializer[Any]):
    """One image of a version with its annotations."""

    asset = serializers.CharField()
    file_name = serializers.CharField()
    format = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    bytes = serializers.IntegerField()
    boxes = BoxSerializer(many=True)


class AssetPageSerializer(serializers.Serializer[Any]):
    """A page of images."""

    count = serializers.IntegerField()
    offset = serializers.IntegerField()
    results = AssetSerializer(many=True)
