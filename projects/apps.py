from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    name = "projects"
    verbose_name = _("Projects")

    def ready(self) -> None:
        from labels import access as labels
        from projects import navigation, selectors

        navigation.register(navigation.Tab(80, "settings", _("Members and settings"), "projects:settings"))
        labels.register(labels.Rules(selectors.edits_any, selectors.classes_of_others))
