"""The live curves of a job, from the numbers that its program writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common import numbers
from common.charts import scale
from common.charts.line import LineChart, Mark, Series
from common.charts.spark import Spark
from executors.contract.metrics import Metrics, Point

LOSS: Final = ("loss", "val_loss")
QUALITY: Final = ("mAP50", "mAP50_95")
MOST_CHARTS: Final = 2
MOST_SPARKS: Final = 8
WORDS: Final[dict[str, str | Promise]] = {
    "mAP50": "mAP@.5",
    "mAP50_95": "mAP@[.5:.95]",
    "loss": gettext_lazy("training"),
    "val_loss": gettext_lazy("validation"),
    "loss_box": gettext_lazy("Loss of boxes"),
    "loss_cls": gettext_lazy("Loss of classes"),
    "lr": gettext_lazy("Learning rate"),
    "seconds": gettext_lazy("Seconds an epoch"),
}
SKIPPED: Final = {"elapsed", "step"}


@dataclass(frozen=True)
class Panel:
    """One chart with its title."""

    title: str
    chart: LineChart
    meta: str = ""


@dataclass(frozen=True)
class SparkRow:
    label: str
    text: str
    data: Spark


@dataclass(frozen=True)
class Curves:
    """Everything that can be drawn; `rows` counts what it was drawn from."""

    rows: int
    panels: list[Panel]
    sparks: list[SparkRow]


def of(metrics: Metrics, *, running: bool) -> Curves:
    """Draw what was measured: loss and quality where they are known, else the first numbers of whatever there is."""
    names = [name for name in metrics.names if name not in SKIPPED]
    panels = _loss(metrics, names, running) + _quality(metrics, names, running)
    rest = [name for name in names if name not in (*LOSS, *QUALITY)]
    if not panels:
        panels = [_plain(metrics, name, running) for name in rest[:MOST_CHARTS]]
        rest = rest[MOST_CHARTS:]
    return Curves(len(metrics.rows), panels, [_spark(metrics, name) for name in rest[:MOST_SPARKS]])


def _loss(metrics: Metrics, names: list[str], running: bool) -> list[Panel]:
    if "loss" not in names:
        return []
    both = "val_loss" in names
    series = [_series(metrics, "loss", word=str(WORDS["loss"]) if both else "", decimals=2)]
    if both:
        series.append(_series(metrics, "val_loss", word=str(WORDS["val_loss"]), reference=True, decimals=2))
    chart = _chart(metrics, series, running, summary=_summary(_("Loss"), metrics.series("loss"), 3))
    return [Panel(_("Loss"), chart, _("lower is better"))]


def _quality(metrics: Metrics, names: list[str], running: bool) -> list[Panel]:
    known = [name for name in QUALITY if name in names]
    if not known:
        return []
    series = [_series(metrics, name, word=str(WORDS[name]), reference=index > 0) for index, name in enumerate(known)]
    points = metrics.series(known[0])
    best = max(points, key=lambda point: point[1])
    words = _("best {score}, epoch {epoch}").format(score=numbers.score(best[1]), epoch=f"{best[0]:g}")
    marks = [Mark(*best, words)] if len(points) > 1 and best != points[-1] else []
    summary = _summary(str(WORDS[known[0]]), points, 3)
    chart = _chart(metrics, series, running, summary=summary, marks=marks, most=1.0)
    return [Panel(_("Quality"), chart, _("on the validation set, higher is better"))]


def _plain(metrics: Metrics, name: str, running: bool) -> Panel:
    points = metrics.series(name)
    series = Series(points, label=f"{points[-1][1]:.4g}")
    return Panel(_word(name), _chart(metrics, [series], running, summary=_summary(name, points, 4)))


def _chart(
    metrics: Metrics,
    series: list[Series],
    running: bool,
    *,
    summary: str,
    marks: Sequence[Mark] = (),
    most: float = 0.0,
) -> LineChart:
    """`most` is the largest value there can be, where it is known."""
    points = [point for each in series for point in each.points]
    first, last = min(x for x, _y in points), max(each.points[-1][0] for each in series)
    return LineChart(
        series=series,
        x_label="" if metrics.epoch is None else _("epoch"),
        x_range=(min(0.0, first), max(last, float(metrics.epochs or 0), 1.0)),
        y_range=_y_range([y for _x, y in points], most),
        marks=marks,
        now=last if running else None,
        summary=summary,
    )


def _y_range(values: list[float], most: float) -> tuple[float, float] | None:
    """Begin at 0 where nothing lies below: a curve that grows must not change its scale at every step."""
    if min(values) < 0:
        return None
    return (0.0, most) if max(values) <= most else scale.widen(0.0, max(values))


def _series(metrics: Metrics, name: str, *, word: str = "", reference: bool = False, decimals: int = 3) -> Series:
    points = metrics.series(name)
    label = f"{word} {points[-1][1]:.{decimals}f}".strip()
    return Series(points, label=label, role="reference" if reference else "ours")


def _summary(word: str, points: list[Point], decimals: int) -> str:
    epoch, value = points[-1]
    return _("{name} at epoch {epoch}: {value}").format(name=word, epoch=f"{epoch:g}", value=f"{value:.{decimals}f}")


def _spark(metrics: Metrics, name: str) -> SparkRow:
    values = [value for _x, value in metrics.series(name)]
    text, floor = f"{values[-1]:.4g}", min(0.0, *values)
    summary = f"{_word(name)}: {text}"
    raised = [value - floor for value in values]
    return SparkRow(_word(name), text, Spark(raised, max(raised) or 1.0, summary))


def _word(name: str) -> str:
    return str(WORDS.get(name, name))
