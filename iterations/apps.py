from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IterationsConfig(AppConfig):
    name = "iterations"
    verbose_name = _("Iterations")

    def ready(self) -> None:
        from executors import owners
        from iterations import selectors
        from models import held_out
        from projects import navigation

        held_out.register(selectors.held_out)
        owners.register("iteration", "iterations:detail")
        navigation.register(navigation.Tab(10, "overview", _("Overview"), "iterations:overview"))
        navigation.register(
            navigation.Tab(
                60, "iterations", _("Iterations"), "iterations:list", lambda project: project.iterations.count()
            )
        )
