"""The store of images: each one's bytes once, named by their SHA-256, never changed."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from common import files
from datasets.store import images
from datasets.store.images import ImageInfo
from datasets.store.layout import Layout

READ_ONLY = 0o444


@dataclass(frozen=True, slots=True)
class StoredAsset:
    """An image of the store: its hash in hex, and what it is."""

    asset: str
    bytes: int
    info: ImageInfo


class Batch:
    """Images on their way into the store. They are in it, all at once, when the batch ends well."""

    def __init__(self, layout: Layout, staging: Path) -> None:
        self._layout, self._staging = layout, staging
        self._staged: set[str] = set()

    def add(self, data: bytes) -> StoredAsset:
        """Take one image; twice the same is once. Raises ImageRefusedError. May be called from several threads."""
        info = images.inspect(data)
        asset = hashlib.sha256(data).hexdigest()
        if asset not in self._staged and not files.make_young(self._layout.asset(asset)):
            self._write(asset, data)
        return StoredAsset(asset, len(data), info)

    def _write(self, asset: str, data: bytes) -> None:
        try:
            descriptor = os.open(self._staging / asset, os.O_WRONLY | os.O_CREAT | os.O_EXCL, READ_ONLY)
        except FileExistsError:  # another thread has it in hand
            return
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        self._staged.add(asset)

    def publish(self) -> None:
        """Sync once, then give every image its name."""
        if not self._staged:
            return
        files.sync_filesystem(self._staging)
        for asset in sorted(self._staged):  # in order, so that each folder is entered once
            target = self._layout.asset(asset)
            with_parent(self._staging / asset, target)
        self._staged.clear()


def with_parent(staged: Path, target: Path) -> None:
    """Rename, making the folder when it is missing."""
    try:
        staged.rename(target)
    except FileNotFoundError:
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.rename(target)


class AssetStore:
    """The images below a data root."""

    def __init__(self, root: Path) -> None:
        self.layout = Layout(root)

    def path(self, asset: str) -> Path:
        """Return where an image lies, by its hash in hex."""
        return self.layout.asset(asset)

    def read(self, asset: str) -> bytes:
        """Return an image's bytes."""
        return self.path(asset).read_bytes()

    @contextlib.contextmanager
    def batch(self) -> Iterator[Batch]:
        """Collect images and put them into the store at the end; after an exception none of them is there."""
        with files.stage(self.layout.root) as staging:
            batch = Batch(self.layout, staging)
            yield batch
            batch.publish()

    def add(self, data: bytes) -> StoredAsset:
        """Put one image into the store. Raises ImageRefusedError."""
        with self.batch() as batch:
            return batch.add(data)
