"""Forms of sign-in and of the list of users."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import IntegerField, PasswordField
from wtforms.validators import EqualTo, InputRequired, Length, Optional

from app.people.rules import EMAIL_MAX, NAME_MAX, PASSWORD_MAX, PASSWORD_MIN
from app.shared.permissions import ROLE_NAMES, Role
from app.web.forms import ChoiceField, DateField, Form, TextField


class SignInForm(Form):
    """E-mail and password."""

    email = TextField(_("邮箱"), [InputRequired(), Length(max=EMAIL_MAX)])
    password = PasswordField(_("密码"), [InputRequired(), Length(max=1000)])


class PasswordForm(Form):
    """A new password, twice, and the present one."""

    current_password = PasswordField(_("现在的密码"), [InputRequired(), Length(max=1000)])
    new_password = PasswordField(
        _("新密码"),
        [InputRequired(), Length(max=PASSWORD_MAX)],
        description=_("至少 %(count)s 个字符；一句话比一个单词好记，也更难猜。", count=PASSWORD_MIN),
    )
    again = PasswordField(_("再输入一次新密码"), [InputRequired(), EqualTo("new_password")])


class UserForm(Form):
    """A new user."""

    name = TextField(_("姓名"), [InputRequired(), Length(max=NAME_MAX)])
    email = TextField(_("邮箱"), [InputRequired(), Length(max=EMAIL_MAX)], description=_("登录时使用"))


class TermForm(Form):
    """A term of office. The choices of ``fund_id`` are set by the page."""

    role = ChoiceField(
        _("岗位"),
        [InputRequired()],
        choices=[(role.value, _(name)) for role, name in ROLE_NAMES.items()],
        coerce=Role,
    )
    fund_id = ChoiceField(
        _("基金"), coerce=int, description=_("系统管理员、托管机构和审计可以不选，表示所有基金")
    )
    seat_number = IntegerField(_("席位号"), [Optional()], description=_("只有理事长和理事填写"))
    starts_on = DateField(_("开始日期"), [InputRequired()], past=False)
    ends_on = DateField(_("结束日期"), past=False, description=_("留空表示没有约定"))


class EndTermForm(Form):
    """The last day of a term."""

    ends_on = DateField(_("最后一天"), [InputRequired()], past=False)
