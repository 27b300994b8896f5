# ruff: noqa: E501 (tables)
"""E-mail addresses."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from guanxi.kit.problems import BadValue
from guanxi.standards import email

GOOD = [
    ("li@acme.com", "li@acme.com"),
    ("Li.Wei@ACME.Com", "Li.Wei@acme.com"),
    ("  li@acme.com  ", "li@acme.com"),
    ("ｌｉ＠ａｃｍｅ．ｃｏｍ", "li@acme.com"),
    ("li@acme。com", "li@acme.com"),
    ("mailto:li@acme.com", "li@acme.com"),
    ("mailto:li@acme.com?subject=Hi", "li@acme.com"),
    ("Li Wei <li@acme.com>", "li@acme.com"),
    ('"Wei, Li" <li@acme.com>', "li@acme.com"),
    ("li@acme.com;", "li@acme.com"),
    ("li @ acme.com", "li@acme.com"),
    ("li+crm@acme.co.uk", "li+crm@acme.co.uk"),
    ("o'neil@acme.ie", "o'neil@acme.ie"),
    ("li_wei-2@mail.acme.com.cn", "li_wei-2@mail.acme.com.cn"),
    ("12345678@qq.com", "12345678@qq.com"),
    ("a@b.cn", "a@b.cn"),
    ("li\u200b@acme.com", "li@acme.com"),
    ("li@münchen.de", "li@münchen.de"),
    ("用户@例子.广告", "用户@例子.广告"),
    ("x" * 64 + "@acme.com", "x" * 64 + "@acme.com"),
    ("li@1688.com", "li@1688.com"),
    ("li@xn--mnchen-3ya.de", "li@münchen.de"),
]


@pytest.mark.parametrize(("raw", "want"), GOOD)
def test_good(raw: str, want: str) -> None:
    assert email.normalise(raw) == want
    assert email.normalise(want) == want


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "email.empty"),
        (" ", "email.empty"),
        ("无", "email.no_at"),
        ("li.acme.com", "email.no_at"),
        ("li@", "email.domain"),
        ("@acme.com", "email.invalid"),
        ("li@acme", "email.domain"),
        ("li@acme..com", "email.domain"),
        ("li@-acme.com", "email.domain"),
        ("li@acme.c0m1-", "email.domain"),
        ("li..wei@acme.com", "email.local"),
        (".li@acme.com", "email.local"),
        ("li wei@acme.com", "email.local"),
        ("li@acme.com, wu@acme.com", "email.several"),
        ("li@acme.com/wu@acme.com", "email.several"),
        ("li@@acme.com", "email.invalid"),
        ("x" * 65 + "@acme.com", "email.too_long"),
        ("li@" + "x" * 64 + ".com", "email.domain"),
        ("li@localhost", "email.domain"),
        ("li@acme.local", "email.domain"),
        ("li@127.0.0.1", "email.domain"),
        ("li(x)@acme.com", "email.local"),
    ],
)
def test_bad(raw: str, code: str) -> None:
    with pytest.raises(BadValue) as error:
        email.normalise(raw)
    assert error.value.code == code, error.value


CHARS = st.text("abcXYZ019._+-", min_size=1, max_size=12)


@given(
    CHARS,
    st.text("abcXYZ019-.", min_size=1, max_size=14),
    st.sampled_from(["com", "cn", "co.uk", "test", "local", "x", "c1"]),
)
def test_the_fast_way_agrees_with_email_validator(local: str, domain: str, end: str) -> None:
    raw = f"{local}@{domain}.{end}"
    match = email._PLAIN.fullmatch(raw)
    if not match or not email._short(match):
        return
    try:
        checked = validate_email(raw, check_deliverability=False)
    except EmailNotValidError as error:
        raise AssertionError(f"{raw}: {error}") from error
    assert email.normalise(raw) == f"{checked.local_part}@{checked.domain}"


@given(st.text(max_size=30))
def test_any_text_is_an_address_or_a_bad_value(raw: str) -> None:
    for text in (raw, raw + "@acme.com", "li@" + raw):
        try:
            result = email.normalise(text)
        except BadValue:
            continue
        assert email.normalise(result) == result


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("li@gmial.com", "li@gmail.com"), ("li@gmail.con", "li@gmail.com"), ("li@hotmial.com", "li@hotmail.com"), ("1@qq.con", "1@qq.com"),
        ("li@163.cm", "li@163.com"), ("li@acme.con", "li@acme.com"), ("li@gmail.com", None), ("li@qq.com", None), ("li@acme.cn", None), ("li@126.com", None),
    ],
)  # fmt: skip
def test_typos_are_hinted(address: str, hint: str | None) -> None:
    assert email.typo_hint(address) == hint


def test_no_hint_proposes_another_typo() -> None:
    for wrong in email._TYPOS:
        hint = email.typo_hint("li@" + wrong)
        assert hint
        assert email.typo_hint(hint) is None


def test_roles_placeholders_and_comparing() -> None:
    assert email.is_role("Info@acme.com")
    assert not email.is_role("li@acme.com")
    assert email.is_placeholder("test@test.com")
    assert not email.is_placeholder("li@acme.com")
    assert email.comparison_key("Li@Acme.com") == email.comparison_key("li@acme.COM")


@pytest.mark.parametrize(
    ("address", "want"),
    [("zhang@acme.com", "z***@acme.com"), ("a@acme.com", "***@acme.com"), ("broken", "***"), ("", "***")],
)
def test_mask(address: str, want: str) -> None:
    assert email.mask(address) == want


@given(st.from_regex(r"\A[a-z]{2,20}@acme\.com\Z"))
def test_mask_never_reveals(address: str) -> None:
    masked = email.mask(address)
    assert masked == address[0] + "***@acme.com"
