"""The learning curve: accuracy against labeled assets, mined against random choice."""

from django.utils.translation import gettext as _

from common.charts.line import LineChart, Series
from iterations import selectors
from iterations.models import Arm
from iterations.selectors import CurvePoint
from projects.models import Project


def chart(project: Project) -> LineChart | None:
    """Return the learning curve of a project; None before the first evaluation."""
    points = selectors.learning_curve(project)
    mined = [point for point in points if point.arm == Arm.MINED]
    random = [point for point in points if point.arm == Arm.RANDOM]
    if not points:
        return None
    has_control = any(point.number for point in random)
    series = [_series(random, _("random"), "reference")] if has_control else []
    series.append(_series(mined, _("mined"), "ours"))
    testing = points[0].evaluation.prediction.dataset_version
    return LineChart(
        series=series,
        x_label=_("labeled assets"),
        y_label=_("mAP@.5 on %(version)s") % {"version": testing},
        x_ticks=sorted({float(point.labeled) for point in points}),
        summary=_summary(mined, random if has_control else []),
        caption=_caption(mined, random) if has_control else "",
    )


def _series(points: list[CurvePoint], name: str, role: str) -> Series:
    newest = points[-1].map50 if points else 0.0
    bands = [(point, interval(point)) for point in points]
    return Series(
        points=[(float(point.labeled), point.map50) for point in points],
        label=f"{name} {newest:.3f}",
        role="ours" if role == "ours" else "reference",
        band=[(float(point.labeled), *span) for point, span in bands if span is not None],
        dots=True,
    )


def interval(point: CurvePoint) -> tuple[float, float] | None:
    """Return the 95 % interval of a point's mAP@.5, where its evaluation has one."""
    span = point.evaluation.report.get("intervals", {}).get("mAP50")
    return (float(span["low"]), float(span["high"])) if span else None


def _summary(mined: list[CurvePoint], random: list[CurvePoint]) -> str:
    words = [_("Mined: %(points)s.") % {"points": _spoken(mined)}]
    if random:
        words.append(_("Random: %(points)s.") % {"points": _spoken(random)})
    return " ".join(words)


def _spoken(points: list[CurvePoint]) -> str:
    return _(", ").join(
        _("%(score)s at %(count)d") % {"score": f"{point.map50:.3f}", "count": point.labeled} for point in points
    )


def _caption(mined: list[CurvePoint], random: list[CurvePoint]) -> str:
    """Say in one sentence what mining was worth at the newest point that both arms have."""
    both = {point.number for point in mined} & {point.number for point in random} - {0}
    if not both:
        return ""
    newest = max(both)
    ours = next(point for point in mined if point.number == newest)
    theirs = next(point for point in random if point.number == newest)
    return _("With %(count)d labeled assets mining reached %(mined)s, random choice %(random)s (%(change)s).") % {
        "count": ours.labeled,
        "mined": f"{ours.map50:.3f}",
        "random": f"{theirs.map50:.3f}",
        "change": f"{ours.map50 - theirs.map50:+.3f}".replace("-", "−"),
    }
