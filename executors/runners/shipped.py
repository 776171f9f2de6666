"""The executors that come with YMIR: the files of their folders, and the mark by which a built image knows its source.

`python -m executors.runners.shipped FOLDER` prints the digest that `make images` notes in an image's label.
"""

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

SOURCE_LABEL = "ymir.source"
"""The label of an image that holds the digest of the folder it was built from."""
IGNORED = ".dockerignore"


def files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder in a fixed order, without caches and what its .dockerignore keeps out by name."""
    left_out = _ignored_names(folder)
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and parts[0] not in left_out and not any(_is_cache(part) for part in parts):
            yield path


def digest(folder: Path) -> str:
    """Return `sha256:` and the digest of a folder's files: their names and bytes, in order."""
    total = hashlib.sha256()
    for path in files(folder):
        content = path.read_bytes()
        total.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode())
        total.update(content)
    return f"sha256:{total.hexdigest()}"


def _ignored_names(folder: Path) -> set[str]:
    listed = folder / IGNORED
    return {line.strip() for line in listed.read_text().splitlines()} if listed.is_file() else set()


def _is_cache(part: str) -> bool:
    return part.startswith(".") or part == "__pycache__"


if __name__ == "__main__":
    sys.stdout.write(f"{digest(Path(sys.argv[1]))}\n")
