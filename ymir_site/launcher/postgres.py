"""A private Postgres: a data folder of ours, a socket only we can open, no TCP."""

import os
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg2

from ymir_site.launcher.account import Account, private_folder
from ymir_site.launcher.processes import Process

USER = DATABASE = "ymir"


class InitdbError(Exception):
    """initdb could not make the data folder; carries what it wrote."""


@dataclass(frozen=True)
class Postgres:
    """One server. `data` lies in a folder owned by `account`; `sockets` is a 0700 folder."""

    program: Path
    data: Path
    sockets: Path
    account: Account | None
    log: Path
    durable: bool = True

    @property
    def password_file(self) -> Path:
        """Readable by the user the server runs as, and by root."""
        return self.data.with_name(self.data.name + ".password")

    def initialize(self) -> None:
        """Make the data folder unless it exists; a broken attempt is never taken for a finished one."""
        if (self.data / "PG_VERSION").exists():
            return
        staging = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(staging, ignore_errors=True)
        private_folder(staging, self.account)
        self._write_password()
        command = [
            *(self.program.with_name("initdb"), "-D", staging, "-U", USER, "-E", "UTF8", "--locale=C.UTF-8"),
            *("-A", "scram-sha-256", f"--pwfile={self.password_file}"),
            *(() if self.durable else ("--no-sync",)),
        ]
        account = self.account
        answer = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd=staging,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        if answer.returncode:
            raise InitdbError(answer.stderr.strip())
        staging.rename(self.data)

    def _write_password(self) -> None:
        self.password_file.unlink(missing_ok=True)
        descriptor = os.open(self.password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_hex(16))
        if self.account:
            os.chown(self.password_file, self.account.uid, self.account.gid)

    def process(self) -> Process:
        """Return how to run the server; SIGINT is its fast, clean shutdown."""
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
        }
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        flags = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return Process(
            name="postgres",
            command=(str(self.program), "-D", str(self.data), *flags),
            log=self.log,
            folder=self.data.parent,
            account=self.account,
            stop_signal=signal.SIGINT,
            grace=60.0,
        )

    @property
    def url(self) -> str:
        """The DATABASE_URL of the site's database."""
        return self._url(DATABASE)

    def _url(self, database: str) -> str:
        password = self.password_file.read_text().strip()
        return f"postgres://{USER}:{password}@/{database}?host={quote(str(self.sockets))}"

    def ready(self) -> bool:
        """Say whether the server answers; makes the site's database when it first does."""
        try:
            connection = psycopg2.connect(self._url("postgres"), connect_timeout=3)
        except psycopg2.OperationalError:
            return False
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE}")
        connection.close()
        return True
