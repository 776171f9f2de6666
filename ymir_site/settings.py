"""Settings of the site; every one an operator may change is read from the environment (docs/operate/configure.md)."""

import socket
from datetime import timedelta
from pathlib import Path

import django_stubs_ext
from django.utils.translation import gettext_lazy as _

from ymir_site.env import database_config, env_bool, env_int, env_list, env_path, env_secret, env_str

django_stubs_ext.monkeypatch()  # lets ModelForm[X] and ModelAdmin[X] say at run time what the type checker reads

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = env_path("YMIR_STATE_DIR", BASE_DIR / ".var")

# --- YMIR's own -------------------------------------------------------------------------------------------------
YMIR_DATA_ROOT = env_path("YMIR_DATA_ROOT", STATE_DIR / "data")
YMIR_RUNNER = env_str("YMIR_RUNNER", "auto")  # docker, process, or auto: docker where an engine answers
YMIR_HOST = env_str("YMIR_HOST", socket.gethostname())  # its GPUs and runs are recorded under this name
YMIR_IMAGES_DIR = env_path("YMIR_IMAGES_DIR", BASE_DIR / "executors" / "images")
YMIR_EXECUTOR_PYTHON = env_str("YMIR_EXECUTOR_PYTHON", str(BASE_DIR / ".venv-executor" / "bin" / "python"))
YMIR_EXECUTOR_NETWORK = env_bool("YMIR_EXECUTOR_NETWORK", default=False)
YMIR_EXECUTOR_MEMORY_MB = env_int("YMIR_EXECUTOR_MEMORY_MB", 0)  # 0: no limit
YMIR_EXECUTOR_PIDS = env_int("YMIR_EXECUTOR_PIDS", 4096, minimum=16)
YMIR_SHM_MAX_MB = env_int("YMIR_SHM_MAX_MB", 16384, minimum=64)
YMIR_JOB_TIME_LIMIT = env_int("YMIR_JOB_TIME_LIMIT", 0)  # seconds; 0: no limit
YMIR_JOB_OUT_MAX_MB = env_int("YMIR_JOB_OUT_MAX_MB", 20480)  # what a run may write into /out; 0: no limit
YMIR_GPUS = env_str("YMIR_GPUS", "auto")  # auto: ask the driver; or a count
YMIR_POLL_SECONDS = 1.0
YMIR_HEARTBEAT_TIMEOUT = env_int("YMIR_HEARTBEAT_TIMEOUT", 60, minimum=5)
YMIR_MAX_UPLOAD_MB = env_int("YMIR_MAX_UPLOAD_MB", 4096, minimum=1)
YMIR_THUMBNAIL_MB = env_int("YMIR_THUMBNAIL_MB", 192, minimum=16)  # what one web process decodes at a time
YMIR_PROXIES = env_int("YMIR_PROXIES", 0)  # reverse proxies in front, each adding to X-Forwarded-For
YMIR_IMPORT_ROOTS = [Path(word) for word in env_list("YMIR_IMPORT_ROOTS")]

# --- Django -----------------------------------------------------------------------------------------------------
DEBUG = env_bool("YMIR_DEBUG", default=False)
SECRET_KEY = env_secret("YMIR_SECRET_KEY", file=STATE_DIR / "secret_key")
ALLOWED_HOSTS = env_list("YMIR_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("YMIR_CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_rq",
    "django_htmx",
    "axes",
    "common",
    "accounts",
    "labels",
    "projects",
    "executors",
    "datasets",
    "models",
    "iterations",
    "ymir_site",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "common.http.ContentSecurityPolicyMiddleware",
    "common.http.DomainErrorMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "ymir_site.urls"
WSGI_APPLICATION = "ymir_site.wsgi.application"
# The tags of the interface's components: no page loads them
COMPONENTS = [
    f"common.templatetags.{subject}" for subject in ("inline", "figures", "blocks", "lengths", "photographs", "charts")
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["django.templatetags.i18n", "django.templatetags.static", *COMPONENTS],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    }
]
DATABASES = {
    "default": {
        **database_config(env_str("DATABASE_URL", "postgres://ymir:ymir@localhost:5432/ymir")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env_str("REDIS_URL", "redis://localhost:6379/0")
# RQ carries ids only; the time limit of a job is ours, so RQ's own (180 s) is switched off.
RQ_QUEUES = {
    "default": {"URL": REDIS_URL, "DEFAULT_TIMEOUT": -1},
    "executor": {"URL": REDIS_URL, "DEFAULT_TIMEOUT": -1},
}
RQ = {"WORKER_CLASS": "executors.worker.JobWorker"}
RQ_SHOW_ADMIN_LINK = False

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# Ten wrong passwords for a name from one address: neither the name nor the address alone shuts anybody else out.
# A try while shut out neither counts nor makes it longer. API tokens have 160 bits: nobody finds one by trying.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "common.http.client_address"
AXES_LOCKOUT_CALLABLE = "accounts.views.shut_out"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "projects:list"
LOGOUT_REDIRECT_URL = "login"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env_str("YMIR_TIME_ZONE", "UTC")
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "/static/"
STATIC_ROOT = env_path("YMIR_STATIC_ROOT", STATE_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_TEMP_DIR = None
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env_bool("YMIR_HTTPS", default=False)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "common.api.exception_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "YMIR",
    "DESCRIPTION": "Projects, dataset versions, jobs and models of a YMIR installation.",
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"axes": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": env_str("YMIR_LOG_LEVEL", "INFO")},
}
