"""Cells pasted from a spreadsheet or filled down: looked at first, one step, a balance of cells that adds up (CAP-1, MOD-8)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guanxi.core.journal.models import ChangeSet
from guanxi.records import catalogue

PASTE = "/customers/account/grid/paste"
COLS = "name,phone,tier,remark,created_at,owner"


def stored(id_: int) -> Any:
    return catalogue.get("customers.account").model.all_rows.get(pk=id_)


def send(
    post: Any, who: str, rows: dict[int, dict[str, Any]], *, versions: dict[int, int] | None = None, **more: Any
) -> Any:
    cells = [{"id": i, "version": (versions or {}).get(i, 1), "values": v} for i, v in rows.items()]
    return post(who, PASTE, {"cells": json.dumps({"rows": cells}), "cols": COLS, **more}, htmx=True)


def test_looked_at_first_with_problems_by_row_and_column(house: Any, post: Any) -> None:
    one, two = house.customer("One"), house.customer("Two")
    rows = {
        one: {"phone": "13800138000", "tier": "key"},
        two: {"phone": "12", "tier": "nonsense", "created_at": "2020-01-01"},
    }
    html = send(post, "owner", rows, **{"try": "1", "beyond": "3"}).content.decode()
    assert "5 cells = 2 change + 0 are so already + 3 stay as they are" in html
    assert "3 pasted cells lie beyond" in html and "nonsense" in html and "filled by the system" in html
    assert "data-paste-apply" in html and html.index("Two") < html.index("One"), "problems come first"
    assert (stored(one).phone, stored(one).version) == ("", 1), "nothing is written by looking"
    assert not ChangeSet.objects.filter(action="bulk").exists()


def test_what_can_go_in_goes_in_as_one_step_and_comes_back(house: Any, post: Any) -> None:
    one, two, three = (house.customer(name) for name in ("One", "Two", "Three"))
    rows = {
        one: {"phone": "138 0013 8000", "tier": "key", "remark": "a\nb"}, two: {"phone": "12", "tier": "key"},
        three: {"name": "Three", "owner": "manager"},
    }  # fmt: skip
    answer = send(post, "owner", rows).json()
    assert answer["balance"] == {"read": 7, "created": 0, "updated": 4, "unchanged": 1, "skipped": 0, "held": 2}
    assert sorted(answer["held"]) == sorted([[two, "phone"], [three, "owner"]]) and answer["level"] == "warning"
    assert (stored(one).phone, stored(one).remark, stored(two).tier, stored(two).phone) == (
        "+8613800138000",
        "a\nb",
        "key",
        "",
    )
    assert answer["rows"][str(one)]["version"] == 2 and "138 0013 8000" in answer["rows"][str(one)]["html"]
    assert ChangeSet.objects.filter(action="bulk").count() == 1
    post("owner", answer["undo"])
    assert (stored(one).phone, stored(one).remark, stored(two).tier) == ("", "", "")


def test_rows_of_others_answer_like_rows_that_are_not_there(house: Any, post: Any) -> None:
    mine, theirs = house.customer("Mine"), house.customer("Theirs", owner=house.stranger.pk)
    hidden = send(post, "owner", {mine: {"tier": "key"}, theirs: {"tier": "key"}}).json()
    assert hidden["balance"]["updated"] == 1 and hidden["balance"]["held"] == 1 and str(theirs) not in hidden["rows"]
    unknown = send(post, "owner", {99999999: {"tier": "key"}}).json()
    again = send(post, "owner", {theirs: {"tier": "key"}}).json()
    assert again["why"] == unknown["why"] and stored(theirs).tier == ""
    assert send(post, "marketer", {mine: {"tier": "small"}}).status_code == 404
    assert send(post, "owner", {mine: {"nonsense": "x"}}).status_code == 400
    assert stored(mine).tier == "key"


def test_what_somebody_changed_meanwhile_is_held_and_named(house: Any, post: Any) -> None:
    id_ = house.customer("One", tier="key")
    house.save("customers.account", {"tier": "small"}, by=house.manager, id=id_)
    answer = send(post, "owner", {id_: {"tier": "strategic", "remark": "mine"}}, versions={id_: 1}).json()
    assert answer["held"] == [[id_, "tier"]] and "Manager" in answer["why"][0]
    assert (stored(id_).tier, stored(id_).remark) == ("small", "mine")


def test_records_are_found_by_name_and_rules_over_the_record_hold(house: Any, post: Any) -> None:
    one, two = house.customer("One"), house.customer("Two")
    above = house.customer("Mother Company")
    rows = {one: {"parent": "Mother Company"}, two: {"parent": "Nobody"}, above: {"parent": str(above)}}
    answer = post("manager", PASTE, {"cols": "name,parent", "cells": json.dumps(
        {"rows": [{"id": i, "version": 1, "values": v} for i, v in rows.items()]})}).json()  # fmt: skip
    assert stored(one).parent_id == above and stored(two).parent_id is None and stored(above).parent_id is None
    assert answer["balance"]["updated"] == 1 and answer["balance"]["held"] == 2


@pytest.mark.parametrize(
    "cells",
    ["", "[]", '{"rows": 1}', '{"rows": [{"id": "x"}]}', '{"rows": [{"id": 1, "version": 1, "values": {"a": 1}}]}'],
)
def test_nonsense_is_refused(house: Any, post: Any, cells: str) -> None:
    assert post("owner", PASTE, {"cells": cells, "cols": "name"}).status_code == 422


def test_queries_do_not_grow_with_the_rows(house: Any, post: Any) -> None:
    ids = [house.customer(f"Firm {i}") for i in range(12)]
    counts = []
    for some in (ids[:2], ids[2:]):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert (
                send(post, "owner", {i: {"phone": f"138001380{i % 100:02}", "tier": "key"} for i in some}).status_code
                == 200
            )
        counts.append(len(queries))
    assert counts[1] <= counts[0] + 2, counts
