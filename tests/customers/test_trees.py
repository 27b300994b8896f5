from __future__ import annotations

import pytest

from guanxi.customers import trees
from guanxi.records import catalogue
from tests import make

pytestmark = pytest.mark.django_db


def test_everything_below_and_the_path_from_the_root() -> None:
    entity = catalogue.get("customers.category")
    top = make.record(entity.key, {"name": "企业"})
    middle = make.record(entity.key, {"name": "制造", "parent": top})
    low = make.record(entity.key, {"name": "纺织", "parent": middle})
    other = make.record(entity.key, {"name": "个人"})
    with make.acting(make.SYSTEM):
        assert trees.below(make.SYSTEM, entity, [top]) == {top, middle, low}
        assert trees.below(make.SYSTEM, entity, [other, low]) == {other, low}
        assert trees.paths(make.SYSTEM, entity)[low] == "企业 / 制造 / 纺织"


def test_what_is_out_of_range_is_not_in_the_tree() -> None:
    entity = catalogue.get("customers.account")
    mine, stranger = make.actor("sales"), make.actor("sales")
    group = make.account(by=mine)
    branch = make.account(parent=group, owner=mine.user_id)
    hidden = make.account(parent=group, owner=stranger.user_id)
    with make.acting(mine):
        assert trees.below(mine, entity, [group]) == {group, branch}
    with make.acting(make.SYSTEM):
        assert trees.below(make.SYSTEM, entity, [group]) == {group, branch, hidden}
