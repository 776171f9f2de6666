"""Tiles of images with what a model found on them: in verdicts where there is ground truth, else in class colors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import Final, Literal

import numpy as np
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.charts.overlay import Box, Verdict
from datasets import selectors
from datasets.pages.palette import Palette
from datasets.store import reader
from models.evaluation.boxes import Boxes, Ints
from models.evaluation.verdicts import PredictionVerdict, TruthVerdict
from models.models import Prediction
from models.pages.judgement import FALSE, Judgement

PIXELS: Final = 640
View = Literal["verdicts", "classes"]


@dataclass(frozen=True)
class Tile:
    """One image, as the tile component takes it."""

    src: str
    url: str
    width: int
    height: int
    alt: str
    boxes: list[Box]
    caption: str
    number: str


class Photographs:
    """The images of a judged prediction, by their position in the dataset version."""

    def __init__(
        self, prediction: Prediction, judgement: Judgement, palette: Palette, view: View, *, long_names: bool = False
    ) -> None:
        self.prediction, self.judgement, self.palette = prediction, judgement, palette
        self.long_names = long_names
        self.sides = judgement.sides
        self.view: View = view if self.sides.is_judged else "classes"

    def tiles(self, positions: Sequence[int], query: str = "") -> Iterator[Tile]:
        """Draw images; `query` is carried along to the page of one image."""
        version = self.prediction.dataset_version
        hashes = [self.sides.assets[position] for position in positions]
        for position, asset in zip(positions, reader.assets(selectors.folder(version), hashes), strict=True):
            words = self.summary(position)
            yield Tile(
                src=reverse("datasets:thumbnail", args=[version.pk, asset.asset, PIXELS]),
                url=reverse("models:prediction_image", args=[self.prediction.pk, asset.asset]) + query,
                width=asset.width,
                height=asset.height,
                alt=f"{asset.file_name}, {words}",
                boxes=self.boxes(position),
                caption=PurePosixPath(asset.file_name).stem,
                number=words,
            )

    def boxes(self, position: int) -> list[Box]:
        """Draw both sides of one image: predictions dashed, or each box by its verdict."""
        truth = [self._truth(row) for row in _rows(self.sides.truth, position)]
        shown = [row for row in _rows(self.sides.predicted, position) if self.judgement.shown[row]]
        return truth + [self._prediction(row) for row in shown]

    def codes(self, position: int) -> list[int]:
        """Return the class codes of the boxes that are drawn on an image."""
        truth = [int(self.sides.truth.class_code[row]) for row in _rows(self.sides.truth, position)]
        shown = [row for row in _rows(self.sides.predicted, position) if self.judgement.shown[row]]
        return truth + [int(self.sides.predicted.class_code[row]) for row in shown]

    def summary(self, position: int) -> str:
        """Say what the model got wrong in an image, or how much it found where nobody judges."""
        if not self.sides.is_judged:
            found = int(self._found[position])
            return ngettext("{count} box", "{count} boxes", found).format(count=found)
        missed, false = int(self._missed[position]), int(self._false[position])
        parts = [
            ngettext("{count} missed", "{count} missed", missed).format(count=missed) if missed else "",
            ngettext("{count} false", "{count} false", false).format(count=false) if false else "",
        ]
        return _(", ").join(filter(None, parts)) or _("all true")

    @cached_property
    def _found(self) -> Ints:
        return self.judgement.count("")

    @cached_property
    def _missed(self) -> Ints:
        return self.judgement.count("missed")

    @cached_property
    def _false(self) -> Ints:
        return self.judgement.count("false") + self.judgement.count("moved")

    def _truth(self, row: int) -> Box:
        box, found = self._box(self.sides.truth, row), self.judgement.verdicts
        if self.view == "classes" or found is None:
            return box
        if found.truth[row] == TruthVerdict.MISSED:
            name = _("missed {name}").format(name=box.name) if self.long_names else _("missed")
            return replace(box, name=name, style="dash", verdict="missed")
        return replace(box, name="", style="dim")

    def _prediction(self, row: int) -> Box:
        score, found = float(self.sides.predicted.score[row]), self.judgement.verdicts
        box = replace(self._box(self.sides.predicted, row), score=score, kind="prediction", style="dash")
        if self.view == "classes" or found is None:
            return box
        verdict = verdict_of(int(found.predicted[row]))
        if verdict in {"", "true"}:  # what is right needs no words
            box = replace(box, name="", score=None)
        return replace(box, verdict=verdict, style="solid" if verdict else "dots")

    def _box(self, side: Boxes, row: int) -> Box:
        left, top, width, height = (float(length) for length in side.xywh[row])
        name = self.sides.names[side.class_code[row]]
        return Box(left, top, width, height, name=name, class_index=self.palette.index(name))


def verdict_of(code: int) -> Verdict:
    """Return how a prediction is drawn; empty for what counts neither way."""
    if code == PredictionVerdict.TRUE:
        return "true"
    if code == PredictionVerdict.WRONG_PLACE:
        return "moved"
    return "false" if code in FALSE else ""


def _rows(side: Boxes, position: int) -> range:
    """Return the rows of one image; the columns are sorted by image."""
    begin, end = np.searchsorted(side.image, [position, position + 1])
    return range(int(begin), int(end))
