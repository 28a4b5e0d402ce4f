"""Forms of the auction's desk. Hidden numbers say what the person saw: if it changed since, the act is refused."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import IntegerField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import HiddenInput

from app.sales.auction.rules import LONGEST, SHORTEST, USUAL
from app.web.forms import ChoiceField, Form, Given, LongTextField, MoneyField, OnceForm, RadioField

_LARGEST = 2**62


class BidForm(OnceForm):
    """A bid from the room for the lot that was on when the page was opened."""

    lot = IntegerField(validators=[InputRequired(), NumberRange(1, _LARGEST)], widget=HiddenInput())
    paddle = IntegerField(_("号牌"), [Given(), NumberRange(1, 9999)])
    amount = MoneyField(_("出价"), [Given()])


class AuctioneerForm(Form):
    """Who is the auctioneer. The page offers those who run sales."""

    auctioneer = ChoiceField(_("拍卖师"), [Given()], coerce=int)


class ClosingTimeForm(Form):
    """In how many seconds the lot closes."""

    seconds = IntegerField(_("还有多少秒"), [Given(), NumberRange(SHORTEST, LONGEST)], default=USUAL)


class ActForm(Form):
    """A step of a lot: ``bid`` is the highest bid that was seen, ``turn`` the winner that was seen."""

    bid = IntegerField(validators=[Optional(), NumberRange(1, _LARGEST)], widget=HiddenInput())
    turn = IntegerField(validators=[Optional(), NumberRange(0, 10_000)], widget=HiddenInput())

    def show(self, bid_id: int | None, turn: int) -> None:
        """What is seen now stands in the form, whatever was sent before."""
        self.bid.raw_data = self.turn.raw_data = None
        self.bid.data, self.turn.data = bid_id, turn


class PayForm(OnceForm):
    """How the winner pays. ``turn`` is the winner that was seen. The page offers the ways that the event takes."""

    turn = IntegerField(validators=[InputRequired(), NumberRange(1, 10_000)], widget=HiddenInput())
    method = RadioField(_("付款方式"), [Given()])


class CancelForm(Form):
    """Why a bid is cancelled."""

    reason = LongTextField(_("原因"), [Given(), Length(max=500)])
