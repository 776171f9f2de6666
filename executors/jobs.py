"""The kinds of background work of this app."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from executors.kinds import JobContext, JobKind, register
from executors.runners.base import RunOutcome
from executors.services import images


@register
class Inspect(JobKind):
    """Reads what an image says about itself; on the executor queue, whose workers have the engine."""

    name = images.KIND
    label = _("Inspect image")
    queue = "executor"

    def collect(self, ctx: JobContext, outcome: RunOutcome | None) -> dict[str, Any]:
        pk = ctx.job.params["image"]
        images.inspect(pk)
        return {"type": "executor_image", "id": pk}
