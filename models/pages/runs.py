"""What the form of a run begins with: what the address names, an earlier job's parameters, or the last model's."""

from typing import Any, Final

from django.http import QueryDict

from datasets import selectors as dataset_selectors
from datasets.models import DatasetVersion
from executors.models import Job
from models import selectors
from models.models import Checkpoint, ModelVersion
from models.services import inference, mining, training
from projects.models import Project

DEFAULT_TOP_K: Final = 100
MOST_DIGITS: Final = 18
Initial = dict[str, Any]


def train(project: Project, params: QueryDict) -> Initial:
    """Return what a training begins with."""
    given = common(project, params, training.KIND)
    best = selectors.best_version(project)
    for role in ("training", "validation"):
        given |= _chosen(role, dataset_version(project, params.get(role)))
    if best is not None:
        given.setdefault("name", best.registered_model.name)
        given.setdefault("validation", best.validation_version_id)
    chosen = checkpoint(project, params)
    if chosen is not None:
        given |= {"checkpoint": chosen.pk, "name": chosen.model_version.registered_model.name}
        given.setdefault("image", chosen.model_version.image_id)
    if "name" not in given:
        given["name"] = f"{project.name.lower().replace(' ', '-')}-net"[:80]
    return given


def mine(project: Project, params: QueryDict) -> Initial:
    """Return what a mining begins with."""
    given = _with_model(project, params, common(project, params, mining.KIND))
    pool = dataset_version(project, params.get("dataset"))
    given |= _chosen("dataset", pool)
    given.setdefault("top_k", min(DEFAULT_TOP_K, pool.asset_count) if pool else DEFAULT_TOP_K)
    if pool is not None:
        given.setdefault("name", f"{pool.dataset.name[:74]}-mined")
    return given


def infer(project: Project, params: QueryDict) -> Initial:
    """Return what an inference begins with."""
    given = _with_model(project, params, common(project, params, inference.KIND))
    version = dataset_version(project, params.get("dataset"))
    given |= _chosen("dataset", version)
    given.setdefault("evaluate", bool(version is not None and version.annotation_count))
    return given


def common(project: Project, params: QueryDict, kind: str) -> Initial:
    """Return the parameters of the job that `rerun` names, and the image that `image` names."""
    given = _of_job(project, params.get("rerun"), kind)
    return given | ({"image": params["image"]} if params.get("image") else {})


def dataset_version(project: Project, key: str | None) -> DatasetVersion | None:
    """Return the project's dataset version with this key."""
    pk = _key(key)
    return None if pk is None else dataset_selectors.choices(project).filter(pk=pk).first()


def checkpoint(project: Project, params: QueryDict) -> Checkpoint | None:
    """Return the checkpoint that is named, or the recommended one of the model version that is."""
    named, model = _key(params.get("checkpoint")), _key(params.get("model"))
    if named is not None:
        return selectors.checkpoint_choices(project, [named]).filter(pk=named).first()
    return None if model is None else selectors.checkpoint_choices(project).filter(model_version=model).first()


def kept(data: QueryDict) -> Initial:
    """Return what was typed, for a form that is drawn again with the options of another image."""
    return {name: data.getlist(name) if name == "classes" else data[name] for name in data if "-" not in name}


def _with_model(project: Project, params: QueryDict, given: Initial) -> Initial:
    """Begin with the model that is named, else with the best one, and with the image that trained it."""
    chosen = checkpoint(project, params)
    if chosen is None and "checkpoint" not in given:
        best: ModelVersion | None = selectors.best_version(project)
        chosen = best.recommended if best else None
    if chosen is None:
        return given
    return {"image": chosen.model_version.image_id, **given, "checkpoint": chosen.pk}


def _of_job(project: Project, key: str | None, kind: str) -> Initial:
    pk = _key(key)
    job = None if pk is None else Job.objects.filter(pk=pk, project=project, kind=kind).first()
    if job is None:
        return {}
    given = {name: value for name, value in job.params.items() if value not in (None, "")}
    given |= {"checkpoint": given["parent"]} if "parent" in given else {}
    return {**given, "image": job.image_id, "gpu_count": job.gpu_count}


def _chosen(name: str, version: DatasetVersion | None) -> Initial:
    return {name: version.pk} if version is not None else {}


def _key(text: str | None) -> int | None:
    """Return the key that an address names; None for what is none."""
    return int(text) if text and text.isdecimal() and len(text) <= MOST_DIGITS else None
