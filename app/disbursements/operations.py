"""Requests: drafting, submitting, voting, paying. Money is promised at approval and moves only at payment."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.council import operations as council
from app.council.interests.queries import conflicted_beneficiaries, conflicts_of
from app.council.models import Matter
from app.council.notice import operations as notice
from app.council.notice import queries as notice_queries
from app.council.notice.rules import obstacle_changed
from app.council.queries import due_matters, matter_of, rules_of
from app.council.rulebook.queries import rules_in_force
from app.council.rules import Tally, decides
from app.disbursements import queries
from app.disbursements.budget.operations import require_adding_up
from app.disbursements.budget.queries import lines_for_hash, quotations_for_hash
from app.disbursements.emergency.operations import drop_ratification, open_ratification
from app.disbursements.emergency.queries import ratification_of
from app.disbursements.emergency.rules import require_path
from app.disbursements.models import Disbursement
from app.disbursements.risks.queries import window_sum
from app.disbursements.rules import DisbursementDraft, refuse_if_wrong, text_hash
from app.disbursements.states import EDITABLE, PROMISED
from app.disbursements.steps.operations import become, require_next
from app.documents.operations import keep_number, next_number
from app.files.operations import attach_file, detach_file, log_public_files
from app.files.queries import files_of
from app.funds.models import Fund
from app.ledger import queries as ledger
from app.ledger.tracing import operations as tracing
from app.ledger.tracing.queries import holds_of
from app.ledger.treasury.operations import project_for
from app.log import operations as log
from app.log.operations import LeafDraft, append
from app.parties.operations import PartyDraft, record_parties
from app.parties.queries import party as party_by_id
from app.parties.rules import ConsentDraft
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, Forbidden, NotFound, Refused
from app.shared.money import Money
from app.shared.permissions import Actor, Permission, Role
from app.shared.text import normal

SUBJECT = queries.SUBJECT
MAX_PAPERS = 20
MAX_DONORS = 200
"""The largest donors of a purpose whose ties to a member count."""
_NUMBER = re.compile(r"^\d{4}-\d{2,4}$")


def draft_disbursement(session: Session, actor: Actor, draft: DisbursementDraft) -> Disbursement:
    """Write down a request. A second click with the same key returns the first. Raises InputRefused for wrong fields."""
    actor.require(Permission.DISBURSEMENT_REQUEST, draft.fund_id)
    if draft.idempotency_key is not None:
        earlier = session.scalar(
            select(Disbursement).where(Disbursement.idempotency_key == draft.idempotency_key)
        )
        if earlier is not None:
            return earlier
    refuse_if_wrong(draft, clock.today())
    disbursement = Disbursement(
        fund_id=draft.fund_id,
        created_at=clock.now(),
        idempotency_key=draft.idempotency_key,
        text_salt=log.new_salt().hex(),
    )
    _write(session, actor, disbursement, draft)
    session.add(disbursement)
    session.flush()
    record(session, actor.user_id, "draft_disbursement", SUBJECT, disbursement.id)
    return disbursement


def edit_disbursement(
    session: Session, actor: Actor, disbursement_id: int, draft: DisbursementDraft
) -> Disbursement:
    """Change a draft. Raises Conflict once it is submitted: then it is withdrawn and written anew."""
    disbursement = _draft_of(session, actor, disbursement_id)
    refuse_if_wrong(draft, clock.today())
    _write(session, actor, disbursement, draft)
    session.flush()
    record(session, actor.user_id, "edit_disbursement", SUBJECT, disbursement.id)
    return disbursement


def attach_papers(
    session: Session,
    actor: Actor,
    folder: Path,
    disbursement_id: int,
    papers: list[tuple[str, bytes]],
    *,
    is_public: bool = False,
) -> None:
    """Keep files (name, content) with a draft; submitting fixes them. Raises Conflict once it is submitted."""
    disbursement = _draft_of(session, actor, disbursement_id)
    if len(files_of(session, SUBJECT, disbursement.id)) + len(papers) > MAX_PAPERS:
        raise Refused(N_("一份申请最多 %(limit)s 个附件"), field="files", limit=MAX_PAPERS)
    for name, content in papers:
        attach_file(
            session,
            actor,
            folder,
            subject_type=SUBJECT,
            subject_id=disbursement.id,
            purpose="paper",
            name=name,
            content=content,
            is_public=is_public,
            field="files",
        )


def remove_paper(session: Session, actor: Actor, disbursement_id: int, file_id: int) -> None:
    """Take a file off a draft. Raises Conflict once it is submitted, NotFound for a file of something else."""
    disbursement = _draft_of(session, actor, disbursement_id)
    detach_file(session, actor, file_id, subject_type=SUBJECT, subject_id=disbursement.id)


def _draft_of(session: Session, actor: Actor, disbursement_id: int) -> Disbursement:
    disbursement = queries.disbursement(session, disbursement_id)
    actor.require(Permission.DISBURSEMENT_REQUEST, disbursement.fund_id)
    if disbursement.status not in EDITABLE:
        raise Conflict(N_("申请已经提交，不能再修改；可以撤回后重新填写"))
    return disbursement


def _write(session: Session, actor: Actor, disbursement: Disbursement, draft: DisbursementDraft) -> None:
    earmark = ledger.earmark(session, draft.earmark_id)
    if earmark.fund_id != draft.fund_id:
        raise Refused(N_("这个用途不属于本基金"), field="earmark")
    ledger.require_open(session, earmark)
    fund = session.get_one(Fund, draft.fund_id)
    disbursement.earmark_id = earmark.id
    disbursement.project_id = project_for(session, actor, fund, normal(draft.project_name)).id
    disbursement.applicant_id = _party(session, actor, draft.applicant)
    disbursement.payee_id = _party(session, actor, draft.payee)
    disbursement.amount_minor = draft.amount_minor
    disbursement.spending_kind = draft.spending_kind
    disbursement.reason = normal(draft.reason)
    disbursement.applied_on = draft.applied_on
    disbursement.papers = normal(draft.papers)
    disbursement.office_number = draft.office_number.strip()
    disbursement.beneficiary = normal(draft.beneficiary)
    disbursement.is_emergency = draft.is_emergency


def _party(session: Session, actor: Actor, given: PartyDraft | int) -> int:
    if isinstance(given, int):
        return party_by_id(session, given).id
    if given.kind == "organisation" and given.consent is None:
        # Applying units and payees that are organisations are named: the notice of a payment names them (§16.6).
        given = PartyDraft(given.kind, given.name, ConsentDraft("named", N_("拨付公示"), ""), given.contact)
    return record_parties(session, actor, [given])[0].id


def submit_disbursement(
    session: Session, actor: Actor, disbursement_id: int, *, read_hash: str | None = None
) -> Disbursement:
    """Fix the request's text, number it and put it before the council.

    ``read_hash`` is the ``draft_hash`` of what the person saw. Raises Refused when the kind of spending is missing or the
    purpose has not enough unpromised money, Conflict when the draft was changed since it was read.
    """
    disbursement = queries.disbursement(session, disbursement_id)
    actor.require(Permission.DISBURSEMENT_REQUEST, disbursement.fund_id)
    require_next(disbursement, "submitted")
    if read_hash is not None and read_hash != draft_hash(session, disbursement):
        raise Conflict(N_("草稿刚刚有人改过，请重新核对后再提交"))
    if disbursement.spending_kind is None:
        raise Refused(N_("请选择支出类别"), field="spending_kind")
    require_adding_up(session, disbursement)
    ledger.require_open(session, ledger.earmark(session, disbursement.earmark_id))
    _require_free_beneficiary(session, disbursement)
    if disbursement.is_emergency:
        require_path(rules_in_force(session, disbursement.fund_id).book, disbursement.amount_minor)
    pool = next(
        pool
        for pool in ledger.pools_of(session, disbursement.fund_id)
        if pool.earmark_id == disbursement.earmark_id
    )
    if pool.available_minor < disbursement.amount_minor:
        raise Refused(
            N_("“%(earmark)s”可用余额只有 %(available)s 元，不够 %(wanted)s 元"),
            field="amount",
            earmark=pool.name,
            available=Money(pool.available_minor),
            wanted=Money(disbursement.amount_minor),
        )
    disbursement.number = disbursement.number or _number(session, disbursement)
    disbursement.text_version += 1
    disbursement.text_hash = _text_hash(session, disbursement)
    disbursement.submitter_id = actor.user_id
    disbursement.submitted_at = clock.now()
    become(session, disbursement, "submitted")
    append(
        session,
        [
            LeafDraft(
                "submitted",
                disbursement.id,
                {
                    "fund": disbursement.fund_id,
                    "request": disbursement.number,
                    "earmark": disbursement.earmark_id,
                    "project": disbursement.project_id,
                    "amount": disbursement.amount_minor,
                    "spending_kind": disbursement.spending_kind,
                    "applied_on": disbursement.applied_on.isoformat(),
                    "text": disbursement.text_hash,
                },
                {
                    "reason": disbursement.reason,
                    "applicant": party_by_id(session, disbursement.applicant_id).name,
                    "payee": party_by_id(session, disbursement.payee_id).name,
                },
                disbursement.text_version,
            )
        ],
    )
    log_public_files(session, SUBJECT, disbursement.id)
    record(
        session, actor.user_id, "submit_disbursement", SUBJECT, disbursement.id, number=disbursement.number
    )
    if actor.may(Permission.COUNCIL_CONVENE, disbursement.fund_id):
        _open_decision(session, actor, disbursement)
    return disbursement


def _number(session: Session, disbursement: Disbursement) -> str:
    """The office's own number when it is free and of the form YYYY-NN, else the next of the year."""
    wanted = disbursement.office_number
    if _NUMBER.match(wanted) and (
        session.scalar(select(Disbursement.id).where(Disbursement.number == wanted)) is None
    ):
        keep_number(session, "request", wanted)
        return wanted
    while True:
        number = next_number(session, "request", disbursement.applied_on.year)
        if session.scalar(select(Disbursement.id).where(Disbursement.number == number)) is None:
            return number


