"""Forms of the cashier and of the accountant: payment, acceptance, refund, reversal."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms.validators import Length, Optional

from app.web.forms import (
    ChoiceField,
    DateField,
    FileField,
    Form,
    Given,
    LongTextField,
    MoneyField,
    OnceForm,
    OneOfField,
    TextField,
)


class _DatedForm(OnceForm):
    """A form whose day the ledger calls ``occurred_on``."""

    day_field = ""

    def add_error(self, name: str | None, sentence: str) -> None:
        """Show what the ledger says of the entry's day beside the day that was typed."""
        super().add_error(self.day_field if name == "occurred_on" else name, sentence)


class PaymentForm(_DatedForm):
    """Money paid on a request. The page offers the accounts."""

    day_field = "paid_on"
    account = ChoiceField(_("付款账户"), [Given()], coerce=int)
    amount = MoneyField(_("付款金额"), [Given()])
    paid_on = DateField(_("付款日期"), [Given()])
    voucher_number = TextField(_("凭证号"), [Optional(), Length(max=60)])
    accepted = OneOfField(
        _("验收"),
        [Given()],
        choices=[("accepted", _("已完工验收，或物资已发到受益人")), ("prepaid", _("先付款，以后验收"))],
    )
    slip = FileField(_("银行回单或付款凭证"))


class AcceptanceForm(_DatedForm):
    """Work accepted or goods handed out after payment."""

    day_field = "accepted_on"
    amount = MoneyField(_("验收金额"), [Given()])
    accepted_on = DateField(_("验收日期"), [Given()])
    proof = FileField(_("验收单、签收表或照片"), [Optional()])


class RefundForm(_DatedForm):
    """Money back from the payee."""

    day_field = "received_on"
    account = ChoiceField(_("收款账户"), [Given()], coerce=int)
    amount = MoneyField(_("退回金额"), [Given()])
    received_on = DateField(_("收到日期"), [Given()])
    voucher_number = TextField(_("凭证号"), [Optional(), Length(max=60)])
    accepted = OneOfField(
        _("退回的是"),
        [Given()],
        choices=[("accepted", _("已验收、已列支的钱")), ("prepaid", _("还没有验收的预付款"))],
    )
    slip = FileField(_("到账凭证"), [Optional()])


class ReversalForm(Form):
    """Why a payment, acceptance or refund is undone."""

    reason = LongTextField(_("冲销原因"), [Given(), Length(max=1000)])
