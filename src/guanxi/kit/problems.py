# ruff: noqa: E501 (tables)
"""What is wrong with a value: a code, its parameters, and one English sentence per code that names the remedy.

Fronts translate with ``_(MESSAGES[problem.code]) % problem.params``; nothing here knows about languages. Rooms above add
their own codes to the table when they are imported; a problem with an unknown code cannot be made, so a message can never be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: code -> English template in ``%`` style. ``%(value)s`` is always the value as the user typed it (shortened).
MESSAGES: dict[str, str] = {
    # phones
    "phone.empty": "There is no telephone number here; give one or leave the field empty",
    "phone.no_digits": "'%(value)s' has no digits; give a telephone number such as 138 0013 8000",
    "phone.mobile_length": "'%(value)s' has %(digits)d digits; a mainland mobile has 11",
    "phone.too_short": "'%(value)s' is too short for a telephone number of %(region)s; add the area code or the missing digits",
    "phone.too_long": "'%(value)s' is too long for a telephone number of %(region)s; if these are two numbers, separate them with a comma",
    "phone.several": "'%(value)s' holds several numbers; keep one here and put the others into their own fields",
    "phone.unknown_country": "'%(value)s' starts with a country code that does not exist; check the digits after the +",
    "phone.invalid": "'%(value)s' is not a number in use in %(region)s; check the digits, or start with + and the country code",
    "phone.shortened": "'%(value)s' was shortened by the spreadsheet; format the column as text and fill it again",
    "phone.letters": "'%(value)s' mixes letters into the number; give digits, and an extension as 'ext. 803' or '转803'",
    # e-mail
    "email.empty": "There is no e-mail address here; give one or leave the field empty",
    "email.no_at": "'%(value)s' has no @; an e-mail address looks like name@company.com",
    "email.several": "'%(value)s' holds several addresses; keep one here",
    "email.domain": "The part after the @ in '%(value)s' is not a domain; it should look like company.com",
    "email.local": "The part before the @ in '%(value)s' has characters an e-mail address cannot have; remove them",
    "email.too_long": "'%(value)s' is too long for an e-mail address; it may have 64 characters before the @ and 254 in all",
    "email.invalid": "'%(value)s' is not an e-mail address; it should look like name@company.com",
    # dates
    "date.empty": "There is no date here; give one or leave the field empty",
    "date.ambiguous": "'%(value)s' can mean two days (%(first)s or %(second)s); write it as YYYY-MM-DD or say which order the column uses",
    "date.incomplete": "'%(value)s' has no day; write the whole date as YYYY-MM-DD",
    "date.impossible": "'%(value)s' is not a day of the calendar; check the month and the day",
    "date.range": "'%(value)s' is outside the years %(first)d to %(last)d; check the year",
    "date.short_year": "'%(value)s' has a year of two digits; write four",
    "date.invalid": "'%(value)s' is not a date; write it as YYYY-MM-DD",
    "time.invalid": "'%(value)s' has a time of day that does not exist; write it as HH:MM",
    # numbers
    "number.empty": "There is no number here; give one or leave the field empty",
    "number.invalid": "'%(value)s' is not a number; write it with digits, such as 1234.50",
    "number.fraction": "'%(value)s' has a fraction; a whole number is wanted here",
    "number.currency": "'%(value)s' is in %(found)s; an amount in %(wanted)s is wanted here",
    "number.too_big": "'%(value)s' is too large; check for digits that were pasted together",
    # names, text
    "name.empty": "There is no name here; give one",
    "name.too_long": "'%(value)s' is longer than %(limit)d characters; shorten it",
    # codes
    "uscc.length": "'%(value)s' has %(length)d characters; a unified social credit code has 18",
    "uscc.characters": "'%(value)s' has the character %(found)s, which no credit code has (never I, O, S, V or Z); compare it with the licence",
    "uscc.check": "The check digit of '%(value)s' does not fit; compare it with the licence, one character was mistyped",
    "resident_id.length": "'%(value)s' has %(length)d characters; a resident identity number has 18 (or 15 on old cards)",
    "resident_id.characters": "'%(value)s' may only have digits, and X at the end; remove everything else",
    "resident_id.place": "'%(value)s' starts with %(found)s, which is no province; compare it with the card",
    "resident_id.date": "'%(value)s' holds the birth date %(found)s, which does not exist or lies ahead; compare it with the card",
    "resident_id.check": "The check digit of '%(value)s' does not fit; compare it with the card, one digit was mistyped",
    "resident_id.birth_date": "'%(value)s' says born on %(found)s, but the birth date given is %(given)s; correct one of them",
    "resident_id.gender": "'%(value)s' is the number of a %(found)s person, but %(given)s is given; correct one of them",
    "currency.unknown": "'%(value)s' is no currency we know; use the three letters of ISO 4217, such as CNY or USD",
    "country.unknown": "'%(value)s' is no country we know; use its name or its two letters, such as CN or US",
    "industry.unknown": "'%(value)s' is no section of GB/T 4754; use the letter A to T or the name of the section",
    "gender.unknown": "'%(value)s' is no gender we know; write 男, 女, male, female or leave it empty",
    "boolean.unknown": "'%(value)s' is neither yes nor no; write 是 or 否, yes or no",
    "url.empty": "There is no web address here; give one or leave the field empty",
    "url.scheme": "'%(value)s' does not start with http:// or https://; only web addresses are taken here",
    "url.host": "'%(value)s' has no valid host name; a web address looks like https://company.com",
    "url.credentials": "'%(value)s' holds a user name or password; remove the part before the @",
    "url.invalid": "'%(value)s' is not a web address; it should look like https://company.com",
    "address.empty": "There is no address here; give one or leave the field empty",
    # ranges
    "range.unknown": "'%(value)s' is no range of dates we know; use one such as today, this_month or last_30_days",
    # rows of a table
    "row.ragged": "This row has %(cells)d cells but the header has %(columns)d; a cell probably holds the separator without quotation marks",
    "cell.rounded": "%(value)s in column '%(column)s' has more than 15 digits, so the spreadsheet has rounded it; format the column as text and "
    "fill it again",
    "cell.error": "Column '%(column)s' holds the spreadsheet error %(value)s; correct the formula",
    "header.duplicate": "The column name '%(name)s' occurs %(times)d times; rename the columns so that each name occurs once",
    "header.unnamed": "Column %(position)d has no name but holds values; give it a name in the header row",
}

#: The codes of kit and standards themselves; what rooms above add does not count as theirs.
OWN_CODES: frozenset[str] = frozenset(MESSAGES)

_SHOWN = 60


def shown(value: object) -> str:
    """The value as a message may repeat it: one line, at most 60 characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with one value; ``code`` is a key of :data:`MESSAGES`, ``params`` fill its template."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if self.code not in MESSAGES:
            raise KeyError(f"unknown problem code {self.code!r}; add it to kit.problems.MESSAGES")

    @property
    def template(self) -> str:
        """The English template, which is also the msgid of its translation."""
        return MESSAGES[self.code]

    @property
    def message(self) -> str:
        """The sentence in English, with the values filled in."""
        return MESSAGES[self.code] % self.params

    def __str__(self) -> str:
        return self.message


class BadValue(ValueError):
    """A value that cannot be taken; carries the :class:`Problem` that says why and what to do."""

    def __init__(self, code: str, /, **params: Any) -> None:
        if "value" in params:
            params["value"] = shown(params["value"])
        self.problem = Problem(code, params)
        super().__init__(code)

    @property
    def code(self) -> str:
        return self.problem.code

    def __str__(self) -> str:
        return self.problem.message
