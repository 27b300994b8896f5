# ruff: noqa: E501 (tables of words and patterns)
"""Recognising columns: which field a header such as 联系电话 or ``Customer Name`` belongs to.

A field is offered by its key and its aliases. Beyond these, a table of concepts knows the usual headers in Chinese and English: a field
whose key or one of whose aliases belongs to a concept is also found by every other word of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from functools import cache, lru_cache
from typing import NamedTuple

from guanxi.kit.text import fold, has_cjk

VERSION = 1
MAX_LENGTH = 100  # characters of a header that count

#: concept -> usual headers. A word stands in one concept only, so that a header never means two.
CONCEPTS: dict[str, str] = {
    "name": "客户名称,客户姓名,姓名,名称,客户名,客户,名字,全名,称呼,会员姓名,用户名称,name,full name,customer name,customer,client name,client,account name,account,display name",
    "company": "公司名称,公司,企业名称,企业,单位名称,单位,工作单位,所属公司,公司全称,厂商,机构名称,company,company name,organization,organisation,organization name,employer,business name,firm,org",
    "family_name": "姓,姓氏,last name,surname,family name,lastname",
    "given_name": "名,first name,given name,forename,firstname",
    "number": "客户编号,客户编码,客户代码,客户号,客户id,编号,编码,会员号,会员卡号,会员编号,customer number,customer no,customer id,customer code,account number,account no,no,id,code,number,member id,customer ref",
    "mobile": "手机,手机号,手机号码,移动电话,手机电话,mobile,mobile phone,mobile number,cell,cell phone,cellphone,cellular",
    "phone": "电话,电话号码,联系电话,座机,固定电话,固话,办公电话,公司电话,联系方式,联系号码,办公室电话,tel,telephone,phone,phone number,tel no,telephone number,landline,office phone,work phone,contact number,business phone",
    "fax": "传真,传真号码,fax,fax number",
    "email": "邮箱,电子邮箱,电子邮件,邮件,邮件地址,邮箱地址,邮箱号,e-mail,email,email address,e-mail address,mail,mail address,电邮",
    "website": "网站,网址,官网,主页,公司网址,公司网站,website,web site,url,homepage,web,site,domain",
    "address": "地址,详细地址,联系地址,通讯地址,住址,家庭住址,公司地址,收货地址,办公地址,注册地址,街道,街道地址,address,street,street address,mailing address,address line 1,address 1,full address,postal address",
    "country": "国家,国家地区,国家/地区,国别,country,country region,nation,country name,country code",
    "province": "省,省份,省市,所在省,所属省份,省/州,州,province,state,state province,region state",
    "city": "市,城市,所在城市,地市,所在市,city,town",
    "district": "区,区县,县区,县,所在区,所在区县,行政区,district,county",
    "region": "地区,区域,大区,所属区域,销售区域,region,area,territory",
    "postcode": "邮编,邮政编码,zip,zip code,zipcode,postcode,postal code,post code",
    "industry": "行业,所属行业,行业类型,行业类别,所在行业,industry,sector,line of business",
    "source": "客户来源,来源,来源渠道,渠道,线索来源,获客渠道,source,lead source,channel,customer source,origin",
    "owner": "负责人,客户负责人,归属人,所属人,销售,销售员,销售人员,业务员,销售代表,跟进人,客户经理,owner,account owner,sales rep,salesperson,sales,account manager,assigned to,responsible",
    "department": "部门,所属部门,所在部门,department,dept",
    "job_title": "职位,职务,职称,岗位,头衔,title,job title,position,role,job",
    "gender": "性别,gender,sex",
    "birth_date": "生日,出生日期,出生年月日,出生年月,date of birth,birth date,birthday,dob,birthdate",
    "age": "年龄,age",
    "id_number": "身份证,身份证号,身份证号码,证件号,证件号码,id number,identity number,id card,national id,resident id",
    "credit_code": "统一社会信用代码,社会信用代码,信用代码,税号,纳税人识别号,营业执照号,营业执照号码,unified social credit code,uscc,tax id,tax number,vat number,vat,credit code,registration number",
    "credit_rating": "信用等级,信用评级,资信等级,credit rating,credit level,credit grade",
    "tier": "客户等级,客户级别,等级,级别,会员等级,会员级别,vip等级,tier,level,customer level,grade,class,rank",
    "kind": "客户类型,客户类别,类型,性质,客户性质,type,customer type,account type,category type,kind",
    "category": "分类,类别,客户分类,品类,产品分类,商品分类,category,product category,classification",
    "status": "状态,客户状态,当前状态,status,state of account,customer status",
    "stage": "阶段,转化阶段,销售阶段,客户阶段,stage,lifecycle stage,sales stage",
    "tags": "标签,客户标签,标记,tags,labels,tag,label",
    "note": "备注,说明,描述,备注信息,附注,客户备注,remark,remarks,note,notes,comment,comments,description,memo",
    "contact": "联系人,联系人姓名,主要联系人,对接人,contact,contact name,contact person,primary contact",
    "wechat": "微信,微信号,wechat,weixin,wechat id",
    "qq": "qq,qq号,qq号码",
    "created": "创建时间,创建日期,录入时间,录入日期,注册时间,注册日期,建档时间,入会时间,created,created at,created on,creation date,created date,created time,registered,registration date,date created,signup date,joined",
    "updated": "更新时间,修改时间,最后修改时间,更新日期,updated,updated at,modified,last modified,modified date",
    "last_contact": "最近联系时间,最后联系时间,最近跟进时间,最后跟进时间,上次联系时间,last contact,last contacted,last activity,last contact date",
    "employees": "员工人数,员工数,人数,公司规模,企业规模,规模,人员规模,employees,number of employees,headcount,company size,size,employee count",
    "revenue": "营业额,年营业额,年收入,营收,年营收,revenue,annual revenue,turnover,sales revenue",
    "amount": "金额,订单金额,总金额,总额,成交金额,交易金额,合同金额,实付金额,amount,total,total amount,order amount,order total,grand total,value",
    "price": "单价,价格,售价,标价,price,unit price,list price",
    "quantity": "数量,件数,购买数量,quantity,qty,units,count",
    "discount": "折扣,优惠,优惠金额,折扣率,discount",
    "currency": "币种,货币,币别,currency,currency code",
    "order_number": "订单号,订单编号,单号,订单id,交易号,流水号,order number,order no,order id,order code,transaction id,transaction number",
    "order_date": "订单日期,下单时间,下单日期,交易时间,交易日期,成交时间,成交日期,购买时间,购买日期,订单时间,order date,order time,ordered at,purchase date,transaction date,transaction time,date of order,sale date",
    "payment_method": "支付方式,付款方式,付款方法,payment method,payment type,pay method,paid by",
    "product": "产品,产品名称,商品,商品名称,品名,物品,product,product name,item,item name,goods,article",
    "sku": "产品编号,产品编码,商品编号,商品编码,货号,型号,规格型号,条码,sku,product code,product id,item number,item code,product number,upc,barcode,ean",
    "parent": "上级客户,上级公司,母公司,所属集团,父级客户,parent,parent account,parent company,headquarters",
    "preferences": "偏好,喜好,客户偏好,兴趣,兴趣爱好,爱好,preferences,preference,interests,hobbies",
    "date": "日期,时间,date,time",
}  # fmt: skip

_BRACKETS = re.compile(r"[(\[（【<].*?[)\]）】>]")
_DECOR = re.compile(r"(?:必填|选填|必填项|请填写|请输入|required|optional)", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_QUALIFIERS = re.compile(
    r"^(?:客户|客戶|会员|用户|买家|收货人?|联系人|主要|主|个人|本人|公司|企业|首选|默认|the|customer|client|account|contact|primary|main|billing|shipping|user|member|default|your)"
)
_TAIL = re.compile(r"(?:[0-9一二三]|信息|内容|info)+$")

_EXACT, _CONCEPT, _CONCEPT_LOOSE, _CONTAINED, _SIMILAR = 1.0, 0.9, 0.75, 0.55, 0.5


class Match(NamedTuple):
    """A field and how sure the match is, 0 to 1. From 0.7 a mapping may be proposed as set; below it is a hint."""

    key: str
    score: float


@lru_cache(maxsize=8192)
def squeeze(header: str) -> str:
    """What two spellings of a header share: folded, without signs, brackets and 必填. ``Customer_Name *`` → customername."""
    text = _CAMEL.sub(" ", header) if header.isascii() else header
    bare = _DECOR.sub("", _BRACKETS.sub("", fold(text)))
    return re.sub(r"[\W_]+", "", bare) or re.sub(r"[\W_]+", "", fold(header))


@cache
def _concept_of() -> dict[str, str]:
    index: dict[str, str] = {}
    for concept, words in CONCEPTS.items():
        for word in (concept, *words.split(",")):
            index.setdefault(squeeze(word), concept)
    return index


def concept(header: str) -> str | None:
    """The concept a header stands for (``phone`` for 联系电话), or None."""
    found = _concept(squeeze(header))
    return found[0] if found else None


@lru_cache(maxsize=8192)
def _concept(text: str) -> tuple[str, float] | None:
    index = _concept_of()
    if text in index:
        return index[text], _CONCEPT
    bare = _TAIL.sub("", text)
    if bare in index:
        return index[bare], _CONCEPT_LOOSE
    shorter = _QUALIFIERS.sub("", bare)
    while shorter and shorter != bare:
        if shorter in index:
            return index[shorter], _CONCEPT_LOOSE
        bare, shorter = shorter, _QUALIFIERS.sub("", shorter)
    return None


def recognise(header: str, candidates: Mapping[str, Sequence[str]]) -> list[Match]:
    """Fields that may be meant, best first. ``candidates``: field key → its aliases (labels in any language). Ties keep their order."""
    text = squeeze(header[:MAX_LENGTH])
    if not text:
        return []
    meant = _concept(text)
    found = []
    for key, aliases in candidates.items():
        score = _score(text, meant, key, aliases)
        if score:
            found.append(Match(key, round(score, 3)))
    return sorted(found, key=lambda match: -match.score)


def _score(text: str, meant: tuple[str, float] | None, key: str, aliases: Sequence[str]) -> float:
    own = [squeeze(word) for word in (key.rpartition(".")[2], *aliases)]
    own = [word for word in own if word]
    if text in own:
        return _EXACT
    best = 0.0
    if meant:
        for position, word in enumerate(own):
            other = _concept(word)
            if other and other[0] == meant[0]:
                # The key itself speaks louder than a distant alias; a loose concept on either side is loose.
                best = max(best, min(meant[1], other[1]) - (0.02 if position else 0.0))
                break
    if best >= _CONCEPT_LOOSE - 0.05:
        return best
    for word in own:
        short, long = sorted((text, word), key=len)
        enough = len(short) >= (2 if has_cjk(short) else 4)
        if enough and short in long and len(short) * 2 >= len(long):
            best = max(best, _CONTAINED * (0.7 + 0.3 * len(short) / len(long)))
        elif not has_cjk(text + word) and len(short) >= 5:
            ratio = SequenceMatcher(None, text, word, autojunk=False).ratio()
            if ratio >= 0.85:
                best = max(best, _SIMILAR * ratio + 0.2)
    # A header that surely means something else is not this field because the letters look alike.
    if meant and meant[1] == _CONCEPT and best < _SIMILAR:
        return 0.0
    return best


def assign(
    headers: Sequence[str], candidates: Mapping[str, Sequence[str]], *, least: float = 0.5
) -> list[Match | None]:
    """One field for each header, no field twice: the surest pairs first, earlier columns before later ones."""
    pairs = [
        (-match.score, column, order, match)
        for column, header in enumerate(headers)
        for order, match in enumerate(recognise(header, candidates))
        if match.score >= least
    ]
    chosen: list[Match | None] = [None] * len(headers)
    taken: set[str] = set()
    for _, column, _, match in sorted(pairs, key=lambda pair: pair[:3]):
        if chosen[column] is None and match.key not in taken:
            chosen[column] = match
            taken.add(match.key)
    return chosen