def draft_hash(session: Session, disbursement: Disbursement) -> str:
    """The hash of a draft as it stands, files included: what a person agrees to when they submit it."""
    return _text_hash(session, disbursement)


def _text_hash(session: Session, disbursement: Disbursement) -> str:
    text: dict[str, object] = {
        "salt": disbursement.text_salt,
        "version": disbursement.text_version,
        "number": disbursement.number,
        "fund": disbursement.fund_id,
        "earmark": disbursement.earmark_id,
        "project": disbursement.project_id,
        "applicant": disbursement.applicant_id,
        "payee": disbursement.payee_id,
        "amount": disbursement.amount_minor,
        "spending_kind": disbursement.spending_kind,
        "reason": disbursement.reason,
        "applied_on": disbursement.applied_on.isoformat(),
        "papers": disbursement.papers,
        "beneficiary": disbursement.beneficiary,
        "emergency": disbursement.is_emergency,
        "budget": lines_for_hash(session, disbursement.id),
        "quotations": quotations_for_hash(session, disbursement.id),
    }
    hashes = [file.sha256 for file in files_of(session, SUBJECT, disbursement.id)]
    return text_hash(text, hashes)


def put_to_vote(session: Session, actor: Actor, disbursement_id: int) -> Disbursement:
    """Open the decision on a submitted request under the rules in force now. Secretary or chair.

    Raises Refused without a council, when the beneficiary is somebody who decides (CL Art. 40, 59), or when the purpose has
    not enough unpromised money; Conflict when it is no longer waiting for this.
    """
    disbursement = queries.disbursement(session, disbursement_id)
    actor.require(Permission.COUNCIL_CONVENE, disbursement.fund_id)
    _open_decision(session, actor, disbursement)
    return disbursement


