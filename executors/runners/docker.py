"""Runs executors as containers of the host's Docker engine, with no more rights than the contract needs."""

import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.models.containers import Container
from docker.types import DeviceRequest, LogConfig, Ulimit
from docker.types import Mount as DockerMount

from executors.runners.base import (
    DEFAULT_GRACE,
    EngineUnavailableError,
    GpuUnavailableError,
    ImageFacts,
    ImageMissingError,
    Mount,
    OwnedRun,
    RunExistsError,
    RunnerError,
    RunOutcome,
    RunSpec,
    RunState,
    StartError,
    classify,
)

OWNER, JOB, WORK, TIME_LIMIT = "ymir.owner", "ymir.job", "ymir.work", "ymir.time_limit"
MANUAL = "/img-man"
MAX_MANUAL_BYTES = 4 << 20
MAX_LOG_BYTES = 256 << 20
ENGINE_TIMEOUT = 60
NOBODY = "65534:65534"
_CONFLICT, _NOT_FOUND = 409, 404
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


def unprivileged_user() -> str:
    """Return `uid:gid` for containers: the worker's own, so that it can delete what they wrote; never root's."""
    return f"{os.getuid()}:{os.getgid()}" if os.getuid() else NOBODY


class DockerRunner:
    """Runs for one installation, `owner`; containers of other installations on the same engine are not touched."""

    def __init__(self, owner: str, *, user: str = "") -> None:
        self.owner = owner
        self.user = user or unprivileged_user()
        self._log_ends: dict[str, bytes] = {}

    @cached_property
    def client(self) -> docker.DockerClient:
        return docker.from_env(timeout=ENGINE_TIMEOUT)

    def available(self) -> bool:
        """Tell whether the engine answers."""
        try:
            with _engine("ping"):
                return bool(self.client.ping())
        except EngineUnavailableError:
            return False

    def start(self, spec: RunSpec) -> None:
        with _engine(spec.image):
            container = self._create(spec)
            try:
                container.start()
            except APIError as error:
                _remove(container)
                raise _start_error(spec, error) from error

    def poll(self, name: str) -> RunOutcome:
        container = self._find(name)
        if container is None:
            return RunOutcome(RunState.MISSING)
        outcome = _outcome(container)
        if outcome.state is RunState.RUNNING and _overdue(container, outcome):
            return self.stop(name)
        return outcome

    def adopt(self, name: str) -> RunOutcome | None:
        if self.poll(name).state is RunState.MISSING:
            self.remove(name)  # made, but its worker died before it could start it
            return None
        self._log_ends.pop(name, None)
        self.logs(name)
        return self.poll(name)

    def logs(self, name: str) -> None:
        container = self._find(name)
        if container is None:
            return
        path = Path(container.labels[WORK]) / "run.log"
        with _engine(name), _unless_removed():
            if _outcome(container).state is RunState.RUNNING:
                self._append_log(container, path)
            else:
                _rewrite_log(container, path)
                self._log_ends.pop(name, None)

    def stop(self, name: str, grace: float = DEFAULT_GRACE) -> RunOutcome:
        container = self._find(name)
        if container is not None:
            with _engine(name), _unless_removed():
                container.stop(timeout=max(1, round(grace)))
            container = self._find(name)
        return _outcome(container) if container is not None else RunOutcome(RunState.MISSING)

    def remove(self, name: str) -> None:
        container = self._find(name)
        if container is not None:
            with _engine(name):
                _remove(container)
        self._log_ends.pop(name, None)

    def list_owned(self) -> list[OwnedRun]:
        with _engine("containers"):
            found = self.client.containers.list(
                all=True, filters={"label": [f"{OWNER}={self.owner}", JOB]}, ignore_removed=True
            )
        return [OwnedRun(item.name or "", item.labels.get(JOB, ""), _outcome(item).state) for item in found]

    def fetch_image(self, reference: str) -> None:
        with _engine(reference):
            try:
                self.client.images.pull(reference)
            except APIError as error:
                raise ImageMissingError(reference, _explain(error)) from error

    def inspect_image(self, reference: str) -> ImageFacts:
        with _engine(reference):
            try:
                image = self.client.images.get(reference)
            except ImageNotFound as error:
                raise ImageMissingError(reference, _explain(error)) from error
            return ImageFacts(reference, str(image.id), self._manual(reference))

    def _find(self, name: str) -> Container | None:
        with _engine(name):
            try:
                container = self.client.containers.get(name)
            except NotFound:
                return None
        return container if container.labels.get(OWNER) == self.owner and JOB in container.labels else None

    def _create(self, spec: RunSpec) -> Container:
        try:
            return self.client.containers.create(
                spec.image,
                list(spec.command) if spec.command is not None else None,
                **self._options(spec),
            )
        except ImageNotFound as error:
            raise ImageMissingError(spec.image, _explain(error)) from error
        except APIError as error:
            if error.status_code == _CONFLICT:
                raise RunExistsError(spec.name) from error
            raise _start_error(spec, error) from error

    def _options(self, spec: RunSpec) -> dict[str, Any]:
        user = spec.user or self.user
        # Unknown users have no home and no name; libraries that cache files or ask who they are need both.
        environment = {"HOME": "/tmp", "USER": "executor"} | dict(spec.env)  # noqa: S108 -- inside the container
        options: dict[str, Any] = {
            "name": spec.name,
            "user": user,
            "environment": environment,
            "mounts": [_bind(spec.in_dir, "/in", False), _bind(spec.out_dir, "/out", True), *_extra_mounts(spec)],
            "labels": {
                OWNER: self.owner,
                JOB: spec.job,
                WORK: str(spec.work_dir),
                TIME_LIMIT: str(spec.time_limit),
            },
            "network_mode": "bridge" if spec.network else "none",
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "init": True,
            "ulimits": [Ulimit(name="core", soft=0, hard=0)],
            "log_config": LogConfig(type=LogConfig.types.JSON, config={"max-size": "64m", "max-file": "4"}),
        }
        if spec.shm_bytes:
            options["shm_size"] = spec.shm_bytes
        if spec.memory_bytes:
            options |= {"mem_limit": spec.memory_bytes, "memswap_limit": spec.memory_bytes}
        if spec.cpus:
            options["nano_cpus"] = int(spec.cpus * 1e9)
        if spec.pids:
            options["pids_limit"] = spec.pids
        if spec.gpus:
            ids = [str(index) for index in spec.gpus]
            options["device_requests"] = [DeviceRequest(device_ids=ids, capabilities=[["gpu"]])]
        return options

    def _append_log(self, container: Container, path: Path) -> None:
        """Add the lines since the last call; the first call of this runner starts the file anew."""
        end = self._log_ends.get(container.name or "", b"")
        since = datetime.fromisoformat(end.decode()).timestamp() if end else None
        with path.open("ab" if end else "wb") as stream:
            for frame in container.logs(stream=True, follow=False, timestamps=True, since=since):
                stamp, _, line = frame.partition(b" ")
                if stamp > end and stream.tell() < MAX_LOG_BYTES:
                    stream.write(line)
                    self._log_ends[container.name or ""] = stamp

    def _manual(self, reference: str) -> dict[str, bytes]:
        """Copy /img-man out of a container that is made but never started."""
        name = f"ymir-inspect-{hashlib.sha256(f'{self.owner} {reference}'.encode()).hexdigest()[:16]}"
        with suppress(NotFound):  # left by an inspection that was killed
            _remove(self.client.containers.get(name))
        container = self.client.containers.create(reference, ["true"], name=name, labels={OWNER: self.owner})
        try:
            stream, _ = container.get_archive(MANUAL)
            return _unpack(reference, stream)
        except NotFound:
            return {}
        finally:
            _remove(container)


