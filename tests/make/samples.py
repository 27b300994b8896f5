"""Values for any field of any entity, each with a mark of its own, so that a new entity needs no test data of its own.

`Maker.values(entity)` fills every field that may be edited; what a kind cannot mark (yes/no, choices) gets a valid value.
What an entity's own rules ask for stands in `RULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from guanxi.records import custom, kinds
from guanxi.records.choices import values as choice_values
from guanxi.records.entity import Entity, Field

_LETTERS = "bcdfghjkmnpqrstvwxz"
FIRST_DAY = date(1993, 1, 1)


def word(n: int) -> str:
    """A mark that no text has by chance: cnry, five letters, q."""
    out = ""
    for _ in range(5):
        n, rest = divmod(n, len(_LETTERS))
        out = _LETTERS[rest] + out
    return f"cnry{out}q"


def resident_id(n: int) -> str:
    """A valid identity number whose date and sequence are made of n."""
    day = date(1950, 1, 1) + timedelta(days=n % 18_000)
    body = f"110101{day:%Y%m%d}{n % 1000:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def credit_code(n: int) -> str:
    from stdnum.cn import uscc

    body = f"91110000{n:09d}"
    return str(body + uscc.calc_check_digit(body))


@dataclass(frozen=True)
class Mark:
    """What can be recognised of a value, wherever it is shown: a word, a run of digits, a day."""

    text: str
    sort: str  # word, digits, day


@dataclass
class Maker:
    """Makes values with marks that rise by one for each value. `links`: entity key → id to link to."""

    n: int = 1
    links: dict[str, Any] = field(default_factory=dict)
    user: int | None = None
    tags: list[int] = field(default_factory=list)

    def next(self) -> int:
        self.n += 1
        return self.n

    def value(self, f: Field) -> tuple[Any, tuple[Mark, ...]]:
        """A value that the write door takes, and how to recognise it; (None, ()) when there is none to give."""
        n, kind = self.next(), f.kind
        w = word(n)
        text = (Mark(w, "word"),)
        match kind:
            case kinds.Tags():
                return (list(self.tags) or None), ()
            case kinds.Person():
                return self.user, ()
            case kinds.Links():
                to = self.links.get(kind.target)
                return ([to] if to else None), ()
            case kinds.Link():
                return self.links.get(kind.target), ()
            case kinds.MultiChoice():
                return list(choice_values(kind.list))[:2], ()
            case kinds.Choice():
                codes = list(choice_values(kind.list))
                return codes[n % len(codes)], ()
            case kinds.Secret():
                number = resident_id(n) if kind.standard == "resident_id" else w
                return number, (Mark(number, "digits") if number[:1].isdigit() else Mark(w, "word"),)
            case kinds.Code() if kind.standard == "uscc":
                code = credit_code(n)
                return code, (Mark(code[:17], "digits"),)
            case kinds.Email():
                return f"{w}@example.com", text
            case kinds.Phone():
                # Scattered, not counted: 138 0000 0102 is found in 138 0000 1027, by their groups of four digits.
                local = f"138{n * 61_803_399 % 10**8:08d}"
                return f"+86{local}", (Mark(local, "digits"),)
            case kinds.Url():
                return f"https://{w}.example.com/", text
            case kinds.Address():
                return {
                    "country": "CN",
                    "province": "江苏省",
                    "city": "苏州市",
                    "district": "虎丘区",
                    "detail": f"{w}路1号",
                }, text
            case kinds.File():
                return {"id": f"{n:032x}", "name": f"{w}.pdf", "size": 10, "sha256": "0" * 64}, text
            case kinds.Rating():
                return n % 5 + 1, ()
            case kinds.Percent():
                return Decimal(7_000_000 + n), (Mark(str(7_000_000 + n), "digits"),)
            case kinds.Integer():
                if kind.high is not None and kind.high < 9_000_000:
                    return n % 1000, ()
                return 8_000_000 + n, (Mark(str(8_000_000 + n), "digits"),)
            case kinds.Number():
                return Decimal(9_000_000 + n) + Decimal("0.37"), (Mark(str(9_000_000 + n), "digits"),)
            case kinds.YesNo():
                return n % 2 == 0, ()
            case kinds.DateTime():
                day = FIRST_DAY + timedelta(days=n)
                return datetime(day.year, day.month, day.day, 4, 30, tzinfo=UTC), (Mark(day.isoformat(), "day"),)
            case kinds.Date():
                day = FIRST_DAY + timedelta(days=n)
                return day, (Mark(day.isoformat(), "day"),)
            case kinds.LongText():
                return f"{w} first line\n第二行 {w}", text
            case kinds.Text():
                value = f"{w.capitalize()}"
                return value.upper() if isinstance(kind, kinds.Code) else value, text
        return None, ()

    def values(self, entity: Entity, **given: Any) -> tuple[dict[str, Any], dict[str, tuple[Mark, ...]]]:
        """Values for every field that a person may fill, by key, and their marks. `given` wins."""
        found: dict[str, Any] = {}
        marks: dict[str, tuple[Mark, ...]] = {}
        for key, f in custom.fields(entity).items():
            if f.read_only or f.computed:
                continue
            value, seen = self.value(f)
            if value is not None:
                found[key], marks[key] = value, seen
        wanted = {**found, **RULES.get(entity.key, lambda v: {})(found), **given}
        kept = {k: v for k, v in wanted.items() if v is not None}
        return kept, {k: m for k, m in marks.items() if k in kept and kept[k] == found[k]}


def _account(values: Mapping[str, Any]) -> dict[str, Any]:
    """A company; `person=True` is made by `given`."""
    return {
        "kind": "company", "gender": None, "birth_date": None, "id_number": None, "employer": None, "parent": None, "group_role": None,
        "currency": "CNY", "language": "zh",
    }  # fmt: skip


def person(values: Mapping[str, Any]) -> dict[str, Any]:
    """What makes an account of a person out of full values."""
    return {
        "kind": "person",
        "credit_code": None,
        "parent": None,
        "group_role": None,
        "currency": "CNY",
        "gender": "female",
    }


def _relation(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"contact": None, "since": date(2020, 1, 1), "until": None}


def _point(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": "wechat", "contact": None}


#: What an entity's own rules ask for beyond its kinds.
RULES: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "customers.account": _account,
    "customers.category": lambda v: {"parent": None},
    "customers.relation": _relation,
    "customers.contactpoint": _point,
    "trade.category": lambda v: {"parent": None},
    "trade.product": lambda v: {"currency": "CNY"},
    "trade.order": lambda v: {"contact": None, "currency": "CNY", "discount": Decimal("1.25")},
    "trade.orderline": lambda v: {"discount": Decimal("0.5"), "quantity": Decimal(1)},
    "trade.payment": lambda v: {"currency": "CNY"},
}
