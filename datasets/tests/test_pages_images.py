"""One image: its page, its bytes, its thumbnails."""

import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from PIL import Image

from datasets import selectors, thumbnails
from datasets.models import DatasetVersion
from datasets.tests.conftest import MakeVersion
from datasets.tests.packages import picture

AssetNamed = Callable[[DatasetVersion, str], str]
OTHER_HASH = "0" * 64
PLENTY = 10**9


@pytest.fixture
def browser(viewer: User, as_user: Callable[[User], Client]) -> Client:
    return as_user(viewer)


def body(response: object) -> bytes:
    """Return what a streamed response holds."""
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]


def test_the_page_shows_boxes_classes_and_facts(
    browser: Client, make_version: MakeVersion, asset_named: AssetNamed
) -> None:
    version = make_version()
    image = asset_named(version, "a.jpg")
    page = browser.get(reverse("datasets:image", args=[version.pk, image])).content.decode()
    assert reverse("datasets:asset", args=[version.pk, image]) in page
    assert 'data-hides="class-0"' in page
    assert 'data-hides="class-1"' in page
    assert "100 × 80 px" in page
    assert image[:12] in page
    assert "2 boxes in numbers" in page


def test_the_way_to_the_images_beside_it_stays_within_the_filter(
    browser: Client, make_version: MakeVersion, asset_named: AssetNamed
) -> None:
    version = make_version(images="abcd", boxes=[(letter, "RBC", 1, 1, 9, 9) for letter in "abd"])
    first, second, last = (asset_named(version, f"{letter}.jpg") for letter in "abd")
    url = reverse("datasets:image", args=[version.pk, second])
    page = browser.get(url, {"q": "class:RBC", "sort": "name"}).content.decode()
    assert "2 of 3" in page
    for beside, key in ((first, "ArrowLeft"), (last, "ArrowRight")):
        address = reverse("datasets:image", args=[version.pk, beside])
        assert f'href="{address}?q=class%3ARBC&amp;sort=name"' in page
        assert f'data-key="{key}"' in page
    outside = browser.get(reverse("datasets:image", args=[version.pk, asset_named(version, "c.jpg")]), {"q": "boxes:1"})
    assert "outside the filter" in outside.content.decode()


def test_the_original_is_the_imported_bytes_kept_for_ever_by_those_who_may_see_it(
    browser: Client, make_version: MakeVersion, asset_named: AssetNamed
) -> None:
    version = make_version()
    image = asset_named(version, "a.jpg")
    response = browser.get(reverse("datasets:asset", args=[version.pk, image]))
    assert body(response) == selectors.store().read(image)
    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "private, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response["ETag"] == f'"{image}"'


@pytest.mark.parametrize(("name", "more"), [("asset", []), ("thumbnail", [320])])
def test_what_the_browser_has_is_not_sent_again(
    name: str, more: list[int], browser: Client, make_version: MakeVersion, asset_named: AssetNamed
) -> None:
    version = make_version()
    url = reverse(f"datasets:{name}", args=[version.pk, asset_named(version, "a.jpg"), *more])
    etag = browser.get(url)["ETag"]
    again = browser.get(url, headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert again["ETag"] == etag
    assert browser.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("size", thumbnails.SIZES)
def test_a_thumbnail_is_made_once(
    size: int, browser: Client, make_version: MakeVersion, asset_named: AssetNamed, data_root: Path
) -> None:
    version = make_version()
    image = asset_named(version, "a.jpg")
    url = reverse("datasets:thumbnail", args=[version.pk, image, size])
    response = browser.get(url)
    assert response["Content-Type"] == "image/webp"
    assert Image.open(io.BytesIO(body(response))).size == (100, 80)
    made = thumbnails.path(data_root, image, size)
    before = made.stat().st_mtime_ns
    browser.get(url)
    assert made.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "rest",
    [
        f"thumbnails/{OTHER_HASH}/320/",
        f"thumbnails/{OTHER_HASH}/321/",
        "thumbnails/../../../../etc/passwd/320/",
        f"assets/{OTHER_HASH}/",
        f"assets/{OTHER_HASH[:-1]}/",
        f"assets/{'A' * 64}/",
        "assets/..%2f..%2fsecret_key/",
        f"assets/{'g' * 64}/",
        f"images/{OTHER_HASH}/",
    ],
)
def test_what_is_no_image_of_the_version_is_not_found(rest: str, browser: Client, make_version: MakeVersion) -> None:
    version = make_version()
    assert browser.get(f"{reverse('datasets:version', args=[version.pk])}{rest}").status_code == 404


