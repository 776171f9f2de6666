"""A private Valkey (or Redis): a socket only we can open, no TCP, every queued job on disk."""

import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from ymir_site.launcher.account import Account
from ymir_site.launcher.processes import Process

DATABASES = 128  # tests take one for each parallel worker


@dataclass(frozen=True)
class Valkey:
    """One server. `data` and `sockets` are 0700 folders owned by `account`."""

    program: Path
    data: Path
    sockets: Path
    account: Account | None
    log: Path
    durable: bool = True

    @property
    def socket(self) -> Path:
        """The unix socket it listens on."""
        return self.sockets / "valkey.sock"

    @property
    def url(self) -> str:
        """The REDIS_URL of the server."""
        return f"unix://{self.socket}"

    def process(self) -> Process:
        """Return how to run the server: with an append-only file a kill -9 loses no queued job."""
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "save": "",
            "appendonly": "yes" if self.durable else "no",
            "databases": str(DATABASES),
        }
        flags = [word for name, value in options.items() for word in (f"--{name}", value)]
        return Process(
            name="valkey",
            command=(str(self.program), *flags),
            log=self.log,
            folder=self.data,
            account=self.account,
            stop_signal=signal.SIGTERM,
        )

    def ready(self) -> bool:
        """Say whether the server answers a ping (it refuses while it loads the append-only file)."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(3)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
            except OSError:
                return False
