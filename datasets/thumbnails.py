"""Small versions of images, made when first asked for and kept by content hash. PURE."""

import io
import uuid
from pathlib import Path

from PIL import Image, ImageOps

SIZES = (320, 640, 1280)  # the longer side, in pixels
QUALITY = 82
EFFORT = 2  # of 6; beyond it WebP files hardly shrink, and people wait


class NotRenderedError(ValueError):
    """Pillow cannot decode the image to its end."""


def path(root: Path, asset: str, size: int) -> Path:
    """Return where the thumbnail of an asset (hash in hex) lies below the data root."""
    return root / "thumbnails" / asset[:2] / asset[2:4] / f"{asset}-{size}.webp"


def ensure(root: Path, asset: str, source: Path, size: int) -> Path:
    """Return the thumbnail of the image at `source`, made if it is missing.

    Two processes at once both make it, and the second replaces the first by the same. Raises NotRenderedError.
    """
    target = path(root, asset, size)
    if not target.exists():
        write(target, render(source, size))
    return target


def render(source: Path, size: int) -> bytes:
    """Return the image as WebP, upright, its longer side at most `size` pixels. Raises NotRenderedError."""
    buffer = io.BytesIO()
    try:
        with Image.open(source) as image:
            image.draft("RGB", (size, size))  # JPEG files are decoded at a fraction of their size
            image.thumbnail((size, size), Image.Resampling.LANCZOS)
            small = ImageOps.exif_transpose(image)
            mode = "RGBA" if small.has_transparency_data else "RGB"
            small.convert(mode).save(buffer, "WEBP", quality=QUALITY, method=EFFORT)
    except FileNotFoundError:
        raise
    except Exception as error:
        # Pillow's decoders raise what they stumble over
        raise NotRenderedError(str(error)) from error
    return buffer.getvalue()


def write(target: Path, data: bytes) -> None:
    """Put a file into place in one step. No sync: a thumbnail that is lost is made again."""
    target.parent.mkdir(parents=True, exist_ok=True)
    staged = target.with_name(f".{uuid.uuid4().hex}")
    try:
        staged.write_bytes(data)
        staged.replace(target)
    finally:
        staged.unlink(missing_ok=True)
