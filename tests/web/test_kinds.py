"""Every kind has a face; what a form shows comes back; nothing a value holds becomes markup."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.http import QueryDict
from django.template import engines

from guanxi.records import kinds as core_kinds
from guanxi.records.kinds.base import Kind
from guanxi.web import kinds
from tests.web.styleguide.views import FIELDS, Bound, Cell, bound, cells

EVIL = '<img src=x onerror="alert(1)">'


def all_kinds() -> set[str]:
    found: set[str] = set()
    todo = [Kind]
    while todo:
        for sub in todo.pop().__subclasses__():
            todo.append(sub)
            if isinstance(getattr(sub, "key", None), str):
                found.add(sub.key)
    return found


def test_every_kind_has_a_face() -> None:
    assert core_kinds is not None
    assert all_kinds() <= set(kinds.FACES)


def test_every_kind_is_in_the_style_guide() -> None:
    assert set(kinds.FACES) - {"text"} <= {f.kind.key for f in FIELDS}


@pytest.mark.parametrize("key", sorted(kinds.FACES))
@pytest.mark.parametrize("dense", [True, False])
def test_a_value_never_becomes_markup(key: str, dense: bool) -> None:
    parts = [kinds.Part(EVIL, EVIL, EVIL)]
    cell = Cell(
        bound("x", "X", key), 3 if key == "rating" else EVIL, EVIL, href="/a\"onclick='x'", colour=EVIL, parts=parts
    )
    html = str(kinds.show(cell, dense=dense))
    assert "<img" not in html
    assert "onclick='" not in html or "&quot;onclick" in html
    assert 'onerror="' not in html
    masked = Cell(cell.field, EVIL, "1***", masked=True, href=EVIL)
    assert "onerror" not in str(kinds.show(masked, dense=dense))
    hidden = Cell(cell.field, EVIL, EVIL, restricted=True, href=EVIL)
    assert "onerror" not in str(kinds.show(hidden, dense=dense))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil.example"])
def test_a_web_address_that_is_none_is_no_link(url: str) -> None:
    assert "href" not in str(kinds.show(Cell(bound("x", "X", "url"), url, url)))


@pytest.mark.parametrize("key", sorted(kinds.FACES))
def test_every_input_is_labelled_and_escaped(key: str) -> None:
    field = bound("x", EVIL, key, help=EVIL, required=True, choices=[])
    value = {"detail": EVIL} if key == "address" else {"name": EVIL} if key == "file" else EVIL
    item = kinds.form_field(
        field, value=value, text=EVIL, problems=[EVIL], options_url="/options" if key in ("link", "user") else ""
    )
    html = engines["django"].from_string("{% load gx %}{% field_row f %}").render({"f": item})
    assert "<img" not in html
    assert "style=" not in html
    assert "<label" in html or "<legend" in html
    assert 'id="f-x-problem"' in html


def test_a_form_comes_back_as_it_was_shown() -> None:
    fields = [f for f in FIELDS if f.kind.key not in ("file", "computed")]
    post = QueryDict(mutable=True)
    for f in fields:
        post[f.key] = f"v-{f.key}"
    del post["address"]
    post["address.city"] = "苏州市"
    post.setlist("interests", ["", "x", "y"])
    post.setlist("active", ["0", "1"])
    post["parent"], post["parent__text"] = "", "恒达集团"
    del post["note"]
    values = kinds.values_from(post, fields)
    assert values["name"] == "v-name"
    assert values["interests"] == ["x", "y"]
    assert values["active"] == "1"
    assert values["parent"] == "恒达集团"
    assert values["address"]["city"] == "苏州市"
    assert "note" not in values


def test_an_empty_secret_stays_as_it_is() -> None:
    field = bound("s", "S", "secret")
    assert kinds.values_from(QueryDict("s="), [field]) == {}
    assert kinds.values_from(QueryDict("s=123"), [field]) == {"s": "123"}
    item = kinds.form_field(field, value="320102199001011234", text="320********34")
    html = engines["django"].from_string("{% load gx %}{% field_row f %}").render({"f": item})
    assert "320102199001011234" not in html


def test_retired_options_are_offered_only_where_they_are_chosen() -> None:
    options = [
        SimpleNamespace(value="a", label="A", retired=True),
        SimpleNamespace(value="b", label="B", retired=False),
    ]
    field = Bound("c", "C", SimpleNamespace(key="choice"), choices=options)
    assert [o.value for o in kinds.form_field(field).options] == ["b"]
    assert [o.value for o in kinds.form_field(field, value="a").options] == ["a", "b"]


def test_a_computed_value_looks_like_what_it_computes() -> None:
    assert kinds.cell_class(cells()["revenue"]) == "gx-end"
