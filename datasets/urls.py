"""Pages of datasets, their versions and images."""

from django.urls import path, register_converter

from datasets.views import exports, images, imports, lists, operations, trash, versions


class HashConverter:
    """A SHA-256 in hex, in an address."""

    regex = "[0-9a-f]{64}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(HashConverter, "sha256")

app_name = "datasets"
urlpatterns = [
    path("projects/<int:project_pk>/datasets/", lists.dataset_list, name="list"),
    path("projects/<int:project_pk>/datasets/jobs/", lists.jobs, name="jobs"),
    path("projects/<int:project_pk>/datasets/trash/", trash.trash, name="trash"),
    path("projects/<int:project_pk>/datasets/import/", imports.import_dataset, name="import"),
    path("projects/<int:project_pk>/datasets/merge/", operations.merge, name="merge"),
    path("projects/<int:project_pk>/datasets/filter/", operations.filter_version, name="filter"),
    path("projects/<int:project_pk>/datasets/sample/", operations.sample, name="sample"),
    path("projects/<int:project_pk>/datasets/exclude/", operations.exclude, name="exclude"),
    path("datasets/<int:pk>/", lists.dataset, name="dataset"),
    path("datasets/<int:pk>/hide/", trash.hide_dataset, name="hide_dataset"),
    path("datasets/<int:pk>/restore/", trash.restore_dataset, name="restore_dataset"),
    path("dataset-versions/<int:pk>/", versions.assets, name="version"),
    path("dataset-versions/<int:pk>/strip/", versions.strip, name="strip"),
    path("dataset-versions/<int:pk>/statistics/", versions.version_statistics, name="statistics"),
    path("dataset-versions/<int:pk>/faults/", versions.faults, name="faults"),
    path("dataset-versions/<int:pk>/faults/csv/", versions.faults_csv, name="faults_csv"),
    path("dataset-versions/<int:pk>/lineage/", versions.version_lineage, name="lineage"),
    path("dataset-versions/<int:pk>/hide/", trash.hide, name="hide"),
    path("dataset-versions/<int:pk>/restore/", trash.restore, name="restore"),
    path("dataset-versions/<int:pk>/export/", exports.export, name="export"),
    path("dataset-versions/<int:pk>/exports/<int:job_pk>/", exports.download, name="download"),
    path("dataset-versions/<int:pk>/images/<sha256:asset_hash>/", images.image, name="image"),
    path("dataset-versions/<int:pk>/assets/<sha256:asset_hash>/", images.original, name="asset"),
    path("dataset-versions/<int:pk>/thumbnails/<sha256:asset_hash>/<int:size>/", images.thumbnail, name="thumbnail"),
]
