"""Exit code 0 when the web server of this container answers."""

import os
import sys
import urllib.error
import urllib.request
from http import HTTPStatus

HOST = os.environ.get("YMIR_ALLOWED_HOSTS", "localhost").split(",")[0].lstrip(".") or "localhost"


def main() -> int:
    """Ask for the health page by a host name the site accepts."""
    request = urllib.request.Request("http://127.0.0.1:12001/health/", headers={"Host": HOST.replace("*", "localhost")})
    try:
        with urllib.request.urlopen(request, timeout=4) as answer:
            return int(answer.status != HTTPStatus.OK)
    except (urllib.error.URLError, OSError):
        return 1


if __name__ == "__main__":
    sys.exit(main())
