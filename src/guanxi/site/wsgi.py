"""What the web server calls."""

from __future__ import annotations

import os
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guanxi.site.settings")
Path(settings.STATIC_ROOT).mkdir(
    parents=True, exist_ok=True
)  # WhiteNoise looks there, even when it serves from packages
application = get_wsgi_application()
_ = get_resolver().url_patterns  # loaded before processes are forked off, not during somebody's first page
