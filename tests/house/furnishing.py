"""Something of everything, so that every page of the site has something to show."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from PIL import Image
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.council.interests.operations import InterestDraft, declare_interest
from app.council.issuing.operations import HandOut, hand_out
from app.council.motions.operations import attach_files as attach_motion_files
from app.council.repurposing import queries as queries_of_change
from app.council.repurposing.operations import AnswerDraft, record_answer
from app.disbursements.budget.operations import write_budget
from app.disbursements.budget.rules import BudgetDraft, LineDraft, QuotationDraft
from app.disbursements.operations import submit_disbursement
from app.disbursements.payees.operations import record_account
from app.disbursements.proof.operations import submit_proof
from app.donations.models import Donation
from app.donations.operations import record_donation
from app.donations.registers.importing import read_donations
from app.donations.registers.operations import import_donations
from app.donations.returning import operations as returning
from app.donations.rules import DonationDraft
from app.donors.requests.operations import answer
from app.files.operations import attach_file
from app.funds.operations import let_buyers_have_confirmations
from app.funds.queries import only_fund
from app.goods.counting.operations import Counted, record_count
from app.goods.counting.queries import stock_to_count
from app.goods.models import GoodsLine
from app.goods.operations import GoodsDraft, attach_photo, describe_goods
from app.jobs.operations import post_notice
from app.ledger import queries as ledger
from app.ledger.treasury.operations import create_earmark
from app.parties.operations import PartyDraft
from app.sales import operations as sales
from app.sales.auction import operations as auction
from app.sales.bidding.operations import cancel_bid, place_bid
from app.sales.closing.operations import Count, close_event
from app.sales.paddles.operations import change_paddle, issue_paddles
from app.sales.rules import LotDraft
from app.shared import clock
from app.shared.db import transaction
from app.shared.periods import month_period
from app.statements.operations import issue_statement
from tests.council import meetings, objections, proposals
from tests.disbursements import scenes
from tests.donations import gifts
from tests.donors.test_requests import asked
from tests.factories import actor, simulated_start
from tests.files.pictures import photograph
from tests.sales import scenes as sale_scenes

REGISTER = """捐赠日期\t捐赠人\t捐赠方式\t金额\t备注
2023-10-08\t克拉玛依某公司\t银行转账\t1200.00\t
2023-10-09\t爱心居民\t现金\t30.00\t
"""
"""Rows as they are pasted from a spreadsheet."""

PRIVATE_NAME = "阿依古丽机密"
PRIVATE_PHONE = "13999990000"
"""Planted in the records; no public answer may hold them."""


def furnish(engine: Engine, files: Path) -> None:
    """Gifts, a sale that is open and one that is closed, requests in several states."""
    with Session(engine, expire_on_commit=False) as session, clock.simulated(simulated_start()) as moment:
        moment.set_local(date(2023, 9, 27))
        _gifts(session)
        _picture_goods(session, files)
        moment.set_local(date(2023, 9, 28))
        _sale(session, "gala-2023", "慈善晚会", close=True)
        moment.set_local(date(2023, 10, 20))
        _auction(session, files, _sale(session, "autumn-2023", "秋日义卖", close=False))
        moment.set_local(date(2023, 11, 6))
        scenes.drafted(session, 120_000)
        _budgeted(session, files)
        paid = scenes.approved(
            session,
            200_000,
            applicant=PartyDraft("person", PRIVATE_NAME),
            payee=PartyDraft("person", PRIVATE_NAME, contact=PRIVATE_PHONE),
        )
        moment.set_local(date(2023, 11, 15))
        scenes.pay(session, files, paid, 150_000)
        with transaction(session, books=True):
            submit_proof(
                session,
                actor(session, "secretary"),
                files,
                paid,
                used_minor=100_000,
                words="米面油已送到",
                papers={paper: [(f"{paper}.pdf", scenes.PDF)] for paper in ("invoice", "sign_off")},
            )
        with transaction(session, books=True):
            attach_file(
                session,
                actor(session, "secretary"),
                files,
                subject_type="disbursement",
                subject_id=paid,
                purpose="attachment",
                name="清单.csv",
                content="品名,数量\n大米,32\n".encode(),
                is_public=True,
            )
        _photograph(session, files, paid)
        with transaction(session):
            host = only_fund(session, None).host
            let_buyers_have_confirmations(session, actor(session, "host"), host.id, allowed=True)
        _interests(session)
        _register(session, files)
        _notices(session)
        moment.set_local(date(2023, 12, 1))
        with transaction(session, books=True):
            issue_statement(
                session, actor(session, "accountant"), scenes.fund_id(session), month_period("2023-11")
            )
        _meetings(session, moment)
        _motions(session, files)
        _goods_given_out(session, files, moment)
        _purpose_changed(session, files)
        _gifts_to_give_back(session, files)
    with Session(engine, expire_on_commit=False) as session:
        _objections(session)
        _donor_requests(session)


def _donor_requests(session: Session) -> None:
    """About the first gift: one request that waits, one that was answered with a statement."""
    gift = session.scalars(select(Donation).order_by(Donation.id).limit(1)).one()
    waits, answered = (
        asked(session, gift.id, kind=kind, contact=PRIVATE_PHONE) for kind in ("question", "records")
    )
    assert waits.status == "open"
    with transaction(session, books=True):
        answer(session, actor(session, "secretary"), answered.number, "对账单附上。", ("statement",))


def _motions(session: Session, files: Path) -> None:
    """Rules that were adopted, other rules in a draft, and a motion in each state that has a page of its own."""
    proposals.adopt(session, proposals.NAMED)
    proposals.rules_drafted(session)
    proposals.submit(session, proposals.drafted(session))
    proposals.submit(session, proposals.drafted(session, by="council"), by="council")
    road = scenes.make_road(session)
    change = proposals.purpose_drafted(session, 10_000, scenes.unrestricted(session), road)
    with transaction(session, books=True):
        attach_motion_files(
            session,
            actor(session, "secretary"),
            files,
            change,
            [("同意书.pdf", scenes.PDF)],
        )


def _goods_given_out(session: Session, files: Path, moment: clock.SimulatedClock) -> None:
    """Books that were handed out, books that wait for it, books in a draft; and a count that waits for a second person."""
    line = session.scalars(select(GoodsLine).where(GoodsLine.item == "儿童图书")).one()
    line_id, fund = line.id, line.fund_id
    details = {"receiver": "团结社区", "lines": [[line_id, 5]]}
    asked = {"topic": "goods", "title": "送书到社区", "details": details}
    handed, waits = (proposals.submit(session, proposals.drafted(session, **asked)) for _ in range(2))
    for found in (handed, waits):
        assert proposals.approve(session, found) == "approved"
    proposals.drafted(session, **asked)
    moment.set_local(clock.today() + timedelta(days=9))
    secretary = actor(session, "secretary")
    with transaction(session, books=True):
        describe_goods(
            session, secretary, line_id, category="books", condition="good", expires_on=None, place="二楼书柜"
        )
    with transaction(session, books=True):
        hand_out(
            session,
            secretary,
            files,
            handed,
            HandOut(clock.today(), {line_id: 5}, 3, [(f"{PRIVATE_NAME}.pdf", scenes.PDF)]),
        )
    with transaction(session, books=True):
        stock = [
            Counted(each.id, each.quantity_left, each.quantity_left)
            for each, _place in stock_to_count(session, fund)
        ]
        record_count(session, secretary, fund, stock)


def _purpose_changed(session: Session, files: Path) -> None:
    """A change of purpose that waits for a donor, for its notice and its filing; one that is in a draft is with the motions."""
    road = ledger.earmark_with_slug(session, "road")
    assert road is not None
    for donor in (f"{PRIVATE_NAME}之妹", f"{PRIVATE_NAME}之弟"):
        with transaction(session, books=True):
            record_donation(
                session,
                actor(session, "secretary"),
                DonationDraft(
                    fund_id=road.fund_id,
                    received_on=clock.today(),
                    method="bank",
                    donor=PartyDraft("person", donor, contact=PRIVATE_PHONE),
                    earmark_id=road.id,
                    amount_minor=20_000,
                    money_account_id=ledger.money_account_of_kind(session, road.fund_id, "bank").id,
                ),
            )
    with transaction(session, books=True):
        lamps = create_earmark(
            session, actor(session, "accountant"), road.fund_id, "lamps", "路灯", "restricted"
        ).id
    plan = replace(proposals.PLAN, needs_filing=True)
    found = proposals.submit(session, proposals.purpose_drafted(session, 40_000, road.id, lamps, plan))
    assert proposals.approve(session, found) in ("approved", "endorsing")
    party = queries_of_change.parts_of(session, found)[0].party_id
    assert party is not None
    answer = AnswerDraft(party, "unreachable", clock.today(), "call", [(f"{PRIVATE_NAME}.pdf", scenes.PDF)])
    with transaction(session, books=True):
        record_answer(session, actor(session, "secretary"), files, found, answer)


def _gifts_to_give_back(session: Session, files: Path) -> None:
    """A return that waits for its decision, and one that waits for the cashier."""
    minuted = proposals.submit(session, proposals.drafted(session, title="退还余款"))
    assert proposals.approve(session, minuted) == "approved"
    number = proposals.motion(session, minuted).number
    for approved in (False, True):
        gift = gifts.give(
            session, 7_000, donor=PartyDraft("person", f"{PRIVATE_NAME}之友", contact=PRIVATE_PHONE)
        )
        papers = [(f"{PRIVATE_NAME}.pdf", scenes.PDF)]
        draft = returning.ReturnDraft(5_000, clock.today(), "letter", PRIVATE_NAME, papers)
        with transaction(session, books=True):
            found = returning.propose_return(session, actor(session, "secretary"), files, gift, draft).id
        if approved:
            with transaction(session, books=True):
                returning.decide_return(
                    session, actor(session, "chair"), found, approves=True, motion_number=number or ""
                )


def _objections(session: Session) -> None:
    """Now, because a notice that is over takes no objection: one that waits, one that is answered, and a hold."""
    scenes.give(session, 100_000, on=clock.today())
    found = scenes.in_notice(session, 50_000)
    waits = objections.object_to(session, found, contact=PRIVATE_PHONE)
    answered = objections.object_to(session, found, ground="need", contact=PRIVATE_PHONE)
    objections.show(session, answered)
    objections.answer(session, answered)
    objections.dismiss(session, waits, "chair", "没有根据")
    held = scenes.in_notice(session, 10_000)
    objections.hold(session, held)


def _meetings(session: Session, moment: clock.SimulatedClock) -> None:
    """One that waits for its attendance, one that waits for its minutes, one that has them."""
    soon = {"held_at": clock.now() + timedelta(days=9)}
    meetings.called(session, **soon)
    meetings.hold(session, moment, **soon)
    minuted = meetings.hold(session, moment, held_at=clock.now() + timedelta(days=9))
    meetings.write(session, minuted)
    meetings.issue(session, minuted)


def _photograph(session: Session, files: Path, request: int) -> None:
    written = io.BytesIO()
    Image.new("RGB", (900, 600), "#c8b090").save(written, "JPEG")
    with transaction(session, books=True):
        attach_file(
            session,
            actor(session, "secretary"),
            files,
            subject_type="disbursement",
            subject_id=request,
            purpose="attachment",
            name="发放现场.jpg",
            content=written.getvalue(),
        )


def _notices(session: Session) -> None:
    with transaction(session):
        for key in ("council", None):
            post_notice(
                session,
                fund_id=scenes.fund_id(session),
                user_id=actor(session, key).user_id if key else None,
                kind="vote_waits",
                subject_type="disbursement",
                subject_id=1,
                title="有一项表决等您",
                text="文化路修路款 350,000.00 元，请在周五前表决。",
                path="/office/disbursements/",
                key="vote_waits/1",
            )


def _interests(session: Session) -> None:
    """Every office has one to end; so has the secretary, who recorded one for somebody."""
    fund_id = scenes.fund_id(session)
    for key in ("secretary", "cashier", "accountant", "chair", "council", "supervisor"):
        who = actor(session, key)
        assert who.user_id is not None
        draft = InterestDraft(fund_id, who.user_id, "family", PRIVATE_NAME, "姐姐")
        with transaction(session, books=True):
            declare_interest(session, who, draft)
    told = actor(session, "council_2").user_id
    assert told is not None
    with transaction(session, books=True):
        declare_interest(
            session,
            actor(session, "secretary"),
            InterestDraft(fund_id, told, "employer", "独山子百货公司", "经理", note="会上说明"),
        )


def _budgeted(session: Session, files: Path) -> None:
    """A request before the council with a budget, a quotation and its payee's account."""
    secretary, found = actor(session, "secretary"), scenes.drafted(session, 80_000)
    budget = BudgetDraft(
        [
            LineDraft("大米 25kg", quantity_milli=4000, unit="袋", unit_price_minor=12_500),
            LineDraft("运费", amount_minor=30_000),
        ],
        [QuotationDraft(PRIVATE_NAME, 80_000, date(2023, 11, 1), upload=("报价.pdf", scenes.PDF))],
    )
    with transaction(session, books=True):
        write_budget(session, secretary, files, found, budget)
        record_account(session, secretary, found, PRIVATE_PHONE, PRIVATE_NAME)
        submit_disbursement(session, secretary, found)


