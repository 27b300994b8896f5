# ruff: noqa: E501 (tables)
"""Chinese surnames: the compound ones, and those that are read differently than the same character elsewhere."""

from __future__ import annotations

#: Compound surnames 复姓 in use today; a name of three or four characters that starts with one has it as its family name.
COMPOUND: frozenset[str] = frozenset(
    ["欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "宇文", "长孙", "司徒", "司空", "夏侯", "端木", "南宫", "闻人", "赫连", "澹台", "公冶", "宗政", "濮阳", "淳于", "单于", "太叔", "申屠", "仲孙", "轩辕", "钟离", "鲜于", "闾丘", "亓官", "司寇", "子车", "颛孙", "巫马", "公西", "漆雕", "乐正", "壤驷", "公良", "拓跋", "夹谷", "谷梁", "百里", "呼延", "东郭", "南门", "羊舌", "微生", "梁丘", "左丘", "东门", "西门", "第五", "万俟", "即墨", "达奚", "褚师", "纳兰", "完颜", "叶赫", "那拉", "富察", "钮祜", "爱新", "西陵", "欧陽", "司馬", "諸葛", "東方", "尉遲", "公孫", "長孫", "聞人", "鍾離", "独孤", "贺兰", "宿勤", "哥舒", "仆固", "耶律", "刘付", "范姜", "张简", "陆费", "郝连"]
)

#: Readings as a surname (toneless), where they differ from the usual reading of the characters.
READINGS: dict[str, str] = {
    "单": "shan", "單": "shan", "仇": "qiu", "区": "ou", "區": "ou", "查": "zha", "解": "xie", "曾": "zeng", "朴": "piao", "盖": "ge", "蓋": "ge",
    "任": "ren", "华": "hua", "燕": "yan", "宁": "ning", "冼": "xian", "洗": "xian", "缪": "miao", "繆": "miao", "翟": "zhai", "褚": "chu",
    "乐": "yue", "樂": "yue", "召": "shao", "员": "yun", "員": "yun", "黑": "he", "秘": "bi", "祭": "zhai", "折": "she", "句": "gou", "逄": "pang",
    "覃": "qin", "谌": "chen", "諶": "chen", "么": "yao", "麽": "yao", "重": "chong", "种": "chong", "種": "chong", "繁": "po", "尉": "wei",
    "牟": "mou", "车": "che", "車": "che", "那": "na", "石": "shi", "能": "nai", "乜": "nie", "隗": "wei", "都": "du", "曲": "qu", "卜": "bu",
    "冯": "feng", "馮": "feng", "葛": "ge", "郗": "xi", "贾": "jia", "賈": "jia", "柏": "bai", "强": "qiang", "俞": "yu", "应": "ying", "阚": "kan",
    "於": "yu", "幺": "yao", "薄": "bo", "晁": "chao", "适": "kuo", "行": "xing", "长": "chang", "戴": "dai", "洪": "hong", "贠": "yun", "訾": "zi",
    "佴": "nai", "昝": "zan", "妫": "gui", "郄": "qie", "殷": "yin", "尹": "yin", "沈": "shen", "瞿": "qu", "哈": "ha", "居": "ju", "番": "pan",
    "尉迟": "yu chi", "尉遲": "yu chi", "万俟": "mo qi", "澹台": "tan tai", "长孙": "zhang sun", "長孫": "zhang sun", "单于": "chan yu",
    "令狐": "ling hu", "亓官": "qi guan", "鲜于": "xian yu", "宿勤": "su qin", "乐正": "yue zheng", "子车": "zi ju", "颛孙": "zhuan sun",
    "濮阳": "pu yang", "夏侯": "xia hou", "皇甫": "huang fu", "夹谷": "jia gu", "仆固": "pu gu", "拓跋": "tuo ba", "东方": "dong fang",
    "宗政": "zong zheng", "呼延": "hu yan", "轩辕": "xuan yuan", "达奚": "da xi",
}  # fmt: skip


def surname_length(name: str) -> int:
    """Characters of the family name at the start of a Chinese name written without a space: 2 for compound surnames, else 1."""
    return 2 if len(name) > 2 and name[:2] in COMPOUND else 1
