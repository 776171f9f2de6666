from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DatasetsConfig(AppConfig):
    name = "datasets"
    verbose_name = _("Datasets")

    def ready(self) -> None:
        from datasets import (
            jobs,  # noqa: F401 # registers the job kinds
            selectors,
        )
        from datasets.references import DATASET_VERSION
        from executors import references
        from projects import navigation

        references.register(DATASET_VERSION)
        navigation.register(
            navigation.Tab(20, "datasets", _("Datasets"), "datasets:list", count=selectors.dataset_count)
        )
