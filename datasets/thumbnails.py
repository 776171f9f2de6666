"""Small versions of images, made when first asked for and kept by content hash. PURE.

Photographs of hundreds of megapixels exist, and a web server draws many thumbnails at once: all threads of a process
share one amount of memory, and an image that needs more than all of it is not drawn.
"""

import io
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Condition

from PIL import Image, ImageOps

SIZES = (320, 640, 1280)  # the longer side, in pixels
QUALITY = 82
EFFORT = 2  # of 6; beyond it WebP files hardly shrink, and people wait


# Bytes that a pixel takes at the peak of decoding and shrinking; measured with Pillow, which keeps RGB in four bytes.
PIXEL_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "LA": 8, "RGBA": 8}
USUAL_PIXEL_BYTES = 4
WEBP_PIXEL_BYTES = 16
COEFFICIENT_BYTES = 2  # libjpeg holds those of a whole progressive image, however small it is to become


class TooLargeError(ValueError):
    """Decoding the image takes more memory than thumbnails may have."""

    def __init__(self, needed: int, limit: int) -> None:
        self.needed, self.limit = needed, limit
        super().__init__(f"decoding takes {needed} bytes, the limit is {limit}")


class Room:
    """An amount of memory that threads share: who needs more than is left waits for the others."""

    def __init__(self) -> None:
        self._taken = 0
        self._changed = Condition()

    @contextmanager
    def take(self, wanted: int, limit: int) -> Iterator[None]:
        """Hold `wanted` bytes of `limit`. Raises TooLargeError when waiting would be in vain."""
        if wanted > limit:
            raise TooLargeError(wanted, limit)
        with self._changed:
            self._changed.wait_for(lambda: self._taken + wanted <= limit)
            self._taken += wanted
        try:
            yield
        finally:
            with self._changed:
                self._taken -= wanted
                self._changed.notify_all()


ROOM = Room()


class NotRenderedError(ValueError):
    """Pillow cannot decode the image to its end."""


def path(root: Path, asset: str, size: int) -> Path:
    """Return where the thumbnail of an asset (hash in hex) lies below the data root."""
    return root / "thumbnails" / asset[:2] / asset[2:4] / f"{asset}-{size}.webp"


def ensure(root: Path, asset: str, source: Path, size: int, *, memory: int) -> Path:
    """Return the thumbnail of the image at `source`, made if it is missing.

    Two processes at once both make it, and the second replaces the first by the same.
    Raises NotRenderedError, and TooLargeError when that takes more than `memory` bytes.
    """
    target = path(root, asset, size)
    if not target.exists():
        write(target, render(source, size, memory=memory))
    return target


def render(source: Path, size: int, *, memory: int) -> bytes:
    """Return the image as WebP, upright, its longer side at most `size` pixels (errors as in `ensure`)."""
    try:
        with Image.open(source) as image:
            full = image.size
            image.draft("RGB", (size, size))  # JPEG files are decoded at a fraction of their size
            with ROOM.take(memory_needed(image, full), memory):
                return shrunk(image, size)
    except (FileNotFoundError, TooLargeError):
        raise
    except Exception as error:
        # Pillow's decoders raise what they stumble over
        raise NotRenderedError(str(error)) from error


def shrunk(image: Image.Image, size: int) -> bytes:
    """Decode an image that was opened, and return it small."""
    buffer = io.BytesIO()
    is_deep = image.mode.startswith("I;16")  # Pillow can neither shrink these in two steps nor show them
    image.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=None if is_deep else 2.0)
    small = ImageOps.exif_transpose(image)
    if is_deep:
        small = small.point(lambda value: value * (1 / 256)).convert("L")
    mode = "RGBA" if small.has_transparency_data else "RGB"
    small.convert(mode).save(buffer, "WEBP", quality=QUALITY, method=EFFORT)
    return buffer.getvalue()


def memory_needed(image: Image.Image, full: tuple[int, int]) -> int:
    """Return how many bytes decoding an opened image takes; `full` is its size before `draft` made it smaller."""
    width, height = image.size
    if image.format == "WEBP":
        return width * height * WEBP_PIXEL_BYTES
    needed = width * height * PIXEL_BYTES.get(image.mode, USUAL_PIXEL_BYTES)
    if image.info.get("progressive"):
        factors = [(across, down) for _component, across, down, _table in getattr(image, "layer", ())]
        most = max((across for across, _ in factors), default=1) * max((down for _, down in factors), default=1)
        components = sum(across * down for across, down in factors) / most
        needed += int(full[0] * full[1] * components * COEFFICIENT_BYTES)
    return needed


def write(target: Path, data: bytes) -> None:
    """Put a file into place in one step. No sync: a thumbnail that is lost is made again."""
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = target.with_name(f".{uuid.uuid4().hex}")
    try:
        staged.write_bytes(data)
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)
