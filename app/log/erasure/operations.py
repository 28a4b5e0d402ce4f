"""Erasure: the salt and the text go, a leaf says that they went and why, the log stays valid."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.log.models import Commitment, Erasure
from app.log.operations import LeafDraft, append
from app.shared import clock
from app.shared.audit import record
from app.shared.errors import N_, Conflict, NotFound, Refused
from app.shared.permissions import Actor, Permission

MAX_REASON = 2000


def erase(session: Session, actor: Actor, position: int, field: str, reason: str) -> int:
    """Erase the text that the leaf at ``position`` commits to under ``field``. Returns the position of the erasure's leaf.

    After the retention time or on a lawful demand (PIPL Art. 47). Only the log's copy: the record that the text came from
    is its own package's affair. Inside ``transaction(books=True)``. Raises NotFound when there is no such text, Conflict when
    it is erased already, Refused without a reason or with one that repeats the text.
    """
    actor.require(Permission.FUND_MANAGE)
    found = session.get(Commitment, (position, field))
    if found is None:
        if session.get(Erasure, (position, field)) is not None:
            raise Conflict(N_("这段文字已经删除"))
        raise NotFound(N_("存证日志里没有这段文字"))
    words = reason.strip()
    if not words or len(words) > MAX_REASON:
        raise Refused(N_("请写明原因，最多 %(longest)s 个字"), field="reason", longest=MAX_REASON)
    if found.text in words:
        raise Refused(N_("原因里不能重复要删除的文字"), field="reason")
    at = clock.now()
    body = {"position": position, "field": field, "on": clock.local(at).date().isoformat()}
    (erasure,) = append(session, [LeafDraft("erasure", position, body, {"reason": words})])
    session.add(Erasure(leaf_position=position, field=field, log_position=erasure, erased_at=at))
    session.flush()
    session.expunge(found)
    session.execute(
        delete(Commitment)
        .where(Commitment.leaf_position == position, Commitment.field == field)
        .execution_options(synchronize_session=False)
    )
    record(session, actor.user_id, "erase_text", "leaf", position, field=field)
    return erasure
