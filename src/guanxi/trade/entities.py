# ruff: noqa: E501 (tables)
"""How products, orders and payments are declared."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from guanxi.customers.lists import CURRENCY
from guanxi.records import kinds
from guanxi.records.entity import Board, Entity, Field, Numbering, Rollup, Section
from guanxi.records.policy import Everyone, Inherits
from guanxi.trade import declared, lists, models

MONEY = kinds.Money(currency_field="currency")
POSITIVE = kinds.Money(currency_field="currency", low=Decimal(0))

CATEGORY = Entity(
    key="trade.category",
    model=models.Category,
    icon="hierarchy-2",
    area="sales",
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

PRODUCT = Entity(
    key="trade.product",
    model=models.Product,
    icon="package",
    area="sales",
    policy=Everyone(),
    derive=declared.in_reporting_currency,
    fields=(
        Field("name", kind=kinds.Text(), search=True, sort=True,
              aliases=("产品名称", "商品名称", "品名", "产品", "商品", "product", "product name", "item", "item name")),
        Field("sku", kind=kinds.Text(max_length=60), search=True, sort=True, unique=True,
              aliases=("产品编码", "商品编码", "产品编号", "货号", "料号", "物料编码", "product code", "item code", "product_id", "part number")),
        Field("category", bulk=True, aliases=("产品分类", "商品分类", "分类", "类别", "product category")),
        Field("brand", kind=kinds.Text(max_length=100), bulk=True, search=True, aliases=("品牌", "manufacturer", "厂家", "vendor")),
        Field("unit", kind=kinds.Choice(list=lists.UNIT), bulk=True, aliases=("单位", "计量单位", "uom")),
        Field("price", kind=POSITIVE, aliases=("价格", "单价", "售价", "标准价", "list price", "unit_price", "unit price")),
        Field("cost", kind=POSITIVE, sensitivity="internal", aliases=("成本", "成本价", "进价", "unit cost", "purchase price")),
        Field("currency", kind=kinds.Choice(list=CURRENCY), bulk=True, aliases=("币种", "货币")),
        Field("status", kind=kinds.Choice(list=lists.PRODUCT_STATUS), bulk=True, aliases=("状态", "产品状态")),
        Field("description", aliases=("描述", "说明", "规格", "规格型号", "specification", "备注")),
        Field("datasheet", kind=kinds.File(), aliases=()),
    ),
    columns=("name", "sku", "category", "brand", "price", "unit", "status"),
    board=Board(by="status", card=("sku", "category", "price")),
    sections=(
        Section(_("Basics"), "name", "sku", "category", "brand", "unit", "status", "tags"),
        Section(_("Prices"), "price", "cost", "currency"),
        Section(_("More"), "description", "datasheet", "created_at", "changed_at"),
    ),
    recognise_by=("sku",),
)  # fmt: skip

ORDER = Entity(
    key="trade.order",
    model=models.Order,
    icon="shopping-cart",
    area="sales",
    title="number",
    numbering=Numbering("O", start=100001),
    policy=Inherits("account"),
    derive=declared.in_reporting_currency,
    fields=(
        Field("number", kind=kinds.Code(max_length=20), sort=True, search=True, aliases=("单号", "订单号", "订单编号", "order_no", "order number")),
        Field("account", aliases=("客户", "客户名称", "客户编号", "购买方", "customer", "customer_no", "customer name", "account name", "buyer")),
        Field("contact", aliases=("联系人", "contact name")),
        Field("ordered_at", sort=True, aliases=("下单时间", "订单日期", "下单日期", "交易时间", "成交日期", "日期", "date", "order date", "purchase date")),
        Field("status", kind=kinds.Choice(list=lists.ORDER_STATUS), bulk=True, aliases=("订单状态", "状态", "交易状态")),
        Field("channel", kind=kinds.Choice(list=lists.CHANNEL), bulk=True, aliases=("销售渠道", "渠道", "sales channel")),
        Field("payment_method", kind=kinds.Choice(list=lists.PAYMENT_METHOD), bulk=True, aliases=("付款方式", "支付方式", "结算方式", "payment")),
        Field("sales_rep", bulk=True, aliases=("销售", "销售员", "业务员", "销售代表", "负责人", "rep", "salesperson", "owner")),
        Field("currency", kind=kinds.Choice(list=CURRENCY), aliases=("币种", "货币")),
        Field("total", kind=MONEY, read_only=True, aliases=("订单金额", "总金额", "金额", "合计", "amount", "total amount")),
        Field("discount", kind=POSITIVE, aliases=("折扣", "优惠", "优惠金额", "整单折扣")),
        Field("paid", kind=MONEY, read_only=True, aliases=("已付金额", "已回款", "回款金额", "amount paid")),
        Field("open_amount", label=_("Still to pay"),
              kind=kinds.Computed(of=("total", "discount", "paid"), how=declared.open_amount, result=MONEY)),
        Field("delivery_address", kind=kinds.Address(), personal="contact", aliases=("收货地址", "送货地址", "配送地址", "shipping address")),
        Field("external_id", kind=kinds.Text(max_length=100), unique=True, search=True,
              aliases=("外部单号", "交易号", "交易编号", "external id", "external_id", "order id", "tx_no", "transaction id", "id")),
        Field("remark", aliases=("备注", "订单备注", "note", "notes", "memo")),
    ),
    columns=("number", "account", "ordered_at", "status", "total", "paid", "currency", "sales_rep"),
    board=Board(
        by="status", amount="total", dated="ordered_at", card=("account", "ordered_at"),
        stuck={"status": {"draft": 7, "confirmed": 14, "shipped": 21}},
        ask={"status": {"cancelled": ("remark",), "refunded": ("remark",)}},
    ),
    sections=(
        Section(_("Basics"), "number", "account", "contact", "ordered_at", "status", "channel", "sales_rep", "tags"),
        Section(_("Amounts"), "currency", "total", "discount", "paid", "open_amount", "payment_method"),
        Section(_("More"), "delivery_address", "external_id", "remark", "created_at", "changed_at"),
    ),
    recognise_by=("number", "external_id"),
)  # fmt: skip

ORDER_LINE = Entity(
    key="trade.orderline",
    model=models.OrderLine,
    icon="list-details",
    area="sales",
    title="description",
    listed=False,
    policy=Inherits("order"),
    derive=declared.line_amount,
    rollups=(Rollup(link="order", field="total", of="amount"),),
    fields=(
        Field("order", on_delete="cascade", aliases=("订单", "订单号", "订单编号", "order_no", "order number")),
        Field("product", aliases=("产品", "商品", "产品编码", "商品编码", "sku", "product code")),
        Field("description", kind=kinds.Text(), search=False, aliases=("商品名称", "产品名称", "描述", "摘要", "item")),
        Field("quantity", kind=kinds.Number(), aliases=("数量", "件数", "qty")),
        Field("unit_price", kind=kinds.Money(), aliases=("单价", "价格", "price")),
        Field("discount", kind=kinds.Money(), aliases=("折扣", "优惠", "优惠金额")),
        Field("amount", kind=kinds.Money(), read_only=True, aliases=("金额", "小计", "行金额", "subtotal", "line total")),
        Field("position", kind=kinds.Integer(low=Decimal(0), high=Decimal(1_000_000)), aliases=("行号", "序号", "line")),
    ),
    columns=("order", "product", "description", "quantity", "unit_price", "discount", "amount"),
    sections=(
        Section(_("Basics"), "order", "product", "description", "quantity", "unit_price", "discount", "amount", "position", "tags"),
    ),
)  # fmt: skip

PAYMENT = Entity(
    key="trade.payment",
    model=models.Payment,
    icon="cash",
    area="sales",
    title="reference",
    policy=Inherits("order"),
    derive=declared.in_order_currency,
    rollups=(Rollup(link="order", field="paid", of="amount"),),
    fields=(
        Field("order", on_delete="protect", aliases=("订单", "订单号", "订单编号", "order_no", "order number")),
        Field("amount", kind=MONEY, aliases=("金额", "回款金额", "收款金额", "付款金额", "payment amount")),
        Field("currency", kind=kinds.Choice(list=CURRENCY), aliases=("币种", "货币")),
        Field("received_at", sort=True, aliases=("回款日期", "收款日期", "到账日期", "付款日期", "日期", "date", "payment date")),
        Field("method", kind=kinds.Choice(list=lists.PAYMENT_METHOD), bulk=True, aliases=("付款方式", "支付方式", "收款方式", "payment method")),
        Field("reference", kind=kinds.Text(max_length=100), search=True, aliases=("流水号", "凭证号", "参考号", "交易号", "transaction id", "ref")),
        Field("remark", aliases=("备注", "note", "notes")),
    ),
    columns=("order", "amount", "currency", "received_at", "method", "reference"),
    board=Board(by="method", amount="amount", dated="received_at", card=("order", "received_at")),
    sections=(Section(_("Basics"), "order", "amount", "currency", "received_at", "method", "reference", "remark", "tags"),),
)  # fmt: skip

ENTITIES = (CATEGORY, PRODUCT, ORDER, ORDER_LINE, PAYMENT)
