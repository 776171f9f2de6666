from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    name = "projects"
    verbose_name = _("Projects")

    def ready(self) -> None:
        from projects import navigation

        navigation.register(navigation.Tab(80, "settings", _("Members and settings"), "projects:settings"))
