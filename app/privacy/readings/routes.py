"""The list of who was shown personal data."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _

from app.people.queries import users_who_can_sign_in
from app.privacy.readings import queries
from app.privacy.readings.queries import PAGE, ReadingFilter
from app.shared.errors import N_
from app.shared.permissions import Permission
from app.web import office
from app.web.access import office_fund, requires
from app.web.database import session
from app.web.pages import asked_number, page

blueprint = Blueprint("privacy", __name__, url_prefix="/office/privacy")
office.navigation_entry("privacy", N_("个人信息"), "privacy.readings", Permission.AUDIT_READ, order=75)

SUBJECTS: dict[str, str] = {
    "donation": N_("捐赠"),
    "disbursement": N_("拨付申请"),
    "event": N_("义卖"),
    "file": N_("文件"),
    "register": N_("登记表"),
    "objection": N_("异议"),
    "interest": N_("利害关系"),
}
AREAS: dict[str, str] = {
    "donations": N_("捐赠"),
    "gift": N_("更正捐赠"),
    "registers": N_("登记表"),
    "files": N_("文件"),
    "disbursements": N_("拨付申请"),
    "dossier": N_("拨付申请的档案"),
    "payments": N_("付款"),
    "payees": N_("收款账户"),
    "interests": N_("利害关系"),
    "objections": N_("异议"),
    "sales": N_("义卖"),
    "paddles": N_("号牌"),
    "desk": N_("收银"),
    "sale_imports": N_("导入义卖"),
    "request_imports": N_("导入申请"),
}
"""What pages are about, by the part of the office that they belong to."""


@blueprint.get("/access")
@requires(Permission.AUDIT_READ)
def readings() -> Response:
    """Who was shown which page with personal data, the latest first; of one person, or of one record."""
    reader_id, subject_id = asked_number("reader"), asked_number("number")
    kind = request.args.get("subject", "")
    kind = kind if kind in SUBJECTS else ""
    before = asked_number("before")
    rows = queries.readings(session(), ReadingFilter(office_fund().id, reader_id, kind, subject_id, before))
    kept: dict[str, Any] = {
        name: request.args[name] for name in ("reader", "subject", "number") if request.args.get(name)
    }
    older = url_for("privacy.readings", **{**kept, "before": rows[PAGE - 1].id}) if len(rows) > PAGE else None
    return page(
        "privacy/readings.html",
        rows=rows[:PAGE],
        older_url=older,
        newest_url=url_for("privacy.readings", **kept) if before else None,
        people=[(str(each.id), each.name) for each in users_who_can_sign_in(session())],
        subjects=[(key, _(name)) for key, name in SUBJECTS.items()],
        subject_names={key: _(name) for key, name in SUBJECTS.items()},
        areas={key: _(name) for key, name in AREAS.items()},
        asked={"reader": str(reader_id or ""), "subject": kind, "number": str(subject_id or "")},
        filters_set=bool(kept),
        nav_current="privacy",
    )
