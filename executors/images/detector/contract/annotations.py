"""Reads the annotation files of the contract: ark (text) and VOC (XML). Both store the last pixel inside the box."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from contract.errors import ErrorCode, ExecutorError

Box = tuple[int, float, float, float, float]


def read(path: Path | None, class_names: Sequence[str]) -> list[Box]:
    """Boxes as (class index, x1, y1, x2, y2) in pixels, x2 and y2 just outside the box.

    Boxes without area, with a class that is not asked for, or with numbers that are none are left out.
    A file that does not exist means an image without objects.
    """
    if path is None or not path.exists():
        return []
    text = path.read_text(encoding="utf-8", errors="replace").strip()
    if not text:
        return []
    if path.suffix == ".json":
        raise ExecutorError(ErrorCode.DATASET, f"{path} is COCO; this image reads ark:raw or voc:raw")
    boxes = _read_voc(path, text, class_names) if text.startswith("<") else _read_ark(path, text, len(class_names))
    return [box for box in boxes if _has_area(box)]


def _read_ark(path: Path, text: str, class_count: int) -> list[Box]:
    boxes = []
    for line in text.splitlines():
        columns = [column.strip() for column in line.split(",")]
        try:
            index, (left, top, right, bottom) = int(columns[0]), map(float, columns[1:5])
        except ValueError as error:
            raise ExecutorError(ErrorCode.DATASET, f"{path} holds a line that is not ark: {line!r}") from error
        if 0 <= index < class_count:
            boxes.append((index, left, top, right + 1, bottom + 1))
    return boxes


def _read_voc(path: Path, text: str, class_names: Sequence[str]) -> list[Box]:
    index_of = {name.strip().lower(): index for index, name in enumerate(class_names)}
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 -- see the import
    except ElementTree.ParseError as error:
        raise ExecutorError(ErrorCode.DATASET, f"{path} is not valid XML: {error}") from error
    boxes = []
    for item in root.iter("object"):
        index = index_of.get((item.findtext("name") or "").strip().lower())
        corners = [item.findtext(f"bndbox/{side}") for side in ("xmin", "ymin", "xmax", "ymax")]
        if index is not None and all(corners):
            left, top, right, bottom = (float(corner) for corner in corners)  # type: ignore[arg-type]
            boxes.append((index, left, top, right + 1, bottom + 1))
    return boxes


def _has_area(box: Box) -> bool:
    """More than the one pixel that an inclusive last corner gives a point; False for NaN too."""
    _, left, top, right, bottom = box
    return right - left > 1 and bottom - top > 1
