from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ModelsConfig(AppConfig):
    name = "models"
    verbose_name = _("Models")

    def ready(self) -> None:
        from executors import references
        from executors.references import ReferenceType
        from models import (
            jobs,  # noqa: F401 # registers the job kinds
            selectors,
        )
        from projects import navigation

        navigation.register(navigation.Tab(40, "models", _("Models"), "models:list", selectors.line_count))
        navigation.register(navigation.Tab(50, "analysis", _("Analysis"), "models:predictions"))
        for kind in (
            ReferenceType("model_version", _("Model version"), "models:version", selectors.names_of_versions),
            ReferenceType(
                "checkpoint",
                _("Checkpoint"),
                "models:checkpoint",
                selectors.names_of_checkpoints,
                {"checkpoint": _("Model"), "parent": _("Start from")},
            ),
            ReferenceType(
                "prediction",
                _("Prediction"),
                "models:prediction",
                selectors.names_of_predictions,
                {"prediction": _("Prediction")},
            ),
            ReferenceType("evaluation", _("Evaluation"), "models:evaluation", selectors.names_of_evaluations),
            ReferenceType(
                "run_input",
                _("Dataset version"),
                "datasets:version",
                selectors.names_of_inputs,
                {
                    "training": _("Training set"),
                    "validation": _("Validation set"),
                    "dataset": _("Dataset version"),
                },
            ),
        ):
            references.register(kind)
