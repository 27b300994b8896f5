"""Every page of the site, with data in it: desk and phone, Chinese and English, light and dark; nothing broken or inaccessible."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from guanxi.core.access import actor_for
from guanxi.core.org.models import Department
from guanxi.records.models import ChoiceValue, CustomField
from guanxi.web.shell import frame
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
    step = {"what": "寄样品", "due": timezone.localdate() - timedelta(days=1), "owner": rep.pk}
    make.step(made[1], by=by, **step)
    make.interaction(made[1], "电话里谈了价格，下周回复。", by=by)
    post = Client()
    post.force_login(admin)
    post.post(
        "/settings/fields/customers.account/new", {"label_zh": "合同到期", "label_en": "Contract until", "kind": "date"}
    )
    return {
        "admin": admin, "account": made[0], "contact": contact, "product": product, "order": order, "rep": rep, "east": east,
        "category": make.record("customers.category", {"name": "企业客户", "code": "B"}, by=by),
        "tag": make.tag("重点跟进", by=by), "field": CustomField.objects.get().key,
        "value": ChoiceValue.objects.filter(list__key="customers.status").earliest("pk").pk,
    }  # fmt: skip


def addresses(company: dict[str, Any]) -> dict[str, str]:
    """{name of the picture: address}. What the menu or the settings lead to and is missing here is found by a test below."""
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
        "board": "/customers/account/board", "order-board": "/trade/order/board", "count": "/customers/account/?by=status",
        "customer-categories": "/customers/category/", "product-categories": "/trade/category/",
        "follow-ups": "/engagement/interaction/", "next-steps": "/engagement/step/", "my-steps": "/engagement/my-steps",
        "dashboard": "/insight/", "dashboard-new": "/insight/dashboards/new",
        "settings": "/settings/", "branding": "/settings/look", "trees": "/settings/trees/",
        "tree": "/settings/trees/customers.category/", "jobs": "/jobs/",
        "tree-node": f"/settings/trees/customers.category/{company['category']}",
        "tree-merge": f"/settings/trees/customers.category/{company['category']}/merge",
        "department": f"/settings/departments/{company['east'].pk}",
        "department-merge": f"/settings/departments/{company['east'].pk}/merge",
        "hand-over": f"/settings/people/{company['rep'].pk}/hand-over", "field-new": "/settings/fields/customers.account/new",
        "field": f"/settings/fields/customers.account/{company['field']}",
        "field-use": f"/settings/fields/customers.account/{company['field']}/use",
        "list-merge": f"/settings/lists/customers.status/{company['value']}/merge",
        "tag-settings": "/settings/tags/", "tag-merge": f"/settings/tags/{company['tag']}/merge",
    }  # fmt: skip


def reached(visit: Client, path: str) -> set[str]:
    """Where the links of a page lead: addresses without questions, of this site, that are pages."""
    answer = visit.get(path, follow=True)
    assert answer.status_code == 200, path
    shown = re.sub(
        r"(?s)<noscript>.*?</noscript>", "", answer.content.decode()
    )  # pieces of a page, where scripts do not run
    links = re.findall(r'<a\s[^>]*?href="(/[^"#?]*)', shown)
    return {unescape(link) for link in links}


def kind_of(path: str) -> str:
    """The name of the page: the same for all people, all roles, all lists."""
    return resolve(path).view_name


def test_the_table_has_every_page_that_menu_and_settings_lead_to(company: dict[str, Any]) -> None:
    """A page that one gets to by the menu or within the settings is looked at below, in every size, language and theme."""
    visit = Client()
    visit.force_login(company["admin"])
    menu = {entry.path() for entry in frame.menu}
    todo, seen = {"/", *menu}, set[str]()
    while todo:
        path = todo.pop()
        seen.add(path)
        if path.startswith("/settings/"):
            known = {kind_of(one) for one in seen | todo}
            for link in sorted(reached(visit, path)):
                if link.startswith("/settings/") and kind_of(link) not in known:
                    known.add(kind_of(link))
                    todo.add(link)
    table = {kind_of(path.partition("?")[0]) for path in addresses(company).values()}
    missing = sorted(path for path in seen if kind_of(path) not in table)
    assert not missing, f"not in the table of pages: {missing}"


@pytest.mark.parametrize(
    ("size", "language"),
    [(WIDE, "zh-CN"), (WIDE, "en-US"), (PHONE, "zh-CN"), (PHONE, "en-US")],
    ids=["desk-zh", "desk-en", "phone-zh", "phone-en"],
)
def test_every_page(visitor: Any, company: dict[str, Any], size: tuple[int, int], language: str) -> None:
    """axe asks everything once a size; in the other language what the width of words changes: contrast, and what is cut off."""
    make.marts()
    me = visitor(company["admin"], size=size, language=language)
    rules = "" if (size, language) in ((WIDE, "zh-CN"), (PHONE, "en-US")) else "color-contrast"
    wrong = []
    for name, path in addresses(company).items():
        me.go(path)
        try:
            me.look(name, rules=rules, settled=True)
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
