"""The left menu, listed by hand: one line for each entity with a list of its own, then the screens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.urls import URLPattern, URLResolver
from django.utils.functional import Promise, lazystr
from django.utils.translation import gettext_lazy as _

from guanxi.records import catalogue
from guanxi.records.entity import Entity
from guanxi.web.pages.search import pinned_links
from guanxi.web.screens.core import overview
from guanxi.web.shell import Menu, install

Need = tuple[str, str]
#: Screens by area: (area, label, URL name, icon, what of this one must be allowed: one of (entity or settings area, action)).
SCREENS: tuple[tuple[str, Promise, str, str, tuple[Need, ...]], ...] = (
    ("insight", _("Dashboards"), "insight", "chart-bar", ()),
    ("follow-up", _("My next steps"), "my-steps", "checks", (("engagement.step", "view"),)),
    ("data", _("Import"), "import", "file-import", (("customers.account", "import"),)),
    ("data", _("Journal"), "journal", "history", ()),
    ("settings", _("All settings"), "settings", "settings", overview.NEEDS),
    ("settings", _("People"), "settings-people", "users", (("settings.people", "edit"),)),
    ("settings", _("Departments"), "settings-departments", "sitemap", (("settings.departments", "edit"),)),
    ("settings", _("Roles"), "settings-roles", "user-shield", (("settings.roles", "edit"),)),
    ("settings", _("Fields"), "settings-fields", "typography", (("settings.fields", "edit"),)),
    ("settings", _("Lists of values"), "settings-lists", "list", (("settings.lists", "edit"),)),
    ("settings", _("Tags"), "settings-tags", "tags", (("settings.lists", "edit"),)),
    ("settings", _("Category trees"), "settings-trees", "hierarchy-2", tuple((key, "edit") for key in overview.TREES)),
    ("settings", _("Currencies"), "settings-currencies", "coin", (("settings.currencies", "edit"),)),
    ("settings", _("Jobs"), "jobs", "clock", (("settings.jobs", "edit"),)),
    ("settings", _("Organisation"), "settings-organisation", "building", (("settings.organisation", "edit"),)),
    ("settings", _("Look"), "settings-branding", "palette", (("settings.organisation", "edit"),)),
)


def _capital(entity: Entity, plural: bool) -> str:
    text = str(entity.label_plural if plural else entity.label)
    return text[:1].upper() + text[1:]


class _Label:
    """An entity's name in the reader's language, with a capital."""

    def __init__(self, entity: Entity, *, plural: bool) -> None:
        self.entity, self.plural = entity, plural

    def __str__(self) -> str:
        return _capital(self.entity, self.plural)


def of_entity(entity: Entity) -> Menu:
    return Menu(
        area=entity.area or "data",
        label=lazystr(_Label(entity, plural=True)),
        url=f"{entity.key}:list",
        icon=entity.icon,
        needs=(entity.key, "view"),
        create=lazystr(_Label(entity, plural=False)),
        create_url=f"{entity.key}:new",
    )


def entries(known: frozenset[str]) -> Iterator[Menu]:
    """The menu's lines; screens that are not installed have none. `known`: names of addresses."""
    yield Menu(area="home", label=_("Home"), url="home", icon="home")
    for entity in catalogue.every():
        if entity.listed:
            yield of_entity(entity)
    for area, label, url, icon, needs in SCREENS:
        if url in known:
            yield Menu(area=area, label=label, url=url, icon=icon, needs_any=needs)


def names_in(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if not pattern.namespace:
                yield from names_in(pattern.url_patterns)
        elif pattern.name:
            yield pattern.name


def install_menu(patterns: Iterable[URLPattern | URLResolver]) -> None:
    """Called where the addresses are listed: the menu names them."""
    known = frozenset(names_in(patterns))
    install(
        entries(known), search_url="search", me_url="me" if "me" in known else "",
        palette_url="palette", recent_url="recent", pinned=pinned_links,
    )  # fmt: skip
