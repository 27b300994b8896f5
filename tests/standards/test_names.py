# ruff: noqa: E501 (tables)
"""Names of people and companies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.kit.problems import BadValue
from guanxi.standards import company_name, person_name


@pytest.mark.parametrize(
    ("raw", "family", "given_name"),
    [
        ("张三", "张", "三"), ("欧阳修", "欧阳", "修"), ("欧阳", "欧", "阳"), ("司马相如", "司马", "相如"), ("尉迟恭", "尉迟", "恭"), ("万俟卨", "万俟", "卨"),
        ("张 三", "张", "三"), ("张　三丰", "张", "三丰"), ("诸葛亮", "诸葛", "亮"), ("王小明先生", "王", "小明"), ("李女士", "李", ""), ("单雄信", "单", "雄信"),
        ("吐尔逊·买买提", "买买提", "吐尔逊"), ("吐尔逊.买买提", "买买提", "吐尔逊"), ("张三（销售部）", "张", "三"), ("John Smith", "Smith", "John"), ("Smith, John", "Smith", "John"),
        ("Mr. John Smith", "Smith", "John"), ("John F. Kennedy", "Kennedy", "John F."), ("Ludwig van Beethoven", "van Beethoven", "Ludwig"), ("JOHN SMITH", "Smith", "John"),
        ("john o'neil", "O'Neil", "John"), ("Jean-Luc Picard", "Picard", "Jean-Luc"), ("Martin Luther King, Jr.", "King", "Martin Luther"), ("Madonna", "", "Madonna"),
        ("Ronald McDonald", "McDonald", "Ronald"), ("de la Cruz, Maria", "de la Cruz", "Maria"), ("ＪＯＨＮ　ＳＭＩＴＨ", "Smith", "John"), ("山田 たろう", "", "山田 たろう"),
    ],
)  # fmt: skip
def test_people_are_split(raw: str, family: str, given_name: str) -> None:
    parts = person_name.split(raw)
    assert (parts.family, parts.given) == (family, given_name)


@pytest.mark.parametrize("raw", ["", "  ", "\u200b", ",", "x" * 101])
def test_no_name_is_refused(raw: str) -> None:
    with pytest.raises(BadValue):
        person_name.normalise(raw)


def test_display_order_is_that_of_the_script() -> None:
    assert person_name.display("张", "三", "en") == "张三"
    assert person_name.display("Smith", "John", "zh-Hans") == "John Smith"
    assert person_name.display("Müller", "Jörg", "en") == "Jörg Müller"
    assert person_name.display("", "Madonna") == "Madonna"


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("张三", "张*"),
        ("张三丰", "张**"),
        ("欧阳修", "欧阳*"),
        ("诸葛孔明", "诸葛**"),
        ("张", "*"),
        ("John Smith", "J*** S***"),
        ("X", "***"),
        ("", ""),
        ("山田たろう", "山**"),
    ],
)
def test_people_are_masked(name: str, want: str) -> None:
    assert person_name.mask(name) == want


@given(st.text("张王李赵欧阳三四五六", min_size=2, max_size=4))
def test_mask_never_shows_a_given_name(name: str) -> None:
    parts = person_name.split(name)
    assert person_name.mask(name).rstrip("*") == parts.family


@given(st.text(min_size=1, max_size=30))
def test_normalise_is_idempotent(raw: str) -> None:
    for module in (person_name, company_name):
        try:
            once = module.normalise(raw)
        except BadValue:
            continue
        assert module.normalise(once) == once
        assert module.mask(once)


def test_placeholders_and_comparing() -> None:
    assert person_name.is_placeholder("测试")
    assert person_name.is_placeholder("TEST")
    assert not person_name.is_placeholder("张三")
    assert person_name.comparison_key("Smith, John") == person_name.comparison_key("john  smith")
    assert person_name.comparison_key("张 三") == person_name.comparison_key("张三")
    assert company_name.is_placeholder("测试公司")


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        ("北京恒通贸易有限公司", "北京恒通贸易"), ("北京恒通贸易有限责任公司", "北京恒通贸易"), ("华夏科技股份有限公司", "华夏科技"), ("恒通(集团)有限公司", "恒通集团"),
        ("恒通集团有限公司", "恒通"), ("北京恒通贸易有限公司上海分公司", "北京恒通贸易"), ("中国工商银行朝阳支行", "中国工商银行"), ("ACME Trading Co., Ltd.", "acme trading"),
        ("Acme, Inc.", "acme"), ("ACME INC", "acme"), ("Müller GmbH & Co. KG", "muller"), ("Müller GmbH", "muller"), ("Apple Inc", "apple"), ("The Acme Company", "acme"),
        ("Acme Pte. Ltd.", "acme"), ("Acme S.A.", "acme"), ("Acme L.L.C.", "acme"), ("AT&T Inc.", "at and t"), ("ＡＣＭＥ　Ｃｏ．，Ｌｔｄ．", "acme"), ("株式会社東芝", "東芝"),
        ("东芝株式会社", "东芝"), ("有限公司", "有限公司"), ("Limited", "limited"), ("上海浦东发展银行股份有限公司", "上海浦东发展银行"), ("公司", "公司"), ("恒通（北京）有限公司", "恒通北京"),
    ],
)  # fmt: skip
def test_core_of_a_company(raw: str, want: str) -> None:
    assert company_name.core(raw) == want


@pytest.mark.parametrize(
    ("raw", "want"),
    [
        (" 北京 恒通 贸易 有限公司 ", "北京恒通贸易有限公司"), ("恒通（北京）有限公司", "恒通(北京)有限公司"), ("恒通【北京】有限公司", "恒通(北京)有限公司"),
        ("Acme   Trading", "Acme Trading"), ("ＡＣＭＥ科技", "ACME科技"), ("Acme Co.,", "Acme Co."), ("华为 Cloud 北京", "华为 Cloud 北京"),
    ],
)  # fmt: skip
def test_companies_have_one_spelling(raw: str, want: str) -> None:
    assert company_name.normalise(raw) == want


@pytest.mark.parametrize(
    ("raw", "parent", "branch"),
    [
        ("北京恒通有限公司上海分公司", "北京恒通有限公司", "上海分公司"), ("中国工商银行股份有限公司北京朝阳支行", "中国工商银行股份有限公司", "北京朝阳支行"),
        ("招商银行深圳分行", "招商银行", "深圳分行"), ("德勤会计师事务所北京分所", "德勤会计师事务所", "北京分所"), ("北京恒通有限公司(上海分公司)", "北京恒通有限公司", "上海分公司"),
        ("北京恒通有限公司", "北京恒通有限公司", ""), ("Acme Ltd - Shanghai Branch", "Acme Ltd", "Shanghai Branch"), ("Acme Ltd", "Acme Ltd", ""),
    ],
)  # fmt: skip
def test_branches_are_found(raw: str, parent: str, branch: str) -> None:
    assert company_name.branch(raw) == (company_name.CompanyParts(parent, branch))


@given(st.text("北京恒通有限公司AcmeInc.()& ", min_size=1, max_size=20))
def test_core_is_never_empty(raw: str) -> None:
    try:
        company_name.normalise(raw)
    except BadValue:
        return
    assert company_name.core(raw)


@pytest.mark.parametrize(
    ("raw", "want"), [("北京恒通贸易有限公司", "北京****"), ("恒通", "****"), ("Acme Trading", "A*** T***"), ("", "")]
)
def test_companies_are_masked(raw: str, want: str) -> None:
    assert company_name.mask(raw) == want