@contextmanager
def _engine(subject: str) -> Iterator[None]:
    """Turn what the engine's client raises into our own errors."""
    try:
        yield
    except RunnerError:
        raise
    except (requests.ConnectionError, requests.Timeout) as error:
        raise EngineUnavailableError(subject, str(error)) from error
    except APIError as error:
        raise RunnerError(subject, _explain(error)) from error
    except DockerException as error:
        raise EngineUnavailableError(subject, str(error)) from error


def _explain(error: APIError) -> str:
    return str(error.explanation or error)


def _start_error(spec: RunSpec, error: APIError) -> RunnerError:
    detail = _explain(error)
    if spec.gpus and ("device driver" in detail or "nvidia" in detail.lower()):
        return GpuUnavailableError(spec.image, detail)
    return StartError(spec.image, detail)


@contextmanager
def _unless_removed() -> Iterator[None]:
    """Leave it at that when the container is gone, or being removed by someone else just now."""
    try:
        yield
    except APIError as error:
        if error.status_code not in {_NOT_FOUND, _CONFLICT}:
            raise


def _remove(container: Container) -> None:
    with _unless_removed():
        container.remove(force=True, v=True)


def _bind(source: Path, target: str, writable: bool) -> DockerMount:
    return DockerMount(target, str(source), type="bind", read_only=not writable)