@pytest.mark.parametrize("size", [0, 1, 319, 100000, 99999999999999999999])
def test_only_the_sizes_of_the_pages_are_made(
    size: int, browser: Client, make_version: MakeVersion, asset_named: AssetNamed, data_root: Path
) -> None:
    version = make_version()
    url = reverse("datasets:thumbnail", args=[version.pk, asset_named(version, "a.jpg"), size])
    assert browser.get(url).status_code == 404
    assert not (data_root / "thumbnails").exists()


def test_an_image_that_cannot_be_decoded_is_sent_as_it_is(
    browser: Client, make_version: MakeVersion, asset_named: AssetNamed
) -> None:
    version = make_version()
    image = asset_named(version, "a.jpg")
    path = selectors.store().path(image)
    path.chmod(0o644)
    path.write_bytes(b"\x89PNG damaged later")
    response = browser.get(reverse("datasets:thumbnail", args=[version.pk, image, 320]))
    assert response["Content-Type"] == "image/png"
    assert body(response) == b"\x89PNG damaged later"


def test_thumbnails_are_upright_and_never_larger(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    source = tmp_path / "turned.jpg"
    source.write_bytes(picture(size=(800, 400), exif=exif))
    assert Image.open(io.BytesIO(thumbnails.render(source, 320, memory=PLENTY))).size == (160, 320)
    source.write_bytes(picture(size=(80, 40)))
    assert Image.open(io.BytesIO(thumbnails.render(source, 320, memory=PLENTY))).size == (80, 40)


@pytest.mark.parametrize("mode", ["L", "P", "LA", "RGBA", "CMYK", "1", "I;16"])
def test_images_of_every_mode_have_thumbnails(mode: str, tmp_path: Path) -> None:
    source = tmp_path / ("image.tiff" if mode in {"CMYK", "I;16"} else "image.png")
    Image.new(mode, (64, 64)).save(source)
    assert Image.open(io.BytesIO(thumbnails.render(source, 320, memory=PLENTY))).format == "WEBP"


def test_deep_grey_keeps_its_brightness(tmp_path: Path) -> None:
    source = tmp_path / "deep.png"
    Image.new("I;16", (1000, 900), 40000).save(source)
    small = Image.open(io.BytesIO(thumbnails.render(source, 320, memory=PLENTY))).convert("L")
    assert small.size == (320, 288)
    assert abs(small.getpixel((9, 9)) - 156) < 4


def large(form: str, **options: Any) -> bytes:
    """An image that takes 40 MB to decode, some kilobytes as a file."""
    return picture(size=(4000, 2500), form=form, **options)


def test_an_image_too_large_for_a_preview_is_drawn_as_a_frame_that_says_so(
    browser: Client, make_version: MakeVersion, asset_named: AssetNamed, settings: Any, data_root: Path
) -> None:
    settings.YMIR_THUMBNAIL_MB = 16
    version = make_version()
    image = asset_named(version, "a.jpg")
    path = selectors.store().path(image)
    path.chmod(0o644)
    path.write_bytes(large("PNG"))
    response = browser.get(reverse("datasets:thumbnail", args=[version.pk, image, 320]))
    assert (response.status_code, response["Content-Type"]) == (200, "image/svg+xml")
    assert "Too large for a preview" in response.content.decode()
    assert "immutable" not in response["Cache-Control"]
    assert not (data_root / "thumbnails").exists()
    settings.YMIR_THUMBNAIL_MB = 64
    again = browser.get(reverse("datasets:thumbnail", args=[version.pk, image, 320]))
    assert again["Content-Type"] == "image/webp"


@pytest.mark.parametrize(
    ("form", "options", "megabytes"),
    [("JPEG", {}, 2.5), ("PNG", {}, 40), ("WEBP", {}, 160), ("JPEG", {"progressive": True}, 32.5)],
)
def test_only_usual_jpeg_files_are_decoded_in_little_memory(
    form: str, options: dict[str, Any], megabytes: float, tmp_path: Path
) -> None:
    source = tmp_path / "image"
    source.write_bytes(large(form, **options))
    with pytest.raises(thumbnails.TooLargeError) as caught:
        thumbnails.render(source, 320, memory=100_000)
    assert caught.value.needed == megabytes * 1e6


def test_threads_share_the_memory_for_thumbnails() -> None:
    room, held, most = thumbnails.Room(), 0, 0
    lock, both = threading.Lock(), threading.Event()

    def work(wanted: int) -> None:
        nonlocal held, most
        with room.take(wanted, 10):
            with lock:
                held += wanted
                most = max(most, held)
            if most >= 10:
                both.set()
            both.wait(5)
            with lock:
                held -= wanted

    threads = [threading.Thread(target=work, args=[5]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most == 10
