"""Look at the bytes of an image: its true format, its size, and whether it is whole."""

import contextlib
import io
import threading
from dataclasses import dataclass
from typing import Literal

from PIL import ExifTags, Image

from common.phrases import Phrase, gettext_noop

MAX_IMAGE_BYTES = 512 << 20
MAX_PIXELS = 256_000_000
FORMATS = {"JPEG": "jpeg", "MPO": "jpeg", "PNG": "png", "BMP": "bmp", "WEBP": "webp"}
EXTENSIONS = {"jpeg": {"jpg", "jpeg", "jpe", "jfif"}, "png": {"png"}, "bmp": {"bmp", "dib"}, "webp": {"webp"}}
BEGINNINGS = {"jpeg": b"\xff\xd8\xff", "png": b"\x89PNG", "bmp": b"BM", "webp": b"RIFF"}
SIDEWAYS = {5, 6, 7, 8}  # EXIF orientations that swap width and height
BMP_SIZE_FIELD = slice(2, 6)
RIFF_SIZE_FIELD = slice(4, 8)
RIFF_HEADER = 8
LARGE = 16_000_000  # pixels
LARGE_ONE = threading.Lock()

ImageReason = Literal["empty_file", "not_an_image", "unsupported_image", "truncated_image", "image_too_large"]

Image.MAX_IMAGE_PIXELS = None  # the limit is ours, above; Pillow's would warn first and refuse what may be stored


class ImageRefusedError(ValueError):
    """Bytes that are no image we can use."""

    def __init__(self, reason: ImageReason, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason}: {detail}" if detail else reason)


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What an image is. Width and height are as displayed, after its own orientation."""

    format: str
    width: int
    height: int
    orientation: int = 1


def inspect(data: bytes) -> ImageInfo:
    """Return what the image in `data` is, by its content.

    Truncation is found without decoding, by the end marks of the formats; a JPEG that ends oddly is decoded to be sure.
    Raises ImageRefusedError.
    """
    if not data:
        raise ImageRefusedError("empty_file")
    if len(data) > MAX_IMAGE_BYTES:
        raise ImageRefusedError("image_too_large", Phrase(gettext_noop("{bytes} bytes"), bytes=len(data)))
    try:
        image = Image.open(io.BytesIO(data))
        form = image.format or ""
        width, height = image.size
        orientation = read_orientation(image)
    except Exception as error:
        # Pillow's parsers raise what they stumble over (SyntaxError, struct.error …); all of it means: no image
        reason: ImageReason = "truncated_image" if starts_well(data) else "not_an_image"
        raise ImageRefusedError(reason, str(error).split("<")[0].strip()) from error
    if form not in FORMATS:
        raise ImageRefusedError("unsupported_image", form)
    if width * height > MAX_PIXELS:
        detail = Phrase(gettext_noop("{width} × {height} pixels"), width=width, height=height)
        raise ImageRefusedError("image_too_large", detail)
    if not is_whole(data, FORMATS[form]):
        raise ImageRefusedError("truncated_image")
    if orientation in SIDEWAYS:
        width, height = height, width
    return ImageInfo(FORMATS[form], width, height, orientation)


def read_orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 when there is none."""
    if "exif" not in image.info:
        return 1
    value = image.getexif().get(ExifTags.Base.Orientation, 1)
    return value if isinstance(value, int) and 1 <= value <= max(SIDEWAYS) else 1


def starts_well(data: bytes) -> bool:
    """Tell whether data that are no image begin like one, and lack its end."""
    form = next((form for form, mark in BEGINNINGS.items() if data.startswith(mark)), None)
    return form is not None and not is_whole(data, form)


def is_whole(data: bytes, form: str) -> bool:
    """Tell whether the data reach to the end that the format promises."""
    if form == "jpeg":
        return data.endswith(b"\xff\xd9") or decodes(data)
    if form == "png":
        return data.rfind(b"IEND\xaeB`\x82") > 0
    if form == "webp":
        return len(data) >= int.from_bytes(data[RIFF_SIZE_FIELD], "little") + RIFF_HEADER
    # the size field of a bitmap may be 0 in files of old programs
    return len(data) >= int.from_bytes(data[BMP_SIZE_FIELD], "little") and decodes(data)


def decodes(data: bytes) -> bool:
    """Tell whether every pixel can be decoded; of large images one at a time, for each takes up to a gigabyte."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.draft(None, (1, 1))  # JPEG files are read to their end, and kept at an eighth
            with LARGE_ONE if image.width * image.height > LARGE else contextlib.nullcontext():
                image.load()
    except Exception:  # noqa: BLE001 - as in `inspect`
        return False
    return True