def _extra_mounts(spec: RunSpec) -> list[DockerMount]:
    """What links in /in point at, at the same path. Links in /out do not count: an earlier run could have made them."""
    links = [Mount(path.readlink()) for name in ("assets", "models") if (path := spec.in_dir / name).is_symlink()]
    return [_bind(mount.path, str(mount.path), mount.writable) for mount in dict.fromkeys((*spec.mounts, *links))]


def _outcome(container: Container) -> RunOutcome:
    state = container.attrs["State"]
    if isinstance(state, str):  # a listing tells less than an inspection
        return RunOutcome(_run_state(state))
    started = _time(state.get("StartedAt"))
    run_state = _run_state(state["Status"])
    if run_state is not RunState.EXITED or started is None:
        return RunOutcome(run_state, started_at=started)
    # The engine takes both times on its own; of a container that ends at once the end may be noted as the earlier.
    finished = max(_time(state.get("FinishedAt")) or datetime.now(UTC), started)
    exit_code, oom_killed = int(state["ExitCode"]), bool(state.get("OOMKilled"))
    limit = float(container.labels.get(TIME_LIMIT) or 0)
    cause = classify(exit_code, oom_killed=oom_killed, time_limit=limit, started_at=started, finished_at=finished)
    return RunOutcome(RunState.EXITED, exit_code, oom_killed, cause, started, finished)


def _run_state(status: str) -> RunState:
    if status == "exited":
        return RunState.EXITED
    return RunState.MISSING if status in {"created", "removing", "dead"} else RunState.RUNNING


def _time(text: str | None) -> datetime | None:
    moment = datetime.fromisoformat(text) if text else _NEVER
    return None if moment <= _NEVER else moment


def _overdue(container: Container, outcome: RunOutcome) -> bool:
    limit = float(container.labels.get(TIME_LIMIT) or 0)
    if not limit or outcome.started_at is None:
        return False
    return (datetime.now(UTC) - outcome.started_at).total_seconds() >= limit


def _rewrite_log(container: Container, path: Path) -> None:
    """Write the whole log as the engine kept it: nothing is missing, whoever polled before."""
    whole = path.with_name(path.name + ".whole")
    with whole.open("wb") as stream:
        for frame in container.logs(stream=True, follow=False):
            if stream.tell() < MAX_LOG_BYTES:
                stream.write(frame)
    whole.replace(path)


def _unpack(reference: str, stream: Iterator[bytes]) -> dict[str, bytes]:
    """Return the regular files of a tar of /img-man.

    Raises:
        StartError: when it is larger than any manual is.
    """
    data = io.BytesIO()
    for chunk in stream:
        data.write(chunk)
        if data.tell() > MAX_MANUAL_BYTES:
            raise StartError(reference, f"{MANUAL} holds more than {MAX_MANUAL_BYTES} bytes")
    data.seek(0)
    files = {}
    with tarfile.open(fileobj=data) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None:
                files[f"/{member.name.lstrip('/')}"] = content.read()
    return files
