"""Zip archives from strangers: looked through before anything is read, and never extracted to paths they name."""

import contextlib
import lzma
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, Self

from common import files

RefusalReason = Literal["unsafe_path", "link", "encrypted", "compression", "duplicate_name", "special_file"]
MIB = 1 << 20
GIB = 1 << 30
UTF8_NAME = 0x800
ENCRYPTED = 0x1
READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}


@dataclass(frozen=True)
class Limits:
    """What an archive may unpack to. The ratio counts only beyond `ratio_from` bytes: small files may pack well."""

    entries: int = 4_000_000
    entry_bytes: int = 4 * GIB
    total_bytes: int = 1024 * GIB
    ratio: int = 100
    ratio_from: int = 64 * MIB


DEFAULT_LIMITS = Limits()


class ArchiveError(ValueError):
    """The archive as a whole cannot be used; `reason` is one of broken, too_many_entries, too_large, bomb."""

    def __init__(self, path: Path, reason: str, detail: str) -> None:
        self.path, self.reason, self.detail = path, reason, detail
        super().__init__(f"{path.name}: {detail}")


class EntryError(ValueError):
    """One entry's bytes are damaged."""


@dataclass(frozen=True)
class Refused:
    """An entry that is left out, and why."""

    name: str
    reason: RefusalReason


class Archive:
    """A zip whose entries' names, kinds and sizes were found sound; the unsound ones are in `refused`."""

    def __init__(self, path: Path, limits: Limits = DEFAULT_LIMITS) -> None:
        """Open and look through `path`. Raises ArchiveError when it is broken or would unpack beyond the limits."""
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError) as error:
            raise ArchiveError(path, "broken", str(error)) from error
        self.path = path
        self.refused: list[Refused] = []
        self.sizes: dict[str, int] = {}
        self._entries: dict[str, zipfile.ZipInfo] = {}
        try:
            self._check_limits(self._zip.infolist(), limits)
        except ArchiveError:
            self._zip.close()
            raise
        for info in self._zip.infolist():
            if not info.is_dir():
                self._admit(info)

    def _check_limits(self, infos: list[zipfile.ZipInfo], limits: Limits) -> None:
        if len(infos) > limits.entries:
            raise ArchiveError(self.path, "too_many_entries", f"{len(infos)} entries, the limit is {limits.entries}")
        total = sum(info.file_size for info in infos)
        if total > limits.total_bytes:
            raise ArchiveError(self.path, "too_large", f"unpacks to {total} bytes, the limit is {limits.total_bytes}")
        if total > limits.ratio_from and total > limits.ratio * self.path.stat().st_size:
            raise ArchiveError(self.path, "bomb", f"unpacks to {total} bytes, over {limits.ratio} times its size")
        for info in infos:
            if info.file_size > limits.entry_bytes:
                raise ArchiveError(self.path, "too_large", f"{info.filename} unpacks to {info.file_size} bytes")
            if info.file_size > limits.ratio_from and info.file_size > limits.ratio * info.compress_size:
                detail = f"{info.filename} unpacks to {info.file_size} bytes, over {limits.ratio} times its size"
                raise ArchiveError(self.path, "bomb", detail)

    def _admit(self, info: zipfile.ZipInfo) -> None:
        name = entry_name(info)
        reason = refusal(info, name)
        if reason is None and name in self._entries:
            reason = "duplicate_name"
        if reason is None:
            self._entries[name] = info
            self.sizes[name] = info.file_size
        else:
            self.refused.append(Refused(name, reason))

    def read(self, name: str) -> bytes:
        """Return an entry's bytes. Raises EntryError when they are damaged."""
        try:
            with damage_told():
                return self._zip.read(self._entries[name])
        except (OSError, ValueError, NotImplementedError, RuntimeError) as error:
            raise EntryError(str(error)) from error

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Open an entry for reading piece by piece. Raises EntryError when they are damaged, also while reading."""
        with damage_told(), self._zip.open(self._entries[name]) as stream:
            yield stream

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


@contextlib.contextmanager
def damage_told() -> Iterator[None]:
    """Turn what the decompressors say of damaged data into one error; bz2 says OSError, without a number.

    Raises:
        EntryError
    """
    try:
        yield
    except (zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError) as error:
        raise EntryError(str(error)) from error
    except OSError as error:
        if error.errno:
            raise
        raise EntryError(str(error)) from error


def entry_name(info: zipfile.ZipInfo) -> str:
    """Return an entry's name. One not marked as UTF-8 often is so all the same; else code page 437 is the standard."""
    if info.flag_bits & UTF8_NAME or info.filename.isascii():
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return info.filename


def refusal(info: zipfile.ZipInfo, name: str) -> RefusalReason | None:
    """Return why an entry must not be read, or None."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    try:
        files.safe_join(Path("/"), name)
    except files.UnsafePathError:
        return "unsafe_path"
    if kind == stat.S_IFLNK:
        return "link"
    if kind not in {0, stat.S_IFREG}:
        return "special_file"
    if info.flag_bits & ENCRYPTED:
        return "encrypted"
    return None if info.compress_type in READABLE else "compression"