def _register(session: Session, files: Path) -> None:
    with transaction(session, books=True):
        preview = read_donations(
            session,
            only_fund(session, None),
            "捐赠日期\t捐赠人\t捐赠方式\t金额\n2023-10-10\t独山子某公司\t银行转账\t88.00\n".encode(),
            "十月.txt",
            today=clock.today(),
            title="十月捐赠登记表",
            pasted=True,
        )
        import_donations(session, actor(session, "secretary"), preview, files_dir=files)


def _gifts(session: Session) -> None:
    secretary = actor(session, "secretary")
    fund_id = scenes.fund_id(session)
    with transaction(session, books=True):
        bank = ledger.money_account_of_kind(session, fund_id, "bank")
        earmark_id = scenes.unrestricted(session)
        for donor, minor in (
            (PartyDraft("organisation", "新疆三为"), 500_000),
            (PartyDraft("person", PRIVATE_NAME, contact=PRIVATE_PHONE), 20_000),
        ):
            record_donation(
                session,
                secretary,
                DonationDraft(
                    fund_id=fund_id,
                    received_on=date(2023, 9, 20),
                    method="bank",
                    donor=donor,
                    earmark_id=earmark_id,
                    amount_minor=minor,
                    money_account_id=bank.id,
                ),
            )
        record_donation(
            session,
            secretary,
            DonationDraft(
                fund_id=fund_id,
                received_on=date(2023, 9, 27),
                method="goods",
                donor=PartyDraft("sole_trader", "某馕店"),
                earmark_id=earmark_id,
                goods=[
                    GoodsDraft("馕", 300, "个", 90_000, "店内售价"),
                    GoodsDraft("儿童图书", 40, "册", 20_000),
                ],
            ),
        )


