"""The cashier's part: payment, acceptance, refund, reversal of a payment."""

from __future__ import annotations

from datetime import date

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app.council.notice.queries import notice_of
from app.council.queries import matter_of, took_part
from app.disbursements import queries
from app.disbursements.models import Disbursement, Payment
from app.disbursements.operations import SUBJECT, advance
from app.disbursements.payments.queries import refundable, waiting_for_acceptance
from app.disbursements.proof.operations import settle
from app.disbursements.states import may_become
from app.files.queries import files_of
from app.ledger import queries as ledger
from app.ledger import rules as posting
from app.ledger.correction.operations import reverse_entry
from app.ledger.operations import Posted, post_entries
from app.ledger.rules import EntryDraft
from app.ledger.structure.models import Earmark, MoneyAccount, Project
from app.ledger.tracing import queries as tracing_queries
from app.ledger.tracing.operations import hold, plan_refund, plan_use_of_holds
from app.log.operations import LeafDraft, append
from app.parties.queries import party as party_by_id
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, Forbidden, Refused
from app.shared.money import Money
from app.shared.permissions import Actor, Permission

NOT_PAYABLE = {
    "in_notice": N_("公示还没有结束，现在不能付款"),
    "held": N_("有异议或监督员的暂停尚未解除，现在不能付款"),
}
"""Why a promised request cannot be paid yet."""


def pay_disbursement(
    session: Session,
    actor: Actor,
    disbursement_id: int,
    *,
    amount_minor: int,
    account: MoneyAccount,
    paid_on: date,
    voucher_number: str = "",
    accepted: bool = True,
    key: str | None = None,
) -> Posted:
    """Pay an approved request, whole or in part, with its bank slip attached (purpose "bank_slip").

    ``accepted``: the work is done or the goods handed out; otherwise the money waits in 1141 or 1201. A second click
    with the same key returns the first payment. Raises Forbidden when the payer requested or voted (Accounting Law
    Art. 25, 35), Refused without a slip, above what is approved, before the decision, or when the account is short.
    """
    disbursement = queries.disbursement(session, disbursement_id)
    actor.require(Permission.DISBURSEMENT_PAY, disbursement.fund_id)
    earlier = ledger.entry_of_key(session, key)
    if earlier is not None:
        return Posted(earlier.number, earlier.log_position)
    _require_separate(session, actor, disbursement)
    disbursement = advance(session, actor, disbursement)
    if disbursement.status != "payable":
        raise Conflict(NOT_PAYABLE.get(disbursement.status, N_("这笔申请现在不能付款")))
    if not any(file.purpose == "bank_slip" for file in files_of(session, SUBJECT, disbursement_id)):
        raise Refused(N_("请上传银行回单或付款凭证"), field="slip")
    left = disbursement.amount_minor - disbursement.paid_minor
    if not 0 < amount_minor <= left:
        raise Refused(N_("金额必须大于零，且不能超过未付的 %(left)s 元"), field="amount", left=Money(left))
    matter = matter_of(session, SUBJECT, disbursement_id)
    decided_on = None
    if matter is not None and matter.decided_at is not None:
        decided_on = matter.decided_before_on or clock.local(matter.decided_at).date()
    if decided_on is not None and paid_on < decided_on:
        raise Refused(N_("付款日期不能早于决议日期 %(day)s"), field="paid_on", day=decided_on.isoformat())
    stood = notice_of(session, SUBJECT, disbursement_id)
    if stood is not None and not stood.is_after_payment and paid_on <= stood.ends_on:
        raise Refused(
            N_("公示到 %(day)s 为止，付款日期要在它之后"), field="paid_on", day=stood.ends_on.isoformat()
        )
    earmark, project, kind = _subject(session, disbursement)
    if account.fund_id != disbursement.fund_id:
        raise Refused(N_("这个资金账户不属于本基金"), field="account")
    draft = _draft(session, disbursement, project, "payment", paid_on, voucher_number, key)
    draft.postings = posting.payment_postings(
        account, earmark, amount_minor, kind, accepted=accepted, project_id=project.id
    )
    draft.movements = plan_use_of_holds(session, SUBJECT, disbursement_id, amount_minor, paid_on)
    posted = post_entries(session, actor, [draft])[0]
    status = "paid" if amount_minor == left else "payable"
    _add_paid(session, disbursement_id, amount_minor, "payable", status)
    _keep(
        session,
        actor,
        disbursement_id,
        "payment",
        amount_minor,
        posted,
        paid_on,
        account.id,
        voucher_number,
        accepted,
    )
    return posted


