"""What the public pages of a council ask beside the council's own queries."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.council.motions.queries import numbers_of


def number_of_motion(session: Session, motion_id: int | None) -> str | None:
    """The public number of a motion."""
    found = numbers_of(session, [motion_id]) if motion_id is not None else {}
    return found[motion_id][0] if motion_id in found else None
