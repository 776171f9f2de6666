"""Whether a model has learned anything that mining could go by."""

from typing import Final

from models.models import Evaluation, ModelVersion
from models.pages import lines

USELESS_BELOW: Final = 0.005
"""A mean average precision that is 0.00 to two decimals: the order in which such a model ranks images is chance."""


def score(version: ModelVersion, evaluation: Evaluation | None) -> float | None:
    """Return how good a version is: by its newest evaluation, else by what its image measured; None when unknown."""
    if evaluation is not None:
        return evaluation.map50
    name, value = lines.main_metric(version) or ("", None)
    return value if name == "mAP" else None


def is_useless(version: ModelVersion, evaluation: Evaluation | None) -> bool:
    """Tell whether a version is known to find nothing."""
    reached = score(version, evaluation)
    return reached is not None and reached < USELESS_BELOW
