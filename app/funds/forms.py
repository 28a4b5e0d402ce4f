"""Forms of the fund's settings."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from app.web.forms import DateField, Form, RadioField, TextField


class FundForm(Form):
    """What a fund and its host say about themselves in public."""

    name = TextField(_("基金全称"), [InputRequired(), Length(max=200)])
    description = TextAreaField(_("简介"), [Length(max=4000)])
    founded_on = DateField(_("设立日期"))
    phone = TextField(_("咨询电话"), [Length(max=60)])


class HostForm(Form):
    """The host charity, as the foot of every page and the head of every statement name it."""

    name = TextField(_("托管机构全称"), [InputRequired(), Length(max=200)])
    registration_number = TextField(_("统一社会信用代码"), [Length(max=40)])
    address = TextField(_("地址"), [Length(max=300)])
    phone = TextField(_("电话"), [Length(max=60)])
    fundraising_certificate = TextField(_("公开募捐资格证书编号"), [Length(max=80)])
    icp_number = TextField(_("ICP 备案号"), [Length(max=60)])
    police_number = TextField(_("公安联网备案号"), [Length(max=60)])


class BuyersForm(Form):
    """The host's word on papers for buyers at charity sales."""

    allowed = RadioField(
        _("义卖义拍的买受人可以拿收款确认"),
        choices=[("no", _("不可以（默认）")), ("yes", _("可以，由本机构决定并负责"))],
    )
