# ruff: noqa: E501 (tables of words and patterns)
"""E-mail addresses: checked by syntax (never by asking the network), domain in lower case, the part before the @ as written."""

from __future__ import annotations

import re

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from guanxi.kit.problems import BadValue
from guanxi.kit.text import clean, nfkc

VERSION = 1

_PLAIN = re.compile(
    r"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24})",
    re.ASCII,
)
_SPECIAL = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)
_NAMED = re.compile(r"[^<>]*<\s*([^<>\s]+)\s*>")
_DOTS = str.maketrans("。．｡", "...")

#: Domains people mean when they mistype; the right ones of these are what :func:`typo_hint` proposes.
_TYPOS: dict[str, str] = {
    wrong: right
    for right, wrongs in {
        "gmail.com": "gmial.com gmai.com gmal.com gamil.com gmail.co gmail.cm gmail.con gmail.cn gnail.com gmaill.com gmil.com ggmail.com gmeil.com",
        "hotmail.com": "hotmial.com hotmai.com hotmal.com hotamil.com hotmil.com hotmail.co hotmail.con hotnail.com hormail.com",
        "outlook.com": "outlok.com outook.com outlook.co outlook.con oulook.com outloook.com",
        "yahoo.com": "yaho.com yahooo.com yahoo.co yahoo.con yhaoo.com",
        "icloud.com": "iclod.com icloud.co icloud.con icoud.com",
        "qq.com": "qq.con qq.co qq.cm qq.cn qqq.com q.com qq.om qq.vom 99.com",
        "163.com": "163.con 163.co 163.cm 162.com 1163.com 163.cn",
        "126.com": "126.con 126.co 126.cm 126.cn",
        "foxmail.com": "foxmial.com foxmai.com foxmail.con foxmail.co",
        "sina.com": "sina.con sian.com",
        "aliyun.com": "aliyun.con alyun.com",
    }.items()
    for wrong in wrongs.split()
}  # fmt: skip
_TYPO_ENDS = {
    ".con": ".com",
    ".cmo": ".com",
    ".ocm": ".com",
    ".comm": ".com",
    ".coom": ".com",
    ".vom": ".com",
    ".xom": ".com",
    ".nte": ".net",
}
_ROLES = frozenset(
    "info sales support admin administrator office contact service hr marketing webmaster postmaster noreply no-reply kefu hello mail "
    "enquiry enquiries billing finance accounts purchase jobs press abuse".split()
)
_PLACEHOLDERS = re.compile(
    r"(?:no|none|test|na|n/a|null|xxx+|aaa+|123+|noemail|nomail|unknown)@.*|.*@(?:test|none|example|xxx+|noemail)\.[a-z]+"
)


def normalise(raw: object) -> str:
    """The address with its domain in lower case. Takes ``Name <a@b.com>``, ``mailto:`` and full-width signs. Raises :class:`BadValue`."""
    if len(str(raw)) > 1000:  # patterns never see more
        raise BadValue("email.too_long", value=raw)
    if isinstance(raw, str):
        plain = _PLAIN.fullmatch(raw)
        if plain and _short(plain):
            return f"{plain[1]}@{plain[2].lower()}"
    text = nfkc(str(raw).translate(_DOTS))
    named = _NAMED.fullmatch(text)
    if named:
        text = named[1]
    if text[:7].lower() == "mailto:":
        text = text[7:].partition("?")[0]
    text = text.lstrip(" <\"'").rstrip(" .,;:>\"'")
    text = re.sub(r"\s*@\s*", "@", text)
    if not text:
        raise BadValue("email.empty")
    plain = _PLAIN.fullmatch(text)
    if plain and _short(plain):
        return f"{plain[1]}@{plain[2].lower()}"
    ats = text.count("@")
    if ats == 0:
        raise BadValue("email.no_at", value=text)
    if ats > 1:
        raise BadValue("email.several" if re.search(r"[,;、/\s]", text) else "email.invalid", value=text)
    local, _, domain = text.partition("@")
    if len(local.encode()) > 64 or len(text.encode()) > 254:
        raise BadValue("email.too_long", value=text)
    try:
        checked = validate_email(text, check_deliverability=False)
    except EmailNotValidError:
        raise BadValue(_where(local, domain), value=text)
    return f"{checked.local_part}@{checked.domain.lower()}"


def _where(local: str, domain: str) -> str:
    """Which side of the @ is wrong."""
    if not local:
        return "email.invalid"
    try:
        validate_email("x@" + domain, check_deliverability=False)
    except EmailNotValidError:
        return "email.domain"
    return "email.local"


def _short(match: re.Match[str]) -> bool:
    domain = match[2]
    if len(match[1]) > 64 or match.end() > 254 or len(domain) > 253 or "--" in domain:
        return False
    return domain.rpartition(".")[2].lower() not in _SPECIAL


def comparison_key(email: str) -> str:
    """Two addresses with the same key are the same mailbox for all practical purposes: case folded as a whole."""
    return clean(email).casefold()


def typo_hint(email: str) -> str | None:
    """The address the person probably meant (``li@gmial.com`` → ``li@gmail.com``), or None."""
    local, _, domain = email.rpartition("@")
    domain = domain.lower()
    right = _TYPOS.get(domain)
    if right is None:
        for wrong_end, right_end in _TYPO_ENDS.items():
            if domain.endswith(wrong_end):
                right = domain[: -len(wrong_end)] + right_end
                break
    return f"{local}@{right}" if right and local else None


def is_role(email: str) -> bool:
    """Whether the address is of a function (info@, sales@) rather than a person."""
    return email.partition("@")[0].lower() in _ROLES


def is_placeholder(email: str) -> bool:
    """Whether somebody filled in anything to get past a form (test@test.com, none@none.com)."""
    return _PLACEHOLDERS.fullmatch(email.lower()) is not None


def mask(email: str) -> str:
    """``z***@company.com``: first character and domain; a single character is hidden."""
    local, at, domain = email.rpartition("@")
    if not at:
        return "***"
    return f"{local[0] if len(local) > 1 else ''}***@{domain}"
