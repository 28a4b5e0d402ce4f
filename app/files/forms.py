"""The form of public copies, for every kind of record that has them."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf.file import MultipleFileField

from app.web.forms import Form


class PublicCopyForm(Form):
    """Redacted copies for the public page."""

    public_copy = MultipleFileField(_("公开件（已遮盖个人信息）"))
