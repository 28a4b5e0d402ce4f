"""Opening and ending notices, objecting, answering, dismissing, holding. All inside ``transaction(books=True)``."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from app.council.models import Matter
from app.council.notice import queries, rules, states
from app.council.notice.models import Objection, PaymentHold, PublicNotice
from app.council.notices import operations as notices
from app.council.queries import rules_of
from app.council.rulebook.queries import rules_in_force
from app.documents.operations import next_number
from app.log.operations import LeafDraft, append
from app.shared import clock
from app.shared.audit import record
from app.shared.encryption import encrypt
from app.shared.errors import N_, Conflict, InputRefused, Refused
from app.shared.permissions import SYSTEM, Actor, Permission, Role
from app.shared.text import normal


def open_notice(
    session: Session,
    actor: Actor,
    matter: Matter,
    *,
    is_after_payment: bool = False,
    ends_on: date | None = None,
) -> PublicNotice:
    """Put what was approved before the public, until ``ends_on`` or for as many days as the matter's rules say."""
    book, today = rules_of(session, matter).book, clock.today()
    notice = PublicNotice(
        fund_id=matter.fund_id,
        subject_type=matter.type,
        subject_id=matter.subject_id,
        matter_id=matter.id,
        is_after_payment=is_after_payment,
        opens_on=today,
        ends_on=ends_on or book.notice_ends_on(today),
        opened_at=clock.now(),
    )
    session.add(notice)
    session.flush()
    body: dict[str, object] = {"opens_on": notice.opens_on.isoformat(), "ends_on": notice.ends_on.isoformat()}
    _leaf(session, "notice_opened", notice, notice.id, body)
    record(session, actor.user_id, "open_notice", matter.type, matter.subject_id)
    notices.notice_opened(session, notice)
    return notice


def end_notice(session: Session, actor: Actor, notice: PublicNotice, *, early: bool = False) -> bool:
    """Note that a notice has run its course. False while it still runs, or when it was noted before.

    ``early``: what stood in it was given up, so it ends before its day.
    """
    if notice.ended_at is not None or not (early or rules.has_ended(notice.ends_on, clock.today())):
        return False
    notice.ended_at = clock.now()
    session.flush()
    count = len(queries.objections_to(session, notice.subject_type, notice.subject_id))
    _leaf(session, "notice_ended", notice, notice.id, {"objections": count})
    record(session, actor.user_id, "end_notice", notice.subject_type, notice.subject_id)
    if not early:
        notices.notice_ended(
            session, notice, queries.obstacles(session, notice.subject_type, notice.subject_id)
        )
    return True


def object_to(
    session: Session,
    notice: PublicNotice,
    *,
    ground: str,
    words: str,
    contact: str,
    key: str | None = None,
) -> Objection:
    """Anybody's objection to what stands in notice. It pauses the payment until it is answered in writing.

    A repeat of a ground and words that were answered before does not pause it again. Raises InputRefused for wrong fields,
    Conflict when the notice is over.
    """
    wrong: list[Refused] = []
    words, contact = normal(words), contact.strip()
    if ground not in states.GROUNDS:
        wrong.append(Refused(N_("请选择异议的理由"), field="ground"))
    if not words or len(words) > rules.MOST_WORDS:
        wrong.append(Refused(N_("请写明异议内容，最多 %(most)s 个字"), field="words", most=rules.MOST_WORDS))
    if not contact or len(contact) > rules.MOST_CONTACT:
        wrong.append(Refused(N_("请留下电话或电子邮箱，只有基金工作人员看得到"), field="contact"))
    if wrong:
        raise InputRefused(wrong)
    earlier = queries.objections_to(session, notice.subject_type, notice.subject_id)
    same_form = next((each for each in earlier if key is not None and each.idempotency_key == key), None)
    if same_form is not None:
        return same_form
    if notice.ended_at is not None or rules.has_ended(notice.ends_on, clock.today()):
        raise Conflict(N_("公示已在 %(day)s 结束"), day=queries.last_day(notice).isoformat())
    repeated = next(
        (
            each
            for each in earlier
            if each.ground == ground and each.status in ("answered", "dismissed") and each.words == words
        ),
        None,
    )
    now, today = clock.now(), clock.today()
    book = rules_in_force(session, notice.fund_id).book
    found = Objection(
        number=next_number(session, "objection", today.year),
        fund_id=notice.fund_id,
        notice_id=notice.id,
        subject_type=notice.subject_type,
        subject_id=notice.subject_id,
        ground=ground,
        words=words,
        contact=encrypt(contact),
        received_at=now,
        answer_due_on=rules.answer_due_on(book, today),
        status="repeated" if repeated else "open",
        repeats_id=repeated.id if repeated else None,
        closed_at=now if repeated else None,
        idempotency_key=key,
    )
    session.add(found)
    session.flush()
    body: dict[str, object] = {"ground": ground, "status": found.status}
    _leaf(session, "objection", notice, found.id, body, {"text": words})
    record(session, None, "object", notice.subject_type, notice.subject_id, objection=found.number)
    notices.objection_received(session, found)
    if found.status == "open":
        _obstacle_changed(session, SYSTEM, found.subject_type, found.subject_id)
    return found


