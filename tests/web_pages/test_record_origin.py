"""Where values come from: rivals, tags with who and when, a masked value shown for a while (ENG-1, SEC-3)."""

from __future__ import annotations

from typing import Any

from guanxi.core.access import acting, actor_for
from guanxi.core.journal.models import Door
from guanxi.records import catalogue, history, read, write
from tests import make

ACCOUNT = "customers.account"


def base(id_: int) -> str:
    return f"/customers/account/{id_}/"


def test_other_sources_keep_their_last_word(house: Any, get: Any) -> None:
    """A person's value stands; what an import said before is told as a rival, once, with its file."""
    id_ = house.customer(phone="021-62345678")
    actor = actor_for(house.admin)
    with acting(actor):
        for phone in ("13800138000", "13900139000"):
            write.save(actor, catalogue.get(ACCOUNT), {"phone": phone}, id=id_, door=Door.IMPORT, reason="list.xlsx")
    house.save(ACCOUNT, {"phone": "13700137000"}, by=house.owner, id=id_)
    view = read.view(catalogue.get(ACCOUNT), actor, id_)
    pasts = history.past(view, actor, "phone")
    assert len(pasts) == 3
    said = {(p.change_set.door, p.cell.text) for p in history.rivals(pasts, view, "phone")}
    assert ("import", "+86 139 0013 9000") in said
    assert not any("138 0013 8000" in text for _door, text in said), "only the last word of a source"
    html = get("owner", f"{base(id_)}origin/phone", htmx=True).content.decode()
    assert "Other sources say" in html and "list.xlsx" in html


def test_earlier_values_are_masked_for_whom_todays_is(house: Any, get: Any) -> None:
    id_ = house.customer(phone="021-62345678", owner=house.marketer.pk)
    house.save(ACCOUNT, {"phone": "13800138000"}, id=id_)
    html = get("marketer", f"{base(id_)}origin/phone", htmx=True).content.decode()
    for part in ("6234", "62345678", "13800138000", "0013 8000"):
        assert part not in html


def test_tags_say_who_put_each_and_when(house: Any, get: Any) -> None:
    old, new = make.tag("Old"), make.tag("New")
    id_ = house.customer(tags=[str(old)])
    house.save(ACCOUNT, {"tags": [str(old), str(new)]}, by=house.owner, id=id_)
    actor = actor_for(house.admin)
    found = history.added(read.view(catalogue.get(ACCOUNT), actor, id_), "tags")
    assert (found[old].actor_name, found[new].actor_name) == ("Admin", "Owner")
    html = get("admin", f"{base(id_)}origin/tags", htmx=True).content.decode()
    assert html.index("New") < html.index("Owner") or html.index("Owner") < html.index("Old")


def test_a_revealed_value_is_masked_again(house: Any, post: Any) -> None:
    values = {"name": "王伟", "kind": "person", "owner": house.owner.pk, "id_number": "11010519491231002X"}
    id_ = house.save(ACCOUNT, values).id
    html = post("manager", f"{base(id_)}reveal/id_number", htmx=True).content.decode()
    shown, _template, masked = html.partition("<template>")
    assert 'data-remask="60"' in shown and "11010519491231002X" in shown
    assert "gx-masked" in masked and "11010519491231002X" not in masked


def test_an_erased_value_says_so(house: Any) -> None:
    """What was taken out of the journal is not told as empty."""
    from guanxi.core.journal.models import Change

    id_ = house.customer(short_name="First")
    house.save(ACCOUNT, {"short_name": "Second"}, id=id_)
    Change.objects.filter(record=id_, op="u").update(salt=None)
    actor = actor_for(house.admin)
    [past] = history.past(read.view(catalogue.get(ACCOUNT), actor, id_), actor, "short_name")
    assert past.erased
