"""A tiny executor whose behaviour each test writes itself: `in/script.sh`."""

import contextlib
import hashlib
import io
import shutil
import subprocess
import tarfile
from pathlib import Path

import docker
import pytest

TINY_IMAGE = "local/ymir-tiny:test"
START = b'sh "$(dirname "${DEFAULT_ENV_FILE_PATH:-/in/env.yaml}")/script.sh"\n'
MANUAL = {
    "manifest.yaml": b"object_type: 2\n",
    "training-template.yaml": b"epochs: 2\n",
    "mining-template.yaml": b"mining_algorithm: random  # random|entropy\n",
    "infer-template.yaml": b"confidence: 0.1\n",
}


@pytest.fixture(scope="session")
def tiny_image(docker_engine: docker.DockerClient) -> str:
    """The tiny executor as an image: a static busybox, start.sh and a manual."""
    busybox = shutil.which("busybox")
    if busybox is None or subprocess.run(["ldd", busybox], check=False, capture_output=True).returncode == 0:
        pytest.skip("busybox-static is not installed")
    content = _root_file_system(Path(busybox))
    label = hashlib.sha256(content).hexdigest()
    with contextlib.suppress(docker.errors.ImageNotFound):
        if docker_engine.images.get(TINY_IMAGE).labels.get("ymir.content") == label:
            return TINY_IMAGE
    changes = ['CMD ["/bin/sh", "-c", "sh /usr/bin/start.sh"]', "ENV PATH=/bin", f"LABEL ymir.content={label}"]
    docker_engine.api.import_image_from_data(content, repository=TINY_IMAGE, changes=changes)
    return TINY_IMAGE


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of shipped images of a process runner; it holds the tiny executor as `tiny`."""
    images = tmp_path_factory.mktemp("images")
    (images / "tiny" / "img-man").mkdir(parents=True)
    (images / "tiny" / "start.sh").write_bytes(START)
    for name, content in MANUAL.items():
        (images / "tiny" / "img-man" / name).write_bytes(content)
    return images


def _root_file_system(busybox: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("bin", "tmp", "usr/bin", "img-man", "in", "out"):
            _add(archive, name, None, 0o1777)
        _add(archive, "bin/busybox", busybox.read_bytes(), 0o755)
        for applet in ("sh", "sleep", "cat", "id", "echo", "ls", "dirname", "touch", "head", "tail", "dd", "env", "ip"):
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(link)
        _add(archive, "usr/bin/start.sh", START, 0o755)
        for name, content in MANUAL.items():
            _add(archive, f"img-man/{name}", content, 0o644)
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: bytes | None, mode: int) -> None:
    member = tarfile.TarInfo(name)
    member.mode = mode
    member.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
    member.size = len(content or b"")
    archive.addfile(member, io.BytesIO(content or b""))
