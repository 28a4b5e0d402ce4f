"""What the four registers of a fund may tell, and the names that offices give their columns."""

from __future__ import annotations

from app.sheets.headings import Field


def _names(joined: str) -> tuple[str, ...]:
    return tuple(joined.split("|"))


_NOT_THE_AMOUNT = _names("单价|大写|手续费|余额|累计|数量|unit price|price per|balance|fee")

DONATION_FIELDS: tuple[Field, ...] = (
    Field(
        "number",
        _names("序号|编号|登记序号|登记编号|登记号|捐赠编号|捐款编号|号|No.|No|#|Number|Serial no|Gift no"),
        kind="serial",
    ),
    Field(
        "date",
        _names(
            "捐赠日期|捐款日期|捐赠时间|捐款时间|到账日期|到账时间|收款日期|收款时间|日期|登记日期|"
            "登记时间|时间|Date|Donation date|Gift date|Date received|Date of donation|Received on"
        ),
        required=True,
        kind="date",
        never=_names("出生|birth"),
    ),
    Field(
        "donor",
        _names(
            "捐赠人|捐款人|捐赠者|捐款者|捐赠方|捐赠单位|捐款单位|捐助人|捐助单位|捐赠人姓名|捐款人姓名|"
            "捐赠人名称|捐赠者姓名|捐赠者名称|捐赠单位/个人|捐款单位/个人|捐赠单位或个人|捐赠单位名称|"
            "单位/姓名|姓名/单位|姓名或单位|单位或姓名|姓名|姓名/单位名称|名称|单位名称|爱心人士|"
            "爱心企业|爱心单位|认捐人|单位|Donor|Donor name|Name of donor|Name|Given by|Giver|Contributor"
        ),
        required=True,
        never=_names("收款|申请|领款|受助|电话|联系|类型|类别|身份证|地址|payee|paid to|phone|address"),
    ),
    Field(
        "donor_kind",
        _names(
            "捐赠人类型|捐款人类型|捐赠者类型|捐赠人类别|捐赠者类别|捐赠主体|捐赠人性质|主体类型|类型|"
            "类别|性质|单位性质|Donor type|Type of donor|Donor kind|Type|Kind"
        ),
        maybe=_names("捐赠类型|捐赠类别|捐款类型|捐款类别|Category"),
    ),
    Field(
        "method",
        _names(
            "捐赠形式|捐赠方式|捐款方式|捐款形式|支付方式|付款方式|收款方式|缴款方式|到账方式|支付渠道|"
            "捐赠渠道|收款渠道|付款渠道|形式|方式|渠道|Method|Payment method|Way of giving|"
            "Method of payment|Payment|Paid by|Channel"
        ),
        maybe=_names("捐赠类型|捐赠类别|捐款类型|捐款类别|Category"),
    ),
    Field(
        "items",
        _names(
            "物品/数量|物品及数量|物品名称及数量|物资名称及数量|物资及数量|物品|物资|捐赠物品|捐赠物资|"
            "物品名称|物资名称|物品明细|物资明细|捐赠内容|捐赠物品名称|实物|实物名称|实物捐赠|品名|Items|"
            "Item|Goods|Goods donated|Items donated|Description of goods"
        ),
        never=_names("金额|价值|折价|单价|value|price"),
    ),
    Field(
        "quantity",
        _names("数量|件数|物品数量|物资数量|捐赠数量|Quantity|Qty"),
        kind="count",
        never=_names("单价|金额"),
    ),
    Field(
        "unit",
        _names("计量单位|单位|数量单位|Unit|Measure"),
        never=_names("单价|名称|price"),
    ),
    Field(
        "amount",
        _names(
            "金额|捐赠金额|捐款金额|捐款数额|捐赠数额|捐款额|捐赠款|捐款|到账金额|实收金额|收款金额|"
            "人民币|折合金额|折合人民币|金额或价值|金额/价值|金额/折价|价值|Amount|Donation amount|"
            "Amount received|Amount in CNY|Sum|Value"
        ),
        required=True,
        kind="amount",
        never=_NOT_THE_AMOUNT,
    ),
    Field(
        "goods_value",
        _names(
            "折合金额|物资价值|物品价值|实物价值|物资折价|实物折价|物品折价|折价金额|折价|物资金额|"
            "物品金额|实物金额|估值|估价|价值|折合人民币|Goods value|Value of goods|Estimated value|Value"
        ),
        kind="amount",
        never=_NOT_THE_AMOUNT,
    ),
    Field(
        "unit_price",
        _names("单价|物品单价|物资单价|Unit price|Price|Price each"),
        kind="price",
    ),
    Field(
        "purpose",
        _names(
            "指定用途|定向用途|捐赠用途|捐款用途|捐赠意向|捐赠意愿|定向项目|捐赠项目|意向|用途|项目|"
            "资助项目|限定用途|Purpose|Designated use|Designation|Earmark|Earmarked for|Use|Restricted to"
        ),
        maybe=_names("定向/非定向|是否定向|定向"),
    ),
    Field(
        "publicity",
        _names(
            "是否公开姓名|是否公开|公开姓名|是否同意公开|是否同意公开姓名|是否公示|是否同意公示|姓名公开|"
            "公示意愿|公开意愿|是否实名|Public|Publish name|Name public|Name may be published|"
            "Consent to publish|May be named"
        ),
        never=_names("匿名|anonym"),
    ),
    Field(
        "anonymous",
        _names("是否匿名|匿名|是否匿名捐赠|匿名捐赠|要求匿名|Anonymous|Anonymous donor|Stay anonymous"),
    ),
    Field(
        "memo",
        _names("备注|说明|附注|摘要|备考|其他说明|Remarks|Remark|Notes|Note|Memo|Comment|Comments"),
        never=_names("用途"),
    ),
    Field(
        "receipt_number",
        _names(
            "收据号|收据编号|收据号码|票据号|票据编号|票据号码|捐赠票据号|捐赠收据号|捐赠票据编号|凭证号|"
            "发票号|Receipt no|Receipt number|Receipt"
        ),
    ),
    Field(
        "contact",
        _names(
            "联系方式|联系电话|电话|手机|手机号|手机号码|电话号码|捐赠人电话|邮箱|Contact|Phone|"
            "Telephone|Tel|Mobile|Email|E-mail"
        ),
    ),
)
"""The gift register. ``goods_value`` is a second column of money, beside ``amount``, for goods alone; ``anonymous`` asks
the opposite of ``publicity``; ``quantity``, ``unit`` and ``unit_price`` are for offices that write goods in columns."""