def _open_decision(session: Session, actor: Actor, disbursement: Disbursement) -> None:
    require_next(disbursement, "in_vote")
    assert disbursement.text_hash is not None
    _require_free_beneficiary(session, disbursement)
    become(session, disbursement, "in_vote")
    submitter = Actor(disbursement.submitter_id, actor.name)
    council.open_matter(
        session,
        submitter,
        council.MatterDraft(
            fund_id=disbursement.fund_id,
            type=SUBJECT,
            subject_id=disbursement.id,
            text_hash=disbursement.text_hash,
            amount_minor=disbursement.amount_minor,
            counted_minor=counted_minor(session, disbursement),
            conflicts=conflicts(session, disbursement),
            is_emergency=disbursement.is_emergency,
        ),
    )


def counted_minor(session: Session, disbursement: Disbursement) -> int:
    """Fen that pick the tier: this request and the earlier ones to the same payee for the same project within the window, so
    that a large payment cannot be split into small ones (charity-rules §18)."""
    days = rules_in_force(session, disbursement.fund_id).book.splitting_days
    return window_sum(session, disbursement, days)


def _require_free_beneficiary(session: Session, disbursement: Disbursement) -> None:
    """Nobody who decides may be the one who gains, nor their family or unit: that is no matter of recusal (CL Art. 40, 59)."""
    names = [disbursement.beneficiary] if disbursement.beneficiary else []
    if disbursement.spending_kind == "individual_aid":
        names.append(party_by_id(session, disbursement.payee_id).name)
    if conflicted_beneficiaries(session, disbursement.fund_id, names):
        raise Refused(
            N_("受益人是本基金的决策人，或与决策人有登记的利害关系，不能资助（慈善法第四十条、第五十九条）"),
            field="beneficiary",
        )


