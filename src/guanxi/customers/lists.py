# ruff: noqa: E501 (tables)
"""The shipped lists of values of this room."""

from __future__ import annotations

from guanxi.records.choices import Default as V
from guanxi.records.choices import ship
from guanxi.standards.industries import INDUSTRIES

KIND = ship(
    "customers.kind", "客户类型", "Kind of customer",
    V("company", "企业", "Company", "blue", ("B端", "B2B", "公司", "企业客户", "单位", "organization", "organisation", "business", "account")),
    V("person", "个人", "Person", "teal", ("C端", "B2C", "个人客户", "消费者", "individual", "consumer", "contact", "private")),
    V("household", "家庭", "Household", "cyan", ("家庭客户", "family", "home")),
)  # fmt: skip

STATUS = ship(
    "customers.status", "客户状态", "Customer status",
    V("lead", "潜在", "Potential", "azure", ("潜在客户", "线索", "lead", "prospect", "new", "意向", "意向客户", "open")),
    V("active", "活跃", "Active", "green", ("活跃客户", "成交", "成交客户", "正式", "正式客户", "customer", "won", "合作中")),
    V("dormant", "沉睡", "Dormant", "yellow", ("沉睡客户", "休眠", "休眠客户", "inactive", "sleeping")),
    V("lost", "流失", "Lost", "red", ("流失客户", "churned", "closed lost", "former")),
    V("blocked", "停止合作", "Blocked", "dark", ("黑名单", "blacklist", "blocked", "冻结")),
)  # fmt: skip

TIER = ship(
    "customers.tier", "客户等级", "Customer tier",
    V("strategic", "战略客户", "Strategic", "purple", ("战略", "VIP", "S", "S级", "platinum", "钻石")),
    V("key", "重点客户", "Key", "indigo", ("重点", "重要", "重要客户", "A", "A级", "gold", "大客户", "黄金")),
    V("regular", "普通客户", "Regular", "blue", ("普通", "一般", "B", "B级", "silver", "normal", "standard", "白银")),
    V("small", "小客户", "Small", "gray", ("小", "C", "C级", "D", "D级", "bronze", "low", "长尾")),
)  # fmt: skip

CREDIT_RATING = ship(
    "customers.credit_rating", "信用等级", "Credit rating",
    V("aaa", "AAA", "AAA", "green", ("优秀", "excellent")),
    V("aa", "AA", "AA", "green", ("很好",)),
    V("a", "A", "A", "lime", ("良好", "good")),
    V("bbb", "BBB", "BBB", "yellow", ("一般", "fair")),
    V("bb", "BB", "BB", "orange", ()),
    V("b", "B", "B", "orange", ("较差", "poor")),
    V("c", "C", "C", "red", ("差", "bad")),
    V("d", "D（失信）", "D (defaulted)", "dark", ("失信", "default", "D")),
)  # fmt: skip

SOURCE = ship(
    "customers.source", "客户来源", "Customer source",
    V("website", "官网", "Website", "blue", ("网站", "网络", "web", "线上", "官方网站", "在线注册")),
    V("referral", "转介绍", "Referral", "green", ("推荐", "老客户介绍", "客户介绍", "朋友介绍", "word of mouth", "介绍")),
    V("trade_show", "展会", "Trade show", "orange", ("trade show", "exhibition", "展览会", "event", "conference", "会议")),
    V("cold_call", "陌生拜访", "Cold call", "gray", ("电话营销", "cold call", "电销", "陌拜", "电话")),
    V("wechat", "微信", "WeChat", "lime", ("公众号", "微信公众号", "小程序", "企业微信", "wecom")),
    V("social", "社交媒体", "Social media", "pink", ("抖音", "微博", "小红书", "douyin", "weibo", "tiktok", "facebook", "linkedin")),
    V("ads", "广告", "Advertising", "yellow", ("ad", "advertisement", "adwords", "百度推广", "SEM", "推广")),
    V("partner", "合作伙伴", "Partner", "purple", ("渠道", "代理", "代理商", "经销商", "channel")),
    V("store", "门店", "Store", "teal", ("线下", "到店", "shop", "walk-in", "walk in")),
    V("import", "批量导入", "Import", "dark", ("导入", "数据导入", "import")),
    V("demo", "演示数据", "Demo data", "gray", ("demo", "示例")),
    V("other", "其他", "Other", "gray", ("其它", "未知", "unknown")),
)  # fmt: skip

SCALE = ship(
    "customers.scale", "企业规模", "Size of company",
    V("micro", "微型", "Micro", "gray", ("微型企业", "1-9", "1-10", "10人以下")),
    V("small", "小型", "Small", "azure", ("小型企业", "10-49", "11-50", "20-99人", "50人以下")),
    V("medium", "中型", "Medium", "blue", ("中型企业", "50-249", "51-200", "100-499人")),
    V("large", "大型", "Large", "indigo", ("大型企业", "250+", "500-999人", "1000人以上", "enterprise")),
)  # fmt: skip

