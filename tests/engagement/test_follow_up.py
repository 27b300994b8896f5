"""Follow-ups and next steps: written down in one request, done by one click, taken back in one (ENG-1, CAP-1)."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guanxi.core.access import acting, actor_for
from guanxi.core.journal.models import ChangeSet
from guanxi.engagement import declared, services
from guanxi.engagement.models import Interaction, Step
from guanxi.records import catalogue, read

TODAY = date(2026, 1, 29)
MAY = [
    ("owner", 200),
    ("manager", 200),
    ("admin", 200),
    ("colleague", 404),
    ("stranger", 404),
    ("marketer", 404),
    ("nobody", 302),
]


def compose(id_: int, key: str = "customers.account") -> str:
    return f"/engagement/follow-up/{key}/{id_}"


def live(model: Any) -> Any:
    return model.all_rows.filter(deleted_in__isnull=True)


@pytest.mark.parametrize(("who", "status"), MAY)
def test_who_may_write_down_what_was_said(house: Any, post: Any, who: str, status: int) -> None:
    id_ = house.customer()
    before = ChangeSet.objects.filter(lines__gt=0).count()
    answer = post(who, compose(id_), {"method": "call", "words": "要报价"})
    assert answer.status_code == (302 if status in (200, 302) else 404)
    assert live(Interaction).count() == (status == 200)
    assert ChangeSet.objects.filter(lines__gt=0).count() - before == (status == 200)
    unknown = post(who, compose(987654321), {"method": "call", "words": "要报价"})
    if status == 404:
        assert unknown.content == answer.content and unknown.status_code == 404


def test_one_request_saves_words_and_next_step_and_shows_them_on_top(house: Any, post: Any) -> None:
    id_ = house.customer()
    answer = post(
        "owner",
        compose(id_),
        {"method": "visit", "words": "谈了价格，\n下周回复", "due": "2026-12-01", "what": "寄报价单"},
        htmx=True,
    )
    html = answer.content.decode()
    assert answer.status_code == 200 and "<html" not in html
    assert (
        'id="composer"' in html
        and 'hx-swap-oob="outerHTML"' in html
        and html.index("谈了价格") > html.index('id="timeline"')
    )
    made, step = live(Interaction).get(), live(Step).get()
    assert (made.method, made.subject, made.who_id, made.account_id) == ("visit", "谈了价格", house.owner.pk, id_)
    assert (step.what, step.due, step.owner_id, step.interaction_id) == (
        "寄报价单",
        date(2026, 12, 1),
        house.owner.pk,
        made.pk,
    )
    assert made.created_in == step.created_in
    undo = json.loads(answer["HX-Trigger"])["gx:toast"]["undo"]
    assert f'action="{undo}"' in html  # on the item too
    back = house.client(house.owner).post(undo, headers={"Referer": f"http://testserver/customers/account/{id_}/"})
    assert back.status_code == 302 and back["Location"].endswith(f"/customers/account/{id_}/")
    assert not live(Interaction).exists() and not live(Step).exists()


def test_a_refusal_keeps_every_word(house: Any, post: Any) -> None:
    id_ = house.customer()
    typed = {
        "method": "chat",
        "words": "很长的 <b>话</b>",
        "what": "再打电话",
        "due": "2026-13-45",
        "minutes": "eleven",
    }
    for htmx, status in ((True, 200), (False, 422)):
        answer = post("owner", compose(id_), typed, htmx=htmx)
        html = answer.content.decode()
        assert answer.status_code == status
        for text in (
            "很长的 &lt;b&gt;话&lt;/b&gt;",
            'value="再打电话"',
            'value="2026-13-45"',
            'value="eleven"',
            'value="chat" checked',
        ):
            assert text in html, text
        assert 'aria-invalid="true"' in html and "gx-problem" in html
    assert not live(Interaction).exists() and not live(Step).exists()
    empty = post("owner", compose(id_), {"method": "call", "words": " \n "}, htmx=True).content.decode()
    assert 'id="composer-words-problem"' in empty and not live(Interaction).exists()


def test_a_day_alone_is_a_next_step(house: Any, post: Any) -> None:
    id_ = house.customer()
    post("owner", compose(id_), {"method": "call", "due": "2026-12-01"})
    assert live(Step).get().what == "Follow up again"


def test_contacts_and_orders_have_a_composer_and_belong_to_their_customer(house: Any, get: Any, post: Any) -> None:
    mine, other = house.customer("One Ltd"), house.customer("Other Ltd")
    contact = house.save("customers.contact", {"name": "Li Lei", "account": mine}).id
    order = house.save("trade.order", {"account": mine, "ordered_at": "2026-01-05 10:00"}).id
    product = house.save("trade.product", {"sku": "X1", "name": "Thing"}).id
    for key, id_ in (("customers.contact", contact), ("trade.order", order)):
        assert post("owner", compose(id_, key), {"method": "mail", "words": f"about {key}"}).status_code == 302
        path = "/" + key.replace(".", "/")
        assert f"about {key}" in get("owner", f"{path}/{id_}/timeline").content.decode()
    assert set(live(Interaction).values_list("account_id", "contact_id", "order_id")) == {
        (mine, contact, None),
        (mine, None, order),
    }
    assert "about trade.order" in get("owner", f"/customers/account/{mine}/timeline").content.decode()
    wrong = post("owner", compose(other), {"method": "call", "words": "x", "contact": str(contact)}, htmx=True)
    assert "another customer" in wrong.content.decode() and live(Interaction).count() == 2
    assert post("admin", compose(product, "trade.product"), {"words": "x"}).status_code == 404
    assert post("admin", compose(product, "no.such"), {"words": "x"}).status_code == 404


def test_what_others_say_is_personal(house: Any, get: Any, post: Any) -> None:
    """Marketing sees that there was a call and neither words nor subject; search does not find it for them either."""
    id_ = house.customer()
    post("owner", compose(id_), {"method": "call", "words": "secretword about divorce"})
    made = live(Interaction).get().pk
    for path in (f"/engagement/interaction/{made}/", "/engagement/interaction/", f"/customers/account/{id_}/timeline"):
        answer = get("marketer", path)
        assert answer.status_code == 200 and b"secretword" not in answer.content, path
    actor = actor_for(house.marketer)
    with acting(actor):
        assert not read.page(catalogue.get("engagement.interaction"), actor, read.Query(search="secretword")).rows
    assert get("colleague", f"/engagement/interaction/{made}/").status_code == 404


def test_done_by_one_click_and_taken_back(house: Any, get: Any, post: Any) -> None:
    id_ = house.customer()
    step = house.save(
        "engagement.step", {"account": id_, "what": "Call Mr Wang", "due": "2026-01-02", "owner": house.owner.pk}
    ).id
    url = f"/engagement/step/{step}/done"
    assert (
        "Call Mr Wang" in get("owner", "/").content.decode()
        and "Call Mr Wang" in get("owner", "/engagement/my-steps").content.decode()
    )
    assert "Call Mr Wang" not in get("manager", "/engagement/my-steps").content.decode()  # not the manager's to do
    for who in ("colleague", "stranger", "marketer"):
        assert post(who, url).status_code == 404
        assert post(who, url).content == post(who, "/engagement/step/987654321/done").content
    assert get("owner", url).status_code == 405
    assert live(Step).get().done_at is None
    answer = post("owner", url, htmx=True)
    said = json.loads(answer["HX-Trigger"])
    assert answer.status_code == 200 and not answer.content and "gx:timeline" in said
    assert live(Step).get().done_at is not None
    assert "Call Mr Wang" not in get("owner", "/engagement/my-steps").content.decode()
    assert "did: Call Mr Wang" in get("owner", f"/customers/account/{id_}/timeline").content.decode()
    again = post("owner", url, htmx=True)
    assert json.loads(again["HX-Trigger"])["gx:toast"]["undo"] == ""
    post("owner", said["gx:toast"]["undo"])
    assert live(Step).get().done_at is None


def test_steps_stand_under_the_day_they_are_due(house: Any, get: Any) -> None:
    id_ = house.customer()
    now = services.today(actor_for(house.owner))
    for name, day in (("Step late", -3), ("Step today", 0), ("Step far", 40)):
        house.save(
            "engagement.step", {"account": id_, "what": name, "due": now + timedelta(days=day), "owner": house.owner.pk}
        )
    html = get("owner", "/engagement/my-steps").content.decode()
    places = [html.index(text) for text in ("Late", "Step late", "Step today", "Later", "Step far")]
    assert places == sorted(places) and "3 days late" in html
    home = get("owner", "/").content.decode()
    assert "Step late" in home and "Step far" not in home


def test_the_next_step_of_many_records_is_one_query(house: Any) -> None:
    """What a board asks for its cards: late, today, planned or none."""
    now = services.today(actor_for(house.admin))
    ids = [house.customer(f"Customer {i} Ltd") for i in range(4)]
    for id_, days in ((ids[0], (-1, 5)), (ids[1], (0,)), (ids[2], (7, 3))):
        for day in days:
            house.save("engagement.step", {"account": id_, "what": "x", "due": now + timedelta(days=day)})
    house.save("engagement.step", {"account": ids[3], "what": "x", "due": "2026-01-01", "done_at": "2026-01-02 10:00"})
    account, actor = catalogue.get("customers.account"), actor_for(house.owner)
    with acting(actor), CaptureQueriesContext(connection) as caught:
        found = services.next_steps(actor, account, ids)
    assert len(caught) == 1
    assert {i: (s.on - now).days for i, s in found.items()} == {ids[0]: -1, ids[1]: 0, ids[2]: 3}
    assert [found[i].state for i in ids[:3]] == ["late", "today", "planned"]
    rows = read.visible(account, actor).filter(pk__in=ids).annotate(next=services.next_step_at(actor, account))
    assert dict(rows.values_list("pk", "next")) == {**{i: s.on for i, s in found.items()}, ids[3]: None}
    stranger = actor_for(house.colleague)
    with acting(stranger):
        assert services.next_steps(stranger, account, ids) == {}
        assert services.next_steps(stranger, catalogue.get("trade.product"), ids) == {}


@pytest.mark.parametrize(("now", "monday", "month"), [
    (date(2026, 1, 29), date(2026, 2, 2), date(2026, 2, 28)), (date(2026, 12, 31), date(2027, 1, 4), date(2027, 1, 31)),
    (date(2026, 11, 23), date(2026, 11, 30), date(2026, 12, 23)), (date(2028, 1, 30), date(2028, 1, 31), date(2028, 2, 29)),
])  # fmt: skip
def test_days_one_touch_away(now: date, monday: date, month: date) -> None:
    days = {q.key: q.day for q in services.quick_days(now)}
    assert days["monday"] == monday and days["monday"].weekday() == 0 and days["in_a_month"] == month
    assert days["tomorrow"] == now + timedelta(days=1)


@pytest.mark.parametrize(("words", "line"), [
    ("", ""), ("短", "短"), ("\n\n  两行 \n x", "两行"), ("一" * 80, "一" * 60 + "…"),
    ("客户说预算已经批了" * 4 + "，" + "细" * 60, "客户说预算已经批了" * 4 + "…"),
])  # fmt: skip
def test_the_first_line_is_the_subject(words: str, line: str) -> None:
    assert declared.first_line(words) == line


def test_a_file_of_old_notes_has_subjects_and_customers_too(house: Any) -> None:
    """Imports fill what was left out like the page does: subject, customer of the contact, who, when."""
    from guanxi.records import bulk

    id_ = house.customer()
    contact = house.save("customers.contact", {"name": "Li Lei", "account": id_}).id
    actor = actor_for(house.admin)
    with acting(actor):
        rows = [(1, {"contact": contact, "words": "第一行\n第二行"}), (2, {"contact": contact, "words": "another"})]
        done = bulk.load(actor, catalogue.get("engagement.interaction"), rows, columns=["contact", "words"])
    assert done.balance.created == 2
    found = live(Interaction).order_by("pk").values_list("subject", "account", "method", "who")
    assert list(found) == [("第一行", id_, "note", house.admin.pk), ("another", id_, "note", house.admin.pk)]


def test_deleting_a_customer_takes_them_along_and_undo_brings_them_back(house: Any, post: Any) -> None:
    id_ = house.customer()
    post("owner", compose(id_), {"method": "call", "words": "x", "due": "2026-12-01"})
    version = catalogue.get("customers.account").model.all_rows.get(pk=id_).version
    assert post("manager", f"/customers/account/{id_}/delete", {"version": version}).status_code == 302
    assert not live(Interaction).exists() and not live(Step).exists()
    post("manager", f"/journal/{ChangeSet.objects.filter(action='delete').latest('pk').pk}/undo")
    assert live(Interaction).count() == live(Step).count() == 1
