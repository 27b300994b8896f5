# ruff: noqa: E501 (tables)
"""How customers and what belongs to them are declared. Everything users see of them follows from this."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from guanxi.customers import declared, lists, models
from guanxi.records import kinds
from guanxi.records.entity import Board, Entity, Field, Numbering, Section
from guanxi.records.policy import Everyone, Inherits, Owned

ACCOUNT = Entity(
    key="customers.account",
    model=models.Account,
    icon="building",
    area="customers",
    numbering=Numbering("C"),
    policy=Owned("owner"),
    derive=declared.account,
    fields=(
        Field("number", kind=kinds.Code(max_length=20), sort=True, search=True,
              aliases=("客户号", "客户编号", "客户编码", "客户代码", "customer_no", "customer number", "customer code", "account number")),
        Field(
            "name", kind=kinds.CompanyName(), search=True, sort=True, personal="identity", sensitivity="public",
            aliases=(
                "客户名称", "客户姓名", "公司名称", "企业名称", "单位名称", "姓名", "名称", "客户", "全称", "公司全称",
                "full_name", "customer name", "account name", "company name", "client", "display name", "公司", "company",
            ),
        ),
        Field("kind", kind=kinds.Choice(list=lists.KIND), bulk=True,
              aliases=("客户类型", "类型", "B端/C端", "性质", "customer type", "account type", "type")),
        Field("short_name", kind=kinds.CompanyName(max_length=100), search=True, aliases=("简称", "客户简称", "nickname", "alias")),
        Field("english_name", kind=kinds.CompanyName(), search=True, aliases=("英文名", "英文名称", "name (english)", "name_en")),
        Field("owner", bulk=True, essential=True,
              aliases=("负责人", "客户负责人", "销售", "销售员", "业务员", "跟进人", "客户经理", "所有人", "account owner", "sales rep",
                       "assigned to", "rep", "salesperson")),
        Field("status", kind=kinds.Choice(list=lists.STATUS), bulk=True, aliases=("客户状态", "状态", "生命周期", "lifecycle", "stage", "lifecycle stage")),
        Field("tier", kind=kinds.Choice(list=lists.TIER), bulk=True, aliases=("客户等级", "客户级别", "等级", "级别", "level", "rank", "grade")),
        Field("source", kind=kinds.Choice(list=lists.SOURCE), bulk=True, essential=True,
              aliases=("客户来源", "来源", "来源渠道", "渠道", "lead source", "origin", "channel")),
        Field("industry", kind=kinds.Choice(list=lists.INDUSTRY), bulk=True, aliases=("行业", "所属行业", "行业类别", "sector")),
        Field("category", bulk=True, aliases=("客户分类", "分类", "类别", "segment", "class")),
        Field("phone", kind=kinds.Phone(), search=True, essential=True, personal="contact",
              aliases=("电话", "联系电话", "公司电话", "座机", "固定电话", "电话号码", "tel", "telephone", "phone number", "business phone", "work phone")),
        Field("mobile", kind=kinds.Phone(), search=True, personal="contact",
              aliases=("手机", "手机号", "手机号码", "移动电话", "cell", "cell phone", "mobile phone", "mobile number")),
        Field("email", kind=kinds.Email(), search=True, essential=True, personal="contact",
              aliases=("邮箱", "电子邮箱", "电子邮件", "邮件", "邮箱地址", "email", "e-mail", "mail", "email address")),
        Field("website", kind=kinds.Url(), aliases=("网站", "网址", "官网", "公司网址", "url", "homepage", "web site", "web")),
        Field("wechat", personal="contact", search=True, aliases=("微信", "微信号", "wechat id", "weixin")),
        Field("address", kind=kinds.Address(), search=True, personal="contact",
              aliases=("地址", "详细地址", "联系地址", "公司地址", "通讯地址", "家庭住址", "street", "full address", "mailing address", "billing address")),
        Field("language", kind=kinds.Choice(list=lists.LANGUAGE), bulk=True, aliases=("语言", "首选语言", "locale", "lang", "preferred language")),
        Field("credit_code", kind=kinds.Code(standard="uscc", max_length=40), unique=True, search=True,
              aliases=("统一社会信用代码", "信用代码", "社会信用代码", "税号", "纳税人识别号", "uscc", "usci", "credit code", "tax id")),
        Field("scale", kind=kinds.Choice(list=lists.SCALE), bulk=True, aliases=("企业规模", "规模", "人员规模", "size", "company size")),
        Field("employees", kind=kinds.Integer(low=Decimal(0), high=Decimal(10_000_000)),
              aliases=("员工人数", "员工数", "人数", "number of employees", "headcount", "staff")),
        Field("annual_revenue", kind=kinds.Money(currency_field="currency", low=Decimal(0)), sensitivity="internal",
              aliases=("年营业额", "年收入", "营业额", "营业收入", "revenue", "turnover")),
        Field("currency", kind=kinds.Choice(list=lists.CURRENCY), aliases=("币种", "货币", "currency code")),
        Field("gender", kind=kinds.Choice(list=lists.GENDER), personal="demographic", aliases=("性别", "sex")),
        Field("birth_date", personal="birth", aliases=("出生日期", "生日", "出生年月", "birthday", "date of birth", "dob")),
        Field("id_number", kind=kinds.Secret(standard="resident_id"), personal="identity", sensitivity="secret",
              aliases=("身份证号", "身份证", "身份证号码", "证件号码", "证件号", "id card", "resident id", "national id")),
        Field("employer", kind=kinds.CompanyName(), search=True, personal="work",
              aliases=("工作单位", "单位", "就职公司", "所在公司", "company", "公司", "organization")),
        Field("job_title", kind=kinds.Text(max_length=100), aliases=("职务", "职位", "岗位", "title", "position", "job")),
        Field("credit_rating", kind=kinds.Choice(list=lists.CREDIT_RATING), sensitivity="internal", bulk=True, api="read",
              aliases=("信用等级", "信用评级", "信用", "credit", "rating")),
        Field("preferences", aliases=("偏好", "兴趣爱好", "爱好", "兴趣", "interests", "hobbies")),
        Field("service_preference", aliases=("服务偏好", "服务要求", "service preferences")),
        Field("consumption_habit", aliases=("消费习惯", "购买习惯", "consumption habit", "buying behaviour")),
        Field("complaint_record", sensitivity="internal", aliases=("投诉记录", "投诉", "complaint record")),
        Field("parent", aliases=("所属集团", "上级客户", "母公司", "上级公司", "集团", "所属家庭", "parent account", "parent company", "household")),
        Field("group_role", kind=kinds.Choice(list=lists.GROUP_ROLE), aliases=("组织层级", "机构类型", "group role")),
        Field("first_seen", aliases=("首次接触日期", "首次联系", "建档日期", "创建日期", "创建时间", "登记日期", "注册时间", "created_at",
                                    "create date", "created date", "date created", "customer since", "signup date")),
        Field("external_id", kind=kinds.Text(max_length=100), unique=True, search=True,
              aliases=("外部编号", "客户ID", "会员号", "会员卡号", "编号", "external id", "external_id", "customer id", "account id",
                       "record id", "id", "no", "member id")),
        Field("remark", aliases=("备注", "说明", "描述", "备注信息", "note", "notes", "comment", "comments", "description", "memo")),
    ),
    columns=("name", "number", "kind", "status", "tier", "phone", "email", "owner", "created_at"),
    sections=(
        Section(_("Basics"), "name", "kind", "number", "short_name", "english_name", "owner", "status", "tier", "source", "category", "tags"),
        Section(_("How to reach them"), "phone", "mobile", "email", "wechat", "website", "address", "language"),
        Section(_("Company"), "industry", "credit_code", "scale", "employees", "annual_revenue", "currency"),
        Section(_("Person"), "gender", "birth_date", "id_number", "employer", "job_title"),
        Section(_("Credit and habits"), "credit_rating", "preferences", "service_preference", "consumption_habit", "complaint_record"),
        Section(_("Where they belong"), "parent", "group_role"),
        Section(_("More"), "first_seen", "external_id", "remark", "created_at", "changed_at"),
    ),
    # What one file and one customer share and nobody else: phones are shared by families and front desks, names by namesakes.
    recognise_by=("number", "external_id", "credit_code", "email"),
    completeness=("name", "kind", "owner", "status", "tier", "source", "phone", "email", "address"),
    board=Board(
        by="status", amount="annual_revenue", card=("tier", "phone"),
        stuck={"status": {"lead": 30, "dormant": 180}}, ask={"status": {"blocked": ("remark",)}},
    ),
)  # fmt: skip

CONTACT = Entity(
    key="customers.contact",
    model=models.Contact,
    icon="address-book",
    area="customers",
    policy=Inherits("account"),
    fields=(
        Field("name", kind=kinds.PersonName(), search=True, sort=True, personal="identity", sensitivity="public",
              aliases=("联系人", "联系人姓名", "姓名", "full_name", "contact name", "contact", "contact person", "full name")),
        Field("account", on_delete="cascade",
              aliases=("客户", "客户名称", "所属客户", "公司", "公司名称", "company", "account name", "customer", "客户编号", "customer_no")),
        Field("job_title", kind=kinds.Text(max_length=100), search=True, aliases=("职务", "职位", "岗位", "title", "position", "job")),
        Field("department", kind=kinds.Text(max_length=100), aliases=("部门", "所在部门", "dept")),
        Field("role", kind=kinds.Choice(list=lists.BUYING_ROLE), bulk=True, aliases=("采购角色", "角色", "决策角色", "buying role")),
        Field("phone", kind=kinds.Phone(), search=True, personal="contact", aliases=("电话", "办公电话", "座机", "tel", "telephone", "work phone")),
        Field("mobile", kind=kinds.Phone(), search=True, essential=True, personal="contact",
              aliases=("手机", "手机号", "手机号码", "移动电话", "cell", "mobile phone")),
        Field("email", kind=kinds.Email(), search=True, essential=True, personal="contact",
              aliases=("邮箱", "电子邮箱", "电子邮件", "email", "e-mail", "email address")),
        Field("wechat", personal="contact", search=True, aliases=("微信", "微信号", "wechat id")),
        Field("gender", kind=kinds.Choice(list=lists.GENDER), personal="demographic", aliases=("性别", "称呼", "sex", "salutation")),
        Field("birth_date", personal="birth", aliases=("生日", "出生日期", "birthday", "date of birth")),
        Field("language", kind=kinds.Choice(list=lists.LANGUAGE), aliases=("语言", "locale")),
        Field("primary", bulk=True, aliases=("主要联系人", "首要联系人", "是否主联系人", "is primary", "main contact")),
        Field("external_id", kind=kinds.Text(max_length=100), unique=True, aliases=("联系人编号", "contact id", "contact_no", "id")),
        Field("remark", aliases=("备注", "note", "notes", "comment")),
    ),
    columns=("name", "account", "job_title", "role", "mobile", "email", "primary"),
    board=Board(by="role", card=("account", "job_title", "mobile")),
    sections=(
        Section(_("Basics"), "name", "account", "job_title", "department", "role", "primary", "tags"),
        Section(_("How to reach them"), "mobile", "phone", "email", "wechat", "language"),
        Section(_("Person"), "gender", "birth_date"),
        Section(_("More"), "external_id", "remark", "created_at", "changed_at"),
    ),
    recognise_by=("external_id", "email"),
)  # fmt: skip

ADDRESS = Entity(
    key="customers.address",
    model=models.Address,
    icon="map-pin",
    area="customers",
    title="address",
    listed=False,
    policy=Inherits("account"),
    fields=(
        Field("account", on_delete="cascade", aliases=("客户", "客户名称", "customer")),
        Field("purpose", kind=kinds.Choice(list=lists.ADDRESS_PURPOSE), bulk=True, aliases=("用途", "地址类型", "type")),
        Field("address", kind=kinds.Address(), required=True, personal="contact", aliases=("地址", "详细地址", "street")),
        Field("recipient", kind=kinds.PersonName(), personal="identity", aliases=("收件人", "收货人", "consignee", "attention")),
        Field("phone", kind=kinds.Phone(), personal="contact", aliases=("电话", "收货电话", "联系电话", "tel")),
        Field("primary", aliases=("默认地址", "是否默认", "default", "is default")),
    ),
    columns=("account", "purpose", "address", "recipient", "phone", "primary"),
    sections=(Section(_("Basics"), "account", "purpose", "address", "recipient", "phone", "primary", "tags"),),
)  # fmt: skip

CONTACT_POINT = Entity(
    key="customers.contactpoint",
    model=models.ContactPoint,
    icon="at",
    area="customers",
    title="value",
    listed=False,
    policy=Inherits("account"),
    derive=declared.point_of,
    fields=(
        Field("account", on_delete="cascade", aliases=("客户", "客户名称", "customer")),
        Field("contact", on_delete="cascade", aliases=("联系人", "contact name")),
        Field("kind", kind=kinds.Choice(list=lists.POINT_KIND), aliases=("类型", "方式", "联系方式类型", "type")),
        Field("value", kind=kinds.Text(max_length=254), search=True, personal="contact", aliases=("号码", "联系方式", "地址", "number")),
        Field("label", kind=kinds.Text(max_length=60), aliases=("标签名", "用途", "purpose")),
        Field("primary", aliases=("首选", "默认", "default")),
        Field("invalid_since", aliases=("失效日期", "无效日期", "bounced")),
    ),
    columns=("account", "contact", "kind", "value", "label", "primary", "invalid_since"),
    sections=(Section(_("Basics"), "account", "contact", "kind", "value", "label", "primary", "invalid_since", "tags"),),
)  # fmt: skip

RELATION = Entity(
    key="customers.relation",
    model=models.Relation,
    icon="affiliate",
    area="customers",
    title="type",
    listed=False,
    policy=Inherits("account"),
    fields=(
        Field("account", on_delete="cascade", aliases=("客户", "客户名称", "customer", "from")),
        Field("type", kind=kinds.Choice(list=lists.RELATION_TYPE), bulk=True, aliases=("关系", "关系类型", "relation")),
        Field("other", on_delete="cascade", aliases=("对方客户", "关联客户", "to", "related account")),
        Field("contact", on_delete="cascade", aliases=("联系人", "关联联系人", "related contact")),
        Field("since", aliases=("开始日期", "起始日期", "start", "from date")),
        Field("until", aliases=("结束日期", "截止日期", "end", "to date")),
        Field("remark", aliases=("备注", "note", "notes")),
    ),
    columns=("account", "type", "other", "contact", "since", "until"),
    sections=(Section(_("Basics"), "account", "type", "other", "contact", "since", "until", "remark", "tags"),),
)  # fmt: skip

CATEGORY = Entity(
    key="customers.category",
    model=models.Category,
    icon="hierarchy-2",
    area="customers",
    policy=Everyone(),
    fields=(
        Field("name", kind=kinds.Text(max_length=100), search=True, sort=True, aliases=("分类名称", "名称", "category")),
        Field("code", kind=kinds.Text(max_length=40), unique=True, aliases=("分类编码", "编码", "代码")),
        Field("parent", aliases=("上级分类", "上级", "parent category")),
        Field("position", kind=kinds.Integer(low=Decimal(0), high=Decimal(100_000)), aliases=("排序", "顺序", "order")),
        Field("description", aliases=("说明", "描述", "备注")),
    ),
    columns=("name", "code", "parent", "position"),
    sections=(Section(_("Basics"), "name", "code", "parent", "position", "description", "tags"),),
    recognise_by=("code",),
)  # fmt: skip

ENTITIES = (ACCOUNT, CONTACT, ADDRESS, CONTACT_POINT, RELATION, CATEGORY)
