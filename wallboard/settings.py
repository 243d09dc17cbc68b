"""Every setting of the product, read once from the environment; docs/operating.md lists the variables.

A wrong value raises `wallboard.env.WrongSetting` here; combinations that make no sense are system checks (`wallboard.checks`).
"""

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

from stats.live.server import embedded_url
from wallboard.databases import database_from
from wallboard.env import Environment, read_env_file
from wallboard.secrets import kept_secret
from wallboard.stores import store_address_from

BASE_DIR = Path(__file__).resolve().parent.parent


def _own_addresses() -> tuple[str, ...]:
    """The names this machine is called by: its loopback, its host name, and its address on the way to the world."""
    names = ["localhost", "127.0.0.1", "[::1]", socket.gethostname().lower()]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # A UDP connect sends nothing; it only asks the routing table. 192.0.2.1 is reserved for documentation.
            probe.connect(("192.0.2.1", 9))
            names.append(probe.getsockname()[0])
        except OSError:
            pass
    return tuple(dict.fromkeys(name for name in names if name))


_env_file = os.environ.get("ENV_FILE", ".env")
if _env_file:
    # Into os.environ itself, so that child processes and `stats.clock` see the same values.
    read_env_file(BASE_DIR / _env_file, os.environ)
_env = Environment(os.environ)

# --- this machine ---------------------------------------------------------------------------------------------------
DEBUG = _env.flag("DEBUG", False)
VAR_DIR = _env.directory("VAR_DIR", Path("var"), base=BASE_DIR)
SECRET_KEY_IS_GIVEN = _env.given("SECRET_KEY") or _env.given("SECRET_KEY_FILE")
SECRET_KEY = _env.secret("SECRET_KEY") or kept_secret(VAR_DIR / "secret_key")
PORT = _env.integer("PORT", 8000, least=1, most=65535)
# Televisions stand elsewhere on the network, so the product listens on every address unless told otherwise.
BIND = _env.text("BIND", "0.0.0.0")  # noqa: S104 (see above)
# How many web servers `up` has at work at the door; with one, another stands by, fully started (`stats.turn`).
WEB_PROCESSES = _env.integer("WEB_PROCESSES", 1, least=1, most=16)
# What televisions and e-mails are told this installation is called; empty: this machine's own loopback.
PUBLIC_URL = _env.address("PUBLIC_URL", "", ("http", "https"))
ALLOWED_HOSTS = list(_env.hosts("ALLOWED_HOSTS", (*_own_addresses(), *filter(None, [urlsplit(PUBLIC_URL).hostname]))))
# Full origins beside the product's own, for a proxy that answers under another name.
CSRF_TRUSTED_ORIGINS = list(_env.origins("TRUSTED_ORIGINS"))
# True when every browser comes through TLS: cookies, redirects and HSTS follow.
HTTPS_ONLY = _env.flag("HTTPS_ONLY", False)
# True behind a proxy that sets X-Forwarded-Proto and -For itself, and removes those a client sent.
BEHIND_PROXY = _env.flag("BEHIND_PROXY", False)
CLOCK_OFFSET_S = _env.number("CLOCK_OFFSET_S", 0.0, least=-366 * 86400, most=366 * 86400)

# --- engines --------------------------------------------------------------------------------------------------------
DATABASES = {"default": database_from(_env, VAR_DIR)}
REDIS_URL_IS_GIVEN = _env.given("REDIS_URL") or _env.given("REDIS_URL_FILE")
REDIS_URL = store_address_from(_env) or embedded_url(VAR_DIR)
# The server that is embedded where REDIS_URL is not given; empty: the bundled one, else one on PATH.
REDIS_SERVER = _env.program("REDIS_SERVER")
VAULT_KEYS = _env.secret("VAULT_KEYS")

