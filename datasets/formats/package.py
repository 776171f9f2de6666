"""Find the images and the annotation files of a dataset package, however it is laid out.

Understood: `images|JPEGImages` beside `gt|annotations|Annotations`, at any depth; images and annotations side by side;
images only. Folders named `pred` are left out: predictions are not imported as ground truth.
"""

import posixpath
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

IMAGE_FOLDERS = {"images", "jpegimages"}
STRUCTURE_FOLDERS = IMAGE_FOLDERS | {"gt", "annotations", "labels", "xml", "xmls"}
PREDICTION_FOLDERS = {"pred", "preds", "predictions"}
IMAGE_EXTENSIONS = {"jpg", "jpeg", "jpe", "jfif", "png", "bmp", "dib", "webp"}
# known to be pictures, to be named as unsupported and not passed over
OTHER_PICTURES = {"gif", "tif", "tiff", "heic", "heif", "avif", "jp2", "ppm", "pgm", "tga", "psd", "ico"}


@dataclass
class Package:
    """The files of a package by what they are."""

    images: list[str]
    xml: list[str]
    json: list[str]
    root: str  # what the images' names are told relative to
    _by_stem: dict[str, list[int]] = field(default_factory=dict)
    _by_base: dict[str, list[int]] = field(default_factory=dict)

    def file_name(self, number: int) -> str:
        """Return the name by which a version knows image `number`."""
        return self.images[number].removeprefix(self.root)

    def by_stem(self, name: str) -> list[int]:
        """Return the images whose name without folder and extension is that of `name`."""
        if not self._by_stem:
            self._by_stem = group(self.images, stem)
        return self._by_stem.get(stem(name), [])

    def by_base(self, name: str) -> list[int]:
        """Return the images whose name without folder is that of `name`."""
        if not self._by_base:
            self._by_base = group(self.images, base)
        return self._by_base.get(base(name), [])


def discover(names: Iterable[str]) -> Package:
    """Sort the files of a source by what they are."""
    images, xml, json = [], [], []
    for name in names:
        folders = set(name.lower().split("/")[:-1])
        extension = posixpath.splitext(name)[1].lower().lstrip(".")
        if folders & PREDICTION_FOLDERS:
            continue
        if extension in IMAGE_EXTENSIONS or extension in OTHER_PICTURES or (not extension and folders & IMAGE_FOLDERS):
            images.append(name)
        elif extension == "xml":
            xml.append(name)
        elif extension == "json":
            json.append(name)
    inside = [name for name in images if IMAGE_FOLDERS & set(name.lower().split("/")[:-1])]
    images = inside or images
    return Package(images, xml, json, common_root(images))


def common_root(images: list[str]) -> str:
    """Return the folder that holds all images, up to a folder called images; with a slash at the end, or empty."""
    folders = {posixpath.dirname(name) for name in images}
    if not folders:
        return ""
    shared = posixpath.commonpath([f"/{folder}" for folder in folders]).strip("/")
    parts = shared.split("/") if shared else []
    for number, part in enumerate(parts):
        if part.lower() in IMAGE_FOLDERS:
            parts = parts[: number + 1]
            break
    return "/".join(parts) + "/" if parts else ""


def group(names: list[str], key: Callable[[str], str]) -> dict[str, list[int]]:
    """Return the numbers of the names with each key."""
    groups: dict[str, list[int]] = defaultdict(list)
    for number, name in enumerate(names):
        groups[key(name)].append(number)
    return dict(groups)


def base(name: str) -> str:
    """Return a name without folders, in one Unicode form."""
    return normal(posixpath.basename(name))


def stem(name: str) -> str:
    """Return a name without folders and extension, in one Unicode form."""
    return posixpath.splitext(base(name))[0]


def normal(name: str) -> str:
    """Return a name in one Unicode form: some systems write é as one letter, some as two."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def place(name: str) -> list[str]:
    """Return the folders of a name that tell it apart: those that do not only give the package its structure."""
    return [part for part in normal(name).split("/")[:-1] if part.lower() not in STRUCTURE_FOLDERS]
