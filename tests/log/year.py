"""A year of a fund in which every kind of leaf is written, through the real operations, the same bytes each time."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.council import operations as council
from app.council.checks import check_council
from app.council.consents.checks import check_consents
from app.council.consents.operations import give_word
from app.council.interests import operations as interests
from app.council.interests.checks import check_interests
from app.council.interests.operations import InterestDraft
from app.council.issuing import operations as issuing
from app.council.issuing.checks import check_issues
from app.council.meetings import operations as meetings
from app.council.meetings import queries as meeting_queries
from app.council.meetings.checks import check_meetings
from app.council.meetings.rules import ItemNotes, MeetingDraft, MinutesDraft
from app.council.motions import operations as motions
from app.council.motions.checks import check_motions
from app.council.motions.models import Motion
from app.council.motions.rules import MotionDraft
from app.council.notice import operations as notice
from app.council.notice.checks import check_notices
from app.council.notice.queries import notice_of
from app.council.operations import MatterDraft
from app.council.queries import matter_of
from app.council.repurposing import operations as repurposing
from app.council.repurposing.checks import check_changes_of_purpose
from app.council.repurposing.rules import Plan, details_of, words_of
from app.council.rulebook.rules import DEFAULT, LARGE_MINOR, Tier, as_data
from app.council.rules import RoomVote, Tally, quorum_of
from app.disbursements import operations as disbursements
from app.disbursements.checks import check_disbursements
from app.disbursements.payments import operations as payments
from app.disbursements.proof import operations as proof
from app.disbursements.proof.checks import check_proofs
from app.disbursements.rules import DisbursementDraft
from app.documents.checks import check_documents
from app.documents.operations import DocumentDraft, issue_document
from app.donations import operations as donations
from app.donations.fiscal.checks import check_fiscal_receipts
from app.donations.fiscal.operations import record_fiscal
from app.donations.fiscal.rules import FiscalDraft
from app.donations.models import Donation
from app.donations.returning import operations as returning
from app.donations.returning.checks import check_returns
from app.donations.rules import DonationDraft
from app.files.checks import check_files
from app.files.operations import attach_file
from app.funds import operations as funds
from app.funds.checks import check_funds
from app.funds.models import Fund
from app.goods.checks import check_goods
from app.goods.counting import operations as counting
from app.goods.counting.checks import check_counts
from app.goods.counting.queries import stock_to_count
from app.goods.operations import GoodsDraft, confirm_valuation
from app.goods.queries import lines_of
from app.ledger import queries as ledger
from app.ledger.checks import check_ledger
from app.ledger.treasury import operations as treasury
from app.log import operations as log
from app.log.checks import check_log
from app.log.erasure.operations import erase
from app.log.models import Leaf
from app.parties.operations import PartyDraft
from app.parties.rules import ConsentDraft
from app.people import operations as people
from app.people.checks import check_people
from app.people.models import User
from app.people.rules import OPERATOR
from app.sales import operations as sales
from app.sales import queries as sale_queries
from app.sales.auction import operations as auction
from app.sales.auction.checks import check_auctions
from app.sales.bidding.operations import cancel_bid, place_bid
from app.sales.campaign.operations import announce_event
from app.sales.checks import check_sales
from app.sales.closing import operations as closing
from app.sales.paddles.operations import issue_paddles
from app.sales.rules import LotDraft
from app.shared import clock
from app.shared.db import transaction
from app.shared.periods import Period
from app.shared.permissions import Actor, Office, Role

T = TypeVar("T")
PRIVATE = ("阿依古丽·买买提", "赵钱孙", "王小明", "李大力")
"""Names of people who did not agree to be named."""
NAMED = "古丽娜尔"
SEATS = 5
_PAPER = b"%PDF-1.4 a paper"


def every_breach(session: Session) -> list[str]:
    """Every breach of every invariant, in words; empty when books and log hold and say the same."""
    session.rollback()
    session.expire_all()
    found = []
    for prove in (
        check_ledger,
        check_log,
        check_funds,
        check_people,
        check_goods,
        check_counts,
        check_sales,
        check_auctions,
        check_council,
        check_interests,
        check_motions,
        check_issues,
        check_changes_of_purpose,
        check_returns,
        check_notices,
        check_proofs,
        check_consents,
        check_meetings,
        check_disbursements,
        check_files,
        check_documents,
        check_fiscal_receipts,
    ):
        for check in prove(session):
            found += [f"{check.name}: {problem}" for problem in check.problems]
    return found


@contextmanager
def fixed_salts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Salts that anybody can make again: the SHA-256 of "salt 1", "salt 2", …"""
    numbers = itertools.count(1)
    with monkeypatch.context() as patch:
        patch.setattr(log, "new_salt", lambda: hashlib.sha256(f"salt {next(numbers)}".encode()).digest())
        yield


