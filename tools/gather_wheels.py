"""Gathers the wheels of a requirements file as the Python of a Docker image resolves them, by the host's pip settings.

gather_wheels.py IMAGE REQUIREMENTS FOLDER
Folders of wheels and file:// indexes that the host's pip is told of are mounted at the same path.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

# What decides where packages come from; `cert` is the image's own business.
SETTINGS = {"index-url", "extra-index-url", "find-links", "trusted-host", "proxy", "no-index"}
LINE = re.compile(r"^\S+\.([a-z-]+)='(.*)'$")


def pip_settings() -> dict[str, str]:
    """Return the host's settings that matter, as pip's environment variables."""
    lines = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    found = [match.groups() for match in map(LINE.match, lines) if match]
    return {f"PIP_{name.upper().replace('-', '_')}": value for name, value in found if name in SETTINGS}


def local_folders(settings: dict[str, str]) -> set[Path]:
    """Return the folders on this machine that the settings name; of an index also the files beside it."""
    words = [word for value in settings.values() for word in value.split()]
    indexes = {Path(word.removeprefix("file://")).parent for word in words if word.startswith("file://")}
    return {path for path in indexes | {Path(word) for word in words if word.startswith("/")} if path.is_dir()}


def main() -> int:
    """Fill FOLDER; pip's exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image")
    parser.add_argument("requirements", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    settings = pip_settings()
    options.folder.mkdir(parents=True, exist_ok=True)
    command = [
        "docker",
        "run",
        "--rm",
        "--network",
        "host",
        "--user",
        f"{os.getuid()}:{os.getgid()}",
        "--env",
        "HOME=/tmp",
    ]
    command += [word for name in settings for word in ("--env", name)]
    command += [word for path in local_folders(settings) for word in ("--volume", f"{path}:{path}:ro")]
    command += ["--volume", f"{options.requirements.resolve()}:/requirements.txt:ro"]
    command += ["--volume", f"{options.folder.resolve()}:/wheels", options.image]
    command += ["pip", "download", "-qq", "--dest", "/wheels", "-r", "/requirements.txt"]
    return subprocess.run(command, env={**os.environ, **settings}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
