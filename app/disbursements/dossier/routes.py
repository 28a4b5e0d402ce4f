"""The page of one request in the office, and what the other pages about requests share with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.council import queries as council
from app.council.balloting.forms import SignForm, VoteForm
from app.council.balloting.layouts import choice_name
from app.council.balloting.routes import MatterView, view_of
from app.council.models import Matter
from app.council.notice.queries import is_held, standing
from app.council.notice.routes import words_of_objections
from app.council.rules import quorum_reached
from app.council.states import CHOICES, ENDORSEMENTS
from app.disbursements import queries
from app.disbursements.budget.queries import lines_of, quotations_of
from app.disbursements.emergency.layouts import late_words, state_tag_of, state_words
from app.disbursements.emergency.queries import EmergencyView, emergency_view
from app.disbursements.models import Disbursement
from app.disbursements.payees.queries import accounts_of
from app.disbursements.payments import queries as paid
from app.disbursements.proof import queries as proof
from app.disbursements.proof.rules import PAPERS
from app.disbursements.risks.routes import signs_of
from app.disbursements.states import EDITABLE, PAID, PROMISED, STATUS_NAMES, STATUS_TAGS, UNDECIDED
from app.files.queries import FileRow, files_of, path_of, pdf_pages
from app.files.rules import MAX_BYTES, PDF, PICTURES
from app.ledger import queries as ledger
from app.ledger.accounts import PAYMENT_LINES
from app.parties.queries import party
from app.parties.rules import KINDS
from app.settings import Settings
from app.shared.errors import N_, NotFound
from app.shared.money import yuan
from app.shared.permissions import Permission, Role
from app.web.access import actor, requires
from app.web.database import session
from app.web.pages import page

blueprint = Blueprint("dossier", __name__, url_prefix="/office/disbursements")

PAYMENT_NAMES = {"payment": N_("付款"), "acceptance": N_("验收"), "refund": N_("退回")}
PURPOSES = {
    "paper": N_("申请附件"),
    "minutes": N_("会议纪要"),
    "bank_slip": N_("银行回单"),
    "refund_slip": N_("退款凭证"),
    **PAPERS,
    "acceptance": N_("验收材料"),
}
_ACTS = {
    "draft_disbursement": N_("起草申请"),
    "edit_disbursement": N_("修改草稿"),
    "record_payee_account": N_("登记收款账户"),
    "attach_file": N_("上传文件"),
    "detach_file": N_("移除文件"),
    "submit_disbursement": N_("申请已提交"),
    "cast_vote": N_("表决"),
    "approved": N_("决定通过，款项已预留"),
    "open_ratification": N_("提请理事会追认"),
    "ratification_approved": N_("理事会追认"),
    "ratification_rejected": N_("追认未通过"),
    "ratification_lapsed": N_("未按期追认"),
    "rejected": N_("未通过"),
    "lapsed": N_("到期未达法定人数"),
    "returned_disbursement": N_("退回补充，已有的表决作废"),
    "in_notice_disbursement": N_("公示继续"),
    "held_disbursement": N_("付款暂停"),
    "payable_disbursement": N_("可以付款"),
    "open_matter": N_("开始表决"),
    "endorse": N_("签字"),
    "decide_matter": N_("决议"),
    "carry_vote": N_("表决通过，待会签"),
    "refer_matter": N_("提交托管机构决定"),
    "void_matter": N_("表决作废"),
    "withdraw_matter": N_("撤下议题"),
    "open_notice": N_("公示开始"),
    "end_notice": N_("公示结束"),
    "object": N_("有人提出异议"),
    "show_objection": N_("核对异议内容"),
    "propose_dismissal": N_("建议驳回异议"),
    "answer_objection": N_("答复异议"),
    "dismiss_objection": N_("驳回异议"),
    "place_hold": N_("监督员暂停付款"),
    "lift_hold": N_("监督员恢复付款"),
    "withdrawn_disbursement": N_("撤回"),
    "cancelled_disbursement": N_("取消，预留的钱已释放"),
    "paid_disbursement": N_("放弃未付的部分"),
    "record_payment": N_("付款"),
    "record_acceptance": N_("验收"),
    "record_refund": N_("收款方退回"),
    "reverse_payment": N_("冲销付款"),
    "reverse_entry": N_("冲销验收或退款"),
    "submit_proof": N_("提交使用凭证"),
    "judge_proof": N_("验收使用凭证"),
    "proven_disbursement": N_("使用凭证齐全"),
    "unproven_disbursement": N_("使用凭证不再齐全"),
    "delivered_disbursement": N_("登记到达受益人"),
    "take_back_delivery": N_("撤销到达登记"),
    "closed_disbursement": N_("结项"),
    "add_public_copy": N_("上传公开件"),
}
_LEAVES = {
    "submitted": N_("申请已提交"),
    "approved": N_("批准"),
    "promised_again": N_("重新预留"),
    "request_withdrawn": N_("撤回"),
    "request_cancelled": N_("取消"),
    "request_paid": N_("放弃未付部分"),
    "payment": N_("付款"),
    "acceptance": N_("验收"),
    "refund": N_("退回"),
    "proof_of_use": N_("使用凭证"),
    "proof_judged": N_("凭证验收"),
    "delivery": N_("到达"),
    "request_closed": N_("结项"),
    "matter_opened": N_("议题"),
    "vote": N_("表决"),
    "resolution": N_("决议"),
    "matter_withdrawn": N_("撤下议题"),
    "matter_voided": N_("表决作废"),
    "matter_referred": N_("提交托管机构"),
    "vote_carried": N_("表决通过"),
    "endorsement": N_("一次签字"),
    "request_returned": N_("退回补充"),
    "notice_opened": N_("公示"),
    "notice_ended": N_("公示结束"),
    "objection": N_("异议"),
    "objection_answer": N_("异议答复"),
    "hold_placed": N_("暂停付款"),
    "hold_lifted": N_("恢复付款"),
    "entry": N_("分录"),
}
_STOPPING = {
    "rejected",
    "lapsed",
    "withdrawn_disbursement",
    "cancelled_disbursement",
    "ratification_rejected",
    "ratification_lapsed",
}
_AWAITED = {"endorsing": N_("会签"), "referred": N_("托管机构决定")}
_ACCEPTED_HINTS = {
    "accepted": N_("直接记入支出"),
    "prepaid": N_("先记为预付款（买物资记为库存），等会计登记验收后再记入支出"),
}


@blueprint.get("/<int:disbursement_id>")
@requires(Permission.DISBURSEMENT_READ, personal=True)
def show(disbursement_id: int) -> Response:
    """One request: what it asks, who gains, what is left afterwards, the vote, the payments, who did what."""
    return dossier_page(readable(disbursement_id))


def readable(disbursement_id: int) -> Disbursement:
    """A request that the person may read, in whichever fund; NotFound for any other, so that numbers tell nothing."""
    found = queries.disbursement(session(), disbursement_id)
    if not actor().may(Permission.DISBURSEMENT_READ, found.fund_id):
        raise NotFound(N_("没有这笔拨付申请"))
    return found


def files_dir() -> Path:
    """The folder that keeps the bytes of attachments."""
    settings: Settings = current_app.extensions["sunledger_settings"]
    return settings.files_dir


def may_take_back(found: Disbursement) -> bool:
    """Whether the person may withdraw or cancel this request: its submitter or the secretary."""
    who = actor()
    if not who.may(Permission.DISBURSEMENT_REQUEST, found.fund_id):
        return False
    return found.submitter_id in (None, who.user_id) or who.holds(Role.SECRETARY, found.fund_id)


def dossier_page(
    found: Disbursement,
    template: str = "disbursements/show.html",
    *,
    acting: Matter | None = None,
    typed: VoteForm | SignForm | None = None,
    **context: Any,
) -> Response:
    """The page of a request, or another page about it that shows the same facts. ``typed``: a ballot or a signature about the
    matter ``acting`` that came back."""
    reading = session()
    matter = council.matter_of(reading, queries.SUBJECT, found.id)
    kept = files_of(reading, queries.SUBJECT, found.id)
    pool = pool_of(reading, found)
    emergency = emergency_view(reading, found)
    views = [
        view_of(
            reading,
            actor(),
            each,
            typed if acting is not None and acting.id == each.id else None,
            title=_("理事会追认") if each.type == queries.RATIFICATION else "",
        )
        for each in (emergency.matter if emergency else None, matter)
        if each is not None
    ]
    if typed is not None:
        context.setdefault("form", typed)
    if acting is not None:
        context["matter"] = acting
    return page(
        template,
        found=found,
        number=found.number or _("草稿"),
        project=queries.project_name(reading, found),
        state=(STATUS_TAGS[found.status], _(STATUS_NAMES[found.status])),
        applicant=party(reading, found.applicant_id),
        payee=party(reading, found.payee_id),
        earlier=queries.earlier_to_payee(reading, found),
        accounts=accounts_of(reading, actor(), found.fund_id, found.payee_id)[:1],
        budget_lines=lines_of(reading, found.id),
        quotations=quotations_of(reading, found.id),
        signs=signs_of(found),
        spending_name=_(PAYMENT_LINES[found.spending_kind]) if found.spending_kind else None,
        pool=pool,
        left_after_minor=left_after(found, pool),
        is_undecided=found.status in UNDECIDED,
        is_promised=found.status in PROMISED,
        papers=_listed([file for file in kept if file.purpose == "paper"]),
        later_files=_listed([file for file in kept if file.purpose != "paper"], named=True),
        views=views,
        standing=standing(reading, queries.SUBJECT, found.id),
        **words_of_objections(),
        emergency=emergency,
        emergency_tag=state_tag_of(emergency) if emergency else None,
        emergency_words=state_words(emergency) if emergency else None,
        emergency_late=late_words(emergency) if emergency else [],
        payments=_payments(found),
        story_items=_story(found, matter),
        leaves=[(_(_LEAVES[leaf.kind]), leaf.position) for leaf in queries.leaves_of(reading, found.id)],
        links=_links(found, matter, views, emergency),
        kind_names={kind: _(name) for kind, name in KINDS.items()},
        accepted_hints={choice: _(hint) for choice, hint in _ACCEPTED_HINTS.items()},
        max_bytes=MAX_BYTES,
        accept=".pdf,.png,.jpg,.jpeg",
        **_after_payment(found),
        nav_current="disbursements",
        **context,
    )


def _after_payment(found: Disbursement) -> dict[str, Any]:
    """What was shown of the use of paid money, and whether it arrived."""
    has_payments = found.paid_minor > 0
    return {
        "proofs": proof.proofs_of(session(), found.id) if has_payments else [],
        "delivery": proof.delivery_of(session(), found.id) if has_payments else None,
        "unshown_minor": proof.standing(session(), found.id).unshown_minor if has_payments else 0,
        "may_judge": actor().may(Permission.BOOKS_POST, found.fund_id)
        and found.status in (*PROMISED, "paid", "proven"),
    }


def pool_of(reading: Session, found: Disbursement) -> ledger.PoolView:
    """The money of the purpose that a request is to be paid from."""
    return next(
        pool for pool in ledger.pools_of(reading, found.fund_id) if pool.earmark_id == found.earmark_id
    )


def left_after(found: Disbursement, pool: ledger.PoolView) -> int:
    """Fen of the purpose that stay free when this request is approved."""
    promised = found.status in PROMISED
    return pool.available_minor if promised else pool.available_minor - found.amount_minor


def _listed(files: list[FileRow], *, named: bool = False) -> list[dict[str, Any]]:
    return [
        {
            "name": file.name,
            "url": url_for("files.download", file_id=file.id),
            "size_text": _size_text(file),
            "picture": url_for("files.small", file_id=file.id) if file.media_type in PICTURES else None,
            "note": (_(PURPOSES.get(file.purpose, file.purpose)) if named else None)
            or (_("可公开") if file.is_public else None),
        }
        for file in files
    ]


def _size_text(file: FileRow) -> str:
    pages = pdf_pages(path_of(files_dir(), file.sha256)) if file.media_type == PDF else None
    return f"{file.size_text} · {ngettext('%(num)s 页', '%(num)s 页', pages)}" if pages else file.size_text


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment, acceptance or refund as the office lists it."""

    entry_number: int
    kind: str
    name: str
    amount_minor: int
    occurred_on: Any
    details: str
    is_reversed: bool
    reverse_url: str | None