GENDER = ship(
    "customers.gender", "性别", "Gender",
    V("male", "男", "Male", "", ("m", "先生", "男性", "mr", "man", "1")),
    V("female", "女", "Female", "", ("f", "女士", "女性", "ms", "mrs", "woman", "2")),
    V("other", "其他", "Other", "", ("未说明", "diverse", "x")),
)  # fmt: skip

LANGUAGE = ship(
    "customers.language", "语言", "Language",
    V("zh", "中文", "Chinese", "", ("zh_CN", "zh-CN", "zh-Hans", "简体中文", "普通话", "中", "mandarin", "zh_TW", "繁体中文")),
    V("en", "英文", "English", "", ("en_US", "en-US", "en_GB", "en-GB", "英语")),
    V("ja", "日文", "Japanese", "", ("日语", "ja_JP")),
    V("ko", "韩文", "Korean", "", ("韩语", "ko_KR")),
    V("de", "德文", "German", "", ("德语", "de_DE")),
    V("fr", "法文", "French", "", ("法语", "fr_FR")),
    V("es", "西班牙文", "Spanish", "", ("西班牙语", "es_ES")),
    V("ru", "俄文", "Russian", "", ("俄语", "ru_RU")),
)  # fmt: skip

GROUP_ROLE = ship(
    "customers.group_role", "组织层级", "Place in the group",
    V("headquarters", "集团总部", "Headquarters", "purple", ("总部", "集团", "总公司", "母公司", "HQ", "parent", "group")),
    V("subsidiary", "子公司", "Subsidiary", "blue", ("控股子公司", "全资子公司")),
    V("branch", "分公司", "Branch", "azure", ("分支机构", "分部", "办事处", "branch office")),
    V("store", "门店", "Store", "cyan", ("店铺", "网点", "shop", "outlet")),
    V("member", "家庭成员", "Household member", "teal", ("成员", "family member")),
)  # fmt: skip

BUYING_ROLE = ship(
    "customers.buying_role", "采购角色", "Role in buying",
    V("decision_maker", "决策人", "Decision maker", "purple", ("决策者", "拍板人", "关键人", "decision-maker")),
    V("influencer", "影响人", "Influencer", "blue", ("影响者",)),
    V("buyer", "采购", "Buyer", "green", ("采购员", "采购经理", "purchasing", "procurement")),
    V("user", "使用人", "User", "teal", ("使用者", "最终用户", "end user")),
    V("technical", "技术把关", "Technical evaluator", "cyan", ("技术", "技术负责人", "engineer")),
    V("gatekeeper", "接口人", "Gatekeeper", "yellow", ("前台", "联络人", "秘书", "assistant")),
    V("finance", "财务", "Finance", "orange", ("财务负责人", "accounting")),
)  # fmt: skip

ADDRESS_PURPOSE = ship(
    "customers.address_purpose", "地址用途", "Purpose of address",
    V("office", "办公地址", "Office", "blue", ("办公", "公司地址", "business", "work")),
    V("billing", "开票地址", "Billing", "orange", ("账单地址", "发票地址", "bill to", "invoice")),
    V("shipping", "收货地址", "Shipping", "green", ("送货地址", "配送地址", "ship to", "delivery")),
    V("registered", "注册地址", "Registered seat", "purple", ("注册", "registered")),
    V("home", "家庭住址", "Home", "teal", ("住址", "家庭地址", "private")),
    V("other", "其他", "Other", "gray", ("其它",)),
)  # fmt: skip

POINT_KIND = ship(
    "customers.point_kind", "联系方式类型", "Way to reach",
    V("phone", "电话", "Phone", "blue", ("座机", "固定电话", "telephone", "tel")),
    V("mobile", "手机", "Mobile", "azure", ("移动电话", "cell")),
    V("email", "邮箱", "E-mail", "green", ("电子邮件", "电子邮箱", "email", "mail")),
    V("wechat", "微信", "WeChat", "lime", ("微信号",)),
    V("wecom", "企业微信", "WeCom", "teal", ()),
    V("fax", "传真", "Fax", "gray", ()),
    V("whatsapp", "WhatsApp", "WhatsApp", "lime", ()),
    V("qq", "QQ", "QQ", "cyan", ()),
    V("website", "网址", "Website", "indigo", ("网站", "url")),
    V("other", "其他", "Other", "gray", ("其它",)),
)  # fmt: skip

RELATION_TYPE = ship(
    "customers.relation_type", "关系类型", "Kind of relation",
    V("invests_in", "投资于", "Invests in", "purple", ("投资", "股东", "参股", "控股", "shareholder of")),
    V("supplies", "供应商（供货给）", "Supplies", "blue", ("供应", "供应商", "supplier of")),
    V("distributes_for", "经销", "Distributes for", "azure", ("代理", "经销商", "reseller of")),
    V("partners_with", "合作伙伴", "Partners with", "green", ("合作", "partner of")),
    V("competes_with", "竞争对手", "Competes with", "red", ("竞争", "competitor of")),
    V("works_for", "任职于", "Works for", "cyan", ("员工", "employee of")),
    V("colleague_of", "同事", "Colleague of", "teal", ()),
    V("married_to", "配偶", "Married to", "pink", ("夫妻", "spouse of")),
    V("parent_of", "父母（子女为）", "Parent of", "pink", ("父母", "father of", "mother of")),
    V("relative_of", "亲属", "Relative of", "pink", ("亲戚",)),
    V("friend_of", "朋友", "Friend of", "lime", ()),
    V("referred_by", "由…介绍", "Referred by", "orange", ("介绍人", "推荐人")),
)  # fmt: skip

