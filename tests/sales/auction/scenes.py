"""An auction with paddles, made through the operations, for tests."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.people.queries import user_by_email
from app.sales.auction import operations
from app.sales.auction.models import Paddle
from app.sales.bidding.operations import cancel_bid, place_bid, place_phone_bid
from app.sales.models import SaleEvent
from app.sales.operations import add_lot
from app.sales.paddles.operations import issue_paddles
from app.sales.rules import LotDraft
from app.shared.db import transaction
from app.shared.permissions import Role
from tests.factories import actor, appoint, make_user
from tests.sales import scenes

ASSISTANT = "assistant@example.org"
"""A second person who runs sales; the auctioneer is the secretary of the cast."""


def prepared(session: Session, *, paddles: int = 6, slug: str = "gala-2023") -> int:
    """An open event with an auctioneer and paddles 1 to ``paddles``; returns its id."""
    event = scenes.make_event(session, slug)
    who = actor(session, "secretary")
    assert who.user_id is not None
    with transaction(session, books=True):
        operations.set_auctioneer(session, who, event, who.user_id)
        issue_paddles(session, who, event, count=paddles, key=f"paddles of {slug}")
    return event


def make_lot(
    session: Session,
    event: int,
    *,
    number: str = "P01",
    price_minor: int = 10_000,
    step_minor: int = 1_000,
    reserve_minor: int | None = None,
) -> int:
    """A lot that takes bids, of goods of its own; returns its id."""
    line = scenes.give_goods(session, f"字画 {number}", 1, 5_000)
    with transaction(session, books=True):
        draft = LotDraft(
            number,
            f"字画 {number}",
            "auction",
            line,
            1,
            price_minor,
            step_minor=step_minor,
            reserve_minor=reserve_minor,
        )
        return add_lot(session, actor(session, "secretary"), event, draft).id


def on(session: Session, event: int, **lot: object) -> int:
    """A lot that is on; returns its id."""
    found = make_lot(session, event, **lot)  # type: ignore[arg-type]
    open_lot(session, found)
    return found


def open_lot(session: Session, lot: int) -> None:
    """The auctioneer opens a lot."""
    with transaction(session, books=True):
        operations.open_lot(session, actor(session, "secretary"), lot)


def bid(session: Session, lot: int, paddle: int, minor: int, key: str | None = None) -> int:
    """A bid of the room; returns its id."""
    with transaction(session, books=True):
        return place_bid(
            session, actor(session, "secretary"), lot, paddle_number=paddle, amount_minor=minor, key=key
        )


def phone_bid(session: Session, lot: int, paddle_id: int, minor: int) -> int:
    """A bid of a phone; returns its id."""
    with transaction(session, books=True):
        return place_phone_bid(session, paddle_id, lot, amount_minor=minor)


def cancel(session: Session, bid_id: int, reason: str = "听错了", key: str = "secretary") -> None:
    """Somebody cancels a bid."""
    with transaction(session, books=True):
        cancel_bid(session, actor(session, key), bid_id, reason)


def hammer(session: Session, lot: int, bid_id: int) -> None:
    """The hammer falls on a bid."""
    with transaction(session, books=True):
        operations.hammer_lot(session, actor(session, "secretary"), lot, bid_id=bid_id)


def pay(session: Session, lot: int, turn: int = 1, *, key: str = "a form sent by the desk") -> int:
    """The winner pays in cash; returns the id of the sale."""
    with transaction(session, books=True):
        return operations.pay_lot(
            session, actor(session, "secretary"), lot, turn=turn, method="cash", key=key
        ).id


def paddle_id(session: Session, event: int, number: int) -> int:
    """The id of a paddle."""
    session.rollback()
    return session.scalars(select(Paddle.id).where(Paddle.event_id == event, Paddle.number == number)).one()


def make_assistant(session: Session) -> int:
    """A second secretary, who is not the auctioneer; returns the user's id."""
    found = user_by_email(session, ASSISTANT)
    if found is not None:
        return found.id
    fund = session.scalars(select(SaleEvent.fund_id).limit(1)).one()
    with transaction(session, books=True):
        user = make_user(session, ASSISTANT, "助手")
        appoint(session, user, Role.SECRETARY, fund)
    return user
