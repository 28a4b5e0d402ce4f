"""Signs of risk in one request. For the office alone: they hint at persons and are no finding."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.disbursements.budget.models import BudgetLine
from app.disbursements.budget.queries import quotations_of
from app.disbursements.models import Disbursement, Payment
from app.disbursements.payees.queries import changed_at, same_payees
from app.disbursements.queries import SUBJECT
from app.disbursements.risks import rules
from app.disbursements.risks.rules import Limits, Sign
from app.files.models import Attachment
from app.parties.models import Party
from app.shared import clock
from app.shared.money import Money
from app.shared.text import folded

MOST_FILES = 20
_NOT_SPENT = ("drafted", "rejected", "lapsed", "withdrawn", "cancelled")


def signs(session: Session, disbursement: Disbursement, limits: Limits) -> list[Sign]:
    """Everything about a request that deserves a second look, as of now; empty when there is nothing."""
    payees = same_payees(session, disbursement.payee_id)
    return [
        *_same_files(session, disbursement),
        *_first_payee(session, disbursement, payees),
        *_large_amount(session, disbursement),
        *_changed_account(session, disbursement),
        *_split(session, disbursement, payees, limits),
        *_quotations(session, disbursement, limits),
        *_last_prices(session, disbursement),
    ]


def window_sum(session: Session, disbursement: Disbursement, days: int) -> int:
    """Fen of this request and of all others to the same payee for the same project that were submitted within ``days`` of it and
    neither refused nor taken back: the amount that picks the tier, so that nothing is split to stay below one."""
    _, others, _ = _in_window(session, disbursement, same_payees(session, disbursement.payee_id), days)
    return disbursement.amount_minor + others


def _submitted_at(disbursement: Disbursement) -> datetime:
    return disbursement.submitted_at or clock.now()


def _in_window(
    session: Session, disbursement: Disbursement, payees: set[int], days: int
) -> tuple[int, int, int | None]:
    """(requests, fen, id of the latest) beside this one."""
    at, reach = _submitted_at(disbursement), timedelta(days=days)
    count, total, latest = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(Disbursement.amount_minor), 0),
            func.max(Disbursement.id),
        ).where(
            Disbursement.payee_id.in_(payees),
            Disbursement.submitted_at.between(at - reach, at + reach),
            Disbursement.fund_id == disbursement.fund_id,
            Disbursement.project_id == disbursement.project_id,
            Disbursement.id != disbursement.id,
            Disbursement.status.not_in(_NOT_SPENT),
        )
    ).one()
    return int(count), int(total), latest


def _same_files(session: Session, disbursement: Disbursement) -> list[Sign]:
    own, other = aliased(Attachment), aliased(Attachment)
    rows = session.execute(
        select(own.name, Disbursement.id, Disbursement.number)
        .join(other, other.sha256 == own.sha256)
        .join(Disbursement, Disbursement.id == other.subject_id)
        .where(
            own.subject_type == SUBJECT,
            own.subject_id == disbursement.id,
            other.subject_type == SUBJECT,
            other.subject_id != disbursement.id,
            Disbursement.number.is_not(None),
        )
        .distinct()
        .order_by(Disbursement.id.desc(), own.name)
        .limit(MOST_FILES)
    )
    return [Sign("same_file", {"file": name, "number": number}, id_, "reason") for name, id_, number in rows]


def _first_payee(session: Session, disbursement: Disbursement, payees: set[int]) -> list[Sign]:
    paid = session.scalar(
        select(Disbursement.id)
        .where(
            Disbursement.payee_id.in_(payees),
            Disbursement.paid_minor > 0,
            Disbursement.id != disbursement.id,
        )
        .limit(1)
    )
    if paid is not None:
        return []
    payee = session.get_one(Party, disbursement.payee_id)
    return [Sign("first_payee", {"payee": payee.name}, disbursement.id)]


def _large_amount(session: Session, disbursement: Disbursement) -> list[Sign]:
    latest = (
        select(Disbursement.amount_minor)
        .where(
            Disbursement.fund_id == disbursement.fund_id,
            Disbursement.decided_at.is_not(None),
            Disbursement.id != disbursement.id,
        )
        .order_by(Disbursement.decided_at.desc())
        .limit(rules.LATEST_REQUESTS)
        .subquery()
    )
    of, reaching = session.execute(
        select(
            func.count(),
            func.count().filter(latest.c.amount_minor >= disbursement.amount_minor),
        ).select_from(latest)
    ).one()
    if not rules.is_large(int(reaching), int(of)):
        return []
    return [Sign("large_amount", {"of": int(of), "larger": int(reaching)}, None, "list")]


def _changed_account(session: Session, disbursement: Disbursement) -> list[Sign]:
    at = changed_at(session, disbursement.payee_id)
    if at is None or not rules.changed_lately(at, clock.now()):
        return []
    return [Sign("account_changed", {"on": _day(at)}, disbursement.id, "account")]


def _split(session: Session, disbursement: Disbursement, payees: set[int], limits: Limits) -> list[Sign]:
    count, others, latest = _in_window(session, disbursement, payees, limits.splitting_days)
    total = disbursement.amount_minor + others
    limit = rules.crossed_limit(disbursement.amount_minor, total, limits.tiers_minor)
    if limit is None:
        return []
    values = {
        "days": limits.splitting_days,
        "count": count,
        "total": Money(total),
        "limit": Money(limit),
    }
    return [Sign("split", values, latest)]


def _quotations(session: Session, disbursement: Disbursement, limits: Limits) -> list[Sign]:
    quotations = quotations_of(session, disbursement.id)
    day = _day(_submitted_at(disbursement))
    found = [
        Sign(
            "old_quotation",
            {"supplier": each.supplier, "on": each.quoted_on, "months": limits.quotation_months},
            disbursement.id,
            "quotations",
        )
        for each in quotations
        if rules.is_old(each.quoted_on, day, limits.quotation_months)
    ]
    kind = rules.quotation_sign(
        disbursement.spending_kind,
        disbursement.amount_minor,
        limits.quotations_above_minor,
        len({folded(each.supplier) for each in quotations}),
    )
    if kind is not None:
        part = "quotations" if quotations else "facts"
        found.append(Sign(kind, {"above": Money(limits.quotations_above_minor)}, disbursement.id, part))
    return found


def _last_prices(session: Session, disbursement: Disbursement) -> list[Sign]:
    """The last paid price of each line's thing, in the same fund."""
    line, earlier, request = aliased(BudgetLine), aliased(BudgetLine), aliased(Disbursement)
    latest = (
        select(earlier.id)
        .join(request, request.id == earlier.disbursement_id)
        .where(
            earlier.item_key == line.item_key,
            earlier.unit_price_minor.is_not(None),
            earlier.disbursement_id != disbursement.id,
            request.paid_minor > 0,
            request.fund_id == disbursement.fund_id,
        )
        .order_by(earlier.disbursement_id.desc(), earlier.id.desc())
        .limit(1)
        .correlate(line)
        .scalar_subquery()
    )
    pairs = session.execute(
        select(line.item, line.unit_price_minor, latest.label("earlier_id"))
        .where(line.disbursement_id == disbursement.id, line.unit_price_minor.is_not(None))
        .order_by(line.line)
    ).all()
    found = {id_ for _, _, id_ in pairs if id_ is not None}
    before = {
        row.id: row
        for row in session.execute(
            select(
                BudgetLine.id,
                BudgetLine.unit_price_minor,
                Disbursement.id.label("request_id"),
                Disbursement.number,
                select(func.max(Payment.occurred_on))
                .where(Payment.disbursement_id == Disbursement.id, Payment.kind == "payment")
                .scalar_subquery()
                .label("paid_on"),
            )
            .join(Disbursement, Disbursement.id == BudgetLine.disbursement_id)
            .where(BudgetLine.id.in_(found))
        )
    }
    return [
        Sign(
            "same_price" if before[id_].unit_price_minor == now else "last_price",
            {
                "item": item,
                "before": Money(before[id_].unit_price_minor),
                "now": Money(now),
                "on": before[id_].paid_on,
                "number": before[id_].number,
            },
            before[id_].request_id,
            "budget",
        )
        for item, now, id_ in pairs
        if id_ is not None
    ]


def _day(at: datetime) -> date:
    return clock.local(at).date()
