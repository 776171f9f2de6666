"""The kinds of background work on models; each is a call of a service."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from executors.kinds import JobContext, JobKind, register
from executors.runners.base import RunOutcome, RunSpec
from models.models import Prediction
from models.services import evaluation, inference, mining, training


@register
class Train(JobKind):
    name = training.KIND
    label = _("Train")
    queue = "executor"
    keeps_partial = True

    def prepare(self, ctx: JobContext) -> RunSpec:
        return training.prepare(ctx)

    def collect(self, ctx: JobContext, outcome: RunOutcome | None) -> dict[str, Any]:
        return {"type": "model_version", "id": training.collect(ctx).pk}


@register
class Mine(JobKind):
    name = mining.KIND
    label = _("Mine")
    queue = "executor"

    def prepare(self, ctx: JobContext) -> RunSpec:
        return mining.prepare(ctx)

    def collect(self, ctx: JobContext, outcome: RunOutcome | None) -> dict[str, Any]:
        return {"type": "dataset_version", "id": mining.collect(ctx).pk}


@register
class Infer(JobKind):
    name = inference.KIND
    label = _("Infer")
    queue = "executor"

    def prepare(self, ctx: JobContext) -> RunSpec:
        return inference.prepare(ctx)

    def collect(self, ctx: JobContext, outcome: RunOutcome | None) -> dict[str, Any]:
        prediction = inference.collect(ctx)
        result: dict[str, Any] = {"type": "prediction", "id": prediction.pk}
        if ctx.job.params["evaluate"]:
            result["evaluation"] = evaluation.run(prediction=prediction, job=ctx.job).pk
        return result


@register
class Evaluate(JobKind):
    name = evaluation.KIND
    label = _("Evaluate")

    def collect(self, ctx: JobContext, outcome: RunOutcome | None) -> dict[str, Any]:
        found = Prediction.objects.select_related("dataset_version", "checkpoint__model_version")
        judged = evaluation.run(prediction=found.get(pk=ctx.job.params["prediction"]), job=ctx.job)
        return {"type": "evaluation", "id": judged.pk}