SALE_FIELDS: tuple[Field, ...] = (
    Field(
        "lot",
        _names("拍品号|拍品编号|拍品序号|货号|物品编号|物品号|编号|序号|号|Lot|Lot no|Lot number|No.|No|#"),
        kind="serial",
    ),
    Field(
        "item",
        _names("物品|拍品|物品名称|拍品名称|品名|名称|商品|商品名称|物资名称|Item|Goods|Description|Name"),
        required=True,
    ),
    Field(
        "source",
        _names(
            "来源|捐赠登记序号|来源序号|来源编号|登记序号|捐赠序号|捐赠编号|来源登记号|Source|Gift|"
            "Gift no|Gift number|From gift"
        ),
    ),
    Field(
        "mode",
        _names(
            "方式|销售方式|售卖方式|出售方式|形式|类型|类别|义卖/义拍|义卖或义拍|Mode|Way|Way of sale|"
            "Sale type|Type"
        ),
        never=_names("付款|支付|收款|payment"),
    ),
    Field(
        "quantity",
        _names("数量|件数|份数|售出数量|销售数量|Quantity|Qty|Number sold"),
        kind="count",
        never=_names("每份|每套|每包|每盒"),
    ),
    Field(
        "units_per_item",
        _names(
            "每份含|每份件数|每份数量|每套含|每套数量|每套件数|每包含|每包数量|每盒数量|每份个数|"
            "Units per item|Pieces per pack|Pack size|Per pack"
        ),
        kind="count",
    ),
    Field(
        "price",
        _names(
            "单价/成交价|单价|成交价|单价或成交价|成交单价|售价|价格|义卖价|落槌价|Price|Unit price|"
            "Hammer price|Price each"
        ),
        kind="price",
        never=_names("起拍|底价|保留|starting|reserve"),
    ),
    Field(
        "amount",
        _names(
            "收款|收款金额|成交金额|实收金额|实收|金额|义卖金额|所得金额|销售金额|总价|总金额|合计|小计|"
            "Amount|Amount received|Received|Total|Proceeds"
        ),
        required=True,
        kind="amount",
        never=_names("单价|起拍|底价|大写|手续费|unit price|fee"),
    ),
    Field(
        "method",
        _names("付款方式|支付方式|收款方式|缴款方式|付款渠道|收款渠道|Payment method|Payment|Paid by|Method"),
    ),
    Field(
        "buyer",
        _names("买受人|买家|购买人|购买者|竞得人|竞买人|买主|中标人|Buyer|Bidder|Winner|Bought by"),
    ),
    Field(
        "memo",
        _names("备注|说明|附注|Remarks|Remark|Notes|Note|Memo"),
    ),
)
"""The register of a charity sale."""

