# ruff: noqa: E501 (tables)
"""Every face of every kind gives back what it was given: as typed, as exported, as JSON, in the journal, in the database."""

from __future__ import annotations

from typing import Any

import pytest

from guanxi.core.access import SYSTEM, acting
from guanxi.core.journal.models import Change
from guanxi.records import catalogue, custom, invert, kinds, read, write
from guanxi.records.kinds import KINDS, Formats
from guanxi.records.read.view import Historian
from tests import make
from tests.contract.test_questions import POOL

FORMATS = [
    Formats(),
    Formats(language="en", time_zone="America/New_York", number_format="de_DE", date_format="%d.%m.%Y", region="US"),
]
MADE: dict[str, dict[str, Any]] = {
    "choice": {"list": "customers.tier"}, "multichoice": {"list": "customers.tier"}, "link": {"target": "customers.category"},
    "links": {"target": "customers.category"}, "user": {"target": "core.user"}, "tags": {"target": "records.tag"}, "money": {"currency": "CNY"},
}  # fmt: skip
PLAIN = sorted(k for k in KINDS if k not in ("computed",))


def kind_of(key: str) -> kinds.Kind:
    return KINDS[key](**MADE.get(key, {}))


def values_of(kind: kinds.Kind) -> list[Any]:
    if isinstance(kind, kinds.MultiChoice):
        codes = [o.value for o in kind.options()]
        return [codes[:1], codes[1:3]]
    if isinstance(kind, kinds.Choice):
        return [o.value for o in kind.options()][:4]
    if isinstance(kind, kinds.Link):
        return [[3, 5], [7]] if kind.many else [3, 123456789012]
    if isinstance(kind, kinds.Secret):
        return ["a secret", "440524188001010014"]
    return POOL[kind.key]


@pytest.mark.parametrize("formats", FORMATS, ids=["zh", "en"])
@pytest.mark.parametrize("key", PLAIN)
def test_what_is_shown_in_an_input_comes_back(db: None, key: str, formats: Formats) -> None:
    kind = kind_of(key)
    if key == "file":
        pytest.skip("files are not typed")
    for value in values_of(kind):
        value = kind.parse(value, formats)
        text = (
            kind.edit_text(value, formats)
            if not isinstance(kind, kinds.Link)
            else ";".join(map(str, value))
            if kind.many
            else str(value)
        )
        if isinstance(kind, kinds.Address):
            continue  # typed in parts; see the next test
        assert kind.parse(text, formats) == value, text


@pytest.mark.parametrize("formats", FORMATS, ids=["zh", "en"])
@pytest.mark.parametrize("key", PLAIN)
def test_what_is_parsed_stays_as_it_is(db: None, key: str, formats: Formats) -> None:
    kind = kind_of(key)
    for value in values_of(kind):
        once = kind.parse(value, formats)
        assert kind.parse(once, formats) == once


@pytest.mark.parametrize("formats", FORMATS, ids=["zh", "en"])
@pytest.mark.parametrize("key", PLAIN)
def test_what_is_exported_comes_back(db: None, key: str, formats: Formats) -> None:
    kind = kind_of(key)
    if isinstance(kind, kinds.File | kinds.Link):
        pytest.skip("links are exported by name, files not at all")
    for value in values_of(kind):
        value = kind.parse(value, formats)
        back = kind.parse(kind.export(value, formats), formats)
        if isinstance(kind, kinds.Address):
            assert kind.format(back, formats) == kind.format(value, formats)
        else:
            assert back == value


@pytest.mark.parametrize("key", PLAIN)
def test_what_goes_into_json_comes_back(db: None, key: str) -> None:
    import json

    kind = kind_of(key)
    for value in values_of(kind):
        value = kind.parse(value)
        assert kind.from_json(json.loads(json.dumps(kind.to_json(value)))) == value
        assert kind.to_json(kind.from_json(kind.to_json(value))) == kind.to_json(value)


@pytest.mark.parametrize("key", PLAIN)
def test_masks_do_not_tell(db: None, key: str) -> None:
    kind = kind_of(key)
    for value in values_of(kind):
        if isinstance(kind, kinds.YesNo | kinds.Rating | kinds.Choice):
            assert kind.mask(value) == kinds.base.MASK
            continue
        value = kind.parse(value)
        mask = kind.mask(value)
        assert mask and mask not in (kind.format(value), kind.edit_text(value))
        assert len(set(mask) - set("*•")) <= len(set(str(kind.format(value)))) + 4


@pytest.mark.parametrize("key", PLAIN)
def test_nothing_is_nothing(db: None, key: str) -> None:
    kind = kind_of(key)
    for raw in (None, "", "   ") if key not in ("date", "datetime", "boolean", "file") else (None, ""):
        assert kind.parse(raw) is None
    assert kind.is_empty(None) and kind.is_empty(kind.blank)
    assert kind.to_json(None) is None or key in ("multichoice", "links", "tags")


@pytest.mark.parametrize("key", sorted(custom.OFFERED))
def test_a_custom_field_of_each_kind_is_written_read_journalled_and_undone(db: None, key: str) -> None:
    entity = catalogue.get("records.tag")
    actor = make.actor("administrator")
    with acting(actor):
        linked = [make.record("customers.category", {"name": f"c{i}"}) for i in range(3)]
        options = {"list": "customers.tier", "target": "customers.category", "currency": "CNY"}
        name = custom.define(SYSTEM, entity, kind=key, label_zh="x", label_en="x", key="x_try", options={n: options[n] for n in custom.OFFERED[key]},
                             search=True, required=False, unique=False)  # fmt: skip
        kind = custom.fields(entity)[name].kind
        if key == "user":
            first, second = make.user().pk, make.user().pk
        elif key == "link":
            first, second = linked[:2]
        elif key == "links":
            first, second = linked[:1], linked[1:]
        else:
            pool = values_of(kind)
            first, second = pool[0], pool[-1] if len(pool) > 1 else {**pool[0], "id": "1" * 32, "name": "b.pdf"}
        id_ = make.tag("tagged", **{name: first})
        cells = [read.view(entity, actor, id_)[name]]
        before = entity.model.all_rows.filter(pk=id_).values().get()
        saved = write.save(actor, entity, {name: second}, id=id_)
        assert saved.changed == (name,)
        cells.append(read.view(entity, actor, id_)[name])
        assert cells[0].text != cells[1].text and all(not c.empty for c in cells)
        assert write.save(actor, entity, {name: second}, id=id_).change_set is None, "the same again is no change"
        event = Historian(entity, actor).event(Change.objects.filter(record=id_).latest("pk"))
        assert [(c.field.key, c.before.text, c.after.text) for c in event.changes] == [
            (name, cells[0].text, cells[1].text)
        ]
        assert saved.change_set is not None
        invert.undo(actor, saved.change_set)
        after = entity.model.all_rows.filter(pk=id_).values().get()
        same = ("custom", "name", "origin", "tags", "deleted_in")
        assert {k: before[k] for k in same} == {k: after[k] for k in same}
        write.save(actor, entity, {name: None}, id=id_)
        assert name not in entity.model.all_rows.get(pk=id_).custom, "empty is no key, never null"
