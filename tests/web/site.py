"""A site for the tests of the face: the real settings with the style guide's pages as its only addresses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from guanxi import web

ROOT_URLCONF = "tests.web.styleguide.urls"
MIDDLEWARE = [
    "guanxi.web.middleware.RequestId",
    "guanxi.web.middleware.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "guanxi.web.middleware.Person",
    "guanxi.web.middleware.SameOrigin",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "guanxi.web.access.Access",
]


def overrides() -> dict[str, Any]:
    from django.conf import settings

    template = dict(settings.TEMPLATES[0])
    options = dict(template["OPTIONS"])
    options["context_processors"] = [*dict.fromkeys([*options["context_processors"], "guanxi.web.context.shell"])]
    # Our templates before those of packages, whatever the order of apps.
    loaders = ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]
    options["loaders"] = [("template_partials.loader.Loader", [("django.template.loaders.cached.Loader", loaders)])]
    template |= {"OPTIONS": options, "DIRS": [Path(web.__file__).parent / "templates"]}
    return {
        "ROOT_URLCONF": ROOT_URLCONF,
        "MIDDLEWARE": MIDDLEWARE,
        "CSRF_FAILURE_VIEW": "guanxi.web.errors.csrf_failure",
        "TEMPLATES": [template],
    }