# --- the contact centre of `up` -------------------------------------------------------------------------------------
TELAVOX_TOKEN = _env.secret("TELAVOX_TOKEN")
TELAVOX_LIVE_URL = _env.address("TELAVOX_LIVE_URL", "wss://statistics-webhook.telavox.se", ("ws", "wss"))
TELAVOX_HISTORIC_URL = _env.address("TELAVOX_HISTORIC_URL", "https://statistics-api.telavox.se/graphql", ("http", "https"))
# Hosts besides the vendors' own that may be typed as a source's address: a vendor's appliance in the house, a look-alike.
SOURCE_HOSTS = tuple(host.lower() for host in _env.hosts("SOURCE_HOSTS", ()))
ORG_TIMEZONE = _env.zone("ORG_TIMEZONE", "Europe/Stockholm")
BOOTSTRAP_API_TOKEN = _env.secret("BOOTSTRAP_API_TOKEN")
ADMIN_PASSWORD = _env.secret("ADMIN_PASSWORD")

# --- people ---------------------------------------------------------------------------------------------------------
# An identity provider people may sign in through (OpenID Connect); empty: passwords alone.
OIDC_ISSUER = _env.address("OIDC_ISSUER", "", ("https", "http"))
OIDC_CLIENT_ID = _env.text("OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = _env.secret("OIDC_CLIENT_SECRET")
# What the button on the sign-in page calls it.
OIDC_NAME = _env.text("OIDC_NAME", "OpenID Connect")
# Where invitations are handed in; empty: they are shown and not mailed.
EMAIL_HOST = _env.text("EMAIL_HOST", "")
EMAIL_PORT = _env.integer("EMAIL_PORT", 587, least=1, most=65535)
EMAIL_HOST_USER = _env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = _env.secret("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = _env.flag("EMAIL_USE_TLS", True)
DEFAULT_FROM_EMAIL = _env.text("EMAIL_FROM", EMAIL_HOST_USER or "wallboard@localhost")
EMAIL_TIMEOUT = 10

# --- Django ---------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    # Before staticfiles, so that `runserver` speaks WebSocket too.
    "daphne",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "stats",
    "wallboard.accounts",
    "wallboard.boards",
    "wallboard.pages",
    "wallboard.reports",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "wallboard.headers.browser_rules",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "wallboard.accounts.first_run.leads_to_setup",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "wallboard.urls"
ASGI_APPLICATION = "wallboard.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# What an app on a telephone calls the account; and keys are shown to their owner once, not to whoever administers.
OTP_TOTP_ISSUER = "Wallboard"
OTP_ADMIN_HIDE_SENSITIVE_DATA = True
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

# --- languages and time ---------------------------------------------------------------------------------------------
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("sv", "Svenska")]
LOCALE_PATHS = [BASE_DIR / "locale"]

# --- static files: served from where they lie, nothing to collect ----------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"] if (BASE_DIR / "static").is_dir() else []
STATIC_ROOT = None
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_AUTOREFRESH = DEBUG
# A television must never run half of an old release beside half of a new one: ask each time, answer 304.
SERVESTATIC_MAX_AGE = 0
SERVESTATIC_ALLOW_ALL_ORIGINS = False

# --- what browsers may do -------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "media-src": ["'self'"],
        "manifest-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_SAVE_EVERY_REQUEST = False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS_ONLY
SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 30 * 86400 if HTTPS_ONLY else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024

# --- logs -----------------------------------------------------------------------------------------------------------
LOG_LEVEL = _env.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error"))
# auto: for people at a terminal, and for programs everywhere else.
LOG_FORMAT = _env.choice("LOG_FORMAT", "auto", ("auto", "plain", "json"))
LOGGING_CONFIG = "wallboard.logging.configure"
LOGGING = {
    "level": LOG_LEVEL,
    "format": LOG_FORMAT,
    # Values that no line may hold, whoever wrote it.
    "secrets": [
        value
        for value in (
            SECRET_KEY,
            TELAVOX_TOKEN,
            BOOTSTRAP_API_TOKEN,
            ADMIN_PASSWORD,
            OIDC_CLIENT_SECRET,
            EMAIL_HOST_PASSWORD,
            VAULT_KEYS,
            DATABASES["default"].get("PASSWORD", ""),
        )
        if value
    ],
}