def _payments(found: Disbursement) -> list[PaymentRow]:
    rows = queries.payments_of(session(), found.id)
    undone = ledger.reversed_among(session(), [row.entry_number for row in rows])
    may_correct = actor().may(Permission.BOOKS_CORRECT, found.fund_id)
    listed = []
    for row in rows:
        account = ledger.money_account(session(), row.money_account_id) if row.money_account_id else None
        details = [
            _("第 %(number)s 号分录", number=row.entry_number),
            _(account.name) if account else "",
            _("预付，待验收") if row.kind == "payment" and not row.is_accepted else "",
            row.voucher_number,
        ]
        listed.append(
            PaymentRow(
                row.entry_number,
                row.kind,
                _(PAYMENT_NAMES[row.kind]),
                row.amount_minor,
                row.occurred_on,
                " · ".join(filter(None, details)),
                row.entry_number in undone,
                url_for("payments.reverse", disbursement_id=found.id, number=row.entry_number)
                if may_correct and row.entry_number not in undone
                else None,
            )
        )
    return listed


def _story(found: Disbursement, matter: Matter | None) -> list[dict[str, Any]]:
    """The audit trail as people read it; what one act causes besides itself is left out."""
    items: list[dict[str, Any]] = []
    for act in queries.acts_on(session(), found.id):
        if act.action not in _ACTS:
            continue
        said = [act.actor or (_("公众") if act.action == "object" else _("系统"))]
        if "choice" in act.detail:
            kind, choice = act.detail.get("kind"), act.detail["choice"]
            said.append(choice_name(kind, choice) if kind else _(CHOICES[choice]))
        if "entry" in act.detail:
            said.append(_("第 %(number)s 号分录", number=act.detail["entry"]))
        if act.detail.get("reason"):
            said.append(act.detail["reason"])
        stopped = act.action in _STOPPING
        title = ENDORSEMENTS[act.detail["kind"]] if act.action == "endorse" else _ACTS[act.action]
        item = {"when": act.at, "title": _(title), "detail": " · ".join(said)}
        items.append({**item, "state": "stopped"} if stopped else item)
    following = {
        "drafted": N_("提交申请"),
        "returned": N_("补充后再次提交"),
        "submitted": N_("开始表决"),
        "in_vote": _AWAITED.get(matter.status if matter else "open", N_("表决")),
        "in_notice": N_("公示期满后付款"),
        "held": N_("异议答复或暂停解除后付款"),
        "payable": N_("等出纳付款"),
    }.get(found.status)
    if found.status == "in_vote" and matter is not None and matter.decided_by != "council":
        following = N_("负责人签批")
    if following:
        items.append({"title": _(following), "state": "now"})
    return items


