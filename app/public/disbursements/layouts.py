"""What happened to a request, in order, as the public reads it, and what comes next."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from app.council.layouts import arithmetic_of
from app.disbursements.emergency.layouts import late_words
from app.disbursements.emergency.queries import EmergencyView
from app.disbursements.proof.queries import DeliveryRow, ProofRow
from app.disbursements.states import PROMISED
from app.public.disbursements.queries import Decision, Dossier, PaymentLine
from app.public.layouts import CHOICES_SHOWN, vote_name
from app.shared import clock
from app.shared.errors import N_
from app.shared.money import yuan
from app.web.database import session

_ENDS = {
    "endorsing": N_("理事会表决：通过，待会签"),
    "referred": N_("未回避的理事不足三人，由托管机构决定"),
    "approved": N_("表决：通过"),
    "rejected": N_("表决：未通过"),
    "lapsed": N_("到期未达法定人数"),
    "voided": N_("内容有改动，表决作废"),
    "withdrawn": N_("表决中止"),
}
_SIGNED = {"approved": N_("签批：通过"), "rejected": N_("签批：未通过"), "lapsed": N_("到期未签批")}
_RATIFIED = {
    "open": N_("理事会正在表决追认"),
    "approved": N_("理事会追认"),
    "rejected": N_("追认未通过"),
    "lapsed": N_("未按期追认"),
    "withdrawn": N_("没有付款，不再追认"),
}
_WAITING = {
    "in_notice": N_("公示中，期满后付款 %(amount)s 元"),
    "held": N_("付款暂停，%(amount)s 元未付"),
}


def story_of(found: Dossier) -> list[dict[str, Any]]:
    """The timeline of a request: every text that was put up and what became of it, payments, use, arrival, end."""
    items: list[dict[str, Any]] = [
        {
            "when": found.applied_on,
            "title": _("%(applicant)s提出申请", applicant=found.applicant),
            "detail": found.reason,
        }
    ]
    for place, decision in enumerate(found.decisions):
        if decision.before_on is None and decision.status != "open":
            put_up = _("补充后再次提交") if place else _("提交理事会表决")
            if decision.decided_by != "council":
                put_up = _("提交负责人签批")
            items.append({"when": decision.opened_at, "title": put_up})
        items.append(_decided(decision))
    notice = found.standing.notice if found.standing is not None else None
    if notice is not None:
        items.append(
            {
                "when": notice.opens_on,
                "title": _("公示到 %(day)s", day=notice.ends_on.isoformat()),
                "url": "#notice",
            }
        )
    afterwards = [_paid(each) for each in found.payments]
    afterwards += [_shown(each) for each in found.proofs]
    if found.delivery is not None:
        afterwards.append(_delivered(found.delivery))
    if found.emergency is not None:
        afterwards = sorted([*afterwards, *_emergency(found, found.emergency)], key=_day)
    items += afterwards
    if found.status == "returned":
        items.append({"title": _("退回补充，等待再次提交"), "state": "now"})
    elif found.status == "submitted":
        items.append({"title": _("等待开始表决"), "state": "now"})
    elif found.status in PROMISED:
        left = yuan(found.amount_minor - found.paid_minor)
        title = _WAITING.get(found.status, N_("等待出纳付款 %(amount)s 元"))
        items.append({"title": _(title, amount=left), "state": "now"})
    elif found.status in ("withdrawn", "cancelled"):
        title = _("申请撤回") if found.status == "withdrawn" else _("取消，未付的钱重新可用")
        items.append({"when": found.closed_at, "title": title, "state": "stopped"})
    elif found.status == "closed":
        items.append({"when": found.closed_at, "title": _("结项")})
    return items


def _day(item: dict[str, Any]) -> date:
    when = item["when"]
    return clock.local(when).date() if isinstance(when, datetime) else when


def _emergency(found: Dossier, emergency: EmergencyView) -> list[dict[str, Any]]:
    """What was late of an emergency, and each time that the council was asked to ratify it."""
    items: list[dict[str, Any]] = [
        {"when": until, "title": title, "detail": sentence, "state": "stopped"}
        for title, sentence, until in late_words(emergency)
    ]
    for decision in found.ratifications:
        item = _decided(decision)
        if decision.status == "open" and emergency.state == "late":
            item |= {"title": _("未按期追认"), "state": "stopped"}
        elif decision.status in _RATIFIED:
            item["title"] = _(_RATIFIED[decision.status])
        items.append(item)
    return items


def words_of(decision: Decision) -> str:
    """The arithmetic of a decision, in words."""
    return arithmetic_of(session(), decision.matter, is_public=True)


def _decided(decision: Decision) -> dict[str, Any]:
    by_council = decision.decided_by == "council"
    if decision.status == "open":
        title = _("理事会正在表决") if by_council else _("等待负责人签批")
        return {"when": decision.opened_at, "title": title, "detail": words_of(decision), "state": "now"}
    ends = _ENDS if by_council else {**_ENDS, **_SIGNED}
    waits = decision.status in ("endorsing", "referred")
    item: dict[str, Any] = {
        "when": decision.before_on or decision.decided_at or decision.opened_at,
        "title": _(ends[decision.status]),
        "detail": words_of(decision),
        "state": "done" if decision.status == "approved" else "now" if waits else "stopped",
        "votes": [
            {"name": vote_name(each.seat_number, each.name), "choice": CHOICES_SHOWN[each.choice]}
            for each in decision.votes
        ],
    }
    if decision.before_on is not None:
        counts = decision.tally
        item["tag"] = ("plain", _("本系统启用前的决议"))
        item["detail"] = _(
            "按会议纪要登记：赞成 %(approve)s 票，反对 %(reject)s 票，弃权 %(abstain)s 票，回避 %(recuse)s 人。",
            approve=counts.approve,
            reject=counts.reject,
            abstain=counts.abstain,
            recuse=counts.recuse,
        )
    return item


def _shown(proof: ProofRow) -> dict[str, Any]:
    """A proof of use: what was done with the money, and how much of it was accepted."""
    item: dict[str, Any] = {
        "when": proof.submitted_at,
        "title": _("提交使用凭证 %(amount)s 元", amount=yuan(proof.used_minor)),
        "detail": proof.words,
    }
    if proof.accepted_minor is None:
        item["tag"] = ("wait", _("待验收"))
    elif proof.accepted_minor == proof.used_minor:
        item["tag"] = ("ok", _("已验收"))
    else:
        item["tag"] = ("stop", _("认可 %(amount)s 元", amount=yuan(proof.accepted_minor)))
    return item


def _delivered(delivery: DeliveryRow) -> dict[str, Any]:
    title = _("已到达受益人")
    if delivery.recipients:
        title = _("已到达受益人：%(count)s 人（户）", count=delivery.recipients)
    return {"when": delivery.delivered_on, "title": title, "detail": delivery.words}


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
