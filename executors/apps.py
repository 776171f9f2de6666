from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExecutorsConfig(AppConfig):
    name = "executors"
    verbose_name = _("Executors")

    def ready(self) -> None:
        from executors import (
            jobs,  # noqa: F401 # registers the job kinds
            selectors,
        )
        from projects import navigation

        navigation.register(navigation.Tab(70, "jobs", _("Jobs"), "executors:jobs", selectors.active_count))
