"""Requests: /disbursements, /disbursements/<number>, and the files that anyone may read."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from app.council.rules import STATUSES as MATTER_STATUSES
from app.council.rules import Tally
from app.disbursements.emergency.layouts import state_tag_of, state_words
from app.disbursements.states import PROMISED, STATUS_NAMES, STATUS_TAGS
from app.files.routes import send_attachment
from app.ledger.accounts import PAYMENT_LINES
from app.public.disbursements.queries import (
    STATES,
    Decision,
    Dossier,
    PaymentLine,
    dossier,
    request_file,
    request_list,
)
from app.public.routes import in_address, known_names
from app.shared.errors import N_
from app.shared.money import yuan
from app.web.access import public
from app.web.database import session
from app.web.i18n import locale, text
from app.web.pages import page

blueprint = Blueprint("public_disbursements", __name__)

STATES_SHOWN = {status: (STATUS_TAGS[status], name) for status, name in STATUS_NAMES.items()}
_STATE_NAMES = {
    "voting": N_("表决中"),
    "notice": N_("公示中"),
    "to-pay": N_("待付款"),
    "paid": N_("已付款"),
    "ended": N_("未通过或撤回"),
}
_CHOICES = {"approve": "for", "reject": "against", "abstain": "abstained", "recuse": "recused"}
_DIGITS = "零一二三四五六七八九"


@blueprint.get("/disbursements")
@public
def listing() -> Response:
    """Every request that was put before the council, newest first."""
    state, after = request.args.get("state", ""), in_address(request.args.get("after", ""))
    found = request_list(session(), state, after)
    older = _address(state, found.next_after) if found.next_after is not None else None
    return page(
        "public/disbursements.html",
        fragment="request_rows",
        nav_current="disbursements",
        rows=found.rows,
        tags={status: (kind, text(name)) for status, (kind, name) in STATES_SHOWN.items()},
        tab_items=[
            ("", _("全部"), _address()),
            *((each, text(_STATE_NAMES[each]), _address(each)) for each in STATES),
        ],
        state=state,
        older_url=older,
        first_url=_address(state) if after else None,
    )


def _address(state: str = "", after: str | None = None) -> str:
    return url_for("public_disbursements.listing", state=state or None, after=after)


@blueprint.get("/disbursements/<number>")
@public
def show(number: str) -> Response:
    """The dossier of one request."""
    found = dossier(session(), in_address(number))
    known = known_names()
    kind, name = STATES_SHOWN[found.status]
    return page(
        "public/dossier.html",
        nav_current="disbursements",
        found=found,
        state=(kind, text(name)),
        fund=known.funds[found.fund_id],
        purpose=known.earmarks[found.earmark_id],
        several_funds=len(known.funds) > 1,
        spending=text(PAYMENT_LINES[found.spending_kind]) if found.spending_kind else "",
        story_items=_story(found),
        emergency_tag=state_tag_of(found.emergency) if found.emergency else None,
        emergency_words=state_words(found.emergency) if found.emergency else None,
        tally_note=_tally_note(found.decision) if found.decision else "",
        files=[
            {
                "name": each.name,
                "url": url_for("public_disbursements.download", file_id=each.id),
                "size_text": each.size_text,
            }
            for each in found.files
        ],
    )


@blueprint.get("/files/<int:file_id>")
@public(cached=False)
def download(file_id: int) -> Response:
    """A public attachment of a request."""
    return send_attachment(request_file(session(), file_id))


def seat_name(number: int) -> str:
    """A council member as the public reads it: the seat, never the name."""
    if locale() == "en" or number > 99:
        return str(_("理事%(seat)s", seat=number))
    tens, ones = divmod(number, 10)
    words = ("" if tens == 0 else "十" if tens == 1 else _DIGITS[tens] + "十") + (
        _DIGITS[ones] if ones else ""
    )
    return str(_("理事%(seat)s", seat=words or _DIGITS[0]))


def vote_name(seat_number: int, name: str | None) -> str:
    """Whose vote it is: the seat, with the name where it may stand there."""
    seat = seat_name(seat_number)
    return str(_("%(seat)s（%(name)s）", seat=seat, name=name)) if name else seat


def _tally_note(decision: Decision) -> str:
    """应到 7 人，法定 5 人，到会 6 人，回避 1 人 → 通过"""
    counts = decision.tally
    if decision.status == "open":
        return str(_("应到 %(seats)s 人，法定 %(quorum)s 人，已有 %(present)s 人表决", **_numbers(counts)))
    parts = [_("应到 %(seats)s 人，法定 %(quorum)s 人，到会 %(present)s 人", **_numbers(counts))]
    if counts.abstain:
        parts.append(_("弃权 %(count)s 人", count=counts.abstain))
    if counts.recuse:
        parts.append(_("回避 %(count)s 人", count=counts.recuse))
    return f"{_('，').join(parts)} → {_(MATTER_STATUSES[decision.status])}"


def _numbers(counts: Tally) -> dict[str, int]:
    return {"seats": counts.seats, "quorum": counts.quorum, "present": counts.present}


def _story(found: Dossier) -> list[dict[str, Any]]:
    """What happened to the request, in order, and what comes next."""
    items: list[dict[str, Any]] = [
        {
            "when": found.applied_on,
            "title": _("%(applicant)s提出申请", applicant=found.applicant),
            "detail": found.reason,
        }
    ]
    decision = found.decision
    if decision is not None and decision.before_on is None and found.submitted_at is not None:
        items.append({"when": found.submitted_at, "title": _("提交理事会表决")})
    if decision is not None:
        items.append(_decided(decision))
    items += [_paid(each) for each in found.payments]
    if found.status in PROMISED:
        left = found.amount_minor - found.paid_minor
        waiting = {
            "in_notice": N_("公示中，期满后付款 %(amount)s 元"),
            "held": N_("付款暂停，%(amount)s 元未付"),
        }
        title = waiting.get(found.status, N_("等待出纳付款 %(amount)s 元"))
        items.append({"title": _(title, amount=yuan(left)), "state": "now"})
    elif found.status in ("withdrawn", "cancelled"):
        title = _("申请撤回") if found.status == "withdrawn" else _("取消，未付的钱重新可用")
        items.append({"when": found.closed_at, "title": title, "state": "stopped"})
    return items


def _decided(decision: Decision) -> dict[str, Any]:
    counts = decision.tally
    if decision.status == "open":
        return {
            "when": decision.opened_at,
            "title": _("理事会正在表决"),
            "detail": _tally_note(decision),
            "state": "now",
        }
    titles = {
        "endorsing": _("理事会表决：通过，待会签"),
        "referred": _("未回避的理事不足三人，由托管机构决定"),
        "approved": _("表决：通过"),
        "rejected": _("表决：未通过"),
        "lapsed": _("到期未达法定人数"),
        "voided": _("内容有改动，表决作废"),
        "withdrawn": _("表决中止"),
    }
    item: dict[str, Any] = {
        "when": decision.before_on or decision.decided_at,
        "title": titles[decision.status],
        "state": "done" if decision.status == "approved" else "stopped",
        "votes": [
            {"name": vote_name(each.seat_number, each.name), "choice": _CHOICES[each.choice]}
            for each in decision.votes
        ],
    }
    if decision.before_on is not None:
        item["tag"] = ("plain", _("本系统启用前的决议"))
        item["detail"] = _(
            "按会议纪要登记：赞成 %(approve)s 票，反对 %(reject)s 票，弃权 %(abstain)s 票，回避 %(recuse)s 人。",
            approve=counts.approve,
            reject=counts.reject,
            abstain=counts.abstain,
            recuse=counts.recuse,
        )
    elif not decision.votes:
        item["detail"] = ngettext("%(num)s 人表决", "%(num)s 人表决", counts.present)
    return item


def _paid(payment: PaymentLine) -> dict[str, Any]:
    amount = yuan(payment.amount_minor)
    titles = {
        "payment": _("出纳付款 %(amount)s 元", amount=amount),
        "acceptance": _("验收 %(amount)s 元", amount=amount),
        "refund": _("收款方退回 %(amount)s 元", amount=amount),
    }
    details = []
    if payment.voucher_number:
        details.append(_("凭证 %(number)s", number=payment.voucher_number))
    if payment.kind == "payment":
        details.append(_("已验收或已发放") if payment.is_accepted else _("尚未验收或发放"))
    item: dict[str, Any] = {
        "when": payment.occurred_on,
        "title": titles[payment.kind],
        "detail": " · ".join(details),
        "url": url_for("public_entries.show_entry", number=payment.entry_number),
    }
    if payment.is_reversed:
        item["tag"] = ("stop", _("已冲销"))
        item["state"] = "stopped"
    return item
