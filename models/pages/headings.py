"""What the metrics that images report are called on pages, and what they mean."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise


@dataclass(frozen=True)
class Metric:
    """A metric with its heading; `meaning` is empty for what only the image knows."""

    name: str
    heading: Words
    meaning: Words = ""


KNOWN: Final = {
    each.name: each
    for each in (
        Metric("mAP", "mAP", _("Mean average precision on the validation set, as the image measured it")),
        Metric("mAP50", "mAP@.5", _("Mean average precision where boxes overlap by half or more")),
        Metric("mAP50_95", "mAP@[.5:.95]", _("Mean average precision over overlaps from 0.5 to 0.95")),
        Metric("mAR", "mAR", _("Mean average recall on the validation set, as the image measured it")),
        Metric("tp", _("Found"), _("Predictions that fit a ground-truth box (tp, true positives)")),
        Metric("fp", _("False"), _("Predictions that fit no ground-truth box (fp, false positives)")),
        Metric("fn", _("Missed"), _("Ground-truth boxes that no prediction fits (fn, false negatives)")),
    )
}


def named(name: str) -> Metric:
    """Return a metric by the name that the image gave it."""
    return KNOWN.get(name) or Metric(name, name)