CURRENCY = ship(
    "currency", "币种", "Currency",
    V("CNY", "人民币 CNY", "CNY Chinese yuan", "", ("RMB", "人民币", "元", "¥")),
    V("USD", "美元 USD", "USD US dollar", "", ("美元", "US$", "$")),
    V("EUR", "欧元 EUR", "EUR Euro", "", ("欧元", "€")),
    V("HKD", "港元 HKD", "HKD Hong Kong dollar", "", ("港元", "港币", "HK$")),
    V("TWD", "新台币 TWD", "TWD New Taiwan dollar", "", ("新台币", "NT$")),
    V("JPY", "日元 JPY", "JPY Japanese yen", "", ("日元", "円")),
    V("KRW", "韩元 KRW", "KRW South Korean won", "", ("韩元", "₩")),
    V("GBP", "英镑 GBP", "GBP Pound sterling", "", ("英镑", "£")),
    V("CHF", "瑞士法郎 CHF", "CHF Swiss franc", "", ("瑞士法郎",)),
    V("SGD", "新加坡元 SGD", "SGD Singapore dollar", "", ("新加坡元", "S$")),
    V("AUD", "澳元 AUD", "AUD Australian dollar", "", ("澳元", "A$")),
    V("CAD", "加元 CAD", "CAD Canadian dollar", "", ("加元", "C$")),
    V("INR", "印度卢比 INR", "INR Indian rupee", "", ("卢比", "₹")),
    V("RUB", "俄罗斯卢布 RUB", "RUB Russian rouble", "", ("卢布",)),
)  # fmt: skip

# The sections of GB/T 4754—2017; codes are the standard's letters. Here stand only the further words found in files.
_INDUSTRY_WORDS: dict[str, tuple[str, ...]] = {
    "A": (
        "农业",
        "林业",
        "畜牧业",
        "渔业",
        "agriculture",
    ),
    "B": (
        "矿业",
        "煤炭",
        "mining",
    ),
    "C": (
        "制造",
        "工业",
        "生产制造",
        "industrial",
    ),
    "D": (
        "电力",
        "能源",
        "水务",
        "燃气",
        "energy",
        "utilities",
    ),
    "E": (
        "建筑",
        "工程",
        "建筑工程",
        "construction",
    ),
    "F": (
        "零售",
        "批发",
        "零售业",
        "贸易",
        "电商",
        "电子商务",
        "retail",
        "wholesale",
        "trade",
        "e-commerce",
    ),
    "G": (
        "物流",
        "运输",
        "交通",
        "仓储",
        "快递",
        "logistics",
        "transportation",
    ),
    "H": (
        "酒店",
        "餐饮",
        "hospitality",
        "restaurants",
        "hotel",
    ),
    "I": (
        "互联网",
        "软件",
        "IT",
        "信息技术",
        "通信",
        "电信",
        "计算机",
        "科技",
        "technology",
        "software",
        "internet",
        "telecommunications",
    ),
    "J": (
        "金融",
        "银行",
        "保险",
        "证券",
        "finance",
        "banking",
        "insurance",
        "financial services",
    ),
    "K": (
        "房地产",
        "物业",
        "地产",
        "property",
    ),
    "L": (
        "商务服务",
        "咨询",
        "广告",
        "租赁",
        "人力资源",
        "consulting",
        "business services",
    ),
    "M": (
        "科研",
        "技术服务",
        "检测",
        "research",
        "engineering",
    ),
    "N": (
        "环保",
        "水利",
        "环境",
        "environmental",
    ),
    "O": (
        "居民服务",
        "维修",
        "家政",
        "服务业",
        "services",
    ),
    "P": (
        "教育业",
        "培训",
        "学校",
        "training",
    ),
    "Q": (
        "医疗",
        "卫生",
        "健康",
        "医药",
        "医院",
        "healthcare",
        "health",
        "medical",
    ),
    "R": (
        "文化",
        "体育",
        "娱乐",
        "传媒",
        "media",
        "entertainment",
        "sports",
    ),
    "S": (
        "政府",
        "公共管理",
        "社会组织",
        "government",
        "public sector",
        "non-profit",
    ),
    "T": ("international organization",),
}
INDUSTRY = ship(
    "customers.industry", "行业", "Industry",
    *(V(i.code, i.zh, i.en, "", _INDUSTRY_WORDS.get(i.code, ())) for i in INDUSTRIES.values()),
)  # fmt: skip
