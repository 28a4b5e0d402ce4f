"""Reading gifts that are given back."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.council.rulebook.queries import rules_in_force
from app.donations.models import Donation
from app.donations.returning.models import GiftReturn
from app.donations.returning.rules import SUBJECT, UNDER_WAY
from app.files.rules import readable_by
from app.ledger.tracing.queries import tranche
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission


def gift_return(session: Session, return_id: int) -> GiftReturn:
    """One gift that is given back. Raises NotFound."""
    found = session.get(GiftReturn, return_id)
    if found is None:
        raise NotFound(N_("没有这次退还"))
    return found


def return_of_key(session: Session, key: str | None) -> GiftReturn | None:
    """What a form with this idempotency key already proposed."""
    return session.scalar(select(GiftReturn).where(GiftReturn.idempotency_key == key)) if key else None


def returns_of(session: Session, donation_id: int) -> list[GiftReturn]:
    """Everything of a gift that was given back, or was to be, the first one first."""
    return list(
        session.scalars(
            select(GiftReturn).where(GiftReturn.donation_id == donation_id).order_by(GiftReturn.id)
        )
    )


def under_way(session: Session, fund_id: int, status: str) -> list[tuple[GiftReturn, Donation]]:
    """A fund's returns in this state, the oldest first."""
    rows = session.execute(
        select(GiftReturn, Donation)
        .join(Donation, Donation.id == GiftReturn.donation_id)
        .where(GiftReturn.fund_id == fund_id, GiftReturn.status == status)
        .order_by(GiftReturn.id)
        .limit(50)
    )
    return [(row[0], row[1]) for row in rows]


def free_of(session: Session, gift: Donation) -> int:
    """Fen of a gift of money that nobody is promised and that were not used, under the purpose it was given for."""
    found = tranche(session, gift.entry_number) if gift.status == "recorded" else None
    return found.remaining_minor if found is not None else 0


def may_be_returned(session: Session, gift: Donation) -> bool:
    """Whether something of a gift can be given back, and nobody proposed it yet."""
    is_proposed = any(each.status in UNDER_WAY for each in returns_of(session, gift.id))
    return gift.kind == "money" and not is_proposed and free_of(session, gift) > 0


def needs_council(session: Session, found: GiftReturn) -> bool:
    """Whether the fund's rules leave an amount to the council (charity-rules §18)."""
    book = rules_in_force(session, found.fund_id).book
    return book.tiers[book.tier_of(found.amount_minor)].decided_by == "council"


@readable_by(SUBJECT)
def _may_read(session: Session, actor: Actor, return_id: int) -> bool:
    """A donor's letter and the slip name the donor: for those who may read personal data of the fund."""
    found = session.get(GiftReturn, return_id)
    return found is not None and actor.may(Permission.PERSONAL_READ, found.fund_id)
