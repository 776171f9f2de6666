"""The grid of a version's images: what its address says, and its tiles."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final

from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from common.charts.overlay import Box
from common.numbers import score as score_text
from datasets import selectors
from datasets.models import DatasetVersion
from datasets.pages import words
from datasets.pages.palette import Palette
from datasets.store import query as queries
from datasets.store import reader
from datasets.store.browse import ORDERS, Order, Selection
from datasets.store.query import BadTermError, Query
from datasets.store.reader import Asset


@dataclass(frozen=True)
class Size:
    """A size of tiles: how many in a row and on a page, and which thumbnail is sharp at it."""

    name: str
    label: str
    columns: int
    per_page: int
    pixels: int


SIZES: Final = {
    "s": Size("s", "S", 5, 60, 320),
    "m": Size("m", "M", 3, 24, 640),
    "l": Size("l", "L", 2, 12, 1280),
}
DEFAULT_SIZE: Final = "m"


@dataclass(frozen=True)
class View:
    """What the address of a grid says: filter, order, size of tiles, and whether names are drawn."""

    query: Query = field(default_factory=Query)
    order: Order = "mixed"
    default_order: Order = "mixed"
    size: Size = SIZES[DEFAULT_SIZE]
    names: bool = False
    bad_term: str = ""
    typed: str = ""

    @property
    def line(self) -> str:
        """The filter line: as understood, or as typed when it was not."""
        return self.typed if self.bad_term else self.query.text

    def address(self, **changes: object) -> str:
        """Return the query string of this view, or of one that differs in `changes`; never a page number."""
        view = replace(self, **changes)  # type: ignore[arg-type]
        values = [("q", view.query.text)] if view.query.text else []
        values += [("sort", view.order)] if view.order != view.default_order else []
        values += [("size", view.size.name)] if view.size.name != DEFAULT_SIZE else []
        values += [("names", "1")] if view.names else []
        return f"?{urlencode(values)}" if values else ""


def read(params: QueryDict, *, has_scores: bool) -> View:
    """Read the view from an address; what makes no sense falls back to the default, a bad filter is reported."""
    bad_term = ""
    try:
        query = queries.parse(params.get("q", ""))
    except BadTermError as error:
        query, bad_term = Query(), error.term
    if ticked := params.getlist("class"):
        query = query.with_classes(tuple(dict.fromkeys([*query.classes, *ticked])))
    default: Order = "score" if has_scores else "mixed"
    asked = params.get("sort", default)
    order = next((one for one in ORDERS if one == asked and (one != "score" or has_scores)), default)
    size = SIZES.get(params.get("size", DEFAULT_SIZE), SIZES[DEFAULT_SIZE])
    return View(query, order, default, size, params.get("names") == "1", bad_term, params.get("q", ""))


@dataclass(frozen=True)
class Tile:
    """One image of a grid, as the tile component takes it."""

    src: str
    url: str
    width: int
    height: int
    alt: str
    boxes: list[Box]
    caption: str
    number: str


@dataclass(frozen=True)
class Choice:
    """One of several views of the same."""

    label: str
    address: str
    current: bool


class Grid:
    """A page of a version's images."""

    def __init__(self, version: DatasetVersion, params: QueryDict, palette: Palette) -> None:
        scores = selectors.scores(version)
        self.version, self.palette = version, palette
        self.view = read(params, has_scores=scores is not None)
        self.selection: Selection = selectors.select(version, self.view.query, self.view.order)
        self.page: Page[Asset] = Paginator(self.selection, self.view.size.per_page).get_page(params.get("page"))

    @property
    def total(self) -> int:
        return len(self.selection)

    @property
    def text_without_classes(self) -> str:
        """The filter line but for the classes to show, which have ticks."""
        return self.view.query.with_classes(()).text

    def tiles(self) -> Iterator[Tile]:
        """Draw the images of the page."""
        address = self.view.address()
        for asset in self.page.object_list:
            yield tile(self.version, asset, self.palette, self.view.size.pixels, address, self.selection.score(asset))

    def sorts(self) -> list[Choice]:
        """The orders to choose from."""
        labels = {
            "score": _("Score"),
            "mixed": _("Mixed"),
            "name": _("Name"),
            "most": _("Most boxes"),
            "fewest": _("Fewest boxes"),
        }
        if self.view.default_order != "score":
            del labels["score"]
        if not self.version.annotation_count:
            del labels["most"], labels["fewest"]
        return [
            Choice(label, self.view.address(order=order) or ".", order == self.view.order)
            for order, label in labels.items()
        ]

    def sizes(self) -> list[Choice]:
        """The sizes of tiles to choose from."""
        return [
            Choice(size.label, self.view.address(size=size) or ".", size == self.view.size) for size in SIZES.values()
        ]

    def names_choice(self) -> Choice:
        """Names on the boxes, shown or not."""
        return Choice(_("Names"), self.view.address(names=not self.view.names) or ".", self.view.names)


def tile(
    version: DatasetVersion, asset: Asset, palette: Palette, pixels: int, address: str = "", score: float | None = None
) -> Tile:
    """Draw one image of a version; `score` replaces the number of boxes."""
    count = len(asset.boxes)
    return Tile(
        src=reverse("datasets:thumbnail", args=[version.pk, asset.asset, pixels]),
        url=reverse("datasets:image", args=[version.pk, asset.asset]) + address,
        width=asset.width,
        height=asset.height,
        alt=description(asset),
        boxes=[draw(box, palette) for box in asset.boxes],
        caption=PurePosixPath(asset.file_name).stem,
        number=score_text(score) if score is not None else words.box_words(count) if count else _("no boxes"),
    )


def draw(box: reader.Box, palette: Palette) -> Box:
    """Return a box of the store as pages draw it."""
    return Box(
        x=box.x,
        y=box.y,
        width=box.w,
        height=box.h,
        name=box.class_name,
        class_index=palette.index(box.class_name),
        score=box.score,
        kind="truth" if box.score is None else "prediction",
    )


def description(asset: Asset) -> str:
    """Say what is in an image: BloodImage_00168.jpg, 16 RBC, 1 WBC."""
    counts: dict[str, int] = {}
    for box in asset.boxes:
        counts[box.class_name] = counts.get(box.class_name, 0) + 1
    return _(", ").join([asset.file_name, *(f"{count} {name}" for name, count in counts.items())])
