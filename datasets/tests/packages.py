"""Packages for import tests: small images and annotation files, in a folder or a zip."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image


def picture(colour: int = 0, size: tuple[int, int] = (100, 80), form: str = "JPEG", **options: Any) -> bytes:
    """Return the bytes of a one-coloured image; different colours are different contents."""
    buffer = io.BytesIO()
    Image.new("RGB", size, (colour, 255 - colour, 90)).save(buffer, form, **options)
    return buffer.getvalue()


def voc_object(name: str = "cat", box: tuple[Any, ...] = (10, 10, 50, 40), more: str = "") -> str:
    """Return an <object>."""
    corners = "".join(
        f"<{tag}>{value}</{tag}>" for tag, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
    )
    return f"<object>\n<name>{name}</name>\n<bndbox>{corners}</bndbox>\n{more}</object>\n"


def voc(*objects: str, filename: str = "", head: str = "") -> bytes:
    """Return an annotation file."""
    return f"{head}<annotation>\n<filename>{filename}</filename>\n{''.join(objects)}</annotation>\n".encode()


def coco(images: dict[int, str], annotations: list[dict[str, Any]], categories: dict[int, str] | None = None) -> bytes:
    """Return a COCO file; what an annotation lacks is filled in."""
    base = {"category_id": 1, "bbox": [10, 10, 40, 30], "area": 1200, "iscrowd": 0}
    return json.dumps(
        {
            "info": {"description": 'a "quoted" {brace'},
            "images": [{"id": key, "file_name": name, "width": 100, "height": 80} for key, name in images.items()],
            "annotations": [{"id": number, **base, **item} for number, item in enumerate(annotations, 1)],
            "categories": [{"id": key, "name": name} for key, name in (categories or {1: "cat", 2: "dog"}).items()],
        }
    ).encode()


def make_folder(root: Path, files: dict[str, bytes]) -> Path:
    """Write files below `root`."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def make_zip(path: Path, files: dict[str, bytes]) -> Path:
    """Write files into a zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path
