"""Uploads of archives, written straight to the data root: no copy in memory, none in /tmp, none moved afterwards."""

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopFutureHandlers
from django.http import HttpRequest

MEGABYTE = 1024 * 1024
FIELDS_BYTES = 64 * 1024  # of a request, beside its files
NAME_LENGTH = 120


def max_bytes() -> int:
    """Return how large the files of one request may be together."""
    return int(settings.YMIR_MAX_UPLOAD_MB) * MEGABYTE


class StoredUpload(UploadedFile[bytes]):
    """An upload that lies in a folder of its own in the data root. `path` is None for one that was not kept."""

    def __init__(self, path: Path | None, name: str | None, size: int) -> None:
        super().__init__(None, name, size=size)
        self.path = path
        self.is_taken = False

    def take(self) -> Path:
        """Return where the file lies; from now on the caller removes it. Only for one that was kept."""
        if self.path is None:
            raise FileNotFoundError(self.name)
        self.is_taken = True
        return self.path


class DataRootUploadHandler(FileUploadHandler):
    """Write uploaded files to uploads/ below the data root; once they are over the limit they are read and dropped.

    Reading to the end lets the browser show the page that says so; ending early would show a lost connection.

    Args:
        admits: asked once, before the first file is stored: whether the person may upload at all.
    """

    path: Path | None = None
    file: IO[bytes]

    def __init__(self, request: HttpRequest, admits: Callable[[], bool] = lambda: True) -> None:
        super().__init__(request)
        self._admits = admits
        self._room: int | None = None  # bytes that files may still have; None: not asked yet
        self._stored: list[StoredUpload] = []

    def handle_raw_input(self, *given: Any, **_named: Any) -> None:
        """Keep nothing of a request that is too large as a whole."""
        _data, _meta, content_length, *_rest = given
        if content_length > max_bytes() + FIELDS_BYTES:
            self._room = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        if self._room is None:
            self._room = max_bytes() if self._admits() else 0
        if self._room > 0:
            folder = Path(settings.YMIR_DATA_ROOT) / "uploads" / uuid.uuid4().hex
            folder.mkdir(parents=True)
            self.path = folder / kept_name(self.file_name or "")
            self.file = self.path.open("xb")
        raise StopFutureHandlers

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002 # files have a limit together
        """Write a part."""
        self._room = (self._room or 0) - len(raw_data)
        if self._room < 0:
            self._drop()
        elif self.path is not None:
            self.file.write(raw_data)

    def file_complete(self, file_size: int) -> StoredUpload:
        """Give the file to the form."""
        kept, self.path = self.path, None
        if kept is not None:
            self.file.close()
        upload = StoredUpload(kept, self.file_name, file_size)
        self._stored.append(upload)
        return upload

    def upload_interrupted(self) -> None:
        """Remove what had arrived."""
        self._drop()

    def discard_untaken(self) -> None:
        """Remove what nobody took: the form was not valid, or the request was refused."""
        for upload in self._stored:
            if upload.path is not None and not upload.is_taken:
                shutil.rmtree(upload.path.parent, ignore_errors=True)

    def _drop(self) -> None:
        if self.path is not None:
            self.file.close()
            shutil.rmtree(self.path.parent, ignore_errors=True)
            self.path = None


def kept_name(name: str) -> str:
    """Return the name that an upload keeps: without folders, dots in front and what does not print."""
    cleaned = "".join(letter for letter in Path(name).name if letter.isprintable() and letter not in "/\\").lstrip(". ")
    return cleaned.encode()[-NAME_LENGTH:].decode(errors="ignore") or "upload.zip"
