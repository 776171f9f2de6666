"""Settings of the tests: the same code paths, on private services that `testing_services` has started."""

from ymir_site.settings import *  # noqa: F403
from ymir_site.settings import STATIC_ROOT, STORAGES

ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# No manifest: tests need no collectstatic.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise looks for it
YMIR_POLL_SECONDS = 0.1
YMIR_HEARTBEAT_TIMEOUT = 5