DISBURSEMENT_FIELDS: tuple[Field, ...] = (
    Field(
        "number",
        _names(
            "申请编号|编号|申请号|拨付编号|申请单号|单号|序号|号|Request no|Request number|Number|No.|No|#"
        ),
        kind="serial",
    ),
    Field(
        "date",
        _names("申请日期|申请时间|日期|提交日期|时间|Date|Request date|Requested on|Date of request"),
        required=True,
        kind="date",
        never=_names("付款|拨付|审批|paid|approved"),
    ),
    Field(
        "project",
        _names("项目|项目名称|申请项目|支出项目|资助项目|拨付项目|Project|Project name"),
        required=True,
    ),
    Field(
        "applicant",
        _names(
            "申请部门|申请单位|申请人|申请方|申请部门/人|经办部门|经办单位|Applicant|Requested by|Department"
        ),
    ),
    Field(
        "payee",
        _names(
            "收款单位|收款人|收款方|收款单位/个人|收款单位名称|受助人|领款人|供应商|Payee|Paid to|Pay to|"
            "Recipient|Supplier"
        ),
        never=_names("账号|开户|account"),
    ),
    Field(
        "amount",
        _names(
            "金额|申请金额|拨付金额|支付金额|付款金额|申请拨付金额|拨款金额|Amount|Requested amount|"
            "Amount requested"
        ),
        required=True,
        kind="amount",
        never=_NOT_THE_AMOUNT,
    ),
    Field(
        "source",
        _names("资金来源|来源|款项来源|经费来源|Source|Source of funds|Funded from"),
    ),
    Field(
        "spending_kind",
        _names(
            "支出类别|支出类型|支出科目|费用类别|费用类型|支出性质|Kind of spending|Spending kind|"
            "Expense type|Expense category"
        ),
    ),
    Field(
        "reason",
        _names("事由|申请事由|理由|申请理由|用途|用途说明|资金用途|Reason|Purpose|Explanation"),
    ),
    Field(
        "attachments",
        _names("附件|附件清单|佐证材料|证明材料|附件材料|Attachments|Attachment|Documents|Enclosures"),
    ),
    Field(
        "memo",
        _names("备注|附注|Remarks|Remark|Notes|Note|Memo"),
    ),
)
"""The register of requests for payment."""

TRANSFER_FIELDS: tuple[Field, ...] = (
    Field(
        "date",
        _names("日期|划转日期|转账日期|划转时间|转账时间|时间|Date|Transfer date|Moved on"),
        required=True,
        kind="date",
    ),
    Field(
        "from_account",
        _names("转出账户|转出|付款账户|转出方|转出账号|从|From|From account"),
        required=True,
    ),
    Field(
        "to_account",
        _names("转入账户|转入|收款账户|转入方|转入账号|到|存入账户|To|To account"),
        required=True,
    ),
    Field(
        "amount",
        _names("金额|划转金额|转账金额|转出金额|Amount|Amount moved|Transfer amount"),
        required=True,
        kind="amount",
        never=_NOT_THE_AMOUNT,
    ),
    Field(
        "fee",
        _names("手续费|费用|手续费金额|Fee|Charge|Bank fee"),
        kind="amount",
    ),
    Field(
        "memo",
        _names("说明|备注|摘要|附注|Remarks|Remark|Notes|Note|Memo|Description"),
    ),
)
"""The register of moves between cash, WeChat, Alipay and bank."""
