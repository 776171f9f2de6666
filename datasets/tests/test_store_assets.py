"""The asset store: once for each content, all of a batch or nothing, and hard links in place of copies."""

import hashlib
from pathlib import Path

import pytest

from datasets.store.assets import AssetStore
from datasets.store.images import ImageRefusedError
from datasets.tests.packages import picture


def test_an_image_is_stored_once_by_its_hash(tmp_path: Path) -> None:
    store, data = AssetStore(tmp_path), picture(1)
    first = store.add(data)
    assert first.asset == hashlib.sha256(data).hexdigest()
    assert store.path(first.asset) == tmp_path / "assets" / first.asset[:2] / first.asset[2:4] / first.asset
    before = store.path(first.asset).stat().st_ino
    assert store.add(data) == first
    assert store.path(first.asset).stat().st_ino == before
    assert not list((tmp_path / "tmp").iterdir())


def test_a_file_is_stored_like_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture(1))
    store = AssetStore(tmp_path / "root")
    stored = store.add_file(tmp_path / "a.jpg")
    assert (stored.info.format, stored.info.width, stored.info.height) == ("jpeg", 100, 80)
    assert store.read(stored.asset) == picture(1)


def test_a_batch_that_fails_stores_nothing(tmp_path: Path) -> None:
    def fail() -> None:
        with AssetStore(tmp_path).batch() as batch:
            batch.add(picture(1))
            batch.add(b"no image")

    with pytest.raises(ImageRefusedError):
        fail()
    assert not (tmp_path / "assets").exists()


def test_what_is_no_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageRefusedError) as caught:
        AssetStore(tmp_path).add(b"")
    assert caught.value.reason == "empty_file"


def test_links_share_the_bytes(tmp_path: Path) -> None:
    store = AssetStore(tmp_path)
    asset = store.add(picture(1)).asset
    targets = [tmp_path / "in" / "assets" / name for name in ("a.jpg", "b.jpg")]
    assert store.link((asset, target) for target in targets) == 2
    assert all(target.samefile(store.path(asset)) for target in targets)
