# ruff: noqa: E501 (tables)
"""Columns are recognised by their headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.standards import headers

FIELDS: dict[str, list[str]] = {
    "name": ["客户名称", "Name"], "number": ["客户编号"], "phone": ["电话", "Tel"], "mobile": ["手机", "Mobile"], "email": ["邮箱", "E-mail"], "website": ["网站"],
    "industry": ["行业"], "source": ["客户来源"], "owner": ["负责人"], "created_at": ["创建时间"], "gender": ["性别"], "birth_date": ["生日"], "country": ["国家"], "province": ["省份"],
    "city": ["城市"], "district": ["区县"], "street": ["详细地址"], "postcode": ["邮编"], "credit_code": ["统一社会信用代码"], "tier": ["客户等级"], "tags": ["标签"], "note": ["备注"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("客户名称", "name"), ("姓名", "name"), ("Name", "name"), ("Customer Name", "name"), ("customer_name", "name"), ("CustomerName", "name"), ("客户姓名*", "name"), ("名称（必填）", "name"),
        ("电话", "phone"), ("联系电话", "phone"), ("Tel", "phone"), ("Tel.", "phone"), ("Phone", "phone"), ("Phone Number", "phone"), ("座机", "phone"), ("电话1", "phone"), ("公司电话", "phone"),
        ("手机", "mobile"), ("手机号", "mobile"), ("手机号码", "mobile"), ("Mobile Phone", "mobile"), ("MOBILE", "mobile"), ("Cell", "mobile"), ("联系人手机", "mobile"),
        ("邮箱", "email"), ("电子邮箱", "email"), ("E-Mail", "email"), ("email address", "email"), ("Ｅｍａｉｌ", "email"), ("网址", "website"), ("Website", "website"), ("所属行业", "industry"),
        ("Lead Source", "source"), ("来源渠道", "source"), ("业务员", "owner"), ("Account Owner", "owner"), ("Owner", "owner"), ("注册日期", "created_at"), ("Created At", "created_at"), ("created_at", "created_at"),
        ("Sex", "gender"), ("出生日期", "birth_date"), ("DOB", "birth_date"), ("Country/Region", "country"), ("省", "province"), ("State", "province"), ("City", "city"), ("区", "district"),
        ("地址", "street"), ("Street", "street"), ("Zip Code", "postcode"), ("税号", "credit_code"), ("会员等级", "tier"), ("Tags", "tags"), ("Remarks", "note"), ("客户备注", "note"), ("Indsutry", "industry"),
    ],
)  # fmt: skip
def test_headers_are_recognised(header: str, key: str) -> None:
    found = headers.recognise(header, FIELDS)
    assert found
    assert found[0].key == key, found


@pytest.mark.parametrize("header", ["", "   ", "***", "Xyzzy", "列1", "qwert", "1", "折扣"])
def test_unknown_headers_are_not_guessed(header: str) -> None:
    assert [m for m in headers.recognise(header, FIELDS) if m.score >= 0.5] == []


def test_the_own_alias_beats_the_concept() -> None:
    fields = {"office_phone": ["座机"], "phone": ["电话"]}
    assert headers.recognise("座机", fields)[0] == ("office_phone", 1.0)
    assert headers.recognise("电话", fields)[0] == ("phone", 1.0)


def test_each_field_is_given_once() -> None:
    chosen = headers.assign(["手机", "联系电话", "电话", "姓名", "公司名称", "???"], {**FIELDS, "company": ["公司"]})
    assert [m.key if m else None for m in chosen] == ["mobile", None, "phone", "name", "company", None]


def test_a_customer_file_of_another_program_is_mapped() -> None:
    chosen = headers.assign(
        [
            "Account Name",
            "Phone",
            "Mobile",
            "E-mail",
            "Billing State",
            "Billing City",
            "Billing Street",
            "Industry",
            "Account Owner",
            "Created Date",
        ],
        FIELDS,
    )
    assert [m.key if m else None for m in chosen] == [
        "name",
        "phone",
        "mobile",
        "email",
        "province",
        "city",
        "street",
        "industry",
        "owner",
        "created_at",
    ]


def test_no_word_belongs_to_two_concepts() -> None:
    seen: dict[str, str] = {}
    for concept, words in headers.CONCEPTS.items():
        for word in words.split(","):
            key = headers.squeeze(word)
            assert seen.setdefault(key, concept) == concept, word


@given(st.text(max_size=20))
def test_any_header_gives_scores_within_bounds(header: str) -> None:
    found = headers.recognise(header, FIELDS)
    assert all(0 < m.score <= 1 for m in found)
    assert found == headers.recognise(header, FIELDS)
    assert [m.score for m in found] == sorted((m.score for m in found), reverse=True)
