"""The one settings file of the house. Everything a site may vary is read, typed and checked, by `site.config`."""

from __future__ import annotations

from guanxi.site import config, logs

conf = config.load()

HOME = conf.home
HOST, PORT = conf.host, conf.port
DEBUG = False
SECRET_KEY = conf.secret_key()
ALLOWED_HOSTS = conf.allowed_hosts
BASE_URL = conf.base_url
CSRF_TRUSTED_ORIGINS = conf.trusted_origins

ROOMS = ["core", "records", "customers", "trade", "engagement", "intake", "insight", "ops"]
INSTALLED_APPS = [
    "guanxi.web",  # before allauth: our templates and texts win
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    *[f"guanxi.{room}" for room in ROOMS],
    "guanxi.site",
]
ROOT_URLCONF = "guanxi.site.urls"
WSGI_APPLICATION = "guanxi.site.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "core.User"

MIDDLEWARE = [
    "guanxi.web.health.Health",
    "guanxi.web.middleware.RequestId",
    "guanxi.web.middleware.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "guanxi.web.middleware.Person",
    "guanxi.web.screens.core.view_as.ViewAs",
    "guanxi.web.middleware.SameOrigin",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "guanxi.web.screens.core.gate.Gate",
    "guanxi.web.access.Access",
]
CSRF_FAILURE_VIEW = "guanxi.web.errors.csrf_failure"
WHITENOISE_IMMUTABLE_FILE_TEST = r"/static/dist/.+-[0-9A-Z]{8}\.\w+$"

DATABASES = {"default": conf.database()}
LOGGING = logs.settings(conf.log, conf.log_level)

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = conf.time_zone

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
FILES_ROOT = conf.home / "files"
FILES_MAX_MB = conf.max_file_mb
MARTS_ROOT = conf.home / "marts"
CHECKPOINTS = conf.home / "checkpoints"

# --- sign-in
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
AUTHENTICATION_BACKENDS = ["guanxi.core.identity.backends.Backend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
SESSION_ENGINE = "guanxi.core.identity.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = conf.base_url.startswith("https://")
CSRF_COOKIE_HTTPONLY = True
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "core_cacheentry", "TIMEOUT": 300}
}
ALLAUTH_TRUSTED_PROXY_COUNT = conf.trusted_proxies
ACCOUNT_ADAPTER = "guanxi.core.identity.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False  # our own brake: core.identity.brake
ACCOUNT_SESSION_REMEMBER = None  # the sign-in page asks
ACCOUNT_EMAIL_NOTIFICATIONS = False
MFA_ADAPTER = "guanxi.core.identity.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RATE_LIMITS = False
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_FORMS = {
    "authenticate": "guanxi.core.identity.forms.CodeForm",
    "reauthenticate": "guanxi.core.identity.forms.CodeAgainForm",
}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SESSION_COOKIE_SECURE  # browsers allow http for localhost only
SOCIALACCOUNT_ADAPTER = "guanxi.core.identity.adapter.SocialAdapter"
SOCIALACCOUNT_PROVIDERS = conf.single_sign_on()
SOCIALACCOUNT_STORE_TOKENS = False
OIDC_TRUSTS_EMAIL = conf.oidc_trust_email
# --- end of sign-in

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": False,
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            ["django.template.loaders.app_directories.Loader"],
                        )
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "guanxi.web.context.shell",
                "guanxi.web.brand.context",
            ],
            "builtins": ["template_partials.templatetags.partials"],
        },
    }
]
