"""Motions: drafting, submitting, putting to the vote, taking back, and what follows a resolution."""

from __future__ import annotations

import json
from pathlib import Path

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.council import operations as council
from app.council.interests.queries import conflicts_of
from app.council.issuing.operations import bind_goods, cost_of_wanted, require_goods
from app.council.issuing.rules import Wanted, wanted_of
from app.council.models import Matter
from app.council.motions import queries
from app.council.motions.models import Motion, MotionText
from app.council.motions.rules import EDITABLE, MotionDraft, may_become, refuse_if_wrong, text_hash
from app.council.notice.operations import open_notice
from app.council.queries import matter_of, rules_of
from app.council.repurposing.operations import bind_change
from app.council.repurposing.rules import plan_of, wrong_in
from app.council.rulebook.operations import adopt_rules
from app.council.rulebook.queries import rules_in_force
from app.council.rulebook.rules import from_data, hash_of
from app.council.rules import decides
from app.documents.operations import next_number
from app.files.operations import add_public_copies, attach_file, detach_file
from app.files.queries import files_of
from app.funds.operations import close_fund
from app.ledger import queries as ledger
from app.log import operations as log
from app.log.operations import LeafDraft, append
from app.shared import clock
from app.shared.audit import record
from app.shared.canonical import canonical_bytes
from app.shared.errors import N_, Conflict, Forbidden, InputRefused, Refused
from app.shared.money import Money
from app.shared.permissions import Actor, Permission, Role
from app.shared.text import normal

SUBJECT = queries.SUBJECT
MAX_FILES = 20
MOST_DONORS = 100_000


def draft_motion(session: Session, actor: Actor, draft: MotionDraft) -> Motion:
    """Write down a motion. A second click with the same key returns the first. Raises InputRefused for wrong fields."""
    actor.require(Permission.COUNCIL_PROPOSE, draft.fund_id)
    earlier = queries.motion_of_key(session, draft.idempotency_key)
    if earlier is not None:
        return earlier
    found = Motion(
        fund_id=draft.fund_id,
        idempotency_key=draft.idempotency_key,
        text_salt=log.new_salt().hex(),
        drafted_by_id=actor.user_id,
        created_at=clock.now(),
    )
    _write(session, found, draft)
    session.add(found)
    session.flush()
    _bind(session, found)
    record(session, actor.user_id, "draft_motion", SUBJECT, found.id)
    return found


def edit_motion(session: Session, actor: Actor, motion_id: int, draft: MotionDraft) -> Motion:
    """Change a motion that is a draft or was returned. Raises Conflict once it is submitted."""
    found = _draft_of(session, actor, motion_id)
    draft.fund_id = found.fund_id
    _write(session, found, draft)
    session.flush()
    _bind(session, found)
    record(session, actor.user_id, "edit_motion", SUBJECT, found.id)
    return found


def _write(session: Session, found: Motion, draft: MotionDraft) -> None:
    if draft.topic == "goods":  # what it is about has its price; nobody types it
        draft.amount_minor = cost_of_wanted(session, draft.fund_id, wanted_of(draft.details))
    refuse_if_wrong(draft)
    if draft.topic == "rules":
        from_data(draft.details["rulebook"])
    if draft.topic == "purpose":
        _require_change(session, draft)
    found.topic = draft.topic
    found.title = normal(draft.title)
    found.text = normal(draft.text)
    found.amount_minor = draft.amount_minor
    found.details = canonical_bytes(draft.details).decode()


def _bind(session: Session, found: Motion) -> None:
    wanted = wanted_of(queries.details_of(found)) if found.topic == "goods" else Wanted("", ())
    bind_goods(session, found, wanted)


def _require_change(session: Session, draft: MotionDraft) -> None:
    for name in ("from", "to"):
        if ledger.earmark(session, draft.details[name]).fund_id != draft.fund_id:
            raise Refused(N_("这个用途不属于本基金"), field=f"{name}_earmark")
    if draft.details["from"] == draft.details["to"]:
        raise Refused(N_("新用途不能和原用途相同"), field="to_earmark")
    refusals = wrong_in(plan_of(draft.details))
    if refusals:
        raise InputRefused(refusals)
    _require_available(session, draft.fund_id, draft.details["from"], draft.amount_minor or 0)


