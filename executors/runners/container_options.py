"""From a run to the options of its container: no more rights than the contract needs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docker.types import DeviceRequest, LogConfig, Ulimit
from docker.types import Mount as DockerMount

from executors.runners.base import ROOT, Mount, RunSpec

OWNER, JOB, WORK, TIME_LIMIT, NOTICE = "ymir.owner", "ymir.job", "ymir.work", "ymir.time_limit", "ymir.notice"
"""Labels: what a later worker knows of a container that it did not start."""
ROOT_HOME = "/root"
HOST_NAME = "executor"
ROOT_RIGHTS = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]
"""What programs that install packages or change users need of root's rights."""
UNSEEN = {"NVIDIA_VISIBLE_DEVICES": "void"}
"""Where NVIDIA's is the default runtime, an image may ask for every GPU by a variable of its own."""


def options(spec: RunSpec, settings: Mapping[str, Any], *, owner: str, user: str, home: str = "") -> dict[str, Any]:
    """Return what the engine is told beside image and command.

    Args:
        settings: the image's own (`Config` in its attributes).
        owner: the installation.
        user: `uid:gid` of the program.
        home: where that user lives; empty for root, who has one, and for users without.
    """
    return {
        "name": spec.name,
        "user": user,
        "environment": _environment(spec, settings, user, home),
        "mounts": [bind(spec.in_dir, "/in", False), bind(spec.out_dir, "/out", True), *_extra_mounts(spec)],
        "labels": {
            OWNER: owner,
            JOB: spec.job,
            WORK: str(spec.work_dir),
            TIME_LIMIT: str(spec.time_limit),
            NOTICE: spec.notice,
        },
        "network_mode": "bridge" if spec.network else "none",
        # Programs that talk to themselves look their own name up, which needs no network but an entry.
        "hostname": HOST_NAME,
        "extra_hosts": {} if spec.network else {HOST_NAME: "127.0.0.1"},
        "cap_drop": ["ALL"],
        "cap_add": ROOT_RIGHTS if user == ROOT else [],
        "security_opt": ["no-new-privileges"],
        "init": True,
        "ulimits": [Ulimit(name="core", soft=0, hard=0)],
        "log_config": LogConfig(type=LogConfig.types.JSON, config={"max-size": "64m", "max-file": "4"}),
        **_limits(spec),
    }


def variables(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment that an image, or a container, sets."""
    return dict(each.split("=", 1) for each in settings.get("Env") or [] if "=" in each)


def bind(source: Path, target: str, writable: bool) -> DockerMount:
    """Return the mount of a folder of the host."""
    return DockerMount(target, str(source), type="bind", read_only=not writable)


def _environment(spec: RunSpec, settings: Mapping[str, Any], user: str, home: str) -> dict[str, str]:
    # An unknown user has no home and no name; libraries that cache files or ask who they are need both. What the
    # image's author put into root's home is found there.
    given = {"USER": HOST_NAME, **({} if user == ROOT else {"HOME": home or ROOT_HOME})}
    return given | variables(settings) | ({} if spec.gpus else UNSEEN) | dict(spec.env)


def _limits(spec: RunSpec) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if spec.shm_bytes:
        limits["shm_size"] = spec.shm_bytes
    if spec.memory_bytes:
        limits |= {"mem_limit": spec.memory_bytes, "memswap_limit": spec.memory_bytes}
    if spec.cpus:
        limits["nano_cpus"] = int(spec.cpus * 1e9)
    if spec.pids:
        limits["pids_limit"] = spec.pids
    if spec.gpus:
        ids = [str(index) for index in spec.gpus]
        limits["device_requests"] = [DeviceRequest(device_ids=ids, capabilities=[["gpu"]])]
    return limits


def _extra_mounts(spec: RunSpec) -> list[DockerMount]:
    """What links in /in point at, at the same path. Links in /out do not count: an earlier run could have made them."""
    links = [Mount(path.readlink()) for name in ("assets", "models") if (path := spec.in_dir / name).is_symlink()]
    return [bind(mount.path, str(mount.path), mount.writable) for mount in dict.fromkeys((*spec.mounts, *links))]
