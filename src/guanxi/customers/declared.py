"""What follows from other fields of the same record: the kind of a customer, the standard form of a contact point."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from guanxi.kit.problems import BadValue, Problem

#: Words that only names of organisations have.
_ORGANISATION = re.compile(
    "公司|集团|厂|银行|学校|大学|学院|医院|协会|研究院|研究所|事务所|合作社|商行|中心|政府|委员会|酒店|超市|药房|门店|商店"
    "|工作室|基金会|出版社|株式会社"
    r"|\b(?:inc|ltd|llc|llp|plc|gmbh|corp|company|corporation|limited|group|holdings|bank|university|hospital|ag|sa|bv|oy"
    r"|srl|pty|association|foundation|institute|partners)\b",
    re.IGNORECASE,
)
_COMPANY_FIELDS = ("credit_code", "scale", "employees", "annual_revenue")
_PERSON_FIELDS = ("gender", "birth_date", "id_number", "employer", "job_title")


def account(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a customer's other values say: its kind, and from an identity number the birth date and the gender."""
    return {**kind_of(values), **person_of(values)}


def person_of(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Birth date and gender as the identity number has them, where they are empty."""
    number = values.get("id_number")
    if not isinstance(number, str) or len(number) != 18 or (values.get("birth_date") and values.get("gender")):
        return {}
    found: dict[str, Any] = {}
    if not values.get("birth_date"):
        found["birth_date"] = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    if not values.get("gender"):
        found["gender"] = "male" if int(number[16]) % 2 else "female"
    return found


def kind_of(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The kind of a customer that nobody stated: what is filled decides, then what the name looks like."""
    if values.get("kind"):
        return {}
    if any(values.get(field) for field in _COMPANY_FIELDS):
        return {"kind": "company"}
    if any(values.get(field) for field in _PERSON_FIELDS):
        return {"kind": "person"}
    name = values.get("name") or ""
    if _ORGANISATION.search(name):
        return {"kind": "company"}
    # A Chinese name of more than four characters, or one with & or digits, is no person's.
    odd = any(ch.isdigit() or ch in "&/@" for ch in name) or (not name.isascii() and len(name.replace("·", "")) > 4)
    return {"kind": "company" if odd else "person"}


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