def _require_available(session: Session, fund_id: int, earmark_id: int, wanted_minor: int) -> None:
    pools = ledger.pools_of(session, fund_id)
    available = next((pool.available_minor for pool in pools if pool.earmark_id == earmark_id), 0)
    if wanted_minor > available:
        raise Refused(
            N_("原用途下没有预留的钱只有 %(available)s 元"), field="amount", available=Money(available)
        )


def attach_files(
    session: Session,
    actor: Actor,
    folder: Path,
    motion_id: int,
    papers: list[tuple[str, bytes]],
    *,
    field: str = "files",
) -> None:
    """Keep files (name, content) with a draft; submitting fixes them. Never public. Raises Conflict once it is submitted."""
    found = _draft_of(session, actor, motion_id)
    if len(files_of(session, SUBJECT, found.id)) + len(papers) > MAX_FILES:
        raise Refused(N_("一份提案最多 %(limit)s 个附件"), field=field, limit=MAX_FILES)
    for name, content in papers:
        attach_file(
            session,
            actor,
            folder,
            subject_type=SUBJECT,
            subject_id=found.id,
            purpose=queries.PAPER,
            name=name,
            content=content,
            field=field,
        )


def add_public_copy(
    session: Session, actor: Actor, folder: Path, motion_id: int, files: list[tuple[str, bytes]]
) -> None:
    """Keep redacted copies of a motion's papers that anybody may read. Raises Conflict for a draft, Refused without a file."""
    found = queries.motion(session, motion_id)
    actor.require(Permission.COUNCIL_PROPOSE, found.fund_id)
    if found.number is None:
        raise Conflict(N_("草稿还没有公开；提交以后再上传公开件"))
    add_public_copies(
        session, actor, folder, files, subject_type=SUBJECT, subject_id=found.id, most=2 * MAX_FILES
    )


def remove_file(session: Session, actor: Actor, motion_id: int, file_id: int) -> None:
    """Take a file off a draft. Raises Conflict once it is submitted, NotFound for a file of something else."""
    found = _draft_of(session, actor, motion_id)
    detach_file(session, actor, file_id, subject_type=SUBJECT, subject_id=found.id)


def _draft_of(session: Session, actor: Actor, motion_id: int) -> Motion:
    found = queries.motion(session, motion_id)
    actor.require(Permission.COUNCIL_PROPOSE, found.fund_id)
    if found.status not in EDITABLE:
        raise Conflict(N_("提案已经提交，不能再修改；可以请秘书处退回后再改"))
    return found


def draft_hash(session: Session, found: Motion) -> str:
    """The hash of a motion as it stands, files included: what a person agrees to when they submit it."""
    text: dict[str, object] = {
        "salt": found.text_salt,
        "version": found.version,
        "number": found.number,
        "fund": found.fund_id,
        "topic": found.topic,
        "title": found.title,
        "text": found.text,
        "amount": found.amount_minor,
        "details": json.loads(found.details),
    }
    return text_hash(text, [file.sha256 for file in files_of(session, SUBJECT, found.id)])


