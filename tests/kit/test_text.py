"""Folding, pinyin and the tokens of the search index."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.kit import text


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        ("  Acme   Corp ", "acme corp"),
        ("ＡＢＣ１２３", "abc123"),
        ("Müller", "muller"),
        ("José  Núñez", "jose nunez"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("张\u200b三", "张三"),
        ("\ufeff李四", "李四"),
        ("（北京）", "(北京)"),
        ("①②", "12"),
        ("ガス", "ガス"),
        ("ｶﾞｽ", "ガス"),
        ("한국", "한국"),
        ("a\u00a0b", "a b"),
        ("a\u3000b", "a b"),
        ("a\tb\nc", "a b c"),
        ("Łódź", "łodz"),
        ("ﬁne", "fine"),
        ("Ⅷ", "viii"),
        ("İstanbul", "istanbul"),
        ("", ""),
    ],
)
def test_fold(raw: str, want: str) -> None:
    assert text.fold(raw) == want


@given(st.text(max_size=40))
def test_fold_is_idempotent(raw: str) -> None:
    assert text.fold(text.fold(raw)) == text.fold(raw)


@given(st.text(max_size=40))
def test_clean_is_idempotent_and_invents_nothing(raw: str) -> None:
    cleaned = text.clean(raw)
    assert text.clean(cleaned) == cleaned
    assert set(cleaned) <= set(raw) | {" "}


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("单田芳", "shan tian fang"),
        ("仇英", "qiu ying"),
        ("区志强", "ou zhi qiang"),
        ("查良镛", "zha liang yong"),
        ("解晓东", "xie xiao dong"),
        ("曾国藩", "zeng guo fan"),
        ("朴树", "piao shu"),
        ("尉迟恭", "yu chi gong"),
        ("万俟卨", "mo qi xie"),
        ("澹台灭明", "tan tai mie ming"),
        ("盖聂", "ge nie"),
        ("任重", "ren zhong"),
        ("华佗", "hua tuo"),
        ("翟志刚", "zhai zhi gang"),
        ("缪斌", "miao bin"),
        ("覃辉", "qin hui"),
        ("乐嘉", "yue jia"),
        ("令狐冲", "ling hu chong"),
        ("长孙无忌", "zhang sun wu ji"),
        ("员半千", "yun ban qian"),
        ("欧阳修", "ou yang xiu"),
        ("吕布", "lv bu"),
        ("冼星海", "xian xing hai"),
    ],
)
def test_surnames_are_read_as_surnames(name: str, want: str) -> None:
    assert " ".join(text.pinyin(name, surname=True)) == want


@pytest.mark.parametrize(
    ("words", "want"),
    [
        ("重庆长安汽车", "chong qing chang an qi che"),
        ("中国银行", "zhong guo yin hang"),
        ("厦门大厦", "xia men da sha"),
        ("单位", "dan wei"),
    ],
)
def test_phrases_are_read_as_phrases(words: str, want: str) -> None:
    assert " ".join(text.pinyin(words)) == want


RECORD = text.search_tokens(
    names=["张三丰", "北京恒通贸易有限公司"],
    phones=["+8613800138000", "+861088886666;ext=803"],
    emails=["San.Feng@HengTong.com.cn"],
    numbers=["C1001", "SO-2024-00017"],
    words=["VIP 老客户"],
    scopes=[text.scope_token("owner", 7)],
)


@pytest.mark.parametrize(
    "query",
    [
        "张", "三", "丰", "张三", "三丰", "张三丰", "zhangsanfeng", "zhangsan", "zhang san", "sanfeng", "zsf", "sf", "zh", "Zhang Sanfeng",
        "恒通", "恒通 贸易", "bjht", "hengtong", "ht", "maoyi", "13800138000", "138 0013 8000", "+86 138 0013 8000", "8000", "0013",
        "01088886666", "010-8888 6666", "008613800138000", "san.feng@hengtong.com.cn", "san.feng@heng", "feng", "hengtong.com", "C1001",
        "c10", "1001", "SO-2024-00017", "so2024", "00017", "vip", "老客户", "老客", "张三丰 138", "张 zsf 8000", "ＺＳＦ", "sanfeng com",
    ],
)  # fmt: skip
def test_query_finds_record(query: str) -> None:
    terms = text.query_tokens(query)
    assert terms
    assert text.matches(RECORD, terms), terms


@pytest.mark.parametrize(
    "query",
    [
        "李",
        "张丰",
        "zhangwu",
        "13900139000",
        "恒 李",
        "wsf",
        "8002",
        "c2",
        "@gmail.com",
        "张三丰 139",
        "#owner:8",
        "=李",
        "hotmail",
        "tong c9",
    ],
)
def test_query_does_not_find_record(query: str) -> None:
    assert not text.matches(RECORD, text.query_tokens(query))


@pytest.mark.parametrize("query", ["", "   ", "!!!", "#", "=", "。，", "\u200b"])
def test_query_without_content_has_no_terms(query: str) -> None:
    assert text.query_tokens(query) == []


def test_scope_tokens_cannot_be_asked_for() -> None:
    assert "#owner:7" in RECORD
    assert all("#" not in term.token for term in text.query_tokens("#owner:7 #department"))


def test_query_terms_match_exactly_or_as_prefix() -> None:
    assert text.query_tokens("张三丰") == [("张三", False), ("三丰", False)]
    assert text.query_tokens("张") == [("张", True)]
    assert text.query_tokens("gmail smith") == [("gmail", False), ("smith", True)]
    assert text.query_tokens("a smith") == [("smith", True)]
    assert text.query_tokens("s") == [("=s", True)]


def test_names_that_begin_with_the_query_can_be_ranked_first() -> None:
    begins, holds = (text.search_tokens(names=[n]) for n in ("张三", "小张三"))
    assert text.matches(begins, text.anchor_terms("zhang"))
    assert text.matches(begins, text.anchor_terms("张"))
    assert not text.matches(holds, text.anchor_terms("张"))


NAMES = st.text("张李王赵单曾三四五丰强伟芳abcz -", min_size=1, max_size=8)


@given(NAMES, st.integers(0, 7), st.integers(1, 8))
def test_any_piece_of_a_name_finds_it(name: str, start: int, length: int) -> None:
    piece = name[start : start + length]
    if not text.is_han(piece):
        return
    assert text.matches(text.search_tokens(names=[name]), text.query_tokens(piece))


@given(st.from_regex(r"\A86[1-9][0-9]{9,10}\Z"), st.integers(0, 9), st.integers(4, 13))
def test_any_four_digits_of_a_phone_find_it(digits: str, start: int, length: int) -> None:
    piece = digits[start : start + length]
    if len(piece) >= 4:
        assert text.matches(text.search_tokens(phones=["+" + digits]), text.query_tokens(piece))


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_tokens_are_never_empty_and_never_huge(a: str, b: str, c: str) -> None:
    tokens = text.search_tokens(names=[a], emails=[b], words=[c], numbers=[a], phones=[b])
    assert all(0 < len(t) <= text.MAX_TOKEN + 1 for t in tokens)
