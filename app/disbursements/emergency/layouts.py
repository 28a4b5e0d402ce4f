"""Emergencies in words, for the office and for public pages."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import gettext as _

from app.council.rulebook.rules import Emergency
from app.disbursements.emergency.queries import EmergencyView
from app.disbursements.emergency.rules import STATES, TAGS
from app.shared.money import yuan
from app.web.jinja import moment


def limits_words(emergency: Emergency) -> str:
    """What the rules in force allow as an emergency."""
    return str(
        _(
            "每笔最多 %(limit)s 元；%(officers)s 名负责人签批（起草人除外）；批准后 %(hours)s 小时内付款，"
            "%(papers)s 个工作日内补齐材料；理事会 %(days)s 天内追认，没有追认的会在公开页面标出。",
            limit=yuan(emergency.up_to_minor),
            officers=emergency.officers,
            hours=emergency.pay_hours,
            papers=emergency.papers_working_days,
            days=emergency.ratify_days,
        )
    )


def late_words(view: EmergencyView) -> list[tuple[str, str, date | datetime | None]]:
    """What was not done in time, for anyone: (title, sentence, until when it was due)."""
    told: dict[str, tuple[str, str, date | datetime | None]] = {
        "payment": (
            _("付款超过期限"),
            _("应在 %(moment)s 以前付清，没有按时付款。", moment=moment(view.pay_by)),
            view.pay_by,
        ),
        "papers": (
            _("材料没有按期补齐"),
            _(
                "使用凭证应在 %(day)s 以前补齐，到期还不够已付的金额。",
                day=view.papers_by.isoformat(),
            ),
            view.papers_by,
        ),
        "ratification": (
            _("未按期追认"),
            _(
                "理事会应在 %(day)s 以前追认，到期没有形成决议，后来再次提请追认。",
                day=view.ratify_first_by.isoformat() if view.ratify_first_by else "",
            ),
            view.ratify_first_by,
        ),
    }
    return [told[key] for key in view.late]


def state_tag_of(view: EmergencyView) -> tuple[str, str]:
    """The tag of a ratification: (kind, text)."""
    return TAGS[view.state], str(_(STATES[view.state]))


def state_words(view: EmergencyView) -> str:
    """What became of a ratification, in a sentence that anyone may read."""
    until = view.ratify_by.isoformat() if view.ratify_by else ""
    if view.state == "ratified":
        return str(_("理事会已追认这笔紧急支出，决议 %(number)s。", number=view.resolution or ""))
    if view.state == "rejected":
        return str(
            _(
                "理事会没有追认这笔紧急支出，决议 %(number)s。已付的钱不因此退回。",
                number=view.resolution or "",
            )
        )
    if view.state == "late":
        return str(_("理事会应在 %(day)s 以前追认，到期没有形成决议。已付的钱不因此退回。", day=until))
    if view.state == "dropped":
        return str(_("这笔紧急支出没有付款，不再需要追认。"))
    return str(_("这是紧急支出：负责人签批后先付款，理事会须在 %(day)s 以前追认。", day=until))
