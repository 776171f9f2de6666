from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ModelsConfig(AppConfig):
    name = "models"
    verbose_name = _("Models")

    def ready(self) -> None:
        from models import jobs  # noqa: F401 # registers the job kinds
        from models.models import RegisteredModel
        from projects import navigation

        navigation.register(
            navigation.Tab(
                40,
                "models",
                _("Models"),
                "models:list",
                lambda project: RegisteredModel.objects.filter(project=project, hidden_at=None).count(),
            )
        )
        navigation.register(navigation.Tab(50, "analysis", _("Analysis"), "models:predictions"))
