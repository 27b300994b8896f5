"""The house of the page tests."""

from tests.web_pages.conftest import house as house