def conflicts(session: Session, disbursement: Disbursement) -> dict[int, str]:
    """Officers and members who are out of the decision, with the kind of their interest: tied to the payee, the applicant, the
    beneficiary, or to a donor who bound the money to this purpose."""
    people = {
        "payee": [party_by_id(session, disbursement.payee_id).name],
        "applicant": [party_by_id(session, disbursement.applicant_id).name],
        "donor": ledger.largest_donors_to(session, disbursement.earmark_id, limit=MAX_DONORS),
        "beneficiary": [disbursement.beneficiary] if disbursement.beneficiary else [],
    }
    return {each.user_id: each.kind for each in conflicts_of(session, disbursement.fund_id, people)}


def return_disbursement(session: Session, actor: Actor, disbursement_id: int, reason: str) -> Disbursement:
    """Give a request back to be completed. Every vote on its text is void; put up again, it is voted on anew.

    Secretary or chair, before the decision. Raises Refused without a reason.
    """
    disbursement = queries.disbursement(session, disbursement_id)
    actor.require(Permission.COUNCIL_CONVENE, disbursement.fund_id)
    require_next(disbursement, "returned")
    if not reason.strip():
        raise Refused(N_("请写明原因"), field="reason")
    matter = matter_of(session, SUBJECT, disbursement_id)
    if disbursement.status == "in_vote" and matter is not None:
        council.void_matter(session, actor, matter, reason)
    become(session, disbursement, "returned")
    append(session, [_ended_leaf(disbursement, "returned", reason)])
    record(session, actor.user_id, "returned_disbursement", SUBJECT, disbursement.id, reason=reason.strip())
    return disbursement


def vote(
    session: Session,
    actor: Actor,
    disbursement_id: int,
    choice: str,
    reason: str,
    read_hash: str,
    conflict_kind: str = "",
) -> Disbursement:
    """One member's vote on exactly the text read. The decision takes effect at once when the vote settles it.

    Raises Forbidden for the submitter, somebody with an interest or without a seat, Conflict for a second vote or changed text.
    """
    matter = matter_in_vote(session, disbursement_id)
    council.cast_vote(session, actor, matter, choice, reason, read_hash, conflict_kind)
    return queries.disbursement(session, disbursement_id)


def close_vote(session: Session, actor: Actor, disbursement_id: int) -> Disbursement:
    """The chair ends the vote once the quorum is reached."""
    council.close_vote(session, actor, matter_in_vote(session, disbursement_id))
    return queries.disbursement(session, disbursement_id)


def matter_in_vote(session: Session, disbursement_id: int) -> Matter:
    """The matter of a request. Raises NotFound when it was never put to the vote."""
    matter = matter_of(session, SUBJECT, disbursement_id)
    if matter is None:
        raise NotFound(N_("这笔申请还没有提交表决"))
    return matter


def record_past_decision(
    session: Session, actor: Actor, disbursement_id: int, decided_on: date, tally: Tally
) -> Disbursement:
    """Enter a decision made before this system, from its minutes (attached with purpose "minutes").

    Separation of duties still holds: whoever submitted the request cannot enter its decision. Raises Refused without
    minutes or when the decision predates the request.
    """
    disbursement = queries.disbursement(session, disbursement_id)
    matter = matter_in_vote(session, disbursement_id)
    if not any(file.purpose == "minutes" for file in files_of(session, SUBJECT, disbursement_id)):
        raise Refused(N_("请先上传会议纪要"), field="minutes")
    if decided_on < disbursement.applied_on:
        raise Refused(N_("决议日期不能早于申请日期"), field="decided_on")
    council.record_past_decision(session, actor, matter, decided_on, tally)
    return queries.disbursement(session, disbursement_id)


