"""Announcing a sale event, and the order of its lots."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import FieldList, IntegerField
from wtforms.validators import Length, NumberRange, Optional

from app.ledger.structure.models import MoneyAccount
from app.web.forms import Form, ManyField, TextField

_CODE = _("托管机构的，不能用个人收款码")


class AnnounceForm(Form):
    """Where the money of an event goes."""

    accounts = ManyField(_("收款账户"))
    wechat_code = TextField(_("微信商户号"), [Optional(), Length(max=40)], description=_CODE)
    alipay_code = TextField(_("支付宝商户号"), [Optional(), Length(max=40)], description=_CODE)

    def chosen(self, accounts: list[MoneyAccount]) -> dict[int, str]:
        """The accounts ticked, each with its merchant code."""
        codes = {"wechat": self.wechat_code.data or "", "alipay": self.alipay_code.data or ""}
        kinds = {account.id: account.kind for account in accounts}
        return {each: codes.get(kinds.get(each, ""), "") for each in self.accounts.data or []}


class ArrangeForm(Form):
    """The place of each lot, in the order in which they stand now."""

    places = FieldList(IntegerField(validators=[Optional(), NumberRange(1, 100_000)]))