class Year:
    """One fund on a database that was only set up. ``play`` writes every kind of leaf that has an operation."""

    def __init__(self, engine: Engine, files_dir: Path) -> None:
        self.session = Session(engine, expire_on_commit=False)
        self._files = files_dir
        self.actor = OPERATOR

    def do(self, act: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Run an operation in a transaction of the books."""
        with transaction(self.session, books=True):
            return act(self.session, self.actor, *arguments, **named)

    def play(self) -> None:
        """The year."""
        with clock.simulated(clock.now()) as now:
            self.now = now
            now.set_local(date(2023, 9, 1))
            self._found()
            now.set_local(date(2023, 9, 18))
            self._give()
            now.set_local(date(2023, 10, 20))
            self._sell()
            now.set_local(date(2023, 11, 6))
            self._spend()
            now.set_local(date(2023, 12, 28))
            self._correct_and_close()
        self.session.rollback()

    def _found(self) -> None:
        host = self.do(funds.create_host, name="××慈善会", registration_number="53350600MJB0000000")
        fund = self.do(
            funds.create_fund, host_id=host.id, slug="sunlight", name="阳光基金", phone="0595-000000"
        )
        self.fund = fund.id
        self.do(
            funds.change_fund, fund.id, founded_on=date(2023, 8, 1), name="阳光基金", description="社区互助"
        )
        self.free = self._with_all_offices(lambda: self.do(treasury.open_fund_books, fund)).id
        self.road = self.do(treasury.create_earmark, fund.id, "sunlight-road", "修路", "restricted").id
        with transaction(self.session, books=True):
            for seat in range(1, SEATS + 1):
                user = User(
                    email=f"seat{seat}@fund.example",
                    name=f"理事{seat}号",
                    password_hash="-",
                    created_at=clock.now(),
                )
                self.session.add(user)
                self.session.flush()
                people.start_term(
                    self.session,
                    OPERATOR,
                    user_id=user.id,
                    fund_id=fund.id,
                    role=Role.CHAIR if seat == 1 else Role.COUNCIL,
                    seat_number=seat,
                    starts_on=date(2023, 9, 1),
                )
            term = people.start_term(
                self.session,
                OPERATOR,
                user_id=1,
                fund_id=fund.id,
                role=Role.AUDITOR,
                starts_on=date(2023, 9, 1),
            )
            people.start_term(
                self.session,
                OPERATOR,
                user_id=2,
                fund_id=None,
                role=Role.ADMINISTRATOR,
                starts_on=date(2023, 9, 1),
            )
        self.auditor_term = term.id

    def _with_all_offices(self, act: Callable[[], T]) -> T:
        self.actor = Actor(None, "众人", tuple(Office(role, self.fund, 0) for role in Role))
        return act()

    def broken(self) -> list[str]:
        """Every breach of every invariant, in words."""
        return every_breach(self.session)

    def gift(self, donor: PartyDraft, minor: int, earmark: int, **more: Any) -> int:
        """A gift of money. Returns its id."""
        draft = DonationDraft(
            self.fund, clock.today(), more.pop("method", "bank"), donor, earmark, amount_minor=minor, **more
        )
        return self.do(donations.record_donations, [draft])[0]

    def _give(self) -> None:
        account = self.account("bank")
        opening = self.do(
            treasury.record_opening, account, ledger.earmark(self.session, self.free), 50_000, clock.today()
        )
        assert opening.number == 1
        consent = ConsentDraft("named", "当面", "签字的同意书")
        self.private_gift = self.gift(
            PartyDraft("person", PRIVATE[0]),
            10_000,
            self.free,
            memo="电话 13800000000",
            receipt_number="0001",
        )
        self.named_gift = self.gift(
            PartyDraft("person", NAMED, consent), 20_000, self.road, receipt_number="0002"
        )
        self.gift(PartyDraft("organisation", "金华小学"), 300_000, self.free, method="wechat")
        self.wrong_gift = self.gift(PartyDraft("sole_trader", PRIVATE[1]), 7_000, self.free, method="cash")
        draft = DonationDraft(
            self.fund,
            clock.today(),
            "goods",
            PartyDraft("unnamed", "爱心居民"),
            self.free,
            goods=[GoodsDraft("馕", 30, "个", 9_000, "市场价"), GoodsDraft("手套", 12, "双", 6_000)],
        )
        gift = self.do(donations.record_donations, [draft])[0]
        self.bread, self.gloves = (line.id for line in lines_of(self.session, "donation", gift))
        self.do(confirm_valuation, self.gloves, "发票")

    def account(self, kind: str) -> Any:
        """The fund's account of a kind."""
        return ledger.money_account_of_kind(self.session, self.fund, kind)

    def _sell(self) -> None:
        event = self.do(
            sales.create_event,
            fund_id=self.fund,
            slug="autumn-fair",
            name="秋日义卖",
            held_on=clock.today(),
            place="社区广场",
            filing_number="5335XXXX",
            hours=(time(19, 30), time(22)),
        )
        host = self.session.get_one(Fund, self.fund).host_id
        self.do(funds.change_host, host, fundraising_certificate="5300000XXX")
        self.do(
            announce_event, event.id, {self.account("bank").id: "", self.account("wechat").id: "1600000001"}
        )
        lots = [
            self.do(sales.add_lot, event.id, LotDraft(number, name, "fixed_price", line, pieces, 500))
            for number, name, line, pieces in (("A1", "馕", self.bread, 20), ("A2", "手套", self.gloves, 10))
        ]
        for lot in lots:
            self.do(
                sales.record_sale, lot.id, quantity=8, amount_minor=4_000, method="cash", buyer=PRIVATE[2]
            )
        self.do(sales.set_box, event.id, cash_minor=1_500)
        recorded = sale_queries.recorded_by_method(self.session, sale_queries.event(self.session, event.id))
        counts = [closing.Count(method, minor + 100, "多收的零钱") for method, minor in recorded.items()]
        self.do(closing.close_event, event.id, counts)
        self.do(sales.change_event, event.id, name="秋日义卖会", place="社区广场", filing_number="5335XXXX")
        self.do(
            closing.record_late_sale,
            lots[0].id,
            quantity=1,
            amount_minor=500,
            method="wechat",
            received_on=clock.today(),
        )

    def request(self, minor: int, *, earmark: int | None = None, payee: str = "社区超市") -> int:
        """A request, submitted with a public paper. Returns its id."""
        draft = DisbursementDraft(
            self.fund,
            earmark or self.free,
            "冬季慰问",
            PartyDraft("organisation", "社区居委会"),
            PartyDraft("person" if payee in PRIVATE else "organisation", payee),
            minor,
            "project_works",
            f"为 {PRIVATE[3]} 等老人购买米面油",
            clock.today(),
        )
        found = self.do(disbursements.draft_disbursement, draft).id
        for purpose, is_public in (("quotation", True), ("minutes", False), ("bank_slip", False)):
            self.do(
                attach_file,
                self._files,
                subject_type="disbursement",
                subject_id=found,
                purpose=purpose,
                name=f"{purpose}.pdf",
                content=_PAPER,
                is_public=is_public,
            )
        return self.do(disbursements.submit_disbursement, found).id

    def approve(self, request: int) -> None:
        """The council's resolution, from its minutes."""
        tally = Tally(SEATS, quorum_of(SEATS), approve=4, recuse=1)
        self.do(disbursements.record_past_decision, request, clock.today(), tally)

    def vote(self, request: int) -> None:
        """The council votes in this system: one recuses, the others approve."""
        matter = matter_of(self.session, "disbursement", request)
        assert matter is not None
        for seat in range(1, SEATS + 1):
            choice, reason = ("recuse", f"与 {PRIVATE[3]} 是亲属") if seat == 2 else ("approve", "")
            with transaction(self.session, books=True):
                disbursements.vote(
                    self.session,
                    self._member(seat),
                    request,
                    choice,
                    reason,
                    matter.text_hash,
                )
            if matter_of(self.session, "disbursement", request).status != "open":  # type: ignore[union-attr]
                return

    def meet(self) -> None:
        """A meeting that votes on a matter, with its minutes. One seat is not there; the chair confirms the recorded vote."""
        self.do(
            council.open_matter,
            MatterDraft(self.fund, "example", 1, hashlib.sha256(b"").hexdigest(), "other"),
        )
        waiting = tuple(
            matter_id for matter_id, _ in meeting_queries.proposed_agenda(self.session, self.fund)
        )
        held_at = clock.now() + timedelta(hours=1)
        draft = MeetingDraft(self.fund, "理事会会议", held_at, "社区会议室", waiting, ("听取报告",))
        found = self.do(meetings.call_meeting, draft)
        self.now.advance(timedelta(hours=1))
        people = meeting_queries.called(self.session, found)
        presences = {
            person.user_id: "present" if (person.seat_number or 0) < SEATS else "excused" for person in people
        }
        self.do(meetings.record_attendance, found.id, presences, found.version)
        in_the_room = [user_id for user_id, presence in presences.items() if presence == "present"]
        notes = {
            view.item.id: ItemNotes(
                "无异议", "同意", dict.fromkeys(in_the_room, RoomVote("approve")) if view.matter else {}
            )
            for view in meeting_queries.agenda_of(self.session, found.id)
        }
        self.do(meetings.save_minutes, found.id, MinutesDraft("理事长主持", notes), found.version)
        self.do(meetings.issue_minutes, found.id, found.version)
        everybody, self.actor = self.actor, self._member(1)
        (vote,) = meeting_queries.room_votes(self.session, voter_id=self.actor.user_id)
        self.do(meetings.answer_vote, vote.vote_id, "disputed", "我投的是弃权")
        self.actor = everybody

    def _member(self, seat: int) -> Actor:
        """The member of the council who holds a seat."""
        user = self.session.scalars(select(User).where(User.email == f"seat{seat}@fund.example")).one()
        role = Role.CHAIR if seat == 1 else Role.COUNCIL
        return Actor(user.id, user.name, (Office(role, self.fund, 0, seat),))

    def pay(self, request: int, minor: int, *, accepted: bool = True) -> int:
        """A payment. Returns its entry's number."""
        return self.do(
            payments.pay_disbursement,
            request,
            amount_minor=minor,
            account=self.account("wechat" if minor > 60_000 else "bank"),
            paid_on=clock.today(),
            accepted=accepted,
            voucher_number="V-01",
        ).number

    def _spend(self) -> None:
        # Decisions from minutes first: once the council votes here, it votes here.
        self._prove(self.request(3_000))
        second = self.request(15_000, earmark=self.road, payee=PRIVATE[2])
        self.approve(second)
        paid = self.pay(second, 5_000)
        self.do(disbursements.cancel_disbursement, second, "工程缩减")
        self.do(payments.reverse_payment, paid, "付错账户")
        self.do(disbursements.withdraw_disbursement, self.request(900), "改日再提")
        cancelled = self.request(2_000)
        self.approve(cancelled)
        self.do(disbursements.cancel_disbursement, cancelled, "不再需要")
        first = self.request(40_000)
        self.vote(first)
        self.meet()
        self._object(first)
        self._refer()
        self._adopt_and_sign()
        self.now.set_local(date(2023, 11, 20))
        self.do(disbursements.advance_due)
        self.pay(first, 40_000, accepted=False)
        self.do(payments.accept_disbursement, first, amount_minor=30_000, accepted_on=clock.today())
        self.do(
            payments.record_refund,
            first,
            amount_minor=1_000,
            account=self.account("bank"),
            received_on=clock.today(),
            accepted=True,
        )

    def _object(self, request: int) -> None:
        """What stands in notice is objected to, answered, held and let go."""
        self.now.set_local(date(2023, 11, 8))
        standing = notice_of(self.session, "disbursement", request)
        assert standing is not None
        with transaction(self.session, books=True):
            found = notice.object_to(
                self.session,
                standing,
                ground="price",
                words=f"{PRIVATE[1]} 说价格太高",
                contact="13900000000",
            )
        self.do(notice.answer_objection, found.number, "价格与市价相符")
        supervisor = self._signer()
        with transaction(self.session, books=True):
            notice.place_hold(self.session, supervisor, self.fund, "disbursement", request, "发票存疑")
        with transaction(self.session, books=True):
            notice.lift_hold(self.session, supervisor, "disbursement", request, "发票已核对")

    def _refer(self) -> None:
        """A request given back to be completed, and one that too few may decide, so that the host does."""
        self.do(disbursements.return_disbursement, self.request(700), "请补报价")
        referred = self.request(600)
        for seat in (2, 3, 4):
            self.cast("disbursement", referred, seat, "recuse", "与收款方有往来")
        self.sign("disbursement", referred, "host_decision")

    def _adopt_and_sign(self) -> None:
        """Rules that ask for the supervisor's opinion, made by a resolution, and a request that is decided under them."""
        tiers = (Tier(LARGE_MINOR, supervisor_opinion=True), DEFAULT.tiers[-1])
        details = {"rulebook": as_data(replace(DEFAULT, tiers=tiers)), "base": 0}
        draft = MotionDraft(self.fund, "rules", "监督员出具意见", "每笔都听监督员的意见", details=details)
        motion = self.do(motions.draft_motion, draft).id
        self.do(motions.submit_motion, motion)
        for seat in range(1, SEATS):
            self.cast("motion", motion, seat, "approve")
        carried = self.request(500)
        for seat in range(1, SEATS):
            self.cast("disbursement", carried, seat, "approve")
        self.sign("disbursement", carried, "opinion")

    def cast(self, kind: str, subject: int, seat: int, choice: str, reason: str = "") -> None:
        """One vote, unless the result stands already."""
        matter = matter_of(self.session, kind, subject)
        assert matter is not None
        if matter.status == "open":
            with transaction(self.session, books=True):
                council.cast_vote(self.session, self._member(seat), matter, choice, reason, matter.text_hash)

    def sign(self, kind: str, subject: int, signature: str) -> None:
        """A signature beside a vote, by somebody who holds the office for it and no seat."""
        matter = matter_of(self.session, kind, subject)
        assert matter is not None
        with transaction(self.session, books=True):
            council.endorse(
                self.session, self._signer(), matter, signature, "approve", "没有意见", matter.text_hash
            )

    def _signer(self) -> Actor:
        """Supervisor and host in one, without a seat."""
        user = self.session.scalars(select(User).where(User.email == "seat5@fund.example")).one()
        offices = tuple(Office(role, self.fund, 0) for role in (Role.SUPERVISOR, Role.HOST))
        return Actor(user.id, user.name, offices)

    def _prove(self, request: int) -> None:
        """From approval to the end of a request whose money arrived."""
        self.approve(request)
        self.pay(request, 3_000)
        papers = {purpose: [(f"{purpose}.pdf", _PAPER)] for purpose in ("invoice", "acceptance_report")}
        self.do(
            proof.submit_proof, self._files, request, used_minor=3_000, words="两户修好了门窗", papers=papers
        )
        accountant = self.session.scalars(select(User).where(User.email == "seat5@fund.example")).one()
        judge = Actor(accountant.id, accountant.name, (Office(Role.ACCOUNTANT, self.fund, 0),))
        with transaction(self.session, books=True):
            proof.judge_proof(self.session, judge, request, 1, accepted_minor=3_000, reason="")
        self.do(
            proof.record_delivery,
            self._files,
            request,
            delivered_on=clock.today(),
            recipients=2,
            words="送到两户人家",
        )
        self.do(proof.close_disbursement, request)

    def _correct_and_close(self) -> None:
        self.do(donations.correct_words, self.named_gift, "核对", agreement_number="协-2023-1")
        self.do(donations.correct_money, self.private_gift, "少记了", amount_minor=12_000)
        self.do(donations.reverse_donation, self.wrong_gift, "重复登记")
        donor = self.session.get_one(Donation, self.named_gift).party_id
        self.do(donations.correct_donor, donor, f"{NAMED}·艾力", "person", self.fund)
        self.do(treasury.close_month, self.fund, "2023-09")
        figures = {"in": 1, "out": 2}
        self.do(
            issue_document,
            DocumentDraft(
                "receipts_and_payments", self.fund, Period(date(2023, 1, 1), date(2023, 12, 31)), figures
            ),
        )
        figures["out"] = 3
        draft = DocumentDraft(
            "receipts_and_payments",
            self.fund,
            Period(date(2023, 1, 1), date(2023, 12, 31)),
            figures,
            "更正支出",
        )
        self.do(issue_document, draft)
        self.actor = OPERATOR
        self.do(people.end_term, self.auditor_term, clock.today())
        position = self.session.scalars(
            select(Leaf.position).where(Leaf.kind == "entry", Leaf.subject_id == 2)
        ).one()
        self.do(erase, position, "memo", "本人要求删除")
        self._declare_interests()
        ended = self.do(treasury.create_earmark, self.fund, "sunlight-well", "打井", "restricted").id
        self.do(treasury.close_earmark, ended)
        second = self.do(
            funds.create_fund,
            host_id=self.session.get_one(Fund, self.fund).host_id,
            slug="dusk",
            name="黄昏基金",
            phone="0595-000000",
        )
        self.do(funds.close_fund, second.id)
        self._with_all_offices(self._give_out)
        self._with_all_offices(self._name_secretary)
        self._auction()
        self._with_all_offices(self._official_receipt)
        self._with_all_offices(self._change_purposes)
        self._with_all_offices(self._give_back)

    def _declare_interests(self) -> None:
        user = self.session.scalars(select(User).where(User.email == "seat2@fund.example")).one()
        self.actor = Actor(user.id, user.name, (Office(Role.COUNCIL, self.fund, 0, 2),))
        draft = InterestDraft(self.fund, user.id, "family", PRIVATE[3], "岳父")
        first = self.do(interests.declare_interest, draft)
        self.do(interests.declare_interest, InterestDraft(self.fund, user.id, "none"))
        self.do(interests.end_interest, first, clock.today())
        with transaction(self.session, books=True):
            give_word(self.session, self._member(2), self.fund, is_given=True)
        self._with_all_offices(self._move_something)

    def _move_something(self) -> None:
        """A motion that the council is to resolve, given back once and then taken back."""
        text = "向独山子区借用活动场地，双方各写明责任。"
        found = self.do(motions.draft_motion, MotionDraft(self.fund, "other", "借用活动场地", text)).id
        self.do(motions.submit_motion, found)
        self.do(motions.return_motion, found, "写明期限")
        self.do(motions.submit_motion, found)
        self.do(motions.withdraw_motion, found, "改日再议")

    def _give_out(self) -> None:
        """Goods for a group of people: resolved, in notice, handed out, and a count of what is left."""
        details = {"receiver": "环卫班组", "lines": [[self.gloves, 2]]}
        draft = MotionDraft(self.fund, "goods", "手套送环卫班组", "冬天扫雪用。", details=details)
        found = self.do(motions.draft_motion, draft).id
        self.do(motions.submit_motion, found)
        for seat in range(1, SEATS):
            self.cast("motion", found, seat, "approve")
        self.sign("motion", found, "opinion")
        self.now.set_local(date(2024, 1, 8))
        lists = [("签收表.pdf", _PAPER)]
        handed = issuing.HandOut(clock.today(), {self.gloves: 2}, 2, lists)
        self.do(issuing.hand_out, self._files, found, handed)
        offices = tuple(Office(role, self.fund, 0) for role in (Role.SECRETARY, Role.ACCOUNTANT))
        counter, confirmer = (Actor(user, "盘点", offices) for user in (1, 2))
        stock = [
            counting.Counted(line.id, line.quantity_left, line.quantity_left - place, "破损" if place else "")
            for place, (line, _where) in enumerate(stock_to_count(self.session, self.fund))
        ]
        with transaction(self.session, books=True):
            count = counting.record_count(self.session, counter, self.fund, stock).id
        with transaction(self.session, books=True):
            counting.confirm_count(self.session, confirmer, count)

    def _name_secretary(self) -> None:
        user = self.session.scalars(select(User).where(User.email == "seat3@fund.example")).one()
        self.do(
            people.start_term,
            user_id=user.id,
            role=Role.SECRETARY,
            fund_id=self.fund,
            starts_on=clock.today(),
        )
        self.actor = Actor(user.id, user.name, (Office(Role.SECRETARY, self.fund, 0),))

    def _auction(self) -> None:
        """A lot on which a bid was cancelled before the hammer fell; its winner did not pay, the next one did not either."""
        event = self.do(
            sales.create_event,
            fund_id=self.fund,
            slug="winter-auction",
            name="冬日义拍",
            held_on=clock.today(),
        ).id
        self.do(auction.set_auctioneer, event, self.actor.user_id)
        self.do(issue_paddles, event, count=3, key="paddles of the year")
        draft = LotDraft("P1", "手套一双", "auction", self.gloves, 1, 1_000, step_minor=100)
        lot = self.do(sales.add_lot, event, draft).id
        self.do(auction.open_lot, lot)
        self.do(place_bid, lot, paddle_number=1, amount_minor=1_000)
        wrong = self.do(place_bid, lot, paddle_number=2, amount_minor=10_000)
        self.do(cancel_bid, wrong, f"{PRIVATE[2]}没有举牌")
        won = self.do(place_bid, lot, paddle_number=3, amount_minor=1_100)
        self.do(auction.hammer_lot, lot, bid_id=won)
        self.do(auction.pass_on_lot, lot, turn=1)
        self.do(auction.give_up_lot, lot, turn=2)
        self.actor = OPERATOR

    def _official_receipt(self) -> None:
        """The host's receipt for a gift: with a wrong amount first, then issued anew."""
        void = FiscalDraft("void", "0002", words="开错金额")
        self.do(
            record_fiscal, self.named_gift, FiscalDraft("issued", "0002", "65060123", "a1b2c3", clock.today())
        )
        self.do(record_fiscal, self.named_gift, void)
        self.do(
            record_fiscal, self.named_gift, FiscalDraft("issued", "0003", "65060123", "d4e5f6", clock.today())
        )

    def _change_purposes(self) -> None:
        """What is left for a path goes to the road: its donor agrees, it is filed, it moves. A second change is given up."""
        path = self.do(treasury.create_earmark, self.fund, "sunlight-path", "步道", "restricted").id
        donor = self.session.get_one(
            Donation, self.gift(PartyDraft("organisation", "步道公司"), 9_000, path)
        ).party_id
        plan = Plan("步道的余款。", "步道已修完。", "余款修路。", needs_filing=True)
        resolved = []
        for minor in (4_000, 3_000):
            details = details_of(path, self.road, plan)
            draft = MotionDraft(self.fund, "purpose", "步道余款修路", words_of(plan), minor, details)
            found = self.do(motions.draft_motion, draft).id
            self.do(motions.submit_motion, found)
            for seat in range(1, SEATS):
                self.cast("motion", found, seat, "approve")
            matter = matter_of(self.session, "motion", found)
            if matter is not None and matter.status == "endorsing":
                self.sign("motion", found, "opinion")
            resolved.append(found)
        moved, given_up = resolved
        answer = repurposing.AnswerDraft(
            donor, "consented", clock.today(), "letter", [("同意书.pdf", _PAPER)]
        )
        self.do(repurposing.record_answer, self._files, moved, answer)
        self.do(repurposing.record_filing, moved, "民慈备 2024-7", clock.today())
        self.do(repurposing.carry_out, moved)
        self.do(repurposing.give_up_change, given_up, "路不缺钱了")

    def _give_back(self) -> None:
        """What is left of a gift goes back to its donor: proposed, resolved by the council, paid."""
        gift = self.gift(PartyDraft("organisation", "步道公司"), 2_000, self.road)
        wanted = returning.ReturnDraft(
            1_500, clock.today(), "letter", "捐赠人要回余款", [("来信.pdf", _PAPER)]
        )
        found = self.do(returning.propose_return, self._files, gift, wanted).id
        motion = self.do(
            motions.draft_motion, MotionDraft(self.fund, "other", "退还余款", "捐赠人要求退还。")
        ).id
        self.do(motions.submit_motion, motion)
        for seat in range(1, SEATS):
            self.cast("motion", motion, seat, "approve")
        number = self.session.get_one(Motion, motion).number or ""
        self.do(returning.decide_return, found, approves=True, motion_number=number)
        bank = ledger.money_account_of_kind(self.session, self.fund, "bank")
        paid = returning.PaymentDraft(bank, clock.today(), "记-2024-9", [("回单.pdf", _PAPER)])
        self.do(returning.pay_return, self._files, found, paid)