def _links(
    found: Disbursement, matter: Matter | None, views: list[MatterView], emergency: EmergencyView | None
) -> list[tuple[str, str, str]]:
    """What the person can do with this request now: (text, address, kind of button)."""
    who, fund = actor(), found.fund_id

    def to(endpoint: str) -> str:
        return url_for(endpoint, disbursement_id=found.id)

    links: list[tuple[str, str, str]] = []
    for view in views:
        if view.ballot.form or view.signing:
            text = _("去签字") if view.signing else _("改我的表决") if view.ballot.sentence else _("去表决")
            part = "sign" if view.signing else "ballot"
            links.append((text, f"#{view.key}-{part}", "quiet"))
    if found.status in EDITABLE and who.may(Permission.DISBURSEMENT_REQUEST, fund):
        links.append((_("提交"), to("disbursements.submit"), "primary"))
        links.append((_("修改草稿"), to("disbursements.edit"), "quiet"))
        links.append((_("作废草稿"), to("disbursements.withdraw"), "quiet"))
    if found.status == "submitted":
        if who.may(Permission.COUNCIL_CONVENE, fund):
            links.append((_("开始表决"), to("voting.put_to_vote"), "primary"))
        if may_take_back(found):
            links.append((_("撤回申请"), to("disbursements.withdraw"), "quiet"))
    if found.status in ("submitted", "in_vote") and who.may(Permission.COUNCIL_CONVENE, fund):
        links.append((_("退回补充"), to("voting.give_back"), "quiet"))
    if found.status == "in_vote" and matter is not None:
        tally = council.tally(session(), matter)
        if matter.status == "open" and who.holds(Role.CHAIR, fund) and quorum_reached(tally):
            links.append((_("结束表决"), url_for("balloting.close", matter_id=matter.id), "quiet"))
        if (
            who.may(Permission.MATTER_VOTE, fund)
            and who.user_id != matter.submitter_id
            and tally.present == tally.recuse
            and found.applied_on <= council.past_decisions_end(session(), fund)
        ):
            links.append((_("登记以前的决议"), to("voting.past_decision"), "quiet"))
        if may_take_back(found):
            links.append((_("撤回申请"), to("disbursements.withdraw"), "quiet"))
    if emergency and emergency.state == "late" and who.may(Permission.COUNCIL_CONVENE, fund):
        links.append((_("再次提请追认"), to("voting.ratify_again"), "primary"))
    if found.status == "payable" and who.may(Permission.DISBURSEMENT_PAY, fund):
        links.append((_("付款"), to("payments.pay"), "primary"))
    if who.may(Permission.COUNCIL_SUPERVISE, fund):
        if is_held(session(), queries.SUBJECT, found.id):
            links.append((_("恢复付款"), to("holding.lift"), "primary"))
        elif found.status in PROMISED:
            links.append((_("暂停付款"), to("holding.hold"), "quiet"))
    if found.status in PROMISED and may_take_back(found):
        text = _("放弃未付的部分") if found.paid_minor else _("取消申请")
        links.append((text, to("disbursements.cancel"), "quiet"))
    links += _links_after_payment(found)
    if found.status in (*PROMISED, *PAID):
        spent, waiting = paid.refundable(session(), found.id)
        if waiting > 0 and who.may(Permission.BOOKS_POST, fund):
            text = _("验收（%(amount)s 元待验收）", amount=yuan(waiting))
            links.append((text, to("payments.accept"), "primary"))
        if spent + waiting > 0 and who.may(Permission.DISBURSEMENT_PAY, fund):
            links.append((_("登记退回"), to("payments.refund"), "quiet"))
    return links


def _links_after_payment(found: Disbursement) -> list[tuple[str, str, str]]:
    who = actor()
    may_ask = who.may(Permission.DISBURSEMENT_REQUEST, found.fund_id)
    wanted = [
        (
            may_ask and found.paid_minor > 0 and proof.standing(session(), found.id).unshown_minor > 0,
            _("提交使用凭证"),
            "proof.submit",
            "primary",
        ),
        (may_ask and found.status == "proven", _("登记到达受益人"), "proof.deliver", "primary"),
        (may_ask and found.status == "delivered", _("撤销到达登记"), "proof.take_back", "quiet"),
        (
            who.may(Permission.COUNCIL_CONVENE, found.fund_id) and proof.may_close(session(), found),
            _("结项"),
            "proof.close",
            "primary",
        ),
        (may_ask and found.number is not None, _("上传公开件"), "proof.public_copy", "quiet"),
    ]
    return [
        (text, url_for(endpoint, disbursement_id=found.id), kind)
        for is_wanted, text, endpoint, kind in wanted
        if is_wanted
    ]