def show_objection(session: Session, actor: Actor, number: str, *, shown: bool) -> Objection:
    """Publish an objection's words after a check for law and privacy, or keep them off the public page.

    Raises Conflict when somebody has just decided the same.
    """
    found = queries.objection(session, number)
    actor.require(Permission.COUNCIL_CONVENE, found.fund_id)
    if found.words_checked_at is not None and found.is_shown == shown:
        raise Conflict(N_("刚刚有人处理过了，请刷新页面"))
    found.is_shown, found.words_checked_at = shown, clock.now()
    session.flush()
    record(session, actor.user_id, "show_objection", found.subject_type, found.subject_id, shown=shown)
    return found


def answer_objection(session: Session, actor: Actor, number: str, words: str) -> Objection:
    """The council's written answer, which is public; the payment may go on. Raises Conflict when it was closed before."""
    found = queries.objection(session, number)
    actor.require(Permission.COUNCIL_CONVENE, found.fund_id)
    _require_open(found)
    if not normal(words):
        raise Refused(N_("请写明答复"), field="answer")
    found.answer, found.answered_by_id = normal(words), actor.user_id
    _close(session, actor, found, "answered")
    record(session, actor.user_id, "answer_objection", found.subject_type, found.subject_id, objection=number)
    return found


def dismiss_objection(session: Session, actor: Actor, number: str, reason: str) -> Objection:
    """Chair and supervisor together dismiss a groundless objection, within the days that the rules give, with a reason that is
    published. The first of them proposes it with the reason, the second confirms it.

    Raises Forbidden for anybody else, Refused without a reason or too late, Conflict for the same person twice.
    """
    found = queries.objection(session, number)
    actor.require(Permission.OBJECTION_DISMISS, found.fund_id)
    is_chair = actor.holds(Role.CHAIR, found.fund_id)
    _require_open(found)
    received_on = clock.local(found.received_at).date()
    until = rules.dismissible_until(rules_in_force(session, found.fund_id).book, received_on)
    if clock.today() > until:
        raise Refused(N_("驳回的期限到 %(day)s 为止，请书面答复"), day=until.isoformat())
    first, second = found.dismissed_by_chair_id, found.dismissed_by_supervisor_id
    if actor.user_id in (first, second):
        raise Conflict(N_("您已经同意驳回，等另一位确认"))
    if first is None and second is None:
        if not normal(reason):
            raise Refused(N_("请写明驳回的理由"), field="reason")
        found.dismissal_reason = normal(reason)
    if is_chair and first is None:
        found.dismissed_by_chair_id = actor.user_id
    elif not is_chair and second is None:
        found.dismissed_by_supervisor_id = actor.user_id
    else:
        raise Conflict(N_("还要由另一方同意驳回"))
    is_agreed = found.dismissed_by_chair_id is not None and found.dismissed_by_supervisor_id is not None
    act = "dismiss_objection" if is_agreed else "propose_dismissal"
    record(session, actor.user_id, act, found.subject_type, found.subject_id, objection=number)
    if is_agreed:
        found.answer = found.dismissal_reason
        _close(session, actor, found, "dismissed")
    else:
        notices.dismissal_proposed(session, found, by_chair=is_chair)
    session.flush()
    return found


