# ruff: noqa: E501 (tables of words and patterns)
"""Names of companies: one spelling, the core without legal form, and the branch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from guanxi.kit.problems import BadValue
from guanxi.kit.text import fold, has_cjk, nfkc

VERSION = 1
MAX_LENGTH = 200

_FORMS_ZH = (
    "股份有限责任公司 集团股份有限公司 股份有限公司 有限责任公司 集团有限公司 控股有限公司 有限公司 股份公司 集团公司 总公司 公司 集团 "
    "有限合伙企业 普通合伙企业 合伙企业 (有限合伙) (普通合伙) (特殊普通合伙) 个人独资企业 有限責任公司 股份有限公司 股份公司 株式会社 有限会社 合同会社 주식회사"
).split()
_FORMS = (
    "co ltd|company limited|company ltd|co limited|co inc|corp ltd|pte ltd|pvt ltd|pty ltd|private limited|sdn bhd|limited liability company|limited|ltd|"
    "incorporated|inc|corporation|corp|company|co|llc|llp|lp|plc|gmbh and co kg|gmbh co kg|gmbh|ag|kg|ohg|ug|se|sarl|sas|sa|srl|spa|sl|bv|nv|"
    "oy|ab|as|aps|kft|sro|sp z oo|doo|ooo|zao|kk|bhd|holdings|holding|group"
).split("|")
_FORM_WORDS = [form.split() for form in sorted(_FORMS, key=lambda f: (-len(f.split()), -len(f)))]
_ZH_SORTED = sorted(set(_FORMS_ZH), key=len, reverse=True)
_BRANCH = re.compile(
    r"^(?P<parent>.{2,}?(?:公司|集团|银行|事务所|酒店|大学|医院|株式会社))\(?(?P<branch>[^()]{1,20}?(?:分公司|分行|支行|分所|分店|门店|店|办事处|分部|营业部|分校|分院|支公司|代表处))\)?$"
)
_BANK_BRANCH = re.compile(
    r"^(?P<parent>.{2,}?银行(?:(?:股份)?有限(?:责任)?公司)?)(?P<branch>.{2,20}?(?:分行|支行|营业部|分理处))$"
)
_LATIN_BRANCH = re.compile(
    r"^(?P<parent>.+?)[\s,–-]+\(?(?P<branch>[\w .]{2,30}? (?:branch(?: office)?|office|store))\)?$", re.IGNORECASE
)
_SPACES_IN_CJK = re.compile(r"(?<=[\u3400-\u9fff()])\s+(?=[\u3400-\u9fff()])")
_FULL_BRACKETS = str.maketrans("（）【】[]〔〕「」《》", "()()()()" + "()" + "()")
_PLACEHOLDERS = frozenset(
    "test 测试 测试公司 无 未知 暂无 none null na n/a unknown - 个人 private 公司 xxx 待定 tbd".split()
)


@dataclass(frozen=True, slots=True)
class CompanyParts:
    """Parent and branch of a name; ``branch`` is empty for a head office."""

    parent: str
    branch: str


def normalise(raw: object) -> str:
    """One spelling: width, spaces, brackets (always half width), no spaces between Chinese characters. Raises :class:`BadValue`."""
    text = str(raw)
    if len(text) > 10 * MAX_LENGTH:  # patterns never see more
        raise BadValue("name.too_long", value=text, limit=MAX_LENGTH)
    text = nfkc(text)
    if not text:
        raise BadValue("name.empty")
    if len(text) > MAX_LENGTH:
        raise BadValue("name.too_long", value=text, limit=MAX_LENGTH)
    if not text.isascii() and has_cjk(text):
        text = _SPACES_IN_CJK.sub("", text.translate(_FULL_BRACKETS))
    text = text.strip(" ,;'\"")
    if not text:
        raise BadValue("name.empty")
    return text


def is_placeholder(name: str) -> bool:
    """Whether somebody filled in anything to get past a form."""
    return fold(name) in _PLACEHOLDERS


def branch(name: str) -> CompanyParts:
    """北京恒通有限公司上海分公司 → 北京恒通有限公司 + 上海分公司; names without a branch come back whole."""
    text = normalise(name)
    for pattern in (_BANK_BRANCH, _BRANCH, _LATIN_BRANCH):
        found = pattern.match(text)
        if found:
            return CompanyParts(found["parent"].strip(" -,"), found["branch"].strip())
    return CompanyParts(text, "")


@lru_cache(maxsize=16384)
def core(name: str) -> str:
    """What makes the name this company's: folded, without legal form, branch and punctuation. For comparing, not for showing.

    北京恒通贸易有限公司 → 北京恒通贸易; ``ACME Trading Co., Ltd.`` → ``acme trading``. Never empty for a name that is not.
    """
    parent = branch(name).parent
    text = fold(parent).translate(_FULL_BRACKETS)
    if has_cjk(text):
        bare = text
        for form in () if text in _ZH_SORTED else _ZH_SORTED:
            if bare.endswith(form) and len(bare) > len(form) + 1:
                bare = bare[: -len(form)]
                break
        for form in ("株式会社", "주식회사"):
            if bare.startswith(form) and len(bare) > len(form):
                bare = bare[len(form) :]
        bare = re.sub(r"[\W_]+", "", bare)
        return bare or text
    words = re.sub(
        r"[^\w]+", " ", re.sub(r"(?<=\b\w)\.(?=\w\b)", "", text.replace("'", "").replace("&", " and "))
    ).split()
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    changed = True
    while changed and len(words) > 1:
        changed = False
        for ending in _FORM_WORDS:
            if len(words) > len(ending) and words[-len(ending) :] == ending:
                words = words[: -len(ending)]
                changed = True
                break
    if len(words) > 1 and words[-1] == "and":
        words = words[:-1]
    return " ".join(words) or text


def mask(name: str) -> str:
    """First two characters of a Chinese name, the first letter of each word of others."""
    text = " ".join(name.split())
    if not text:
        return ""
    if has_cjk(text):
        return text[:2] + "****" if len(text) > 2 else "****"
    return " ".join(word[0] + "***" if len(word) > 1 else "***" for word in text.split(" "))