def submit_motion(session: Session, actor: Actor, motion_id: int, *, read_hash: str | None = None) -> Motion:
    """Fix a motion's text and number it. Secretary and chair put it to the vote at once; from anyone else it waits for them.

    ``read_hash`` is the ``draft_hash`` of what the person saw. Raises Conflict when it was changed since, or when the rules
    that it proposes to change are no longer those in force; Refused when the money that it is about is no longer free.
    """
    found = queries.motion(session, motion_id)
    actor.require(Permission.COUNCIL_PROPOSE, found.fund_id)
    _require_next(found, "submitted")
    if read_hash is not None and read_hash != draft_hash(session, found):
        raise Conflict(N_("草稿刚刚有人改过，请重新核对后再提交"))
    _require_standing(session, found)
    now = clock.now()
    found.number = found.number or next_number(session, SUBJECT, clock.today().year)
    found.version += 1
    found.submitter_id, found.submitted_at = actor.user_id, now
    session.flush()
    kept = MotionText(
        motion_id=found.id,
        version=found.version,
        topic=found.topic,
        title=found.title,
        text=found.text,
        amount_minor=found.amount_minor,
        details=found.details,
        text_hash=draft_hash(session, found),
        submitter_id=actor.user_id,
        submitted_at=now,
    )
    session.add(kept)
    _become(session, found, "submitted")
    body: dict[str, object] = {
        "fund": found.fund_id,
        "motion": found.number,
        "topic": found.topic,
        "text": kept.text_hash,
    }
    if found.amount_minor is not None:
        body["amount"] = found.amount_minor
    texts = {"title": found.title, "words": found.text}
    append(session, [LeafDraft("motion_submitted", found.id, body, texts, found.version)])
    record(session, actor.user_id, "submit_motion", SUBJECT, found.id, number=found.number)
    if actor.may(Permission.COUNCIL_CONVENE, found.fund_id):
        _open_vote(session, actor, found)
    return found


def _require_standing(session: Session, found: Motion) -> None:
    """What a motion supposes still holds."""
    details = queries.details_of(found)
    if found.topic == "rules":
        current = rules_in_force(session, found.fund_id)
        if details["base"] != current.number:
            raise Conflict(N_("议事规则在这份提案起草之后改过了，请对照现行规则重新填写"))
        if hash_of(from_data(details["rulebook"])) == current.sha256:
            raise Refused(N_("和现行规则完全一样，没有需要表决的改动"))
    if found.topic == "ending":
        _require_empty(session, found.fund_id)
    if found.topic == "goods":
        require_goods(session, found)
    if found.topic == "purpose":
        change = queries.change_of(found)
        _require_available(session, found.fund_id, change.from_id, change.amount_minor)


def _require_empty(session: Session, fund_id: int) -> None:
    held = sum(pool.held_minor for pool in ledger.pools_of(session, fund_id))
    if held:
        raise Refused(N_("基金还有 %(held)s 元，先用完或变更用途，才能终止"), held=Money(held))


def open_vote(session: Session, actor: Actor, motion_id: int) -> Motion:
    """Put a submitted motion to the vote under the rules in force now. Secretary or chair.

    Raises Conflict while another change of the rules is being voted on, or when it no longer waits for this.
    """
    found = queries.motion(session, motion_id)
    actor.require(Permission.COUNCIL_CONVENE, found.fund_id)
    _open_vote(session, actor, found)
    return found


def _open_vote(session: Session, actor: Actor, found: Motion) -> None:
    _require_next(found, "in_vote")
    _require_standing(session, found)
    if found.topic == "rules" and queries.in_vote(session, found.fund_id, "rules") is not None:
        raise Conflict(N_("已有一份修改议事规则的提案在表决，请等它有了结果"))
    _become(session, found, "in_vote")
    text = queries.texts_of(session, found.id)[-1]
    council.open_matter(
        session,
        Actor(found.submitter_id, actor.name),
        council.MatterDraft(
            fund_id=found.fund_id,
            type=SUBJECT,
            subject_id=found.id,
            topic=found.topic,
            text_hash=text.text_hash,
            amount_minor=found.amount_minor,
            conflicts=_conflicts(session, found),
        ),
    )


def _conflicts(session: Session, found: Motion) -> dict[int, str]:
    """Whoever is tied to a donor whose purpose is to be changed is out of it, however small the gift."""
    if found.topic != "purpose":
        return {}
    names = ledger.largest_donors_to(session, queries.change_of(found).from_id, MOST_DONORS)
    return {each.user_id: each.kind for each in conflicts_of(session, found.fund_id, {"donor": names})}


