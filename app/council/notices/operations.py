"""Telling people: what waits for them, what was decided, what the public says. One event gives one notice to each person.

Called inside the transaction of the event itself, so that a notice exists if and only if its event does. The texts are
made to be pasted into a chat group: they hold what is public, never a vote, a contact, or words that nobody has checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.council import queries
from app.council.meetings.rules import Subject, describer
from app.council.models import Matter
from app.council.notice.models import Objection, PaymentHold, PublicNotice
from app.council.notice.queries import objections_due
from app.council.notice.states import GROUNDS
from app.council.rules import endorsed_outcome
from app.council.states import STATUSES, TOPICS, UNDECIDED
from app.jobs.operations import post_notice, withdraw_notices
from app.jobs.registry import Work, every, job
from app.people.queries import users_with
from app.shared import clock
from app.shared.money import yuan
from app.shared.permissions import Role

MATTER, NOTICE, OBJECTION, HOLD = "matter", "public_notice", "objection", "payment_hold"
GROUP = None
"""The chat group, as a recipient."""
REMIND = "remind_of_deadlines"
FIRST_HOUR, LAST_HOUR = 8, 21
"""Between these hours of the fund's clock people are reminded."""
ANSWERERS = (Role.SECRETARY, Role.CHAIR)
_WAITS = ("vote_waits", "vote_closes", "signature_waits", "signature_closes")


def matter_waits(session: Session, matter: Matter) -> None:
    """Tell everybody of whom a matter now waits for a vote or a signature."""
    about = _about(session, matter.type, matter.subject_id, TOPICS[matter.topic])
    if matter.status == "open" and matter.decided_by == "council":
        voters = [each for _, each in queries.holders(session, matter.fund_id)]
        text = _lines(_amount(matter), _gains(about), _until(matter))
        title = f"请表决：{about.title}"
        _to(session, matter, "vote_waits", [*_free(session, matter, voters), GROUP], title, text, about.path)
    for kind, roles in _signers(session, matter).items():
        words = {
            "officer": "请签批",
            "opinion": "请出具监督员意见",
            "host": "请托管机构会签",
            "host_decision": "请托管机构决定",
        }
        people = _free(session, matter, users_with(session, matter.fund_id, *roles), kind)
        _to(
            session,
            matter,
            "signature_waits",
            people,
            f"{words[kind]}：{about.title}",
            _lines(_amount(matter), _gains(about), _until(matter) if matter.status == "open" else ""),
            about.path,
            key=f"signature_waits/{matter.id}/{kind}",
        )


def _signers(session: Session, matter: Matter) -> dict[str, tuple[Role, ...]]:
    """The signatures that a matter waits for, and who can give them."""
    if matter.status == "referred":
        return {"host_decision": (Role.HOST,)}
    if matter.status == "open" and matter.decided_by != "council":
        return {"officer": (Role.CHAIR, Role.SECRETARY, Role.COUNCIL)}
    found: dict[str, tuple[Role, ...]] = {}
    _, missing = endorsed_outcome(
        queries.signatures_of(session, matter.id),
        needs_opinion=matter.needs_opinion,
        needs_host=matter.needs_host and matter.status == "endorsing",
    )
    if "opinion" in missing:
        found["opinion"] = (Role.SUPERVISOR,)
    if "host" in missing:
        found["host"] = (Role.HOST,)
    return found


def _free(session: Session, matter: Matter, people: Iterable[int], kind: str = "") -> list[int]:
    """Those who have no interest in the matter and did not submit it; an opinion may come from whoever submitted it."""
    return [
        each
        for each in people
        if queries.conflict_of(session, matter.id, each) is None
        and (kind == "opinion" or each != matter.submitter_id)
    ]


def matter_settled(session: Session, matter: Matter) -> None:
    """Nobody needs to be reminded of a matter that is decided, or whose vote is over."""
    kinds = _WAITS if matter.status not in UNDECIDED else ("vote_waits", "vote_closes")
    for kind in kinds:
        withdraw_notices(session, MATTER, matter.id, kind=kind)


def member_acted(session: Session, matter: Matter, user_id: int) -> None:
    """Whoever has voted or signed need not be asked for it any more; the others and the group still are."""
    for kind in _WAITS:
        withdraw_notices(session, MATTER, matter.id, kind=kind, user_id=user_id)


def matter_decided(session: Session, matter: Matter) -> None:
    """Tell the submitter, the council, the secretary and the group what was decided. Not of decisions of before this system."""
    if matter.decided_before_on is not None:
        return
    about = _about(session, matter.type, matter.subject_id, TOPICS[matter.topic])
    people = [each for _, each in queries.holders(session, matter.fund_id)]
    people += users_with(session, matter.fund_id, Role.SECRETARY)
    people += [] if matter.submitter_id is None else [matter.submitter_id]
    counts = queries.tally(session, matter)
    text = _lines(
        _amount(matter),
        _gains(about),
        f"应到 {counts.seats} 席，参加 {counts.present} 席：赞成 {counts.approve}，反对 {counts.reject}，"
        f"弃权 {counts.abstain}，回避 {counts.recuse}"
        if matter.decided_by == "council"
        else "",
        f"决议 {matter.resolution_number} 号" if matter.resolution_number else "",
    )
    title = f"{STATUSES[matter.status]}：{about.title}"
    _to(session, matter, "decided", [*people, GROUP], title, text, about.public_path)


