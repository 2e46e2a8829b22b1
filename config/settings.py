"""Settings. Every one of ours is an environment variable KEPT_...; third parties' keep their names. docs/running.md lists them."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import environ
import pghistory
from csp.constants import NONE, SELF

env = environ.Env()
BASE = Path(__file__).resolve().parent.parent

SECRET_KEY = env("KEPT_SECRET_KEY")
DEBUG = env.bool("KEPT_DEBUG", False)
BASE_URL = env("KEPT_BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
INSTALLATION = env("KEPT_INSTALLATION", default="kept")
ALLOWED_HOSTS = env.list("KEPT_ALLOWED_HOSTS", default=[urlsplit(BASE_URL).hostname])
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SECURE = BASE_URL.startswith("https://")

DATABASES = {"default": env.db("DATABASE_URL")}
if env("DATABASE_OWNER_URL", default=""):
    DATABASES["owner"] = env.db("DATABASE_OWNER_URL")
for database in DATABASES.values():
    database["CONN_MAX_AGE"] = env.int("KEPT_CONNECTION_SECONDS", 600)
    database["CONN_HEALTH_CHECKS"] = True

INSTALLED_APPS = [
    "kept.foundation",
    "kept.events",
    "kept.practice",
    "kept.patients",
    "kept.policies",
    "kept.scheduling",
    "kept.billing",
    "kept.messaging",
    "kept.webhooks",
    "kept.noshows",
    "kept.rights",
    "kept.accounts",
    "kept.desk",
    "kept.booking",
    "kept.ops",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "anymail",
    "csp",
    "django_htmx",
    "django_vite",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
]
# Compressed answers let nobody guess at what they hold by their length (BREACH): requests from elsewhere carry no session, since cookies
# are SameSite=Lax; a form's token is masked anew each time; and the length is padded at random.
MIDDLEWARE = [
    "kept.foundation.middleware.CallersAddress",
    "kept.foundation.middleware.Headers",
    "kept.api.problems.ProblemsBelowApi",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "kept.accounts.middleware.AccountPagesAreBarredToo",
    "kept.foundation.middleware.AnswerRefusals",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
REACTIONS = "config.reactions.REACTIONS"
OUTBOX = "kept.webhooks.transitions.queue"  # is shown every event, and puts it down for whom it is to be told
LETTERS = "config.letters.LETTERS"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["kept.foundation.templatetags.kept"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kept.desk.context.shell",
            ],
        },
    }
]

AUTH_USER_MODEL = "practice.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ["email"]}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = int(timedelta(days=3).total_seconds())  # also how long an invitation is good
ACCOUNT_ADAPTER = "kept.accounts.adapters.Accounts"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody is written to who has no account
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # of this session; the others end
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True  # with the second step, where there is one
ACCOUNT_RATE_LIMITS = {
    "login_failed": "20/m/ip,5/5m/key",  # the key: an account at a network address
    "login_failed_anywhere": "50/h/key",  # of an account, in browsers that do not know it
    "unlock": "5/d/key",  # of a locked session
}
KNOWN_COOKIE_NAME = "__Host-known" if SECURE else "known"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk:enter"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
SECOND_STEP = env.bool("KEPT_SECOND_STEP", True)  # off: for trying out, where nobody has a telephone at hand
MFA_ADAPTER = "kept.accounts.adapters.SecondStep"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {"add_webauthn": "kept.accounts.forms.AddPasskey"}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # the invitation was read at that address
MFA_TOTP_ISSUER = "Kept"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE  # browsers allow it for localhost alone
MFA_TRUST_ENABLED = True  # a second step once a day for each browser
MFA_TRUST_COOKIE_AGE = timedelta(days=1)
MFA_TRUST_COOKIE_NAME = "__Host-trusted" if SECURE else "trusted"
IDLE_MINUTES = 15  # until the practice is known
SESSION_COOKIE_AGE = int(timedelta(hours=env.int("KEPT_SESSION_HOURS", 12)).total_seconds())
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "csrf"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # what is said in passing lies in no cookie
SECURE_SSL_REDIRECT = env.bool("KEPT_REDIRECT_TO_HTTPS", SECURE)
SECURE_REDIRECT_EXEMPT = ["^healthz$"]  # balancers ask by http
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.bool("KEPT_HSTS_SUBDOMAINS", False)
# Whether all names below this one speak https, too, only who owns them knows: the variable above is theirs to set. And a clinic's default
# hours are not meant as "now", which Django supposes whenever it happens to be that time.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021", "fields.W161"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("KEPT_BEHIND_PROXY", False) else None
PROXIES = env.int("KEPT_PROXIES", 0)  # how many of ours stand before us, each adding to X-Forwarded-For
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Pages that hand a patient over to the gateway name its origins here, or the browser refuses the redirect after a form.
GATEWAY_PAGES = env.list("KEPT_GATEWAY_PAGES", default=["https://checkout.stripe.com", "https://hooks.stripe.com"])
# Whether a stranger who books online again and again is asked to prove that she is none of a crowd: off, test, turnstile or hcaptcha.
CAPTCHA = env.str("KEPT_CAPTCHA", "off")
if CAPTCHA not in ("off", "test", "turnstile", "hcaptcha"):
    raise environ.ImproperlyConfigured("KEPT_CAPTCHA is off, test, turnstile or hcaptcha")
CAPTCHA_SITE_KEY = env.str("KEPT_CAPTCHA_SITE_KEY", "")
CAPTCHA_SECRET = env.str("KEPT_CAPTCHA_SECRET", "")
CAPTCHA_AFTER = env.int("KEPT_CAPTCHA_AFTER", 3)  # tries of a network address in an hour
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()" for feature in ("camera", "geolocation", "microphone", "payment", "usb", "serial", "hid", "display-capture")
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "upgrade-insecure-requests": SECURE,
    }
}

# Counters of attempts, shared by all web processes; nothing of a practice.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}

STRIPE_API_BASE = env("STRIPE_API_BASE", default="https://api.stripe.com")
STRIPE_SECRET_KEY = env("STRIPE_SECRET_KEY", default="")  # of a practice that has no account of its own
STRIPE_WEBHOOK_SECRETS = env.list("STRIPE_WEBHOOK_SECRET", default=[])
GATEWAY_DASHBOARD = env("KEPT_GATEWAY_DASHBOARD", default="https://dashboard.stripe.com").rstrip("/")
GATEWAY_TIMEOUT_SECONDS = env.int("KEPT_GATEWAY_TIMEOUT_SECONDS", 10)

WEBHOOKS_TO_LOCALHOST = env.bool("KEPT_WEBHOOKS_TO_LOCALHOST", False)  # for trying out: never on a server

PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "/static/"
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "static_url_prefix": "dist",
        "manifest_path": BASE / "kept" / "foundation" / "static" / "dist" / "manifest.json",
    }
}
WHITENOISE_USE_FINDERS = True  # the assets lie in the package; there is nothing to collect
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+/assets/.+-[A-Za-z0-9_-]{8}\..+$"

# A mail service by django-anymail's name for it, as postmark or mailgun, and what that one asks for, as {"POSTMARK_SERVER_TOKEN": "…"}.
# It reports what came back to /webhooks/mail/, with the secret user:password.
MAIL_SERVICE = env.str("KEPT_MAIL_SERVICE", "")
ANYMAIL = {
    "IGNORE_UNSUPPORTED_FEATURES": True,  # some take no metadata, and their reports are not heard
    "WEBHOOK_SECRET": env.list("KEPT_MAIL_WEBHOOK_SECRET", default=[]),
    **env.json("KEPT_MAIL_SERVICE_KEYS", default={}),
}
_BACKEND = f"anymail.backends.{MAIL_SERVICE}.EmailBackend" if MAIL_SERVICE else "django.core.mail.backends.smtp.EmailBackend"
EMAIL_BACKEND = env("KEPT_EMAIL_BACKEND", default=_BACKEND)
EMAIL_FILE_PATH = env("KEPT_MAIL_FOLDER", default=None)
SMTP = env.email_url("KEPT_SMTP_URL", default="smtp://localhost:25")
EMAIL_HOST, EMAIL_PORT = SMTP["EMAIL_HOST"], SMTP["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = SMTP["EMAIL_HOST_USER"] or "", SMTP["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = SMTP.get("EMAIL_USE_TLS", False), SMTP.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env("KEPT_MAIL_FROM", default=f"letters@{urlsplit(BASE_URL).hostname}")

# Text messages: files, in a folder if one is named, or twilio.
SMS = env.str("KEPT_SMS", "files")
if SMS not in ("files", "twilio"):
    raise environ.ImproperlyConfigured("KEPT_SMS is files or twilio")
SMS_FOLDER = env("KEPT_SMS_FOLDER", default=None)
TWILIO_API_BASE = env.str("TWILIO_API_BASE", "https://api.twilio.com")
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", "")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", "")
if SMS == "twilio" and not (TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN):
    raise environ.ImproperlyConfigured("KEPT_SMS=twilio needs TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "kept.foundation.logs.Masked", "format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "procrastinate": {"level": env("KEPT_JOBS_LOG_LEVEL", default="WARNING")},
        "stripe": {"level": "WARNING"},  # two lines for each call otherwise
    },
    "root": {"handlers": ["console"], "level": env("KEPT_LOG_LEVEL", default="INFO")},
}