def _picture_goods(session: Session, files: Path) -> None:
    with transaction(session, books=True):
        line_id = session.scalars(select(GoodsLine.id).order_by(GoodsLine.id)).first() or 0
        attach_photo(
            session, actor(session, "secretary"), files, line_id, name="馕.jpg", content=photograph()
        )


def _auction(session: Session, files: Path, event: int) -> None:
    """A lot that was hammered and is not paid, one that is on, with a cancelled bid, and one that waits."""
    secretary = actor(session, "secretary")
    assert secretary.user_id is not None
    with transaction(session, books=True):
        auction.set_auctioneer(session, secretary, event, secretary.user_id)
        issue_paddles(session, secretary, event, count=4, key="paddles of the house")
        change_paddle(session, secretary, 1, name=PRIVATE_NAME, contact=PRIVATE_PHONE, blocked=False)
        books = session.scalars(select(GoodsLine.id).where(GoodsLine.item == "儿童图书")).one()
        attach_photo(session, secretary, files, books, name="图书.jpg", content=photograph())
        lots = [
            sales.add_lot(
                session,
                secretary,
                event,
                LotDraft(number, "儿童图书", "auction", books, 1, 5_000, step_minor=500, reserve_minor=6_000),
            ).id
            for number in ("P01", "P02", "P03")
        ]
        for lot in lots[:2]:
            auction.open_lot(session, secretary, lot)
            place_bid(session, secretary, lot, paddle_number=1, amount_minor=5_000)
            wrong = place_bid(session, secretary, lot, paddle_number=2, amount_minor=60_000)
            cancel_bid(session, secretary, wrong, f"{PRIVATE_NAME}说不是自己")
            bid = place_bid(session, secretary, lot, paddle_number=2, amount_minor=6_000)
            if lot == lots[0]:
                auction.hammer_lot(session, secretary, lot, bid_id=bid)


def _sale(session: Session, slug: str, name: str, *, close: bool) -> int:
    secretary = actor(session, "secretary")
    with transaction(session, books=True):
        line_id = session.scalars(select(GoodsLine.id).order_by(GoodsLine.id)).first() or 0
        event = sales.create_event(
            session,
            secretary,
            fund_id=scenes.fund_id(session),
            slug=slug,
            name=name,
            held_on=clock.today(),
            place="文化广场",
        )
    sale_scenes.announce(session, event.id)
    with transaction(session, books=True):
        lot = sales.add_lot(
            session, secretary, event.id, LotDraft("A01", "馕", "fixed_price", line_id, 50, 300)
        )
        sales.record_sale(
            session, secretary, lot.id, quantity=10, amount_minor=3_000, method="cash", buyer=PRIVATE_NAME
        )
    if close:
        with transaction(session, books=True):
            close_event(session, secretary, event.id, [Count("cash", 3_000)])
    return event.id
