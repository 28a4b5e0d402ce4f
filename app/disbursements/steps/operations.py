"""Moving a request from one state to the next."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.disbursements.models import Disbursement
from app.disbursements.states import may_become
from app.shared import clock
from app.shared.errors import N_, Conflict


def require_next(disbursement: Disbursement, following: str) -> None:
    """Raise Conflict unless the table of steps leads from the request's state to ``following``."""
    if not may_become(disbursement.status, following):
        raise Conflict(N_("这笔申请的状态已经变化，请刷新页面"))


def become(
    session: Session, disbursement: Disbursement, status: str, *, decided: bool = False, closed: bool = False
) -> None:
    """Move a request on by compare-and-set: two people pressing at once get one result and one polite 409 (Conflict)."""
    require_next(disbursement, status)
    session.flush()
    moved = session.execute(
        update(Disbursement)
        .where(Disbursement.id == disbursement.id, Disbursement.status == disbursement.status)
        .values(
            status=status,
            **({"decided_at": clock.now()} if decided else {}),
            **({"closed_at": clock.now()} if closed else {}),
        )
        .execution_options(synchronize_session=False)
    )
    if moved.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(N_("这笔申请的状态已经变化，请刷新页面"))
    session.refresh(disbursement)
