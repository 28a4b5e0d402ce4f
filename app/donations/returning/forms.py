"""Forms of a gift given back: the proposal, the decision, the payment."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf.file import MultipleFileField
from wtforms.validators import Length, Optional

from app.donations.returning.rules import REASON_MAX, VOUCHER_MAX, WAYS
from app.web.forms import (
    ChoiceField,
    DateField,
    Given,
    LongTextField,
    MoneyField,
    OnceForm,
    RadioField,
    TextField,
)


class ReturnForm(OnceForm):
    """What a donor asked for."""

    amount = MoneyField(_("退还金额"), [Given()])
    requested_on = DateField(_("捐赠人要求或同意退还的日期"), [Given()])
    way = RadioField(_("怎么联系的"), [Given()], choices=[(key, _(name)) for key, name in WAYS.items()])
    reason = LongTextField(_("原因"), [Given(), Length(max=REASON_MAX)])
    papers = MultipleFileField(_("凭据"))  # that there is one is the operation's affair


class DecisionForm(OnceForm):
    """The decision of somebody who did not propose it."""

    decision = RadioField(_("决定"), [Given()], choices=[("approve", _("批准退还")), ("reject", _("不批准"))])
    motion_number = TextField(_("理事会提案编号"), [Optional(), Length(max=20)])
    note = LongTextField(_("说明"), [Optional(), Length(max=REASON_MAX)])


class PaymentForm(OnceForm):
    """The payment. The page offers the accounts."""

    account = ChoiceField(_("付款账户"), [Given()], coerce=int)
    paid_on = DateField(_("付款日期"), [Given()])
    voucher_number = TextField(_("凭证号"), [Given(), Length(max=VOUCHER_MAX)])
    slip = MultipleFileField(_("银行回单或付款凭证"))