def accept_disbursement(
    session: Session,
    actor: Actor,
    disbursement_id: int,
    *,
    amount_minor: int,
    accepted_on: date,
    key: str | None = None,
) -> Posted:
    """Work accepted or goods handed out after payment: 1141 or 1201 becomes expense. Raises Refused above what waits."""
    disbursement = queries.disbursement(session, disbursement_id)
    actor.require(Permission.BOOKS_POST, disbursement.fund_id)
    earlier = ledger.entry_of_key(session, key)
    if earlier is not None:
        return Posted(earlier.number, earlier.log_position)
    waiting, latest = waiting_for_acceptance(session, disbursement_id)
    if not 0 < amount_minor <= waiting:
        raise Refused(N_("待验收的金额是 %(waiting)s 元"), field="amount", waiting=Money(waiting))
    if latest is not None and accepted_on < latest:
        raise Refused(N_("验收日期不能早于付款日期"), field="accepted_on")
    earmark, project, kind = _subject(session, disbursement)
    draft = _draft(session, disbursement, project, "acceptance", accepted_on, "", key)
    draft.postings = posting.acceptance_postings(earmark, amount_minor, kind, project.id)
    posted = post_entries(session, actor, [draft])[0]
    _keep(session, actor, disbursement_id, "acceptance", amount_minor, posted, accepted_on, None, "", True)
    settle(session, actor, queries.disbursement(session, disbursement_id))
    return posted


def record_refund(
    session: Session,
    actor: Actor,
    disbursement_id: int,
    *,
    amount_minor: int,
    account: MoneyAccount,
    received_on: date,
    accepted: bool,
    voucher_number: str = "",
    key: str | None = None,
) -> Posted:
    """Money back from the payee: it returns to the gifts it was paid from, newest use first, and is free again.

    ``accepted``: what comes back had been booked as expense (else it still waited in 1141 or 1201).
    """
    disbursement = queries.disbursement(session, disbursement_id)
    actor.require(Permission.DISBURSEMENT_PAY, disbursement.fund_id)
    earlier = ledger.entry_of_key(session, key)
    if earlier is not None:
        return Posted(earlier.number, earlier.log_position)
    if amount_minor <= 0:
        raise Refused(N_("金额必须大于零"), field="amount")
    if account.fund_id != disbursement.fund_id:
        raise Refused(N_("这个资金账户不属于本基金"), field="account")
    spent, waiting = refundable(session, disbursement_id)
    bound = spent if accepted else waiting
    if amount_minor > bound:
        raise Refused(N_("最多可退 %(bound)s 元"), field="amount", bound=Money(max(bound, 0)))
    earmark, project, kind = _subject(session, disbursement)
    draft = _draft(session, disbursement, project, "refund", received_on, voucher_number, key)
    draft.sign = -1
    draft.postings = posting.refund_postings(
        account, earmark, amount_minor, kind, accepted=accepted, project_id=project.id
    )
    draft.movements = plan_refund(session, SUBJECT, disbursement_id, amount_minor)
    posted = post_entries(session, actor, [draft])[0]
    _keep(
        session,
        actor,
        disbursement_id,
        "refund",
        amount_minor,
        posted,
        received_on,
        account.id,
        voucher_number,
        accepted,
    )
    settle(session, actor, queries.disbursement(session, disbursement_id))
    return posted


def reverse_payment(session: Session, actor: Actor, entry_number: int, reason: str) -> Posted:
    """Undo a payment that was booked wrongly: the money is promised to the request again, which can be paid again.

    What had been given up of the request is promised again with it. Raises Conflict when it was reversed before, Refused
    while a refund or an acceptance stands on this payment, or when the pool cannot bear the promise.
    """
    payment = queries.payment_of_entry(session, entry_number)
    if payment is None or payment.kind != "payment":
        raise Refused(N_("第 %(number)s 号不是付款"), number=entry_number)
    _require_standing(session, payment)
    disbursement_id, amount = payment.disbursement_id, payment.amount_minor
    spent, waiting = refundable(session, disbursement_id)
    still_used = dict(tracing_queries.uses_of_source(session, SUBJECT, disbursement_id))
    uses = tracing_queries.uses_of_entry(session, entry_number)
    if (spent if payment.is_accepted else waiting) < amount or any(
        still_used.get(tranche, 0) < used for tranche, used in uses
    ):
        raise Refused(N_("这笔付款已有退款或验收，请先冲销它们"))
    disbursement = queries.disbursement(session, disbursement_id)
    status, earmark_id = disbursement.status, disbursement.earmark_id
    if not may_become(status, "payable") and status != "payable":
        raise Refused(N_("这笔申请的使用凭证已经验收或已结项，请先撤销验收"))
    given_up = disbursement.amount_minor - disbursement.paid_minor if status == "paid" else 0
    posted = reverse_entry(session, actor, entry_number, reason)
    _add_paid(session, disbursement_id, -amount, status, "payable")
    if given_up:
        parts = hold(session, SUBJECT, disbursement_id, earmark_id, given_up)
        body = {"amount": given_up, "holds": [list(part) for part in parts]}
        append(session, [LeafDraft("promised_again", disbursement_id, body)])
    record(session, actor.user_id, "reverse_payment", SUBJECT, disbursement_id, entry=entry_number)
    return posted


