"""Kinds of values: every face of a value (parse, normalise, validate, format, filter, JSON, warehouse, mask) in one place."""

from guanxi.records.kinds.base import DEFAULT, Formats, Kind, Operator, Option
from guanxi.records.kinds.choices import Choice, MultiChoice
from guanxi.records.kinds.links import Link, Links, Person, Tags
from guanxi.records.kinds.numbers import Integer, Money, Number, Percent, Rating, YesNo
from guanxi.records.kinds.others import Address, Computed, File, Secret
from guanxi.records.kinds.texts import Code, CompanyName, Email, LongText, PersonName, Phone, Text, Url
from guanxi.records.kinds.times import Date, DateTime

KINDS: dict[str, type[Kind]] = {
    kind.key: kind
    for kind in (
        Text, LongText, Code, PersonName, CompanyName, Phone, Email, Url, Integer, Number, Money, Percent, Rating, YesNo,
        Date, DateTime, Choice, MultiChoice, Link, Links, Person, Tags, Address, Secret, File, Computed,
    )
}  # fmt: skip

__all__ = [
    "DEFAULT", "KINDS", "Address", "Choice", "Code", "CompanyName", "Computed", "Date", "DateTime", "Email", "File",
    "Formats", "Integer", "Kind", "Link", "Links", "LongText", "Money", "MultiChoice", "Number", "Operator", "Option",
    "Percent", "Person", "PersonName", "Phone", "Rating", "Secret", "Tags", "Text", "Url", "YesNo",
]  # fmt: skip