@decides(SUBJECT)
def follow_decision(session: Session, actor: Actor, matter: Matter) -> None:
    """What a decision does to its request: approved, the gifts hold the money, and the public notice opens."""
    disbursement = queries.disbursement(session, matter.subject_id)
    if matter.status != "approved":
        become(session, disbursement, matter.status, decided=True)
        record(session, actor.user_id, matter.status, SUBJECT, disbursement.id)
        return
    parts = tracing.hold(
        session, SUBJECT, disbursement.id, disbursement.earmark_id, disbursement.amount_minor
    )
    body: dict[str, object] = {
        "amount": sum(part for _, part in parts),
        "holds": [list(part) for part in parts],
    }
    is_past = matter.decided_before_on is not None
    # A past decision had its notice before this system; an emergency has it after the payment.
    waits = not (is_past or disbursement.is_emergency or rules_of(session, matter).book.notice_days == 0)
    become(session, disbursement, "in_notice" if waits else "payable", decided=True)
    append(session, [LeafDraft("approved", disbursement.id, body, version=disbursement.text_version)])
    record(session, actor.user_id, "approved", SUBJECT, disbursement.id)
    if waits or disbursement.is_emergency:
        notice.open_notice(session, actor, matter, is_after_payment=disbursement.is_emergency)
    if matter.decided_by == "emergency":
        open_ratification(session, actor, disbursement, matter, conflicts(session, disbursement))


def ratify_again(session: Session, actor: Actor, disbursement_id: int) -> Disbursement:
    """Put an emergency before the council once more that it did not ratify in time; that it was late stays on record.

    Secretary or chair. Raises Conflict when no ratification is overdue.
    """
    disbursement = queries.disbursement(session, disbursement_id)
    actor.require(Permission.COUNCIL_CONVENE, disbursement.fund_id)
    council.close_due(session, actor)  # one whose time is over, before any job has said so
    matter = matter_in_vote(session, disbursement_id)
    earlier = ratification_of(session, disbursement_id)
    if earlier is None or earlier.status != "lapsed":
        raise Conflict(N_("没有到期未决的追认，不用再次提请"))
    open_ratification(session, actor, disbursement, matter, conflicts(session, disbursement))
    return disbursement


def advance(session: Session, actor: Actor, disbursement: Disbursement) -> Disbursement:
    """Bring a promised request to the state that its notice, objections and holds ask for now. Safe to call at any time."""
    if disbursement.status not in PROMISED:
        return disbursement
    running = notice_queries.notice_of(session, SUBJECT, disbursement.id)
    if running is not None:
        notice.end_notice(session, actor, running)
    obstacles = notice_queries.obstacles(session, SUBJECT, disbursement.id)
    following = "payable"
    if "objection" in obstacles or "hold" in obstacles:
        following = "held"
    elif "notice" in obstacles:
        following = "in_notice"
    if following != disbursement.status:
        become(session, disbursement, following)
        record(session, actor.user_id, f"{following}_disbursement", SUBJECT, disbursement.id)
    return disbursement


@obstacle_changed(SUBJECT)
def follow_obstacle(session: Session, actor: Actor, disbursement_id: int) -> None:
    """An objection or a hold began or ended: the request is held, or goes on, in the same moment."""
    advance(session, actor, queries.disbursement(session, disbursement_id))


def is_anything_due(session: Session) -> bool:
    """Whether ``advance_due`` has something to do: a look that writes nothing."""
    return bool(due_matters(session, clock.now()) or notice_queries.due_notices(session, clock.today()))


