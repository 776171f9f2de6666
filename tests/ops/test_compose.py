"""compose.yaml on images made here: every service gets healthy, and a training runs in a container of its own."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGES = ROOT / "tests" / "ops" / "images"
TRAINER = "local/trainer:test"
VOC = """<annotation><filename>{name}</filename><size><width>64</width><height>48</height><depth>3</depth></size>
<object><name>part</name><bndbox><xmin>5</xmin><ymin>5</ymin><xmax>30</xmax><ymax>30</ymax></bndbox></object></annotation>"""

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(900)]


def build(tag: str, folder: Path, *words: str) -> str:
    subprocess.run([ROOT / "tools" / "build_image.sh", tag, folder, *words], check=True, stdout=subprocess.DEVNULL)
    return tag


def compose_command() -> list[str]:
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return ["docker", "compose"] if plugin.returncode == 0 else ["docker-compose"]


def answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health/", timeout=5).close()
    except OSError:
        return False
    return True


def wait_until_healthy(port: int, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not answers(port):
        assert time.monotonic() < deadline
        time.sleep(0.3)


class Compose:
    """One project of compose with a data root, a port and names of its own."""

    def __init__(self, data: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        settings = {
            "POSTGRES_PASSWORD": secrets.token_hex(8),
            "YMIR_SECRET_KEY": secrets.token_hex(16),
            "YMIR_DATA_ROOT": str(data),
            "YMIR_PORT": str(self.port),
            "YMIR_IMPORT_ROOTS": str(data),
            "DOCKER_GID": str(Path("/var/run/docker.sock").stat().st_gid),
            "YMIR_IMAGE": build("local/ymir:test", ROOT),
            "POSTGRES_IMAGE": build("local/postgres:test", IMAGES, "--file", str(IMAGES / "postgres.Dockerfile")),
            "REDIS_IMAGE": build("local/redis:test", IMAGES, "--file", str(IMAGES / "redis.Dockerfile")),
            "FIRST_ADMIN": "anna",
        }
        self.env_file = data.parent / "settings.env"
        self.env_file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        self.environ = {**os.environ, **settings, "YMIR_ENV_FILE": str(self.env_file)}
        self.project = f"ymirtest{secrets.token_hex(4)}"

    def call(self, *words: str) -> str:
        command = [*compose_command(), "--project-name", self.project, *words]
        answer = subprocess.run(command, cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stdout[-3000:] + answer.stderr[-3000:]
        return answer.stdout

    def manage(self, *words: str) -> dict[str, Any]:
        said = self.call("exec", "-T", "web", "python", "manage.py", *words, "--json")
        return json.loads(said.strip().splitlines()[-1])

    def running(self) -> set[str]:
        """Return the services that run."""
        label = "com.docker.compose"
        filters = ["--filter", f"label={label}.project={self.project}", "--filter", "status=running"]
        command = ["docker", "ps", *filters, "--format", f'{{{{.Label "{label}.service"}}}}']
        return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


@pytest.fixture(scope="module")
def compose() -> Iterator[Compose]:
    folder = Path(tempfile.mkdtemp(prefix="ymir-compose-"))
    folder.chmod(0o755)
    (folder / "data").mkdir()
    made = Compose(folder / "data")
    try:
        made.call("up", "--detach", "--no-build")
        yield made
    finally:
        made.call("down", "--volumes", "--timeout", "5")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def photographs(compose: Compose) -> Path:
    folder = Path(compose.environ["YMIR_DATA_ROOT"]) / "upload"
    for kind in ("images", "annotations"):
        (folder / kind).mkdir(parents=True)
    for number in range(6):
        Image.new("RGB", (64, 48), (40 * number, 90, 120)).save(folder / "images" / f"{number}.jpg")
        (folder / "annotations" / f"{number}.xml").write_text(VOC.format(name=f"{number}.jpg"))
    return folder


def test_every_service_runs_and_the_site_is_healthy(compose: Compose) -> None:
    wait_until_healthy(compose.port)
    assert compose.running() >= {"web", "worker", "executor", "scheduler", "db", "redis"}
    with urllib.request.urlopen(f"http://127.0.0.1:{compose.port}/") as page:
        assert page.status == 200


def test_the_first_admins_password_is_told_once(compose: Compose) -> None:
    assert "anna" in compose.call("logs", "prepare")
    assert compose.manage("ensure_admin")["password"] == ""


def test_a_training_runs_in_a_container(compose: Compose, photographs: Path) -> None:
    build(TRAINER, IMAGES / "trainer")
    compose.manage("create_project", "parts", "--classes", "part")
    compose.manage("import_dataset", "--project", "parts", "--name", "photos", str(photographs), "--wait")
    compose.manage("sample_dataset", "--project", "parts", "--name", "check", "photos", "--count", "2", "--wait")
    compose.manage("exclude_dataset", "--project", "parts", "--name", "learn", "photos", "check", "--wait")
    compose.manage("add_image", TRAINER, "--wait")
    trained = compose.manage(
        *("train", "--project", "parts", "--model", "first", "--image", TRAINER),
        *("--training", "learn@1", "--validation", "check@1", "--wait"),
    )
    assert trained["recommended"] == "epoch1"
    assert trained["checkpoints"]


def test_a_restart_keeps_everything(compose: Compose) -> None:
    compose.call("restart", "--timeout", "5")
    test_every_service_runs_and_the_site_is_healthy(compose)
    assert compose.manage("dataset_log", "--project", "parts", "photos")
