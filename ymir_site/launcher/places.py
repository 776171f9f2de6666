"""Where the launcher keeps its files."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

# sockaddr_un.sun_path holds 108 bytes with the closing NUL; Postgres names its socket `.s.PGSQL.5432.lock` at most.
SOCKET_PATH_LIMIT = 107
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"


@dataclass(frozen=True)
class Places:
    """The folders of one installation: `root` is the checkout, `state` everything that is not source."""

    root: Path
    state: Path

    @classmethod
    def of_checkout(cls) -> "Places":
        """Return the places of the checkout this file lies in, or of YMIR_STATE_DIR."""
        root = Path(__file__).resolve().parent.parent.parent
        return cls(root=root, state=Path(os.environ.get("YMIR_STATE_DIR") or root / ".var"))

    @property
    def run(self) -> Path:
        """Pid files, the lock, the state of the supervisor."""
        return self.state / "run"

    @property
    def logs(self) -> Path:
        """One log for each process."""
        return self.state / "log"

    @property
    def key(self) -> str:
        """A short name of this installation, for folders outside of it."""
        return hashlib.sha256(str(self.state).encode()).hexdigest()[:10]

    def make(self) -> None:
        """Make the folders; logs and pid files are for their owner only."""
        self.state.mkdir(parents=True, exist_ok=True)
        for folder in (self.run, self.logs):
            folder.mkdir(mode=0o700, exist_ok=True)


def socket_fits(folder: Path) -> bool:
    """Say whether a unix socket in `folder` has a path the kernel accepts."""
    return len(os.fsencode(folder / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_LIMIT