def hold_disbursement(session: Session, actor: Actor, disbursement_id: int, reason: str) -> Disbursement:
    """The supervisor stops the payment of an approved request, with a reason that is published.

    Raises Forbidden for others, Refused without a reason, Conflict when nothing of it waits for payment or it is held already.
    """
    disbursement = queries.disbursement(session, disbursement_id)
    actor.require(Permission.COUNCIL_SUPERVISE, disbursement.fund_id)
    if disbursement.status not in PROMISED:
        raise Conflict(N_("这笔申请现在没有待付的款项，不用暂停"))
    notice.place_hold(session, actor, disbursement.fund_id, SUBJECT, disbursement_id, reason)
    return disbursement


def lift_hold(session: Session, actor: Actor, disbursement_id: int, reason: str) -> Disbursement:
    """The supervisor lets a held payment go on, with a reason that is published. Raises as ``hold_disbursement``."""
    disbursement = queries.disbursement(session, disbursement_id)
    actor.require(Permission.COUNCIL_SUPERVISE, disbursement.fund_id)
    notice.lift_hold(session, actor, SUBJECT, disbursement_id, reason)
    return disbursement


def advance_due(session: Session, actor: Actor) -> int:
    """End polls and notices whose time is over. Returns how many requests moved on. Safe to run at any time."""
    council.close_due(session, actor)
    moved = 0
    for each in notice_queries.due_notices(session, clock.today()):
        notice.end_notice(session, actor, each)
        if each.subject_type == SUBJECT:
            found = queries.disbursement(session, each.subject_id)
            before = found.status
            moved += advance(session, actor, found).status != before
    return moved


def withdraw_disbursement(session: Session, actor: Actor, disbursement_id: int, reason: str) -> Disbursement:
    """Take a request back before it is decided. Only whoever submitted it, or the secretary, may."""
    disbursement = queries.disbursement(session, disbursement_id)
    _require_own(actor, disbursement)
    require_next(disbursement, "withdrawn")
    matter = matter_of(session, SUBJECT, disbursement_id)
    if disbursement.status == "in_vote" and matter is not None:
        council.withdraw_matter(session, actor, matter)
    _end(session, actor, disbursement, "withdrawn", reason)
    return disbursement


def cancel_disbursement(session: Session, actor: Actor, disbursement_id: int, reason: str) -> Disbursement:
    """Give up an approved request, or what of it is still unpaid: the promised money is free again.

    Only whoever submitted it, or the secretary, may.
    """
    disbursement = queries.disbursement(session, disbursement_id)
    _require_own(actor, disbursement)
    following = "paid" if disbursement.paid_minor else "cancelled"
    require_next(disbursement, following)
    if not reason.strip():
        raise Refused(N_("请写明原因"), field="reason")
    released = holds_of(session, SUBJECT, disbursement_id)
    tracing.release(session, SUBJECT, disbursement_id)
    disbursement = queries.disbursement(session, disbursement_id)
    _end(session, actor, disbursement, following, reason, {"releases": [list(part) for part in released]})
    standing = notice_queries.notice_of(session, SUBJECT, disbursement_id)
    if following == "cancelled" and standing is not None:
        notice.end_notice(session, actor, standing, early=True)
    if following == "cancelled":
        drop_ratification(session, actor, disbursement_id)
    return disbursement


def _end(
    session: Session,
    actor: Actor,
    disbursement: Disbursement,
    status: str,
    reason: str,
    body: dict[str, object] | None = None,
) -> None:
    if not reason.strip():
        raise Refused(N_("请写明原因"), field="reason")
    become(session, disbursement, status, closed=True)
    if disbursement.number is not None:  # a draft was never put before anyone
        append(session, [_ended_leaf(disbursement, status, reason, body)])
    record(session, actor.user_id, f"{status}_disbursement", SUBJECT, disbursement.id, reason=reason.strip())


def _ended_leaf(
    disbursement: Disbursement, status: str, reason: str, body: dict[str, object] | None = None
) -> LeafDraft:
    texts = {"reason": reason.strip()}
    return LeafDraft(f"request_{status}", disbursement.id, body or {}, texts, disbursement.text_version)


def _require_own(actor: Actor, disbursement: Disbursement) -> None:
    actor.require(Permission.DISBURSEMENT_REQUEST, disbursement.fund_id)
    submitter = disbursement.submitter_id
    if submitter is None or submitter == actor.user_id or actor.holds(Role.SECRETARY, disbursement.fund_id):
        return
    raise Forbidden(N_("只有提交人或秘书处可以撤回或取消这笔申请"))
