"""The contract's model package as a tar, plain or compressed: written from the store, read from strangers."""

import gzip
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from common import files
from models.weights import store
from models.weights.package import ATTACHMENTS, INFO_FILE, ModelPackage, PackageError, Stage, best_stage, read_info
from models.weights.store import StoredWeights

GIB = 1 << 30
_END = bytes(2 * tarfile.BLOCKSIZE)
_MAX_HEADER_BYTES = 1 << 20
_MAX_INFO_BYTES = 4 << 20
_LONG_HEADERS = {
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
}


@dataclass(frozen=True)
class Limits:
    """What a package may unpack to."""

    entries: int = 10_000
    entry_bytes: int = 16 * GIB
    total_bytes: int = 64 * GIB


DEFAULT_LIMITS = Limits()


def pack(data_root: Path, weights_id: str, target: Path, *, stages: tuple[str, ...] | None = None) -> Path:
    """Write stored weights as a package; compressed when `target` ends in gz; without times and owners.

    Args:
        stages: only these; by default all.

    Raises:
        KeyError: when one of `stages` is not there.
        FileExistsError: when `target` is.
    """
    package = _only(store.read(data_root, weights_id), stages)
    folder = store.folder_of(data_root, weights_id)
    with files.stage(data_root) as staging:
        info = staging / INFO_FILE
        info.write_text(package.info(), encoding="utf-8")
        # Level 1: weights hardly shrink, so only speed counts.
        mode_and_level = {"mode": "x:gz", "compresslevel": 1} if target.suffix in {".gz", ".tgz"} else {"mode": "x"}
        with tarfile.open(target, **mode_and_level) as tar:
            tar.add(info, INFO_FILE, filter=_anonymous)
            for path in package.files:
                tar.add(folder / path, path, filter=_anonymous)
    return target


@dataclass(frozen=True)
class Stream:
    """A package on its way out: its length in bytes, and its bytes, to be read once."""

    size: int
    chunks: Iterator[bytes]


def stream(data_root: Path, weights_id: str) -> Stream:
    """Return stored weights as an uncompressed package, read while it is sent: nothing is written to the disk.

    Raises:
        FileNotFoundError: when nothing is stored under this id.
    """
    package = store.read(data_root, weights_id)
    folder = store.folder_of(data_root, weights_id)
    paths = {INFO_FILE: folder / INFO_FILE, **{path: folder / path for path in package.files}}
    headers = {name: _header(name, path.stat().st_size) for name, path in paths.items()}
    size = sum(len(headers[name]) + _padded(path.stat().st_size) for name, path in paths.items())
    return Stream(size + len(_END), _chunks(paths, headers))


def unpack(data_root: Path, path: Path, limits: Limits = DEFAULT_LIMITS) -> StoredWeights:
    """Store a package from a file; nothing is kept when anything in it is wrong.

    Also takes files that lie flat beside ymir-info.yaml, and its form before version 2.0.0.

    Raises:
        PackageError: naming the file at fault and the reason.
    """
    with files.stage(data_root) as staging:
        found = dict(_extract(path, staging, limits))
        if INFO_FILE not in found:
            raise PackageError(path.name, "no_info")
        if found[INFO_FILE].stat().st_size > _MAX_INFO_BYTES:
            raise PackageError(INFO_FILE, "too_large")
        package = read_info(found[INFO_FILE].read_text(encoding="utf-8-sig", errors="replace"))
        places = {place: _find(found, candidates) for place, candidates in _candidates(package)}
        return store.publish(data_root, package, lambda place: places[place].open("rb"))


def _only(package: ModelPackage, names: tuple[str, ...] | None) -> ModelPackage:
    if names is None:
        return package
    stages = tuple(package.stage(name) for name in names)
    best = package.best if package.best in names else best_stage(stages)
    return replace(package, stages=stages, best=best)


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return _anonymous(member).tobuf(tarfile.PAX_FORMAT)


