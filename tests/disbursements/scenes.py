"""Requests in every state, made through the operations, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.council.queries import matter_of
from app.disbursements import operations
from app.disbursements.payments import operations as payments
from app.disbursements.rules import DisbursementDraft
from app.files.operations import attach_file
from app.funds import queries as funds
from app.ledger import queries as ledger
from app.ledger.treasury.operations import create_earmark, record_opening
from app.parties.operations import PartyDraft
from app.shared import clock
from app.shared.db import transaction
from app.shared.permissions import Actor
from tests.factories import actor

FIRST_DAY = date(2023, 9, 18)
PDF = b"%PDF-1.4 a bank slip"
MEMBERS = ("chair", "council", "council_2", "council_3", "council_4")
REASON = "为 32 户孤寡老人购买米面油"


def fund_id(session: Session) -> int:
    """The fund of the cast."""
    return funds.only_fund(session, None).id


def unrestricted(session: Session) -> int:
    """The fund's unrestricted earmark."""
    return ledger.unrestricted_earmark(session, fund_id(session)).id


def give(
    session: Session, minor: int, *, on: date = FIRST_DAY, kind: str = "bank", earmark_id: int | None = None
) -> int:
    """Money in a fund's account, with a tranche of its own; returns the number of its entry."""
    with transaction(session, books=True):
        account = ledger.money_account_of_kind(session, fund_id(session), kind)
        earmark = ledger.earmark(session, earmark_id or unrestricted(session))
        return record_opening(session, actor(session, "accountant"), account, earmark, minor, on).number


def make_road(session: Session) -> int:
    """A purpose that binds money; returns its id."""
    with transaction(session, books=True):
        return create_earmark(
            session, actor(session, "accountant"), fund_id(session), "road", "路面修缮", "restricted"
        ).id


def a_draft(session: Session, minor: int, **changes: Any) -> DisbursementDraft:
    """What a request says."""
    fund = changes["fund_id"] if "fund_id" in changes else fund_id(session)
    given: dict[str, Any] = {
        "fund_id": fund,
        "earmark_id": ledger.unrestricted_earmark(session, fund).id,
        "project_name": "孤寡老人冬季慰问",
        "applicant": PartyDraft("organisation", "金华社区居委会"),
        "payee": PartyDraft("organisation", "社区超市"),
        "amount_minor": minor,
        "spending_kind": "goods_purchase",
        "reason": REASON,
        "applied_on": min(date(2023, 11, 6), clock.today()),
    }
    return DisbursementDraft(**{**given, **changes})


def drafted(session: Session, minor: int = 600_000, *, by: str = "secretary", **changes: Any) -> int:
    """A draft; returns its id."""
    with transaction(session, books=True):
        return operations.draft_disbursement(
            session, actor(session, by), a_draft(session, minor, **changes)
        ).id


def submitted(session: Session, minor: int = 600_000, *, by: str = "secretary", **changes: Any) -> int:
    """A request before the council; returns its id."""
    found = drafted(session, minor, by=by, **changes)
    with transaction(session, books=True):
        operations.submit_disbursement(session, actor(session, by), found)
    if status_of(session, found) == "submitted":
        with transaction(session, books=True):
            operations.put_to_vote(session, actor(session, "secretary"), found)
    return found


def vote(session: Session, disbursement_id: int, member: str, choice: str, reason: str = "") -> str:
    """One vote on the text as it stands; returns the state of the request after it."""
    with transaction(session, books=True):
        matter = matter_of(session, "disbursement", disbursement_id)
        assert matter is not None
        return operations.vote(
            session, actor(session, member), disbursement_id, choice, reason, matter.text_hash
        ).status


@contextmanager
def before_the_notice() -> Iterator[None]:
    """So long ago that a notice opened inside has run its course outside."""
    with clock.simulated(clock.now() - timedelta(days=9)):
        yield


def advance(session: Session, disbursement_id: int) -> str:
    """What the job of deadlines does; returns the state after it."""
    with transaction(session, books=True):
        operations.advance_due(session, Actor(None, ""))
    return status_of(session, disbursement_id)


def approved(session: Session, minor: int = 600_000, **changes: Any) -> int:
    """A request that four of five seats approved, whose public notice has ended; returns its id."""
    with before_the_notice():
        found = in_notice(session, minor, **changes)
    advance(session, found)
    return found


def in_notice(session: Session, minor: int = 600_000, **changes: Any) -> int:
    """A request that four of five seats approved just now; returns its id."""
    found = submitted(session, minor, **changes)
    for member in MEMBERS[1:]:
        vote(session, found, member, "approve")
    return found


def attach_slip(session: Session, folder: Path, disbursement_id: int, by: str = "cashier") -> None:
    """A bank slip with a request. Inside a transaction."""
    attach_file(
        session,
        actor(session, by),
        folder,
        subject_type="disbursement",
        subject_id=disbursement_id,
        purpose="bank_slip",
        name="回单.pdf",
        content=PDF,
    )


def pay(
    session: Session,
    folder: Path,
    disbursement_id: int,
    minor: int,
    *,
    by: str = "cashier",
    accepted: bool = True,
    on: date | None = None,
    kind: str = "bank",
    key: str | None = None,
) -> int:
    """Pay with a slip; returns the number of the entry."""
    with transaction(session, books=True):
        attach_slip(session, folder, disbursement_id, by)
        return payments.pay_disbursement(
            session,
            actor(session, by),
            disbursement_id,
            amount_minor=minor,
            account=ledger.money_account_of_kind(session, fund_id(session), kind),
            paid_on=on or clock.today(),
            accepted=accepted,
            key=key,
        ).number


def pool(session: Session, earmark_id: int | None = None) -> tuple[int, int]:
    """(held, promised) of an earmark, in fen."""
    session.rollback()
    wanted = earmark_id or unrestricted(session)
    found = next(each for each in ledger.pools_of(session, fund_id(session)) if each.earmark_id == wanted)
    return found.held_minor, found.reserved_minor


def status_of(session: Session, disbursement_id: int) -> str:
    """The state of a request now."""
    session.rollback()
    session.expire_all()
    return operations.queries.disbursement(session, disbursement_id).status
