"""The work folder of a run, and where its files appear to the program that runs over it."""

import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

CONTAINER_IN = Path("/in")
CONTAINER_OUT = Path("/out")
CONTAINER_MANIFEST = Path("/img-man/manifest.yaml")

_TASK_ID = re.compile(r"t[0-9][0-9a-z]*")


def task_id(number: int) -> str:
    """Return the contract's id of a job: one plain word, as some images read it with grep."""
    return f"t{number:08d}"


def _open_to_all(folder: Path) -> None:
    """Make a folder that everybody may write.

    Of what an earlier run put in its place, a link or a file is removed; a folder is its user's, and stays as it is.
    """
    with suppress(FileNotFoundError):
        if not stat.S_ISDIR(folder.lstat().st_mode):
            folder.unlink()
    folder.mkdir(exist_ok=True)
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except PermissionError:
        return
    try:
        if os.fstat(descriptor).st_uid == os.geteuid():
            os.fchmod(descriptor, 0o777)
    finally:
        os.close(descriptor)


def is_task_id(word: str) -> bool:
    return _TASK_ID.fullmatch(word) is not None


@dataclass(frozen=True)
class WorkDir:
    """The folder of one run on the host, and what its `in` and `out` are called inside.

    A container sees /in and /out; a process on the host sees the host's own paths.
    """

    root: Path
    inside_in: Path = CONTAINER_IN
    inside_out: Path = CONTAINER_OUT
    manifest_file: Path = CONTAINER_MANIFEST

    @classmethod
    def for_container(cls, root: Path) -> Self:
        return cls(root)

    @classmethod
    def for_process(cls, root: Path, image_folder: Path) -> Self:
        return cls(root, root / "in", root / "out", image_folder / "img-man" / "manifest.yaml")

    @property
    def in_dir(self) -> Path:
        return self.root / "in"

    @property
    def out_dir(self) -> Path:
        return self.root / "out"

    @property
    def assets_dir(self) -> Path:
        return self.in_dir / "assets"

    @property
    def annotations_dir(self) -> Path:
        return self.in_dir / "annotations"

    @property
    def weights_dir(self) -> Path:
        """Weights that the run starts from, in one folder for each stage."""
        return self.in_dir / "models"

    @property
    def config_file(self) -> Path:
        return self.in_dir / "config.yaml"

    @property
    def env_file(self) -> Path:
        return self.in_dir / "env.yaml"

    @property
    def training_index(self) -> Path:
        return self.in_dir / "train-index.tsv"

    @property
    def validation_index(self) -> Path:
        return self.in_dir / "val-index.tsv"

    @property
    def candidate_index(self) -> Path:
        return self.in_dir / "candidate-index.tsv"

    @property
    def log_file(self) -> Path:
        """All that the program wrote to its terminal; outside `out`, where the program cannot replace it."""
        return self.root / "run.log"

    def create(self) -> None:
        """Make the folders; those below `out` are open to whatever user the program runs as, the whole only to us.

        Not while a program runs over them: what it made of those below `out` is its own affair.
        """
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.assets_dir, self.annotations_dir, self.in_dir / "predictions", self.weights_dir):
            folder.mkdir(parents=True, exist_ok=True)
        self.out_dir.mkdir(exist_ok=True)
        for folder in (self.out_dir, self.out_dir / "models", self.out_dir / "tensorboard"):
            _open_to_all(folder)

    def inside(self, path: Path) -> str:
        """Return what the program calls a path below `in` or `out`; ValueError for any other path."""
        if path.is_relative_to(self.in_dir):
            return str(self.inside_in / path.relative_to(self.in_dir))
        return str(self.inside_out / path.relative_to(self.out_dir))
