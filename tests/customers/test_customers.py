from __future__ import annotations

import pytest

from guanxi.customers import declared
from guanxi.records import catalogue, write
from tests import make

pytestmark = pytest.mark.django_db


def refused(key: str, values: dict[str, object]) -> dict[str, list[str]]:
    """The codes of what the write door says against these values."""
    with pytest.raises(write.Invalid) as caught:
        make.record(key, values)
    return {field: [p.code for p in found] for field, found in caught.value.problems.items()}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"name": "杭州鼎源科技有限公司"}, "company"),
        ({"name": "Acme Trading Ltd."}, "company"),
        ({"name": "3M"}, "company"),
        ({"name": "王小明"}, "person"),
        ({"name": "Mary Cohen"}, "person"),
        ({"name": "Mary Cohen", "employees": 3}, "company"),
        ({"name": "好再来", "gender": "female"}, "person"),
        ({"name": "王小明", "kind": "household"}, None),
    ],
)
def test_kind_follows_from_what_is_known(values: dict[str, object], kind: str | None) -> None:
    assert declared.kind_of(values).get("kind") == kind


def test_identity_number_fills_birth_date_and_gender() -> None:
    made = make.row("customers.account", make.person(id_number="11010519491231002X"))
    assert (made.birth_date.isoformat(), made.gender) == ("1949-12-31", "female")
    assert b"19491231" not in bytes(made.id_number)
    assert made.id_number_index is not None


def test_customers_get_rising_numbers() -> None:
    first, second = (make.row("customers.account", make.account()).number for _ in range(2))
    assert first.startswith("C")
    assert int(second[1:]) > int(first[1:])


def test_company_has_no_birth_date_and_person_no_credit_code() -> None:
    assert refused("customers.account", {"name": "A 有限公司", "kind": "company", "birth_date": "1990-01-01"}) == {
        "birth_date": ["account.person_only"]
    }
    assert refused("customers.account", {"name": "王小明", "kind": "person", "credit_code": "91110000600037341L"}) == {
        "credit_code": ["account.company_only"]
    }


def test_company_belongs_to_company_and_person_to_household() -> None:
    group = make.account(name="大集团有限公司", group_role="headquarters")
    home = make.record("customers.account", {"name": "王家", "kind": "household"})
    make.account(parent=group, group_role="subsidiary")
    make.person(parent=home, group_role="member")
    for kind, parent in (("company", home), ("person", group), ("household", home)):
        assert refused("customers.account", {"name": "某某", "kind": kind, "parent": parent}) == {
            "parent": ["account.parent_kind"]
        }


def test_group_cannot_stand_below_itself() -> None:
    group = make.account()
    branch = make.account(parent=group, group_role="branch")
    with pytest.raises(write.Invalid) as caught, make.acting(make.SYSTEM):
        write.save(make.SYSTEM, catalogue.get("customers.account"), {"parent": branch}, id=group)
    assert [p.code for p in caught.value.problems["parent"]] == ["link.itself"]


def test_relation_needs_exactly_one_other_end() -> None:
    one, other = make.account(), make.account()
    relation = {"account": one, "type": "supplies"}
    assert refused("customers.relation", relation) == {"other": ["relation.other"]}
    assert refused("customers.relation", {**relation, "other": one}) == {"other": ["link.itself"]}
    period = {"other": other, "since": "2020-01-01", "until": "2019-01-01"}
    assert refused("customers.relation", {**relation, **period}) == {"until": ["period.order"]}
    make.record("customers.relation", {**relation, "other": other})


def test_contact_point_is_kept_in_standard_form_or_refused() -> None:
    account = make.account()
    made = make.record("customers.contactpoint", {"account": account, "kind": "mobile", "value": "138 0013 8000"})
    assert make.row("customers.contactpoint", made).value == "+8613800138000"
    wrong = refused("customers.contactpoint", {"account": account, "kind": "email", "value": "nobody"})
    assert wrong == {"value": ["email.no_at"]}


def test_credit_code_is_taken_once() -> None:
    make.account(credit_code="91110000600037341L")
    assert refused("customers.account", {"name": "B 有限公司", "credit_code": "91110000600037341L"}) == {
        "credit_code": ["field.taken"]
    }


def test_categories_of_one_name_stand_in_different_places() -> None:
    top = make.record("customers.category", {"name": "企业"})
    make.record("customers.category", {"name": "重点", "parent": top})
    make.record("customers.category", {"name": "重点"})
    assert "name" in refused("customers.category", {"name": "重点", "parent": top})
