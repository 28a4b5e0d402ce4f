"""Issuing the report of a sale event."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms.validators import Length, Optional

from app.documents.operations import MAX_NOTE
from app.web.forms import Form, LongTextField


class ReportForm(Form):
    """Why a next version is issued; empty for the first."""

    correction_note = LongTextField(_("更正说明"), [Optional(), Length(max=MAX_NOTE)])
