"""One time line per record, of everything that happened around it (INS-1, ENG-1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guanxi.core.access import acting, actor_for
from guanxi.records import catalogue
from guanxi.web.pages import timeline

T0 = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)


def url(id_: int, **query: Any) -> str:
    return f"/customers/account/{id_}/timeline"


def full(house: Any, n: int = 3) -> dict[str, Any]:
    """A customer with `n` of everything."""
    account = house.customer()
    found: dict[str, Any] = {"account": account, "contacts": []}
    for i in range(n):
        contact = house.save(
            "customers.contact", {"name": f"Li {'abcdefghijklmnopqrstuvwxyz'[i % 26]}{i}", "account": account}
        ).id
        house.save("customers.contact", {"job_title": f"Title {i}"}, id=contact)
        found["contacts"].append(contact)
        at = T0 + timedelta(hours=i)
        call = house.save(
            "engagement.interaction",
            {"account": account, "contact": contact, "method": "call", "words": f"Talk number {i}", "happened_at": at},
        ).id
        house.save(
            "engagement.step", {"account": account, "interaction": call, "what": f"Step {i}", "due": "2026-04-01"}
        )
        house.save(
            "engagement.step", {"account": account, "what": f"Past step {i}", "due": "2026-02-01", "done_at": at}
        )
        order = house.save("trade.order", {"account": account, "ordered_at": at}).id
        house.save("trade.payment", {"order": order, "amount": 10 + i, "received_at": "2026-03-01"})
        house.save(
            "engagement.attachment", {"about": account, "about_entity": "customers.account", "name": f"Paper {i}.pdf"}
        )
        house.save(
            "engagement.attachment", {"about": contact, "about_entity": "customers.contact", "name": f"Card {i}.png"}
        )
        house.save(
            "customers.account",
            {"remark": f"Remark {i}", "owner": (house.owner if i % 2 else house.manager).pk},
            id=account,
        )
    house.save("customers.account", {"owner": house.owner.pk}, id=account)
    return found


def everything(house: Any, who: str, account: int, *, limit: int, only: tuple[str, ...] = ()) -> list[timeline.Moment]:
    """All moments, page by page."""
    actor = actor_for(getattr(house, who))
    found: list[timeline.Moment] = []
    with acting(actor):
        about = timeline.about_of(catalogue.get("customers.account"), actor, account)
        place = None
        for _ in range(200):
            page = timeline.of_record(about, before=place, limit=limit, only=only)
            found += page.moments
            if not page.more:
                return found
            assert len(page.moments) == limit
            place = timeline.Place.read(page.more)
    raise AssertionError("paging does not end")


def test_everything_that_happened_stands_on_the_customers_time_line(house: Any) -> None:
    """INS-1, ENG-1: follow-ups, steps, orders, payments, files, changes, and those of the contacts."""
    made = full(house, 3)
    found = everything(house, "owner", made["account"], limit=500)
    kinds: dict[str, int] = {}
    for one in found:
        kinds[one.kind] = kinds.get(one.kind, 0) + 1
    # Changes: the account made and changed (3 remarks, the owner once more), each contact made and changed.
    assert kinds == {"follow-ups": 3, "steps": 3, "orders": 3, "payments": 3, "files": 6, "changes": 5 + 6}
    assert [m.at for m in found] == sorted((m.at for m in found), reverse=True)


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_paging_neither_repeats_nor_skips_even_within_one_instant(house: Any, limit: int) -> None:
    """Follow-up, step and order of each hour share the instant; payments share one midnight."""
    made = full(house, 3)
    whole = [(m.kind, m.id) for m in everything(house, "owner", made["account"], limit=500)]
    assert [(m.kind, m.id) for m in everything(house, "owner", made["account"], limit=limit)] == whole
    assert len(set(whole)) == len(whole)
    some = ("payments", "steps")
    few = [(m.kind, m.id) for m in everything(house, "owner", made["account"], limit=limit, only=some)]
    assert few == [pair for pair in whole if pair[0] in some]


def test_a_batch_created_record_begins_with_its_creation(house: Any) -> None:
    from guanxi.records import bulk

    actor = actor_for(house.admin)
    with acting(actor):
        rows = [(n, {"name": f"Batch {n} Ltd", "kind": "company"}) for n in range(1, 81)]
        bulk.load(actor, catalogue.get("customers.account"), rows, columns=["name", "kind"])
    id_ = catalogue.get("customers.account").model.all_rows.get(name="Batch 7 Ltd").pk
    house.save("engagement.interaction", {"account": id_, "words": "before it was known", "happened_at": T0})
    found = everything(house, "admin", id_, limit=1)
    assert [m.kind for m in found] == ["changes", "follow-ups"]
    assert found[0].id == 0 and not found[0].changes


def test_queries_do_not_grow_with_what_happened(house: Any) -> None:
    one, many = full(house, 2)["account"], full(house, 16)["account"]
    client = house.client(house.owner)

    def count(id_: int) -> int:
        client.get(url(id_), headers={"HX-Request": "true"})
        with CaptureQueriesContext(
            connection,
        ) as caught:
            client.get(url(id_), headers={"HX-Request": "true"})
        return len(caught)

    assert count(many) <= count(one)


def test_all_panels_of_a_customer_are_few_queries(house: Any) -> None:
    """Speed felt: everything that comes after the page, of a customer with some of everything, in one answer."""
    few, many = full(house, 2)["account"], full(house, 16)["account"]
    client = house.client(house.owner)

    def asked(id_: int) -> list[str]:
        path = f"/customers/account/{id_}/panels"
        client.get(path)
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert client.get(path).status_code == 200
        return [query["sql"] for query in caught]

    first, second = asked(few), asked(many)
    # Where there are more than a panel shows they are counted: one query for each such panel.
    assert len(first) <= 24, "\n".join(sql[:150] for sql in first)
    assert len(second) <= len(first) + 6


def test_the_page_says_it_in_days_with_chips(house: Any, get: Any) -> None:
    made = full(house, 3)
    html = get("owner", url(made["account"])).content.decode()
    for text in (
        "Talk number 2",
        "Step 1",
        "Paper 0.pdf",
        "Card 2.png",
        "Payment received",
        "Follow-ups",
        "2026-03-01",
    ):
        assert text in html, text
    assert html.count("gx-day") <= 3
    some = get("owner", url(made["account"]) + "?only=orders").content.decode()
    assert "Talk number" not in some and "O1" in some


@pytest.mark.parametrize("question", ["before=x", "before=1.changes.x", "before=1.nothing.1", "before=9.changes.99999999999999999999",
    "before=99999999999999999999999999.changes.1", "only=passwords", "before=٣.changes.1", "before=-1.changes.-1"])  # fmt: skip
def test_a_forged_place_is_no_question(house: Any, get: Any, question: str) -> None:
    assert get("owner", f"{url(house.customer())}?{question}").status_code == 400


def test_what_one_may_not_see_leaves_no_hole(house: Any, get: Any) -> None:
    """Marketing sees that there was a call, not what was said; who lacks a right on orders has no orders and no chip for them."""
    from guanxi.core.access.models import Grant, Role
    from guanxi.core.org.versions import bump

    made = full(house, 3)
    html = get("marketer", url(made["account"])).content.decode()
    assert "Talk number" not in html and "Call" in html
    for who in ("colleague", "stranger"):
        assert get(who, url(made["account"])).status_code == 404
    Grant.objects.create(role=Role.objects.get(key="marketing"), entity="trade.order", action="view", scope="none")
    bump("access")
    html = get("marketer", url(made["account"])).content.decode()
    assert "O1000" not in html and "only=orders" not in html and "Payment received" not in html
    assert get("marketer", url(made["account"]) + "?only=orders").status_code == 400


def test_contacts_out_of_reach_stay_out(house: Any) -> None:
    """Contacts are the customer's, so whoever sees the customer sees theirs; deleted ones are gone with all their moments."""
    made = full(house, 2)
    before = everything(house, "manager", made["account"], limit=500)
    assert {m.about for m in before if m.about and m.kind == "files"}
    actor = actor_for(house.manager)
    from guanxi.records import write

    with acting(actor):
        for id_ in (
            catalogue.get("engagement.interaction")
            .model.all_rows.filter(account=made["account"])
            .values_list("pk", flat=True)
        ):
            write.delete(actor, catalogue.get("engagement.interaction"), id_)
        write.delete(actor, catalogue.get("customers.contact"), made["contacts"][0])
    after = everything(house, "manager", made["account"], limit=500)
    assert not [m for m in after if m.kind == "follow-ups"]
    assert len([m for m in after if m.kind == "files"]) == 3