def _chunks(paths: dict[str, Path], headers: dict[str, bytes]) -> Iterator[bytes]:
    for name, path in paths.items():
        yield headers[name]
        with path.open("rb") as file:
            while block := file.read(files.READ_SIZE):
                yield block
        size = path.stat().st_size
        yield bytes(_padded(size) - size)
    yield _END


def _padded(size: int) -> int:
    """A file takes whole blocks of a tar."""
    return -(-size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out who packed it and when."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    member.mode = 0o644
    return member


class _BoundedTarInfo(tarfile.TarInfo):
    """Refuses headers that would be read into memory whole, however large they say they are."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        info = super().frombuf(buf, encoding, errors)
        if info.type in _LONG_HEADERS and info.size > _MAX_HEADER_BYTES:
            raise PackageError(info.name, "too_large", "a header")
        return info


def _extract(path: Path, folder: Path, limits: Limits) -> Iterator[tuple[str, Path]]:
    """Unpack the files to numbered ones in `folder`, never to a path the archive names."""
    seen: set[str] = set()
    total = 0
    try:
        with tarfile.open(path, tarinfo=_BoundedTarInfo) as tar:
            for number, member in enumerate(tar):
                total += member.size
                _check_limits(member, number + 1, total, limits)
                name = _admitted(member, seen)
                if name is not None:
                    seen.add(name)
                    yield name, _copy(tar, member, folder / str(number))
    except PackageError:
        raise
    except (tarfile.TarError, EOFError, ValueError, gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
        raise PackageError(path.name, "broken", str(error)) from error
    except OSError as error:
        # bz2 says OSError without a number for damaged data; one with a number is the disk's.
        if error.errno:
            raise
        raise PackageError(path.name, "broken", str(error)) from error


def _check_limits(member: tarfile.TarInfo, entries: int, total: int, limits: Limits) -> None:
    if entries > limits.entries:
        raise PackageError(member.name, "too_many_entries", f"more than {limits.entries}")
    if member.size > limits.entry_bytes or total > limits.total_bytes:
        raise PackageError(member.name, "too_large", f"{member.size} bytes")


def _admitted(member: tarfile.TarInfo, seen: set[str]) -> str | None:
    """The member's clean name; None for a folder."""
    try:
        name = files.safe_join(Path(), member.name).as_posix()
    except files.UnsafePathError as error:
        raise PackageError(member.name, "unsafe_path") from error
    if member.issym() or member.islnk():
        raise PackageError(member.name, "link")
    if member.isdir():
        return None
    if not member.isreg() or member.issparse():
        raise PackageError(member.name, "special_file")
    if name in seen:
        raise PackageError(member.name, "duplicate_name")
    return name


def _copy(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> Path:
    stream = tar.extractfile(member)
    if stream is None:
        raise PackageError(member.name, "special_file")
    with stream, target.open("xb") as file:
        while block := stream.read(files.READ_SIZE):
            file.write(block)
    if target.stat().st_size != member.size:
        raise PackageError(member.name, "broken", "cut short")
    return target


def _candidates(package: ModelPackage) -> Iterator[tuple[str, list[str]]]:
    """For each file of the package where it may lie: in its stage's folder, under either name of that, or flat."""
    for stage in package.stages:
        for name in stage.files:
            yield f"{stage.name}/{name}", [f"{folder}/{name}" for folder in _folders(stage)] + [name]
    for section, names in package.attachments.items():
        for name in names:
            yield f"{ATTACHMENTS}/{section}/{name}", [f"{ATTACHMENTS}/{section}/{name}"]


def _folders(stage: Stage) -> list[str]:
    return list(dict.fromkeys(folder for folder in (stage.name, stage.folder) if folder))


def _find(found: dict[str, Path], candidates: list[str]) -> Path:
    for name in candidates:
        if name in found:
            return found[name]
    raise PackageError(candidates[0], "missing_file")
