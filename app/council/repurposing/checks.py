"""Proving that money changed its purpose only as resolved and as its donors let it, and that books and log say the same."""

from __future__ import annotations

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.council.repurposing.models import Repurposing, RepurposingAnswer
from app.log.checks import Expected, compare_with_leaves
from app.shared.checks import Check

_LATEST = (
    "(SELECT a.answer FROM repurposing_answer a WHERE a.motion_id = p.motion_id AND a.party_id = p.party_id "
    "ORDER BY a.id DESC LIMIT 1)"
)


def check_changes_of_purpose(session: Session) -> list[Check]:
    """Every change against its motion, its gifts, its donors' answers, its entries and its leaves."""
    return [_moved_as_resolved(session), _moved_as_donors_said(session), *_in_the_log(session)]


def _count(session: Session, table: str) -> int:
    return int(session.scalar(text(f"SELECT COUNT(*) FROM {table}")) or 0)


def _moved_as_resolved(session: Session) -> Check:
    check = Check("purposes_change_by_resolution_only", _count(session, "repurposing"))
    for row in session.execute(
        text(
            "SELECT r.motion_id FROM repurposing r LEFT JOIN motion m ON m.id = r.motion_id "
            "LEFT JOIN (SELECT motion_id, SUM(amount_minor) AS amount FROM repurposing_part GROUP BY motion_id) p "
            "ON p.motion_id = r.motion_id LEFT JOIN (SELECT e.source_id, SUM(v.amount_minor) AS amount "
            "FROM journal_entry e JOIN tranche_movement v ON v.entry_number = e.number AND v.kind = 'withdraw' "
            "WHERE e.kind = 'purpose_change' AND e.source_type = 'motion' GROUP BY e.source_id) b "
            "ON b.source_id = r.motion_id WHERE m.status <> 'approved' OR m.amount_minor <> r.amount_minor "
            "OR COALESCE(p.amount, 0) <> r.amount_minor OR COALESCE(b.amount, 0) <> COALESCE(r.moved_minor, 0) "
            "OR (r.moved_on IS NOT NULL AND r.needs_filing AND (r.filed_on IS NULL OR r.filed_on > r.moved_on)) "
            "ORDER BY r.motion_id"
        )
    ):
        check.broken(f"motion {row.motion_id}: what changed its purpose is not what was resolved and filed")
    for row in session.execute(
        text(
            "SELECT e.number FROM journal_entry e WHERE e.kind = 'purpose_change' AND NOT EXISTS "
            "(SELECT 1 FROM repurposing r WHERE e.source_type = 'motion' AND r.motion_id = e.source_id "
            "AND r.moved_at IS NOT NULL) ORDER BY e.number"
        )
    ):
        check.broken(f"entry {row.number} changes a purpose, but nothing was resolved")
    return check


def _moved_as_donors_said(session: Session) -> Check:
    """Gift by gift: bound money moved only with its donor's consent, or after the whole notice."""
    check = Check("bound_money_moves_as_its_donors_said", _count(session, "repurposing_part"))
    stood = (
        "EXISTS (SELECT 1 FROM public_notice n WHERE n.subject_type = 'motion' AND n.subject_id = r.motion_id "
        "AND n.ends_on < r.moved_on)"
    )
    for row in session.execute(
        text(
            "SELECT e.number, p.tranche_number FROM journal_entry e "
            "JOIN tranche_movement v ON v.entry_number = e.number AND v.kind = 'withdraw' "
            "JOIN repurposing r ON r.motion_id = e.source_id LEFT JOIN repurposing_part p "
            "ON p.motion_id = r.motion_id AND p.tranche_number = v.tranche_number "
            "WHERE e.kind = 'purpose_change' AND e.source_type = 'motion' AND (p.id IS NULL "
            "OR p.amount_minor <> v.amount_minor OR NOT (NOT r.is_bound "
            f"OR COALESCE({_LATEST}, '') = 'consented' OR (NOT r.frees AND {stood} "
            f"AND (p.party_id IS NULL OR COALESCE({_LATEST}, '') = 'unreachable')))) ORDER BY e.number"
        )
    ):
        check.broken(f"entry {row.number} moved a gift to another purpose without its donor's word")
    return check


def _in_the_log(session: Session) -> list[Check]:
    changes = session.scalars(select(Repurposing).order_by(Repurposing.motion_id)).all()
    funds = {each.motion_id: each.fund_id for each in changes}
    answers = [
        Expected(
            each.id,
            {
                "fund": funds.get(each.motion_id),
                "motion": each.motion_id,
                "answer": each.answer,
                "on": each.answered_on.isoformat(),
            },
        )
        for each in session.scalars(select(RepurposingAnswer).order_by(RepurposingAnswer.id))
    ]
    filed = [
        Expected(
            each.motion_id,
            {"fund": each.fund_id, "on": each.filed_on.isoformat()},
            {"number": each.filing_number or ""},
        )
        for each in changes
        if each.filed_on is not None
    ]
    moved = [
        Expected(each.motion_id, {"fund": each.fund_id, "amount": each.moved_minor})
        for each in changes
        if each.moved_minor is not None
    ]
    given_up = [
        Expected(each.motion_id, {"fund": each.fund_id}, {"reason": each.reason})
        for each in changes
        if each.given_up_at is not None
    ]
    return [
        compare_with_leaves(session, kind, rows)
        for kind, rows in (
            ("purpose_answer", answers),
            ("purpose_filed", filed),
            ("purpose_moved", moved),
            ("purpose_given_up", given_up),
        )
    ]
