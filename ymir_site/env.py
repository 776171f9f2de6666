"""Reading settings from the environment: a bad value stops the start with its name, it never becomes a default."""

import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off", ""}


def env_str(name: str, default: str = "") -> str:
    """Return the variable, or the default when it is unset."""
    return os.environ.get(name, default)


def env_bool(name: str, *, default: bool) -> bool:
    """Return a yes/no variable; anything but yes or no words is refused."""
    raw = os.environ.get(name)
    if raw is None:
        return default
    word = raw.strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ImproperlyConfigured(f"{name} is {raw!r}; use 1 or 0.")


def env_int(name: str, default: int, *, minimum: int = 0) -> int:
    """Return a whole number not below `minimum`."""
    raw = os.environ.get(name)
    if raw is None or not raw.strip():
        return default
    try:
        value = int(raw)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {raw!r}; a whole number is needed.") from error
    if value < minimum:
        raise ImproperlyConfigured(f"{name} is {value}; at least {minimum} is needed.")
    return value


def env_list(name: str, default: str = "") -> list[str]:
    """Return the comma-separated words of a variable."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def env_path(name: str, default: Path) -> Path:
    """Return an absolute path."""
    raw = os.environ.get(name)
    path = Path(raw) if raw else default
    if not path.is_absolute():
        raise ImproperlyConfigured(f"{name} is {str(path)!r}; an absolute path is needed.")
    return path


def env_secret(name: str, *, file: Path) -> str:
    """Return a secret from the variable, or from `file`, where one is made on first use."""
    raw = os.environ.get(name)
    if raw:
        return raw
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        _write_secret_once(file)
    return file.read_text().strip()


def _write_secret_once(file: Path) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was faster: its secret is the secret
        return
    with os.fdopen(descriptor, "w") as stream:
        stream.write(os.urandom(32).hex())


def database_config(url: str) -> dict[str, object]:
    """Turn `postgres://user:password@host:port/name?host=/socket/folder` into Django's settings."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// or postgresql://.")
    query = parse_qs(parts.query)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", [parts.hostname or ""])[0],
        "PORT": query.get("port", [str(parts.port or "")])[0],
    }
