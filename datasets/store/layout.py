"""Where things lie below the data root. Nothing else in the project spells these paths."""

from dataclasses import dataclass
from pathlib import Path

ASSETS = "assets.parquet"
ANNOTATIONS = "annotations.parquet"
INDEX = "index.bin"
STATS = "stats.json"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Layout:
    """The folders below a data root."""

    root: Path

    @property
    def assets(self) -> Path:
        """Every image's bytes, once."""
        return self.root / "assets"

    @property
    def versions(self) -> Path:
        """The tables of dataset versions, by content id."""
        return self.root / "versions"

    @property
    def predictions(self) -> Path:
        """The tables of predictions, by content id."""
        return self.root / "predictions"

    @property
    def staging(self) -> Path:
        """What is being written; on the file system of all the rest."""
        return self.root / "tmp"

    def asset(self, asset: str) -> Path:
        """Return the place of an image, by its hash in hex."""
        return self.assets / asset[:2] / asset[2:4] / asset

    def version(self, content_id: str) -> Path:
        """Return the folder of a version's tables."""
        return self.versions / content_id

    def prediction(self, content_id: str) -> Path:
        """Return the folder of a prediction's tables."""
        return self.predictions / content_id
