"""Chinese addresses into 省市区, and what must not be invented."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi.kit.problems import BadValue
from guanxi.standards import address

TABLE = [
    ("广东省深圳市南山区科技园路1号", "广东省", "深圳市", "南山区", "科技园路1号", "440305"),
    ("广东深圳南山区科技园路1号", "广东省", "深圳市", "南山区", "科技园路1号", "440305"),
    ("深圳市南山区科技园路1号", "广东省", "深圳市", "南山区", "科技园路1号", "440305"),
    ("广东省 深圳市 南山区 科技园路1号", "广东省", "深圳市", "南山区", "科技园路1号", "440305"),
    ("广东省/深圳市/南山区/科技园路1号", "广东省", "深圳市", "南山区", "科技园路1号", "440305"),
    ("中国广东省深圳市南山区科技园路1号", "广东省", "深圳市", "南山区", "科技园路1号", "440305"),
    ("地址：广东省深圳市南山区科技园路1号", "广东省", "深圳市", "南山区", "科技园路1号", "440305"),
    ("北京市朝阳区建国路88号", "北京市", "北京市", "朝阳区", "建国路88号", "110105"),
    ("北京朝阳区建国路88号", "北京市", "北京市", "朝阳区", "建国路88号", "110105"),
    ("北京市北京市朝阳区建国路88号", "北京市", "北京市", "朝阳区", "建国路88号", "110105"),
    ("北京市市辖区朝阳区建国路88号", "北京市", "北京市", "朝阳区", "建国路88号", "110105"),
    ("北京朝阳门外大街1号", "北京市", "北京市", "", "朝阳门外大街1号", "110000"),
    ("海淀区中关村大街1号", "北京市", "北京市", "海淀区", "中关村大街1号", "110108"),
    ("上海市闸北区共和新路1号", "上海市", "上海市", "静安区", "共和新路1号", "310106"),
    ("上海浦东新区世纪大道100号", "上海市", "上海市", "浦东新区", "世纪大道100号", "310115"),
    ("上海市卢湾区淮海中路1号", "上海市", "上海市", "黄浦区", "淮海中路1号", "310101"),
    ("北京市宣武区广安门内大街1号", "北京市", "北京市", "西城区", "广安门内大街1号", "110102"),
    ("重庆市渝中区解放碑1号", "重庆市", "重庆市", "渝中区", "解放碑1号", "500103"),
    ("天津市塘沽区新港路1号", "天津市", "天津市", "滨海新区", "新港路1号", "120116"),
    ("湖北省襄樊市襄城区荆州街1号", "湖北省", "襄阳市", "襄城区", "荆州街1号", "420602"),
    ("江苏省苏州市平江区观前街1号", "江苏省", "苏州市", "姑苏区", "观前街1号", "320508"),
    ("江苏苏州工业园区星湖街1号", "江苏省", "苏州市", "", "工业园区星湖街1号", "320500"),
    ("吉林省吉林市船营区解放路1号", "吉林省", "吉林市", "船营区", "解放路1号", "220204"),
    ("吉林市船营区解放路1号", "吉林省", "吉林市", "船营区", "解放路1号", "220204"),
    ("云南省大理白族自治州大理市古城1号", "云南省", "大理白族自治州", "大理市", "古城1号", "532901"),
    ("云南大理大理市古城1号", "云南省", "大理白族自治州", "大理市", "古城1号", "532901"),
    ("新疆维吾尔自治区乌鲁木齐市天山区解放路1号", "新疆维吾尔自治区", "乌鲁木齐市", "天山区", "解放路1号", "650102"),
    ("新疆乌鲁木齐天山区解放路1号", "新疆维吾尔自治区", "乌鲁木齐市", "天山区", "解放路1号", "650102"),
    ("内蒙古呼和浩特市赛罕区大学路1号", "内蒙古自治区", "呼和浩特市", "赛罕区", "大学路1号", "150105"),
    ("广西南宁市青秀区民族大道1号", "广西壮族自治区", "南宁市", "青秀区", "民族大道1号", "450103"),
    ("广东省东莞市长安镇振安路1号", "广东省", "东莞市", "", "长安镇振安路1号", "441900"),
    ("湖北省仙桃市沔阳大道1号", "湖北省", "", "仙桃市", "沔阳大道1号", "429004"),
    ("浙江省义乌市稠州路1号", "浙江省", "金华市", "义乌市", "稠州路1号", "330782"),
    ("义乌市稠州路1号", "浙江省", "金华市", "义乌市", "稠州路1号", "330782"),
    ("廣東省深圳市南山區科技園路1號", "广东省", "深圳市", "南山区", "科技園路1號", "440305"),
    ("辽宁省朝阳市双塔区新华路1号", "辽宁省", "朝阳市", "双塔区", "新华路1号", "211302"),
    ("香港特别行政区中环皇后大道1号", "香港特别行政区", "", "", "中环皇后大道1号", "810000"),
    ("湖南省长沙市", "湖南省", "长沙市", "", "", "430100"),
    ("海南省海口市龙华区", "海南省", "海口市", "龙华区", "", "460106"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "province", "city", "district", "detail", "adcode"), TABLE)
def test_lines_are_split(raw: str, province: str, city: str, district: str, detail: str, adcode: str) -> None:
    found = address.parse(raw)
    assert (found.province, found.city, found.district, found.detail, found.adcode) == (
        province,
        city,
        district,
        detail,
        adcode,
    )


@pytest.mark.parametrize("raw", ["朝阳区建国路88号", "鼓楼区中山路1号", "西湖区文三路1号", "新华区1号", "江北区1号"])
def test_a_bare_district_of_many_cities_gets_no_province(raw: str) -> None:
    found = address.parse(raw)
    assert (found.province, found.city, found.adcode) == ("", "", "")
    assert found.district == raw[:3]
    assert found.flags == ("district.ambiguous",)


def test_renamed_districts_say_so() -> None:
    assert address.parse("上海市闸北区共和新路1号").flags == ("renamed:闸北区",)


@pytest.mark.parametrize(
    ("raw", "postcode", "detail"),
    [
        ("100020 北京市朝阳区建国路88号", "100020", "建国路88号"),
        ("北京市朝阳区建国路88号 邮编：100020", "100020", "建国路88号"),
        ("北京市朝阳区建国路88号 100020", "100020", "建国路88号"),
        ("北京市朝阳区建国路88号", "", "建国路88号"),
        ("北京市朝阳区建国路88号A123456", "", "建国路88号A123456"),
        (
            "1600 Amphitheatre Parkway, Mountain View, CA 94043",
            "94043",
            "1600 Amphitheatre Parkway, Mountain View, CA 94043",
        ),
        ("10 Downing Street, London SW1A 2AA", "SW1A 2AA", "10 Downing Street, London SW1A 2AA"),
        ("Hauptstraße 5, 10115 Berlin", "10115", "Hauptstraße 5, 10115 Berlin"),
    ],
)
def test_postcodes_are_found(raw: str, postcode: str, detail: str) -> None:
    found = address.parse(raw)
    assert (found.postcode, found.detail) == (postcode, detail)


@pytest.mark.parametrize(
    ("parts", "want"),
    [
        (
            {"province": "广东", "city": "深圳", "district": "南山", "detail": "科技园路1号"},
            ("广东省", "深圳市", "南山区", "科技园路1号", "440305"),
        ),
        (
            {"province": "北京", "city": "", "district": "朝阳区", "detail": "建国路88号"},
            ("北京市", "北京市", "朝阳区", "建国路88号", "110105"),
        ),
        (
            {"province": "北京市", "city": "北京市", "district": "朝阳区", "detail": "北京市朝阳区建国路88号"},
            ("北京市", "北京市", "朝阳区", "建国路88号", "110105"),
        ),
        (
            {"province": "广东省", "city": "深圳市", "detail": "广东省深圳市南山区科技园路1号"},
            ("广东省", "深圳市", "南山区", "科技园路1号", "440305"),
        ),
        ({"detail": "广东省深圳市南山区科技园路1号"}, ("广东省", "深圳市", "南山区", "科技园路1号", "440305")),
        (
            {"province": "CA", "city": "San Francisco", "detail": "1 Main St"},
            ("CA", "San Francisco", "", "1 Main St", ""),
        ),
        ({"province": "某省", "city": "某市", "detail": "某路1号"}, ("某省", "某市", "", "某路1号", "")),
        ({"city": "苏州"}, ("江苏省", "苏州市", "", "", "320500")),
        ({}, ("", "", "", "", "")),
    ],
)
def test_separate_columns(parts: dict[str, str], want: tuple[str, ...]) -> None:
    found = address.from_parts(**parts)
    assert (found.province, found.city, found.district, found.detail, found.adcode) == want


def test_empty_is_refused_and_unknown_kept_whole() -> None:
    with pytest.raises(BadValue):
        address.parse("  ")
    found = address.parse("建国路88号院")
    assert (found.detail, found.flags) == ("建国路88号院", ("unresolved",))


@pytest.mark.parametrize("raw", [row[0] for row in TABLE])
def test_one_line_is_read_back_the_same(raw: str) -> None:
    found = address.parse(raw)
    again = address.parse(found.one_line())
    assert (again.province, again.city, again.district, again.detail, again.adcode) == (
        found.province,
        found.city,
        found.district,
        found.detail,
        found.adcode,
    )


def test_every_division_is_found_by_its_full_name() -> None:
    regions = address._regions()
    wrong = []
    for code in regions.name:
        if regions.level(code) != 2:
            continue
        province, city = regions.parents(code)
        line = province + (city if city != province else "") + regions.name[code] + "1号"
        if address.parse(line).adcode != code:
            wrong.append((code, line))
    assert wrong == []


@given(st.text(max_size=30), st.sampled_from([row[0] for row in TABLE]), st.integers(0, 30))
def test_nothing_written_is_lost(noise: str, raw: str, cut: int) -> None:
    for text in (noise, raw[:cut], raw[cut:] + noise, noise + raw):
        try:
            found = address.parse(text)
        except BadValue:
            continue
        assert found.detail or found.adcode or found.district or found.postcode


def test_mask_hides_the_detail() -> None:
    assert address.mask(address.parse("广东省深圳市南山区科技园路1号")) == "广东省深圳市南山区****"
