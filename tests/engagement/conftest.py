"""The small house of the page tests, for follow-ups too."""

import guanxi.site.urls  # installs panels and the sources of the time line
from tests.web_pages.conftest import _database, get, house, post

__all__ = ["_database", "get", "guanxi", "house", "post"]
