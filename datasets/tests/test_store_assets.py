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
