"""Every page of the site, with data in it: desk and phone, Chinese and English, light and dark; nothing broken or inaccessible."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from guanxi.core.access import actor_for
from guanxi.core.org.models import Department
from tests import make
from tests.journeys.conftest import PHONE, WIDE

CUSTOMERS = (
    ("北京大华机械有限公司", "company", "active"), ("上海远洋贸易有限公司", "company", "potential"),
    ("Brightwater Foods Ltd", "company", "dormant"), ("王小明", "person", "active"),
)  # fmt: skip


@pytest.fixture
def company(person: Any) -> dict[str, Any]:
    """A small company: two people, four customers, a contact, two products, an order with its payment."""
    admin = person("admin", "administrator", name="王管理", language="")
    east = Department.objects.create(name="华东大区", path="/1/")
    rep = person("chen", "sales", name="陈伟")
    rep.department = east
    rep.save(update_fields=["department"])
    by = actor_for(admin)
    made = [
        make.record("customers.account", {"name": name, "kind": kind, "status": status, "owner": rep.pk}, by=by)
        for name, kind, status in CUSTOMERS
    ]
    contact = make.contact(made[0], by=by, name="李小红", mobile="13800138000")
    product = make.product(by=by)
    order = make.order(made[0], [{"product": product, "quantity": 3, "unit_price": Decimal("9.90")}], by=by)
    make.payment(order, "20.00", by=by)
    make.tag("重点跟进", by=by)
    return {"admin": admin, "account": made[0], "contact": contact, "product": product, "order": order, "rep": rep}


def addresses(company: dict[str, Any]) -> dict[str, str]:
    account, contact = f"/customers/account/{company['account']}/", f"/customers/contact/{company['contact']}/"
    return {
        "home": "/", "search": "/search?q=大华", "customers": "/customers/account/", "nothing": "/customers/account/?q=zzzz",
        "customer": account, "edit": f"{account}edit", "delete": f"{account}delete", "new": "/customers/account/new",
        "filters": "/customers/account/filters", "columns": "/customers/account/columns", "views": "/customers/account/views",
        "contacts": "/customers/contact/", "contact": contact, "products": "/trade/product/",
        "product": f"/trade/product/{company['product']}/", "orders": "/trade/order/", "order": f"/trade/order/{company['order']}/",
        "payments": "/trade/payment/", "tags": "/records/tag/", "import": "/intake/import/", "journal": "/journal/",
        "people": "/settings/people", "person": f"/settings/people/{company['rep'].pk}", "person-new": "/settings/people/new",
        "departments": "/settings/departments", "roles": "/settings/roles", "role": "/settings/roles/sales",
        "fields": "/settings/fields/", "customer-fields": "/settings/fields/customers.account/",
        "lists": "/settings/lists/", "list": "/settings/lists/customers.status/", "currencies": "/settings/currencies",
        "organisation": "/settings/organisation", "me": "/me", "password": "/me/password",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("size", "language"),
    [(WIDE, "zh-CN"), (WIDE, "en-US"), (PHONE, "zh-CN"), (PHONE, "en-US")],
    ids=["desk-zh", "desk-en", "phone-zh", "phone-en"],
)
def test_every_page(visitor: Any, company: dict[str, Any], size: tuple[int, int], language: str) -> None:
    me = visitor(company["admin"], size=size, language=language)
    wrong = []
    for name, path in addresses(company).items():
        me.go(path)
        try:
            me.look(name)
        except AssertionError as error:
            wrong.append(str(error))
    assert not wrong, "\n".join(wrong)


def test_paper(visitor: Any, company: dict[str, Any]) -> None:
    """Printed, a page is its content: no menu, no buttons, dark ink on white also for who likes the dark."""
    me = visitor(company["admin"], color_scheme="dark")
    page = me.go(f"/customers/account/{company['account']}/")
    page.emulate_media(media="print")
    for hidden in (".gx-menu", ".gx-top", ".gx-head-actions", ".gx-origin-button >> nth=0"):
        assert page.locator(hidden).is_hidden(), hidden
    assert page.locator("h1").is_visible()
    ink, paper = page.evaluate(
        "() => [getComputedStyle(document.querySelector('h1')).color, getComputedStyle(document.body).backgroundColor].map(c => {"
        " const x = document.createElement('canvas').getContext('2d'); x.fillStyle = c; x.fillRect(0, 0, 1, 1);"
        " return x.getImageData(0, 0, 1, 1).data[0]; })"
    )
    assert ink < 90 and paper > 240, (ink, paper)
