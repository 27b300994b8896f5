"""What follows from other fields of the same record: the kind of a customer, the standard form of a contact point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guanxi.kit.problems import BadValue, Problem

#: Parts of a name that only organisations have. Longer texts first is not needed: any of them decides.
_ORGANISATION = (
    "公司", "集团", "厂", "银行", "学校", "大学", "学院", "医院", "协会", "研究院", "研究所", "事务所", "合作社", "商行", "中心",
    "政府", "委员会", "酒店", "超市", "药房", "门店", "商店", "工作室", "基金会", "出版社", "株式会社",
)  # fmt: skip
_ORGANISATION_WORDS = frozenset(
    [
        "inc",
        "ltd",
        "llc",
        "llp",
        "plc",
        "gmbh",
        "corp",
        "co",
        "company",
        "corporation",
        "limited",
        "group",
        "holdings",
        "bank",
        "university",
        "hospital",
        "ag",
        "sa",
        "bv",
        "oy",
        "srl",
        "pty",
        "association",
        "foundation",
        "institute",
        "partners",
    ]
)
_COMPANY_FIELDS = ("credit_code", "scale", "employees", "annual_revenue")
_PERSON_FIELDS = ("gender", "birth_date", "id_number", "employer", "job_title")


def kind_of(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The kind of a customer that nobody stated: what is filled decides, then what the name looks like."""
    if values.get("kind"):
        return {}
    if any(values.get(field) for field in _COMPANY_FIELDS):
        return {"kind": "company"}
    if any(values.get(field) for field in _PERSON_FIELDS):
        return {"kind": "person"}
    name = values.get("name") or ""
    if any(part in name for part in _ORGANISATION):
        return {"kind": "company"}
    words = name.lower().replace(".", "").replace(",", " ").split()
    if not _ORGANISATION_WORDS.isdisjoint(words):
        return {"kind": "company"}
    # A Chinese name of more than four characters, or one with & or digits, is no person's.
    foreign = name.isascii()
    looks_like_company = any(ch.isdigit() or ch in "&/@" for ch in name) or (
        not foreign and len(name.replace("·", "")) > 4
    )
    return {"kind": "company" if looks_like_company else "person"}


def normal_point(kind: str, value: str) -> tuple[str, Problem | None]:
    """The value of a contact point in standard form, and what is wrong with it, if anything."""
    from guanxi.core.org.settings import organisation
    from guanxi.standards import email, phone, url

    try:
        if kind in ("phone", "mobile", "fax", "whatsapp"):
            return phone.normalise(value, organisation().phone_region), None
        if kind == "email":
            return email.normalise(value), None
        if kind == "website":
            return url.normalise(value), None
    except BadValue as bad:
        return value, bad.problem
    return value, None


def point_of(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The standard form of a contact point's value."""
    kind, value = values.get("kind"), values.get("value")
    if not kind or not value:
        return {}
    normal = normal_point(kind, value)[0]
    return {} if normal == value else {"value": normal}