def matter_stuck(session: Session, matter: Matter) -> None:
    """Tell secretary and chair that a poll is over but its result cannot take effect."""
    about = _about(session, matter.type, matter.subject_id, TOPICS[matter.topic])
    text = "表决已到期，但结果不能生效，例如这个用途的可用余额已经不够。请撤回或退回补充。"
    people = users_with(session, matter.fund_id, *ANSWERERS)
    _to(session, matter, "matter_stuck", people, f"请处理：{about.title}", text, about.path)


def notice_opened(session: Session, notice: PublicNotice) -> None:
    """Tell secretary, chair, supervisor and the group that something stands in public notice."""
    about = _about(session, notice.subject_type, notice.subject_id)
    people = users_with(session, notice.fund_id, *ANSWERERS, Role.SUPERVISOR)
    text = _lines(
        _gains(about),
        f"公示 {notice.opens_on.isoformat()} 至 {notice.ends_on.isoformat()}，任何人都可以在页面上提出异议。",
    )
    _post(
        session,
        notice.fund_id,
        [*people, GROUP],
        "notice_opened",
        (NOTICE, notice.id),
        f"公示：{about.title}",
        text,
        about.public_path,
    )


def notice_ended(session: Session, notice: PublicNotice, obstacles: list[str]) -> None:
    """Tell secretary, cashier and the group that a notice is over, and whether the payment may be made."""
    withdraw_notices(session, NOTICE, notice.id, kind="notice_opened")
    about = _about(session, notice.subject_type, notice.subject_id)
    people = users_with(session, notice.fund_id, Role.SECRETARY, Role.CASHIER)
    is_held = "objection" in obstacles or "hold" in obstacles
    said = "公示期满。" + ("付款仍然暂停，等异议答复或监督员恢复。" if is_held else "")
    if not is_held and not notice.is_after_payment:
        act = "付款" if notice.subject_type == "disbursement" else "办理"
        said += f"没有未答复的异议，可以{act}。"
    _post(
        session,
        notice.fund_id,
        [*people, GROUP],
        "notice_ended",
        (NOTICE, notice.id),
        f"公示期满：{about.title}",
        _lines(_gains(about), said),
        about.public_path,
    )


def objection_received(session: Session, objection: Objection) -> None:
    """Tell those who answer and supervise that somebody objected: the ground, not the words, and not who."""
    about = _about(session, objection.subject_type, objection.subject_id)
    is_open = objection.status == "open"
    text = _lines(
        f"理由：{GROUNDS[objection.ground]}",
        f"付款暂停。请最晚 {objection.answer_due_on.isoformat()} 书面答复。"
        if is_open
        else "与已答复的异议相同，不再暂停付款。",
    )
    _of_objection(
        session, objection, "objection_received", f"收到异议 {objection.number}：{about.title}", text
    )


def dismissal_proposed(session: Session, objection: Objection, *, by_chair: bool) -> None:
    """Tell the other of chair and supervisor that a dismissal waits for them."""
    other = Role.SUPERVISOR if by_chair else Role.CHAIR
    _of_objection(
        session,
        objection,
        "dismissal_proposed",
        f"请确认是否驳回异议 {objection.number}",
        "另一方认为这条异议没有根据，建议驳回。要在期限内由理事长和监督员共同决定。",
        [other],
    )


def objection_closed(session: Session, objection: Objection) -> None:
    """Tell supervisor, secretary and cashier that an objection has its answer; nobody needs to be asked for it any more."""
    for kind in ("objection_received", "dismissal_proposed", "answer_due", "answer_overdue"):
        withdraw_notices(session, OBJECTION, objection.id, kind=kind)
    about = _about(session, objection.subject_type, objection.subject_id)
    said = "已答复" if objection.status == "answered" else "已驳回"
    _of_objection(
        session,
        objection,
        "objection_closed",
        f"异议 {objection.number} {said}：{about.title}",
        _lines("答复：" + objection.answer[:500]),
        [Role.SECRETARY, Role.SUPERVISOR, Role.CASHIER],
        path=about.public_path,
    )


def hold_placed(session: Session, hold: PaymentHold) -> None:
    """Tell those who answer and pay that the supervisor stopped a payment."""
    about = _about(session, hold.subject_type, hold.subject_id)
    people = users_with(session, hold.fund_id, *ANSWERERS, Role.CASHIER)
    title, text = f"监督员暂停付款：{about.title}", f"理由：{hold.reason}"
    _post(session, hold.fund_id, people, "hold_placed", (HOLD, hold.id), title, text, about.path)


