"""What people opened lately and pinned: theirs alone, ids only, shown with today's rights (MOD-5)."""

from __future__ import annotations

import pytest

from guanxi.core.access import actor_for
from guanxi.core.org import versions
from guanxi.records import catalogue, marks, write
from guanxi.records.models import Mark
from guanxi.records.read import Hidden
from tests.web_pages.conftest import House

pytestmark = pytest.mark.django_db
ACCOUNT = "customers.account"


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    versions.refresh()


def test_the_latest_comes_first_and_old_ones_are_forgotten(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marks, "KEPT", 3)
    ids = [house.customer(f"客户{i}") for i in range(5)]
    me, account = actor_for(house.owner), catalogue.get(ACCOUNT)
    marks.pin(me, account, ids[0])
    for id_ in [*ids, ids[2]]:
        marks.opened(me, account, id_)
    assert [m.id for m in marks.recent(me)] == [ids[2], ids[4], ids[3], ids[0]]
    assert [m.id for m in marks.pinned(me)] == [ids[0]]
    assert Mark.objects.filter(user_id=me.user_id).count() == 4
    assert marks.recent(actor_for(house.colleague)) == [] == marks.pinned(actor_for(house.manager))


def test_what_one_may_no_longer_see_is_not_shown(house: House) -> None:
    id_ = house.customer("Acme")
    account = catalogue.get(ACCOUNT)
    me = actor_for(house.owner)
    marks.opened(me, account, id_)
    marks.pin(me, account, id_)
    write.save(actor_for(house.admin), account, {"owner": house.stranger.pk}, id=id_)
    assert marks.recent(me) == [] == marks.pinned(me)
    with pytest.raises(Hidden):
        marks.opened(me, account, id_)
    with pytest.raises(Hidden):
        marks.pin(me, account, id_)
    marks.pin(me, account, id_, on=False)
    write.save(actor_for(house.admin), account, {"owner": house.owner.pk}, id=id_)
    assert marks.pinned(me) == []


def test_a_record_of_another_object_is_no_way_in(house: House) -> None:
    id_ = house.customer("Acme")
    with pytest.raises(Hidden):
        marks.opened(actor_for(house.owner), catalogue.get("customers.contact"), id_)
