"""What an evaluation says, as data: JSON through `to_json` and back through `from_json`."""

# ruff: noqa: N815 - mAP is what everybody calls it
from dataclasses import dataclass, field

import msgspec


@dataclass(frozen=True)
class Curve:
    """Precision over 101 recalls (0, 0.01 … 1), as averaged by AP50, and the confidence at which each is reached."""

    precision: list[float]
    confidence: list[float]


@dataclass(frozen=True)
class ClassReport:
    """One class. A figure is None where the class has no ground truth to measure it by."""

    name: str
    AP50: float | None
    AP50_95: float | None
    AR: float | None
    ground_truth: int
    predictions: int
    tp: int
    fp: int
    fn: int
    best_f1: float | None
    best_confidence: float | None
    curve: Curve | None


@dataclass(frozen=True)
class Interval:
    """Where a figure lies when the images are drawn anew with replacement (Efron 1979, percentile method)."""

    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """How much better the second of two models is; `better` is the share of draws in which it is better at all.

    Interval and share are None where no images were drawn.
    """

    value: float
    interval: Interval | None = None
    better: float | None = None

    @property
    def is_certain(self) -> bool:
        """Whether the interval excludes 0."""
        return self.interval is not None and not self.interval.low <= 0 <= self.interval.high


@dataclass(frozen=True)
class Confusion:
    """Counts: rows are ground truth, columns predictions, both in `names`; the last name stands for no box."""

    names: list[str]
    counts: list[list[int]]


@dataclass(frozen=True)
class Report:
    """The whole evaluation. tp, fp, fn and the confusion matrix hold at `confidence` and `iou`."""

    mAP50: float | None
    mAP50_95: float | None
    mAP75: float | None
    mAR: float | None
    mAP_small: float | None
    mAP_medium: float | None
    mAP_large: float | None
    per_class: list[ClassReport]
    confusion: Confusion
    iou: float
    confidence: float
    images: int
    ground_truth: int
    predictions: int
    left_out: int = 0
    intervals: dict[str, Interval] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """The report as JSON."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, data: bytes | str) -> "Report":
        """Read what `to_json` wrote. Raises msgspec.ValidationError for anything else."""
        return msgspec.json.decode(data, type=cls)