def hold_lifted(session: Session, hold: PaymentHold) -> None:
    """Tell those who answer and pay that the supervisor lets the payment go on."""
    withdraw_notices(session, HOLD, hold.id, kind="hold_placed")
    about = _about(session, hold.subject_type, hold.subject_id)
    people = users_with(session, hold.fund_id, *ANSWERERS, Role.CASHIER)
    title, text = f"监督员恢复付款：{about.title}", f"理由：{hold.lift_reason}"
    _post(session, hold.fund_id, people, "hold_lifted", (HOLD, hold.id), title, text, about.path)


def poll_closes(session: Session, matter: Matter) -> None:
    """Remind those who have neither voted nor signed that a poll is about to close."""
    about = _about(session, matter.type, matter.subject_id, TOPICS[matter.topic])
    title, text = f"快到截止：{about.title}", _lines(_amount(matter), _gains(about), _until(matter))
    if matter.decided_by == "council":
        voters = [each for _, each in queries.holders(session, matter.fund_id)]
        people = [each for each in voters if not queries.has_voted(session, matter.id, each)]
        _to(session, matter, "vote_closes", people, title, text, about.path)
        return
    signed = queries.signers_of(session, matter.id)
    officers = users_with(session, matter.fund_id, Role.CHAIR, Role.SECRETARY, Role.COUNCIL)
    people = [each for each in _free(session, matter, officers) if each not in signed]
    _to(session, matter, "signature_closes", people, title, text, about.path)


def answer_due(session: Session, objection: Objection, today: date) -> None:
    """Remind those who answer that an answer is due, or tell them and the supervisor that it is overdue."""
    about = _about(session, objection.subject_type, objection.subject_id)
    by = objection.answer_due_on.isoformat()
    if objection.answer_due_on < today:
        title = f"异议 {objection.number} 答复逾期：{about.title}"
        text = f"最晚应在 {by} 书面答复。付款仍然暂停。"
        _of_objection(session, objection, "answer_overdue", title, text)
    else:
        title = f"异议 {objection.number} 快到答复期限：{about.title}"
        _of_objection(session, objection, "answer_due", title, f"请最晚 {by} 书面答复。", ANSWERERS)


@job(REMIND)
def remind(work: Work, _payload: dict[str, Any]) -> None:
    """In the daytime, tell people what is due today or tomorrow, or overdue. Each of it once."""
    now = clock.local(clock.now())
    if not FIRST_HOUR <= now.hour < LAST_HOUR:
        return
    today = now.date()
    with work.finishing() as session:
        tomorrow_ends = clock.end_of(today + timedelta(days=1))
        for matter in queries.closing_matters(
            session, tomorrow_ends, clock.end_of(today - timedelta(days=1))
        ):
            poll_closes(session, matter)
        for objection in objections_due(session, today + timedelta(days=1)):
            answer_due(session, objection, today)


every(REMIND, 3600)


def _of_objection(
    session: Session,
    objection: Objection,
    kind: str,
    title: str,
    text: str,
    roles: Iterable[Role] = (*ANSWERERS, Role.SUPERVISOR),
    path: str = "",
) -> None:
    people = users_with(session, objection.fund_id, *roles)
    path = path or f"/office/objections/{objection.number}"
    _post(session, objection.fund_id, people, kind, (OBJECTION, objection.id), title, text, path)


def _to(
    session: Session,
    matter: Matter,
    kind: str,
    people: Iterable[int | None],
    title: str,
    text: str,
    path: str,
    *,
    key: str = "",
) -> None:
    _post(session, matter.fund_id, people, kind, (MATTER, matter.id), title, text, path, key)


def _post(
    session: Session,
    fund_id: int,
    people: Iterable[int | None],
    kind: str,
    about: tuple[str, int],
    title: str,
    text: str,
    path: str,
    key: str = "",
) -> None:
    for each in dict.fromkeys(people):
        post_notice(
            session,
            fund_id=fund_id,
            user_id=each,
            kind=kind,
            subject_type=about[0],
            subject_id=about[1],
            title=title,
            text=text,
            path=path,
            key=key or f"{kind}/{about[1]}",
        )


def _about(session: Session, type_: str, subject_id: int, otherwise: str = "") -> Subject:
    describe = describer(type_)
    return describe(session, subject_id) if describe is not None else Subject(otherwise or type_)


def _amount(matter: Matter) -> str:
    return "" if matter.amount_minor is None else f"金额：{yuan(matter.amount_minor)} 元"


def _gains(about: Subject) -> str:
    return f"付给：{about.gains}" if about.gains else ""


def _until(matter: Matter) -> str:
    if matter.closes_at is None:
        return ""
    last = clock.local(matter.closes_at - timedelta(seconds=1)).date()
    return f"截止：{last.isoformat()}（当天结束前）"


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)
