"""Forms of a sale event, its lots and its sales."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, IntegerField, TimeField
from wtforms.validators import Length, NumberRange, Optional
from wtforms.widgets import TextArea

from app.sales.models import METHODS
from app.sales.rules import METHOD_NAMES, MODES
from app.web.forms import ChoiceField, DateField, Form, Given, MoneyField, OnceForm, RadioField, TextField

_METHODS = [(method, _(METHOD_NAMES[method])) for method in METHODS]


class CountField(MoneyField):
    """An amount that was counted; nothing at all (0) is an amount too."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Read it as MoneyField does, but take 0."""
        text = valuelist[0].strip() if valuelist else ""
        if text and not text.strip("0.０．"):
            self.data = 0
            return
        super().process_formdata(valuelist)


class EventDetailsForm(Form):
    """What an event says of itself."""

    name = TextField(_("活动名称"), [Given(), Length(max=200)])
    held_on = DateField(_("活动日期"), [Given()], past=False)
    starts_at = TimeField(_("开始时间"), [Optional()])
    ends_at = TimeField(_("结束时间"), [Optional()])
    place = TextField(_("地点"), [Optional(), Length(max=200)])
    filing_number = TextField(
        _("公开募捐备案编号"),
        [Optional(), Length(max=80)],
        description=_("托管机构为这次活动办的备案；空着会显示“备案信息缺失”"),
    )

    @property
    def hours(self) -> tuple[time | None, time | None]:
        """From when to when."""
        return self.starts_at.data, self.ends_at.data


class EventForm(EventDetailsForm):
    """A new sale event."""

    slug = TextField(
        _("网址标识"),
        [Optional(), Length(max=80)],
        description=_("小写字母、数字和连字符；空着就用日期"),
    )


class LotForm(Form):
    """A lot. ``units_confirmed`` holds the number of pieces a pack that the person was asked about."""

    number = TextField(_("拍品号"), [Given(), Length(max=20)])
    name = TextField(_("名称"), [Given(), Length(max=120)])
    mode = RadioField(_("方式"), [Given()], choices=[(mode, _(name)) for mode, name in MODES.items()])
    units_per_item = IntegerField(_("每份含几件"), [Given(), NumberRange(1, 100_000)])
    quantity = IntegerField(_("份数"), [Given(), NumberRange(1, 1_000_000)])
    price = MoneyField(_("每份价格"), [Given()])
    step = MoneyField(_("加价幅度"), [Optional()], description=_("义拍填；空着就是 10 元"))
    reserve = MoneyField(_("保留价"), [Optional()], description=_("义拍可填；低于它不落槌，不公开"))
    units_confirmed = HiddenField()


class SaleForm(OnceForm):
    """One sale. The page offers the lots."""

    lot = ChoiceField(_("拍品"), [Given()], coerce=int)
    quantity = IntegerField(_("份数"), [Given(), NumberRange(1, 1_000_000)], default=1)
    amount = MoneyField(_("成交金额"), [Optional()])
    method = RadioField(_("付款方式"), [Given()], choices=_METHODS)
    buyer = TextField(_("买受人"), [Optional(), Length(max=60)])


class LateSaleForm(SaleForm):
    """A payment that arrived after the closing."""

    received_on = DateField(_("收款日期"), [Given()])

    def add_error(self, name: str | None, sentence: str) -> None:
        """Show what the ledger says of the entry's day beside the day that was typed."""
        super().add_error("received_on" if name == "occurred_on" else name, sentence)


class VoidForm(Form):
    """Why a sale or its entry is undone."""

    reason = TextField(_("原因"), [Given(), Length(max=1000)], widget=TextArea())


class BoxForm(Form):
    """What the donation box held."""

    cash = CountField(_("现金"), [Given()])
    wechat = CountField(_("微信"), [Given()])

    def add_error(self, name: str | None, sentence: str) -> None:
        """The box's amounts are refused together; show it beside the first."""
        super().add_error("cash" if name == "box" else name, sentence)


class CloseForm(Form):
    """Money counted by way of payment. A field is needed for each way that something was recorded by."""

    counted_cash = CountField(_("现金清点"), [Optional()])
    explanation_cash = TextField(_("现金差异的原因"), [Optional(), Length(max=500)])
    counted_wechat = CountField(_("微信实收"), [Optional()])
    explanation_wechat = TextField(_("微信差异的原因"), [Optional(), Length(max=500)])
    counted_alipay = CountField(_("支付宝实收"), [Optional()])
    explanation_alipay = TextField(_("支付宝差异的原因"), [Optional(), Length(max=500)])
    counted_bank = CountField(_("银行到账"), [Optional()])
    explanation_bank = TextField(_("银行差异的原因"), [Optional(), Length(max=500)])