def return_motion(session: Session, actor: Actor, motion_id: int, reason: str) -> Motion:
    """Give a motion back to be changed: every vote on its text is void. Secretary or chair, before the decision."""
    found = queries.motion(session, motion_id)
    actor.require(Permission.COUNCIL_CONVENE, found.fund_id)
    _require_next(found, "returned")
    said = _reason(reason)
    matter = matter_of(session, SUBJECT, found.id)
    if found.status == "in_vote" and matter is not None:
        council.void_matter(session, actor, matter, said)
    _become(session, found, "returned")
    append(session, [LeafDraft("motion_returned", found.id, {}, {"reason": said}, found.version)])
    record(session, actor.user_id, "return_motion", SUBJECT, found.id, reason=said)
    return found


def withdraw_motion(session: Session, actor: Actor, motion_id: int, reason: str) -> Motion:
    """Take a motion back for good before it is decided. Only whoever drafted or submitted it, or the secretary, may."""
    found = queries.motion(session, motion_id)
    if not may_withdraw(actor, found):
        raise Forbidden(N_("只有提案人或秘书处可以撤回这份提案"))
    _require_next(found, "withdrawn")
    said = _reason(reason)
    matter = matter_of(session, SUBJECT, found.id)
    if found.status == "in_vote" and matter is not None:
        council.withdraw_matter(session, actor, matter)
    _become(session, found, "withdrawn")
    if found.number is not None:  # a draft was never put before anyone
        append(session, [LeafDraft("motion_withdrawn", found.id, {}, {"reason": said}, found.version)])
    record(session, actor.user_id, "withdraw_motion", SUBJECT, found.id, reason=said)
    return found


def may_withdraw(actor: Actor, found: Motion) -> bool:
    """Whether the actor may take this motion back."""
    if not actor.may(Permission.COUNCIL_PROPOSE, found.fund_id):
        return False
    is_own = actor.user_id is not None and actor.user_id in (found.drafted_by_id, found.submitter_id)
    return is_own or actor.holds(Role.SECRETARY, found.fund_id)


@decides(SUBJECT)
def follow_decision(session: Session, actor: Actor, matter: Matter) -> None:
    """What a decision does: a motion on rules that was approved puts them into force at once, in the same transaction.

    A change of purpose is bound to the gifts that it is about; they move once donors, notice and filing allow it. Raises
    Refused, and nothing is decided, when less is free by now.
    An issue of goods stands in public notice first, for as long as the rules say; then the office hands them out.
    """
    found = queries.motion(session, matter.subject_id)
    _become(session, found, matter.status)
    record(session, actor.user_id, f"{matter.status}_motion", SUBJECT, found.id)
    if matter.status == "approved" and found.topic == "goods" and rules_of(session, matter).book.notice_days:
        open_notice(session, actor, matter)
    if matter.status == "approved" and found.topic == "purpose":
        bind_change(session, actor, found)
    if matter.status == "approved" and found.topic == "ending":
        _require_empty(session, found.fund_id)
        close_fund(session, actor, found.fund_id)
    if matter.status == "approved" and found.topic == "rules":
        text = next(
            each for each in queries.texts_of(session, found.id) if each.text_hash == matter.text_hash
        )
        adopt_rules(session, actor, matter, from_data(queries.details_of(text)["rulebook"]))


def _reason(reason: str) -> str:
    if not reason.strip():
        raise Refused(N_("请写明原因"), field="reason")
    return reason.strip()


def _require_next(found: Motion, following: str) -> None:
    if not may_become(found.status, following):
        raise Conflict(N_("这份提案的状态已经变化，请刷新页面"))


def _become(session: Session, found: Motion, status: str) -> None:
    """Compare and set: two people pressing at once get one result and one polite 409."""
    _require_next(found, status)
    session.flush()
    now = clock.now()
    decided = {"decided_at": now} if status in ("approved", "rejected", "lapsed") else {}
    closed = {"closed_at": now} if status == "withdrawn" else {}
    moved = session.execute(
        update(Motion)
        .where(Motion.id == found.id, Motion.status == found.status)
        .values(status=status, **decided, **closed)
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(N_("这份提案的状态已经变化，请刷新页面"))
    session.refresh(found)
