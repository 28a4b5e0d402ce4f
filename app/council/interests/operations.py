"""Declaring an interest, or that there is none; ending one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.council.interests import queries, rules
from app.council.interests.models import Interest
from app.log.operations import LeafDraft, append
from app.shared import clock
from app.shared.audit import record
from app.shared.encryption import encrypt
from app.shared.errors import N_, Conflict, Forbidden, Refused
from app.shared.permissions import Actor, Permission
from app.shared.text import normal


@dataclass(frozen=True, slots=True)
class InterestDraft:
    """What is declared. ``kind`` of ``rules.KINDS`` with the party's name, or ``rules.NONE`` with no name.

    ``note`` is the secretary's, who records it for ``user_id``: when and how it was said.
    """

    fund_id: int
    user_id: int
    kind: str
    party_name: str = ""
    relation: str = ""
    note: str = ""


def declare_interest(session: Session, actor: Actor, draft: InterestDraft) -> int:
    """Enter a declaration, dated now, into the register and (without content) into the log. Returns its id.

    Inside ``transaction(books=True)``. Raises Forbidden for somebody else's interests without the right to record them,
    NotFound for a person without a declaring office, Refused for an unknown kind, a missing name or note.
    """
    if actor.user_id is None:
        raise Forbidden(N_("您的岗位没有这项权限"))
    own = draft.user_id == actor.user_id
    actor.require(Permission.INTEREST_DECLARE if own else Permission.INTEREST_RECORD, draft.fund_id)
    term = queries.declarer(session, draft.fund_id, draft.user_id).terms[0]
    name, relation, note = normal(draft.party_name), normal(draft.relation), normal(draft.note)
    note = "" if own else note
    _require_valid(draft.kind, name, relation, note, own=own)
    interest = Interest(
        fund_id=draft.fund_id,
        user_id=draft.user_id,
        role=term.role.value,
        seat_number=term.seat_number,
        kind=draft.kind,
        party_name=encrypt(name) if name else None,
        name_hash=rules.name_hash(name) if name else None,
        relation=encrypt(relation) if relation else None,
        note=encrypt(note) if note else None,
        declared_at=clock.now(),
        recorded_by_id=actor.user_id,
    )
    session.add(interest)
    session.flush()
    append(
        session,
        [
            LeafDraft(
                "interest_declared",
                interest.id,
                {
                    "fund": interest.fund_id,
                    "role": interest.role,
                    "seat": interest.seat_number,
                    "on": clock.local(interest.declared_at).date().isoformat(),
                },
                {"declaration": rules.declaration_hash(draft.user_id, draft.kind, name, relation, note)},
            )
        ],
    )
    record(session, actor.user_id, "declare_interest", "interest", interest.id, user_id=draft.user_id)
    return interest.id


def end_interest(session: Session, actor: Actor, interest_id: int, ended_on: date) -> None:
    """Let an interest end on ``ended_on``, its last day; until that day is over it still counts.

    Inside ``transaction(books=True)``. Raises NotFound for what the actor neither declared nor recorded, Conflict when it
    had ended, Refused for a day before the declaration or in the future.
    """
    found = queries.own_or_recorded(session, actor, interest_id)
    if found.kind == rules.NONE:
        raise Conflict(N_("“没有”的声明不需要结束；有了新的利害关系，直接登记即可"))
    if ended_on > clock.today():
        raise Refused(N_("日期 %(day)s 在未来，请核对"), field="ended_on", day=ended_on.isoformat())
    if ended_on < found.declared_on:
        raise Refused(N_("结束日期不能早于登记日期"), field="ended_on")
    ended = session.execute(
        update(Interest)
        .where(Interest.id == interest_id, Interest.ended_on.is_(None))
        .values(ended_on=ended_on, ended_at=clock.now(), ended_by_id=actor.user_id)
    )
    if ended.rowcount == 0:  # type: ignore[attr-defined]
        raise Conflict(N_("这条登记已经结束"))
    append(
        session,
        [LeafDraft("interest_ended", interest_id, {"fund": found.fund_id, "on": ended_on.isoformat()})],
    )
    record(session, actor.user_id, "end_interest", "interest", interest_id, ended_on=ended_on.isoformat())


def _require_valid(kind: str, name: str, relation: str, note: str, *, own: bool) -> None:
    if kind != rules.NONE and kind not in rules.KINDS:
        raise Refused(N_("请选择利害关系的类型"), field="kind")
    if kind == rules.NONE and name:
        raise Refused(N_("声明没有利害关系时，不要填写名称"), field="party_name")
    if kind != rules.NONE and not rules.compared(name):
        raise Refused(N_("请填写单位、商户或亲属的名称"), field="party_name")
    if len(name) > rules.NAME_MAX:
        raise Refused(N_("名称最多 200 个字"), field="party_name")
    for field, words in (("relation", relation), ("note", note)):
        if len(words) > rules.WORDS_MAX:
            raise Refused(N_("最多 %(most)s 个字"), field=field, most=rules.WORDS_MAX)
    if not own and not note:
        raise Refused(N_("代人登记请写明本人何时、以什么方式说明的"), field="note")