def reverse_acceptance_or_refund(session: Session, actor: Actor, entry_number: int, reason: str) -> Posted:
    """Undo an acceptance or a refund that was booked wrongly."""
    payment = queries.payment_of_entry(session, entry_number)
    if payment is None or payment.kind == "payment":
        raise Refused(N_("第 %(number)s 号不是验收或退款"), number=entry_number)
    _require_standing(session, payment)
    disbursement_id = payment.disbursement_id
    if payment.kind == "acceptance" and refundable(session, disbursement_id)[0] < payment.amount_minor:
        raise Refused(N_("这笔验收之后已有退款，请先冲销它"))
    disbursement = queries.disbursement(session, disbursement_id)
    if disbursement.status in ("delivered", "closed"):
        raise Refused(N_("这笔申请的使用凭证已经验收或已结项，请先撤销验收"))
    posted = reverse_entry(session, actor, entry_number, reason)
    record(session, actor.user_id, "reverse_entry", SUBJECT, disbursement_id, entry=entry_number)
    settle(session, actor, queries.disbursement(session, disbursement_id))
    return posted


def _require_standing(session: Session, payment: Payment) -> None:
    if ledger.reversed_among(session, [payment.entry_number]):
        raise Conflict(N_("第 %(number)s 号分录已经冲销过了"), number=payment.entry_number)


def may_pay(session: Session, actor: Actor, disbursement_id: int) -> bool:
    """Whether separation of duties lets this person pay the request."""
    return _separation_refusal(session, actor, queries.disbursement(session, disbursement_id)) is None


def _require_separate(session: Session, actor: Actor, disbursement: Disbursement) -> None:
    refusal = _separation_refusal(session, actor, disbursement)
    if refusal is not None:
        raise refusal


def _separation_refusal(session: Session, actor: Actor, disbursement: Disbursement) -> Forbidden | None:
    if actor.user_id is None:
        return None
    if actor.user_id == disbursement.submitter_id:
        return Forbidden(N_("申请由您提交，请由其他出纳付款"))
    matter = matter_of(session, SUBJECT, disbursement.id)
    if matter is not None and took_part(session, matter, actor.user_id):
        return Forbidden(N_("您参加过这笔申请的表决，请由其他出纳付款"))
    return None


def _subject(session: Session, disbursement: Disbursement) -> tuple[Earmark, Project, str]:
    if disbursement.spending_kind is None:
        raise Refused(N_("请选择支出类别"), field="spending_kind")
    return (
        ledger.earmark(session, disbursement.earmark_id),
        session.get_one(Project, disbursement.project_id),
        disbursement.spending_kind,
    )


def _draft(
    session: Session,
    disbursement: Disbursement,
    project: Project,
    kind: str,
    on: date,
    voucher_number: str,
    key: str | None,
) -> EntryDraft:
    payee = party_by_id(session, disbursement.payee_id)
    return EntryDraft(
        fund_id=disbursement.fund_id,
        kind=kind,
        occurred_on=on,
        postings=[],
        source_type=SUBJECT,
        source_id=disbursement.id,
        description=project.name,
        party=payee.public_name,
        party_id=payee.id,
        party_name=payee.name,
        document=disbursement.number or "",
        memo=voucher_number.strip(),
        idempotency_key=key,
    )


def _add_paid(session: Session, disbursement_id: int, change_minor: int, status: str, following: str) -> None:
    moved = session.execute(
        update(Disbursement)
        .where(Disbursement.id == disbursement_id, Disbursement.status == status)
        .values(paid_minor=Disbursement.paid_minor + change_minor, status=following)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(N_("这笔申请的状态已经变化，请刷新页面"))
    session.expire_all()


def _keep(
    session: Session,
    actor: Actor,
    disbursement_id: int,
    kind: str,
    amount_minor: int,
    posted: Posted,
    on: date,
    account_id: int | None,
    voucher_number: str,
    accepted: bool,
) -> None:
    session.execute(
        insert(Payment),
        [
            {
                "disbursement_id": disbursement_id,
                "kind": kind,
                "amount_minor": amount_minor,
                "is_accepted": accepted,
                "money_account_id": account_id,
                "occurred_on": on,
                "voucher_number": voucher_number.strip(),
                "entry_number": posted.number,
                "recorded_by_id": actor.user_id,
                "recorded_at": clock.now(),
            }
        ],
    )
    append(
        session,
        [
            LeafDraft(
                kind,
                disbursement_id,
                {"entry": posted.number, "amount": amount_minor, "on": on.isoformat(), "accepted": accepted},
                {"voucher": voucher_number.strip()},
            )
        ],
    )
    record(session, actor.user_id, f"record_{kind}", SUBJECT, disbursement_id, entry=posted.number)
