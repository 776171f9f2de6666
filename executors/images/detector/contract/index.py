"""Reads the index files: which images take part, and where their annotations lie."""

from pathlib import Path

from contract.errors import ErrorCode, ExecutorError


def read_pairs(path: Path | None, role: str) -> list[tuple[Path, Path | None]]:
    """Rows of a training or validation index as (image, annotation file or None). `role` names it in errors."""
    rows = [(Path(row[0]), Path(row[1]) if len(row) > 1 else None) for row in _rows(path, role)]
    if not rows:
        raise ExecutorError(ErrorCode.DATASET, f"The {role} set has no images ({path})")
    return rows


def read_candidates(path: Path | None) -> list[Path]:
    """Images to mine or infer, in file order."""
    images = [Path(row[0]) for row in _rows(path, "candidate")]
    if not images:
        raise ExecutorError(ErrorCode.DATASET, f"There are no candidate images ({path})")
    return images


def _rows(path: Path | None, role: str) -> list[list[str]]:
    if path is None:
        raise ExecutorError(ErrorCode.DATASET, f"env.yaml names no index file for the {role} set")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ExecutorError(ErrorCode.DATASET, f"Cannot read the {role} index {path}: {error.strerror}") from error
    # Columns are tab-separated; images written for older platforms split on any blank, so paths hold none.
    return [line.split("\t") if "\t" in line else line.split() for line in lines if line.strip()]