def place_hold(
    session: Session, actor: Actor, fund_id: int, subject_type: str, subject_id: int, reason: str
) -> PaymentHold:
    """The supervisor stops a payment. Raises Forbidden for others, Refused without a reason, Conflict when it is held already."""
    actor.require(Permission.COUNCIL_SUPERVISE, fund_id)
    if not normal(reason):
        raise Refused(N_("请写明暂停付款的理由"), field="reason")
    if "hold" in queries.obstacles(session, subject_type, subject_id):
        raise Conflict(N_("付款已经暂停"))
    assert actor.user_id is not None
    found = PaymentHold(
        fund_id=fund_id,
        subject_type=subject_type,
        subject_id=subject_id,
        placed_by_id=actor.user_id,
        reason=normal(reason),
        placed_at=clock.now(),
    )
    session.add(found)
    session.flush()
    _leaf(session, "hold_placed", found, found.id, {}, {"reason": found.reason})
    record(session, actor.user_id, "place_hold", subject_type, subject_id)
    notices.hold_placed(session, found)
    _obstacle_changed(session, actor, subject_type, subject_id)
    return found


def lift_hold(session: Session, actor: Actor, subject_type: str, subject_id: int, reason: str) -> PaymentHold:
    """The supervisor lets the payment go on, with a reason. Raises Conflict when nothing is held."""
    found = next(
        (each for each in queries.holds_on(session, subject_type, subject_id) if each.lifted_at is None), None
    )
    if found is None:
        raise Conflict(N_("付款已经恢复"))
    actor.require(Permission.COUNCIL_SUPERVISE, found.fund_id)
    if not normal(reason):
        raise Refused(N_("请写明恢复付款的理由"), field="reason")
    found.lifted_by_id, found.lift_reason, found.lifted_at = actor.user_id, normal(reason), clock.now()
    session.flush()
    _leaf(session, "hold_lifted", found, found.id, {}, {"reason": found.lift_reason})
    record(session, actor.user_id, "lift_hold", subject_type, subject_id)
    notices.hold_lifted(session, found)
    _obstacle_changed(session, actor, subject_type, subject_id)
    return found


def _require_open(found: Objection) -> None:
    if found.status != "open":
        raise Conflict(N_("这条异议已经有了答复"))


def _obstacle_changed(session: Session, actor: Actor, subject_type: str, subject_id: int) -> None:
    """Let the subject follow at once: held while something stands in its way, on when nothing does any more."""
    follow = rules.obstacle_follower(subject_type)
    if follow is not None:
        follow(session, actor, subject_id)


def _close(session: Session, actor: Actor, found: Objection, status: str) -> None:
    found.status, found.closed_at = status, clock.now()
    session.flush()
    _leaf(
        session,
        "objection_answer",
        found,
        found.id,
        {"result": status},
        {"text": found.answer},
    )
    notices.objection_closed(session, found)
    _obstacle_changed(session, actor, found.subject_type, found.subject_id)


def _leaf(
    session: Session,
    kind: str,
    about: PublicNotice | Objection | PaymentHold,
    id_: int,
    body: dict[str, object],
    texts: dict[str, str] | None = None,
) -> None:
    subject: dict[str, object] = {
        "fund": about.fund_id,
        "subject": [about.subject_type, about.subject_id],
    }
    append(session, [LeafDraft(kind, id_, {**subject, **body}, texts or {})])
