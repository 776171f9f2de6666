"""Runs executors as containers of the host's Docker engine, with no more rights than the contract needs."""

import hashlib
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.models.containers import Container

from executors.runners import container_files, container_options, container_user
from executors.runners.base import (
    DEFAULT_GRACE,
    MAX_LOG_BYTES,
    EngineUnavailableError,
    GpuUnavailableError,
    ImageFacts,
    ImageMissingError,
    OwnedRun,
    RunExistsError,
    RunnerError,
    RunOutcome,
    RunSpec,
    RunState,
    StartError,
    classify,
)
from executors.runners.container_options import JOB, NOTICE, OWNER, TIME_LIMIT, WORK
from executors.runners.shipped import SOURCE_LABEL

ENGINE_TIMEOUT = 60
LISTEN_SECONDS = 2.0
CUT_HERE = b"[the log is too long: the rest is shown when the run is over]\n"
CUT_BEFORE = b"[the log was too long: its beginning was cut]\n"
_CONFLICT, _NOT_FOUND = 409, 404
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


class DockerRunner:
    """Runs for one installation, `owner`; containers of other installations on the same engine are not touched."""

    def __init__(self, owner: str, *, user: str = "") -> None:
        self.owner = owner
        self.user = user or container_user.unprivileged()
        self._log_ends: dict[str, bytes] = {}
        self._opened: set[str] = set()

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
                container_user.make_at_home(container)
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
        if outcome.state is RunState.EXITED:
            self._open_output(container)
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
        if container is None:
            return RunOutcome(RunState.MISSING)
        self._open_output(container)
        return _outcome(container)

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
            return ImageFacts(
                reference, str(image.id), self._manual(reference), source=image.labels.get(SOURCE_LABEL, "")
            )

    def _find(self, name: str) -> Container | None:
        with _engine(name):
            try:
                container = self.client.containers.get(name)
            except NotFound:
                return None
        return container if container.labels.get(OWNER) == self.owner and JOB in container.labels else None

    def _create(self, spec: RunSpec) -> Container:
        try:
            settings = self.client.images.get(spec.image).attrs["Config"]
            container = self._make(spec, settings, spec.user or self.user)
            own = None if spec.user else container_user.named_by(container, settings)
            if own is None:
                return container
            _remove(container)
            return self._make(spec, settings, own.ids, own.home)
        except ImageNotFound as error:
            raise ImageMissingError(spec.image, _explain(error)) from error
        except APIError as error:
            if error.status_code == _CONFLICT:
                raise RunExistsError(spec.name) from error
            raise _start_error(spec, error) from error

    def _make(self, spec: RunSpec, settings: Mapping[str, Any], user: str, home: str = "") -> Container:
        command = list(spec.command) if spec.command is not None else None
        options = container_options.options(spec, settings, owner=self.owner, user=user, home=home)
        return self.client.containers.create(spec.image, command, **options)

    def _open_output(self, container: Container) -> None:
        """Once, when a run has ended: trying again would only take as long again."""
        if container.id not in self._opened:
            self._opened.add(str(container.id))
            container_user.open_output(container)

    def _append_log(self, container: Container, path: Path) -> None:
        """Add the lines since the last call; the first call of this runner starts the file anew.

        A program that prints faster than this reads is not read to its end: there is more to do than to listen.
        """
        end = self._log_ends.get(container.name or "", b"")
        since = datetime.fromisoformat(end.decode()).timestamp() if end else None
        deadline = time.monotonic() + LISTEN_SECONDS
        with path.open("ab" if end else "wb") as stream:
            if not end:
                stream.write(_notice(container))
            for frame in container.logs(stream=True, follow=False, timestamps=True, since=since):
                stamp, _, line = frame.partition(b" ")
                if stamp > end and stream.tell() < MAX_LOG_BYTES:
                    stream.write(line)
                    self._log_ends[container.name or ""] = stamp
                    if stream.tell() >= MAX_LOG_BYTES:
                        stream.write(CUT_HERE)
                if time.monotonic() > deadline:
                    break

    def _manual(self, reference: str) -> dict[str, bytes]:
        """Copy /img-man out of a container that is made but never started."""
        name = f"ymir-inspect-{hashlib.sha256(f'{self.owner} {reference}'.encode()).hexdigest()[:16]}"
        with suppress(NotFound):  # left by an inspection that was killed
            _remove(self.client.containers.get(name))
        container = self.client.containers.create(reference, ["true"], name=name, labels={OWNER: self.owner})
        try:
            return container_files.manual(container)
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
    """Write the whole log as the engine kept it: whoever polled before, only what the engine let go is missing."""
    whole = path.with_name(path.name + ".whole")
    with whole.open("wb") as stream:
        stream.write(_notice(container))
        for frame in container.logs(stream=True, follow=False):
            if stream.tell() < MAX_LOG_BYTES:
                stream.write(frame)
    if path.exists() and path.stat().st_size > whole.stat().st_size:
        _put_before(CUT_BEFORE, whole)
    whole.replace(path)


def _notice(container: Container) -> bytes:
    notice = container.labels.get(NOTICE, "")
    return f"{notice}\n".encode() if notice else b""


def _put_before(line: bytes, path: Path) -> None:
    longer = path.with_name(path.name + ".longer")
    with longer.open("wb") as target, path.open("rb") as source:
        target.write(line)
        shutil.copyfileobj(source, target)
    longer.replace(path)
