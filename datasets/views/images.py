"""One image of a version: its page, its bytes, its thumbnails. Addresses lead through the version, which is checked."""

from pathlib import Path

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from datasets import access, selectors, thumbnails
from datasets.models import DatasetVersion
from datasets.pages import palette, photograph
from datasets.store.reader import Asset

# Content never changes under its hash, and only those who may see the project get it: private.
FOR_EVER = "private, max-age=31536000, immutable"
MEDIA_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "bmp": "image/bmp", "webp": "image/webp"}
MEBIBYTE = 1 << 20
MOST_SENT_BROKEN = 10 * MEBIBYTE
LETTERS_ACROSS = 20
NOTHING_ACTIVE = "default-src 'none'; sandbox"


@require_GET
def image(request: HttpRequest, pk: int, asset_hash: str) -> HttpResponse:
    """One image with its boxes, and the way to the ones beside it in the filter that it was opened from."""
    version, asset = _asset_or_404(request, pk, asset_hash)
    shown = photograph.context(version, asset, request.GET, palette.of(version))
    return render(request, "datasets/image.html", {"project": version.dataset.project, "version": version, **shown})


@require_safe
def original(request: HttpRequest, pk: int, asset_hash: str) -> HttpResponseBase:
    """The bytes of an image as they were imported."""
    _version, asset = _asset_or_404(request, pk, asset_hash)
    return _send(request, selectors.store().path(asset.asset), f'"{asset.asset}"', MEDIA_TYPES[asset.format])


@require_safe
def thumbnail(request: HttpRequest, pk: int, asset_hash: str, size: int) -> HttpResponseBase:
    """A small version of an image; of one that cannot be decoded to its end, the bytes as they are.

    One that takes more memory to decode than thumbnails may have is named in place of being shown.
    """
    if size not in thumbnails.SIZES:
        raise Http404
    asset = _asset_or_404(request, pk, asset_hash)[1]
    source, etag = selectors.store().path(asset.asset), f'"{asset.asset}-{size}"'
    try:
        memory = settings.YMIR_THUMBNAIL_MB * MEBIBYTE
        path = thumbnails.ensure(Path(settings.YMIR_DATA_ROOT), asset.asset, source, size, memory=memory)
    except thumbnails.TooLargeError:
        return _placeholder(request, asset, _("Too large for a preview"))
    except thumbnails.NotRenderedError:
        if asset.bytes > MOST_SENT_BROKEN:
            return _placeholder(request, asset, _("Damaged"))
        return _send(request, source, etag, MEDIA_TYPES[asset.format])
    return _send(request, path, etag, "image/webp")


def _asset_or_404(request: HttpRequest, pk: int, asset_hash: str) -> tuple[DatasetVersion, Asset]:
    version = access.version_or_404(request.user, pk)
    asset = selectors.asset(version, asset_hash)
    if asset is None:
        raise Http404
    return version, asset


def _send(request: HttpRequest, path: Path, etag: str, media_type: str) -> HttpResponseBase:
    """Send a file that never changes, or say that the browser has it."""
    response: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if response is None or response.status_code != 304:  # noqa: PLR2004 # Not Modified
        response = FileResponse(path.open("rb"), content_type=media_type)
    response["ETag"] = etag
    response["Cache-Control"] = FOR_EVER
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = NOTHING_ACTIVE
    return response


def _placeholder(request: HttpRequest, asset: Asset, words: str) -> HttpResponse:
    """A drawing of the image's shape that says why it is not shown; settings and language may change, so not kept."""
    context = {"asset": asset, "words": words, "letters": asset.width / LETTERS_ACROSS, "kind": asset.format.upper()}
    response = render(request, "datasets/placeholder.svg", context, content_type="image/svg+xml")
    response["Cache-Control"] = "private, no-cache"
    response["Content-Security-Policy"] = NOTHING_ACTIVE
    return response
