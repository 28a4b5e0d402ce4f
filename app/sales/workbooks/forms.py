"""The confirmation of a sale register."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField

from app.files.uploads.forms import ConfirmRegisterForm


class ConfirmSaleForm(ConfirmRegisterForm):
    """What is accepted of a preview, and whether the event is closed by what its total row says was counted."""

    close = BooleanField(_("按合计行写明的现金和微信结束义卖，并入账"))
