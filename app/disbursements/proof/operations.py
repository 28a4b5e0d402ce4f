"""Showing what money was used for, judging it, recording that it arrived, ending a request."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlalchemy.orm import Session

from app.disbursements.models import Disbursement
from app.disbursements.proof import queries
from app.disbursements.proof.models import Delivery, ProofJudgement, ProofOfUse
from app.disbursements.proof.rules import MISSING, missing_papers
from app.disbursements.queries import SUBJECT, disbursement, payments_of
from app.disbursements.states import PROMISED
from app.disbursements.steps.operations import become, require_next
from app.files.operations import add_public_copies, attach_file, log_public_files
from app.files.queries import files_of
from app.files.rules import PDF, PICTURES
from app.log.operations import LeafDraft, append
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, Forbidden, InputRefused, Refused
from app.shared.money import Money
from app.shared.periods import require_plausible
from app.shared.permissions import Actor, Permission
from app.shared.text import normal

MOST_WORDS = 2000
MOST_PAPERS = 60

Papers = dict[str, list[tuple[str, bytes]]]
"""Files (name, content) by purpose, a key of ``rules.PAPERS``."""


def submit_proof(
    session: Session,
    actor: Actor,
    folder: Path,
    disbursement_id: int,
    *,
    used_minor: int,
    words: str,
    papers: Papers,
    photos_public: bool = False,
    key: str | None = None,
) -> ProofOfUse:
    """Show what paid money was used for: an amount, public words, and papers. A second click with the same key returns the
    first proof.

    Raises Conflict unless something is paid, InputRefused for an amount beyond what is not yet shown, missing words, or
    papers that this kind of spending needs and that are neither given nor kept already.
    """
    found = disbursement(session, disbursement_id)
    actor.require(Permission.DISBURSEMENT_REQUEST, found.fund_id)
    if key is not None and (earlier := queries.proof_of_key(session, key)) is not None:
        return earlier
    if found.status not in (*PROMISED, "paid") or not found.paid_minor:
        raise Conflict(N_("这笔申请现在不能提交使用凭证"))
    left = queries.standing(session, disbursement_id).unshown_minor
    wrong: list[Refused] = []
    if not 0 < used_minor <= left:
        wrong.append(
            Refused(N_("金额必须大于零，且不能超过还没有凭证的 %(left)s 元"), field="used", left=Money(left))
        )
    words = normal(words)
    if not words or len(words) > MOST_WORDS:
        wrong.append(Refused(N_("请写明用在哪里，最多 %(most)s 个字"), field="words", most=MOST_WORDS))
    kept = {file.purpose for file in files_of(session, SUBJECT, disbursement_id)}
    missing = missing_papers(
        found.spending_kind or "", kept | {key for key, given in papers.items() if given}
    )
    wrong += [Refused(MISSING[paper], field=paper) for paper in missing]
    if wrong:
        raise InputRefused(wrong)
    _attach(session, actor, folder, found, papers, photos_public=photos_public)
    proof = ProofOfUse(
        disbursement_id=found.id,
        number=len(queries.proofs_of(session, found.id)) + 1,
        used_minor=used_minor,
        words=words,
        submitted_by_id=actor.user_id,
        submitted_at=clock.now(),
        idempotency_key=key,
    )
    session.add(proof)
    session.flush()
    _leaf(session, "proof_of_use", found, {"proof": proof.number, "used": used_minor}, {"words": words})
    record(session, actor.user_id, "submit_proof", SUBJECT, found.id, proof=proof.number)
    return proof


def _attach(
    session: Session,
    actor: Actor,
    folder: Path,
    found: Disbursement,
    papers: Papers,
    *,
    photos_public: bool = False,
) -> None:
    if len(files_of(session, SUBJECT, found.id)) + sum(map(len, papers.values())) > MOST_PAPERS:
        raise Refused(N_("一份申请最多 %(limit)s 个附件"), field="photo", limit=MOST_PAPERS)
    for purpose, files in papers.items():
        for name, content in files:
            attach_file(
                session,
                actor,
                folder,
                subject_type=SUBJECT,
                subject_id=found.id,
                purpose=purpose,
                name=name,
                content=content,
                is_public=purpose == "photo" and photos_public,
                field=purpose,
                kinds=PICTURES if purpose == "photo" else PICTURES | {PDF},
            )
    log_public_files(session, SUBJECT, found.id)


def add_public_copy(
    session: Session, actor: Actor, folder: Path, disbursement_id: int, files: list[tuple[str, bytes]]
) -> None:
    """Keep redacted copies of papers that anybody may read; the originals stay in the office. Raises Refused without a file."""
    found = disbursement(session, disbursement_id)
    actor.require(Permission.DISBURSEMENT_REQUEST, found.fund_id)
    if found.number is None:
        raise Conflict(N_("草稿还没有公开；提交以后再上传公开件"))
    add_public_copies(
        session, actor, folder, files, subject_type=SUBJECT, subject_id=found.id, most=MOST_PAPERS
    )


def judge_proof(
    session: Session, actor: Actor, disbursement_id: int, number: int, *, accepted_minor: int, reason: str
) -> Disbursement:
    """Accept a proof, whole or in part; what is not accepted is to be shown again or taken back from the payee.

    The accountant judges, never the requester, whoever submitted the proof, or the payer. Judging anew is a further version
    and needs a reason. Raises Forbidden, Refused for an amount beyond the proof or a cut without a reason, Conflict for the
    same judgement twice or once the money has arrived.
    """
    found = disbursement(session, disbursement_id)
    actor.require(Permission.BOOKS_POST, found.fund_id)
    proof = queries.proof(session, disbursement_id, number)
    if actor.user_id is None or actor.user_id in (found.submitter_id, proof.submitted_by_id):
        raise Forbidden(N_("申请或凭证由您提交，请由别人验收"))
    if any(
        row.kind == "payment" and row.recorded_by_id == actor.user_id
        for row in payments_of(session, found.id)
    ):
        raise Forbidden(N_("款项由您支付，请由别人验收凭证"))
    if found.status not in (*PROMISED, "paid", "proven"):
        raise Conflict(N_("这笔申请的状态已经变化，请刷新页面"))
    before = next(row for row in queries.proofs_of(session, found.id) if row.number == number)
    if before.accepted_minor == accepted_minor:
        raise Conflict(N_("这份凭证已经这样验收过了"))
    if not 0 <= accepted_minor <= proof.used_minor:
        raise Refused(
            N_("认可的金额不能超过凭证的 %(used)s 元"), field="accepted", used=Money(proof.used_minor)
        )
    reason = normal(reason)
    if not reason and (accepted_minor < proof.used_minor or before.accepted_minor is not None):
        raise Refused(N_("没有全部认可，或改变以前的结果，请写明原因"), field="reason")
    version = queries.judgements(session, proof.id) + 1
    session.add(
        ProofJudgement(
            proof_id=proof.id,
            version=version,
            accepted_minor=accepted_minor,
            reason=reason,
            judged_by_id=actor.user_id,
            judged_at=clock.now(),
        )
    )
    session.flush()
    _leaf(
        session,
        "proof_judged",
        found,
        {"proof": number, "judgement": version, "accepted": accepted_minor},
        {"reason": reason},
    )
    record(session, actor.user_id, "judge_proof", SUBJECT, found.id, reason=reason)
    return settle(session, actor, found)


def settle(session: Session, actor: Actor, found: Disbursement) -> Disbursement:
    """Bring a paid request to the state that its payments, refunds and proofs ask for. Safe to call at any time."""
    is_proven = queries.standing(session, found.id).is_proven
    if found.status == "paid" and is_proven:
        become(session, found, "proven")
        record(session, actor.user_id, "proven_disbursement", SUBJECT, found.id)
    elif found.status == "proven" and not is_proven:
        become(session, found, "paid")
        record(session, actor.user_id, "unproven_disbursement", SUBJECT, found.id)
    return found


def record_delivery(
    session: Session,
    actor: Actor,
    folder: Path,
    disbursement_id: int,
    *,
    delivered_on: date,
    recipients: int,
    words: str,
    papers: Papers | None = None,
    photos_public: bool = False,
) -> Disbursement:
    """What was paid for reached those it was for, as the public reads it: a day, how many, words that name nobody.

    Raises Conflict unless the use is proven, InputRefused for wrong fields.
    """
    found = disbursement(session, disbursement_id)
    actor.require(Permission.DISBURSEMENT_REQUEST, found.fund_id)
    require_next(found, "delivered")
    wrong: list[Refused] = []
    words = normal(words)
    if not words or len(words) > MOST_WORDS:
        wrong.append(
            Refused(N_("请写明送到了谁手里、做成了什么，最多 %(most)s 个字"), field="words", most=MOST_WORDS)
        )
    if not 0 <= recipients <= 10_000_000:
        wrong.append(Refused(N_("请填写 0 以上的整数"), field="recipients"))
    try:
        require_plausible(delivered_on, clock.today(), "delivered_on")
    except Refused as refusal:
        wrong.append(refusal)
    first = min((row.occurred_on for row in payments_of(session, found.id)), default=None)
    if first is not None and delivered_on < found.applied_on:
        wrong.append(Refused(N_("到达日期不能早于申请日期"), field="delivered_on"))
    if wrong:
        raise InputRefused(wrong)
    if papers:
        _attach(session, actor, folder, found, papers, photos_public=photos_public)
    become(session, found, "delivered")
    _keep_delivery(session, actor, found, delivered_on, recipients, words, is_standing=True)
    record(session, actor.user_id, "delivered_disbursement", SUBJECT, found.id)
    return found


def take_back_delivery(session: Session, actor: Actor, disbursement_id: int, reason: str) -> Disbursement:
    """An arrival that was recorded by mistake is taken back, with a public reason. Raises Refused without one."""
    found = disbursement(session, disbursement_id)
    actor.require(Permission.DISBURSEMENT_REQUEST, found.fund_id)
    if found.status != "delivered":
        raise Conflict(N_("这笔申请的状态已经变化，请刷新页面"))
    if not normal(reason):
        raise Refused(N_("请写明原因"), field="reason")
    before = queries.delivery_of(session, found.id)
    assert before is not None
    become(session, found, "proven")
    _keep_delivery(
        session, actor, found, before.delivered_on, before.recipients, normal(reason), is_standing=False
    )
    record(session, actor.user_id, "take_back_delivery", SUBJECT, found.id, reason=normal(reason))
    return found


def _keep_delivery(
    session: Session,
    actor: Actor,
    found: Disbursement,
    on: date,
    recipients: int,
    words: str,
    *,
    is_standing: bool,
) -> None:
    version = queries.delivery_versions(session, found.id) + 1
    session.add(
        Delivery(
            disbursement_id=found.id,
            version=version,
            delivered_on=on,
            recipients=recipients,
            words=words,
            is_standing=is_standing,
            recorded_by_id=actor.user_id,
            recorded_at=clock.now(),
        )
    )
    session.flush()
    body: dict[str, object] = {"on": on.isoformat(), "recipients": recipients, "standing": is_standing}
    _leaf(session, "delivery", found, body, {"words": words}, version)


def close_disbursement(session: Session, actor: Actor, disbursement_id: int) -> Disbursement:
    """End a request that is done: it arrived, or reaches nobody outside and its use is proven, or everything came back.

    Secretary or chair. Raises Conflict for a request that is not done, and while proofs wait to be judged.
    """
    found = disbursement(session, disbursement_id)
    actor.require(Permission.COUNCIL_CONVENE, found.fund_id)
    if not queries.may_close(session, found):
        raise Conflict(N_("这笔申请还不能结项：款项要用完并有凭证，送到受益人，或全部收回"))
    become(session, found, "closed", closed=True)
    _leaf(session, "request_closed", found, {"used": queries.standing(session, found.id).net_minor}, {})
    record(session, actor.user_id, "closed_disbursement", SUBJECT, found.id)
    return found


def _leaf(
    session: Session,
    kind: str,
    found: Disbursement,
    body: dict[str, object],
    texts: dict[str, str],
    version: int = 1,
) -> None:
    append(
        session,
        [LeafDraft(kind, found.id, body, {key: text for key, text in texts.items() if text}, version)],
    )
