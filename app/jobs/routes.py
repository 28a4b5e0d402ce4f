"""Notices in the office: to copy into a chat group, and what became of their e-mail; jobs that were given up."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request, url_for
from flask_babel import gettext as _

from app.jobs import operations, queries, rules
from app.settings import Settings
from app.shared.errors import N_
from app.shared.permissions import Permission
from app.web import office
from app.web.access import actor, office_fund, requires
from app.web.database import session, transaction
from app.web.pages import asked_number, done, page

blueprint = Blueprint("jobs", __name__, url_prefix="/office/notices")
office.navigation_entry("notices", N_("通知"), "jobs.notices", Permission.OFFICE_ENTER, order=70)


@blueprint.get("/")
@requires(Permission.OFFICE_ENTER)
def notices() -> Response:
    """The notices that one may read, the newest first."""
    fund = office_fund()
    failed = request.args.get("state") == "failed"
    before = asked_number("before")
    rows = queries.notices(session(), actor(), fund.id, failed=failed, before=before)
    shown = rows[: queries.PAGE]
    state = "failed" if failed else None  # url_for leaves out what is None
    is_more = len(rows) > queries.PAGE
    return page(
        "jobs/notices.html",
        rows=[(row, _tag(row)) for row in shown],
        sees_all=actor().may(Permission.NOTICE_READ, fund.id),
        current="failed" if failed else "all",
        tab_items=_tabs(),
        first_url=url_for("jobs.notices", state=state) if before else None,
        next_url=url_for("jobs.notices", before=shown[-1].id, state=state) if is_more else None,
        nav_current="notices",
    )


@blueprint.get("/<int:message_id>")
@requires(Permission.OFFICE_ENTER)
def notice(message_id: int) -> Response:
    """One notice: its text to copy, and what became of its e-mail."""
    (row,) = queries.as_rows(session(), [queries.notice(session(), actor(), message_id)])
    return page(
        "jobs/notice.html",
        row=row,
        tag=_tag(row),
        to_copy=rules.copy_text(row.title, row.text, _site_address() + row.path),
        nav_current="notices",
    )


@blueprint.post("/<int:message_id>/send")
@requires(Permission.OFFICE_ENTER)
def send(message_id: int) -> Response:
    """Send a notice again whose e-mail failed."""
    with transaction() as writing:
        operations.retry_notice(writing, actor(), message_id)
    return done(url_for("jobs.notice", message_id=message_id), _("邮件会重新发送"))


@blueprint.get("/jobs")
@requires(Permission.JOB_MANAGE)
def failed_jobs() -> Response:
    """Jobs that were given up, and how many there are of the others."""
    return page(
        "jobs/failed_jobs.html",
        jobs=queries.failed_jobs(session()),
        counts=queries.job_counts(session()),
        tab_items=_tabs(),
        states=rules.STATES,
        nav_current="notices",
    )


@blueprint.post("/jobs/<int:job_id>/retry")
@requires(Permission.JOB_MANAGE)
def retry(job_id: int) -> Response:
    """Try a job again that was given up."""
    with transaction() as writing:
        operations.retry_job(writing, actor(), job_id)
    return done(url_for("jobs.failed_jobs"), _("任务会重新执行"))


def _site_address() -> str:
    settings: Settings = current_app.extensions["sunledger_settings"]
    return settings.public_url or request.host_url.rstrip("/")


def _tabs() -> list[tuple[str, str, str]]:
    items = [
        ("all", _("全部通知"), url_for("jobs.notices")),
        ("failed", _("没有发出的邮件"), url_for("jobs.notices", state="failed")),
    ]
    if actor().may(Permission.JOB_MANAGE):
        items.append(("jobs", _("后台任务"), url_for("jobs.failed_jobs")))
    return items


def _tag(row: queries.NoticeRow) -> tuple[str, str]:
    if row.state == "waiting" and not row.is_mailed:
        return "plain", _("供复制")
    return {
        "waiting": ("wait", _("邮件等待发送")),
        "sent": ("ok", _("邮件已发送")),
        "failed": ("stop", _("邮件没有发出")),
        "withdrawn": ("plain", _("已撤回")),
    }[row.state]
