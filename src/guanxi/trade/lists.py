"""The shipped lists of values of this room."""

from __future__ import annotations

from guanxi.records.choices import Default as V
from guanxi.records.choices import ship

PRODUCT_STATUS = ship(
    "trade.product_status", "产品状态", "Product status",
    V("active", "在售", "On sale", "green", ("上架", "销售中", "available")),
    V("planned", "待上市", "Planned", "azure", ("即将上市", "coming soon", "draft")),
    V("discontinued", "停售", "Discontinued", "gray", ("下架", "停产", "inactive")),
)  # fmt: skip

UNIT = ship(
    "trade.unit", "计量单位", "Unit",
    V("piece", "件", "Piece", "", ("个", "只", "pc", "pcs", "each", "ea")),
    V("set", "套", "Set", "", ("kit",)),
    V("box", "箱", "Box", "", ("盒", "carton", "case")),
    V("bag", "袋", "Bag", "", ("包", "pack", "packet")),
    V("bottle", "瓶", "Bottle", "", ("罐",)),
    V("kg", "千克", "Kilogram", "", ("公斤", "kilo")),
    V("ton", "吨", "Tonne", "", ("t",)),
    V("metre", "米", "Metre", "", ("m", "meter")),
    V("litre", "升", "Litre", "", ("l", "liter")),
    V("hour", "小时", "Hour", "", ("h",)),
    V("day", "天", "Day", "", ("人天",)),
    V("month", "月", "Month", "", ()),
    V("year", "年", "Year", "", ()),
    V("licence", "授权", "Licence", "", ("license", "许可", "用户")),
)  # fmt: skip

ORDER_STATUS = ship(
    "trade.order_status", "订单状态", "Order status",
    V("draft", "草稿", "Draft", "gray", ("未提交",)),
    V("confirmed", "已确认", "Confirmed", "azure", ("待付款", "待发货", "pending", "processing", "open", "已下单")),
    V("shipped", "已发货", "Shipped", "blue", ("配送中", "已出库", "sent")),
    V("completed", "已完成", "Completed", "green", ("完成", "已付款", "已收货", "paid", "closed", "delivered", "fulfilled")),
    V("cancelled", "已取消", "Cancelled", "red", ("取消", "作废", "canceled", "void")),
    V("refunded", "已退款", "Refunded", "orange", ("退款", "退货", "returned")),
)  # fmt: skip

PAYMENT_METHOD = ship(
    "trade.payment_method", "付款方式", "Payment method",
    V("bank_transfer", "银行转账", "Bank transfer", "blue", ("对公转账", "转账", "电汇", "wire", "T/T", "bank")),
    V("wechat_pay", "微信支付", "WeChat Pay", "lime", ("微信", "wechat")),
    V("alipay", "支付宝", "Alipay", "azure", ()),
    V("card", "银行卡", "Card", "indigo", ("信用卡", "刷卡", "credit card", "debit card", "visa")),
    V("cash", "现金", "Cash", "green", ()),
    V("bill", "承兑汇票", "Bill of exchange", "orange", ("承兑", "汇票", "支票", "cheque", "check")),
    V("credit", "赊账", "On account", "yellow", ("月结", "账期", "invoice")),
    V("paypal", "PayPal", "PayPal", "cyan", ()),
    V("other", "其他", "Other", "gray", ("其它",)),
)  # fmt: skip

CHANNEL = ship(
    "trade.channel", "销售渠道", "Sales channel",
    V("store", "门店", "Store", "teal", ("线下", "实体店", "shop", "retail", "offline")),
    V("online", "线上", "Online", "blue", ("网店", "电商", "官网", "web", "e-commerce", "website")),
    V("phone", "电话", "Phone", "gray", ("电话订购",)),
    V("direct", "直销", "Direct sales", "indigo", ("销售", "sales", "大客户")),
    V("partner", "渠道伙伴", "Partner", "purple", ("经销商", "代理商", "distributor", "reseller")),
)  # fmt: skip
