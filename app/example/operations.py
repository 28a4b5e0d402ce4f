"""Loading the example fund: the office's workbooks, recorded by the cast on the days when it happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.disbursements import operations as disbursements
from app.disbursements import queries as disbursement_queries
from app.disbursements.models import Disbursement
from app.disbursements.payments.operations import pay_disbursement
from app.disbursements.workbooks.importing import read_disbursements
from app.disbursements.workbooks.operations import import_disbursements
from app.donations.registers.importing import read_donations
from app.donations.registers.operations import import_donations
from app.example import rules
from app.example.pdf import paper
from app.files.operations import attach_file
from app.funds import operations as funds
from app.funds import queries as fund_queries
from app.funds.models import Fund
from app.ledger import queries as ledger
from app.ledger.treasury.operations import open_fund_books
from app.ledger.treasury.workbooks.importing import read_transfers
from app.ledger.treasury.workbooks.operations import import_transfers
from app.parties.queries import party
from app.people import operations as people
from app.people.queries import actor_by_email
from app.people.rules import INSTALLATION_ROLES, OPERATOR, new_password
from app.sales.workbooks.importing import read_sale
from app.sales.workbooks.operations import import_sale
from app.shared import clock
from app.shared.clock import SimulatedClock
from app.shared.errors import N_, Conflict
from app.shared.money import yuan
from app.shared.permissions import Actor


@dataclass(frozen=True, slots=True)
class SignIn:
    """How somebody of the cast signs in."""

    person: rules.Person
    password: str


@dataclass(frozen=True, slots=True)
class Example:
    """The fund as loaded, with what has to be told once."""

    fund_id: int
    entries: int
    sign_ins: tuple[SignIn, ...]


def load_example(session: Session, files_dir: Path, *, in_production: bool) -> Example:
    """Load the example fund by the real operations under a simulated clock: the 23 entries, both requests decided and paid.

    All of it in the caller's ``transaction(books=True)``. In production everybody of the cast gets a random password.
    Raises Conflict when the fund is there already.
    """
    if any(fund.slug == rules.FUND_SLUG for fund in fund_queries.funds(session)):
        raise Conflict(N_("示例基金 %(slug)s 已经在这里了"), slug=rules.FUND_SLUG)
    with clock.simulated(clock.now()) as moment:
        moment.set_local(rules.FOUNDED_ON, 10)
        fund = _found(session)
        sign_ins = _appoint(session, fund.id, in_production)
        loading = _Loading(session, files_dir, moment, fund)
        loading.donations(date(2023, 9, 27), 17, 30)
        loading.sale(date(2023, 9, 28), 22, 10)
        loading.transfers(date(2023, 9, 29), 16, 20)
        loading.requests(date(2023, 11, 6), 15, 0)
        for place, decision in enumerate(sorted(rules.DECISIONS, key=lambda one: one.decided_on)):
            loading.decide(decision, date(2023, 11, 7), 9, 30 + 5 * place)
        entries = [loading.pay(decision, 11) for decision in rules.DECISIONS]
        return Example(fund.id, entries[-1], sign_ins)


def _found(session: Session) -> Fund:
    host = fund_queries.host_by_name(session, rules.HOST_NAME) or funds.create_host(
        session, OPERATOR, name=rules.HOST_NAME
    )
    fund = funds.create_fund(
        session,
        OPERATOR,
        host_id=host.id,
        slug=rules.FUND_SLUG,
        name=rules.FUND_NAME,
        description=rules.DESCRIPTION,
        founded_on=rules.FOUNDED_ON,
        example_notice=rules.NOTICE,
    )
    open_fund_books(session, OPERATOR, fund)
    return fund


def _appoint(session: Session, fund_id: int, in_production: bool) -> tuple[SignIn, ...]:
    sign_ins = []
    for person in rules.CAST:
        password = new_password() if in_production else rules.DEMO_PASSWORD
        user = people.create_user(
            session,
            OPERATOR,
            email=person.email,
            name=person.name,
            password=password,
            must_change_password=in_production,
        )
        people.start_term(
            session,
            OPERATOR,
            user_id=user.id,
            role=person.role,
            fund_id=None if person.role in INSTALLATION_ROLES else fund_id,
            starts_on=rules.FOUNDED_ON,
            seat_number=person.seat,
        )
        sign_ins.append(SignIn(person, password))
    return tuple(sign_ins)


@dataclass(slots=True)
class _Loading:
    """The steps of the story, each by the person whose office it is."""

    session: Session
    files_dir: Path
    moment: SimulatedClock
    fund: Fund
    register_title: str = ""

    def donations(self, day: date, hour: int, minute: int) -> None:
        """Entries 1 to 8: the secretary imports the gift register."""
        self.moment.set_local(day, hour, minute)
        preview = read_donations(
            self.session,
            self.fund,
            self._workbook(rules.DONATIONS),
            rules.DONATIONS,
            today=day,
            splits={"7": "even"},
            earmarks={rules.ROAD: rules.ROAD_SLUG},
        )
        self.register_title = preview.title
        import_donations(self.session, self._actor("secretary"), preview, files_dir=self.files_dir)

    def sale(self, day: date, hour: int, minute: int) -> None:
        """Entries 9 to 19: the secretary imports the night's register and closes the sale by its counts."""
        self.moment.set_local(day, hour, minute)
        preview = read_sale(
            self.session,
            self.fund.id,
            self._workbook(rules.SALES),
            rules.SALES,
            today=day,
            register_title=self.register_title,
        )
        import_sale(self.session, self._actor("secretary"), preview, files_dir=self.files_dir, close=True)

    def transfers(self, day: date, hour: int, minute: int) -> None:
        """Entries 20 and 21: the cashier imports the moves to the bank."""
        self.moment.set_local(day, hour, minute)
        preview = read_transfers(
            self.session, self.fund.id, self._workbook(rules.TRANSFERS), rules.TRANSFERS, today=day
        )
        import_transfers(self.session, self._actor("cashier"), preview, files_dir=self.files_dir)

    def requests(self, day: date, hour: int, minute: int) -> None:
        """The secretary imports the requests, completes them, and puts them before the council."""
        self.moment.set_local(day, hour, minute)
        secretary = self._actor("secretary")
        preview = read_disbursements(
            self.session,
            self.fund.id,
            self._workbook(rules.DISBURSEMENTS),
            rules.DISBURSEMENTS,
            today=day,
            spending_kinds={one.number: one.spending_kind for one in rules.DECISIONS},
        )
        for request_id in import_disbursements(self.session, secretary, preview, files_dir=self.files_dir):
            disbursements.submit_disbursement(self.session, secretary, request_id)

    def decide(self, decision: rules.Decision, day: date, hour: int, minute: int) -> None:
        """The chair enters the council's decision from its minutes."""
        self.moment.set_local(day, hour, minute)
        chair, request_id = self._actor("chair"), self._request_id(decision.number)
        name = f"会议纪要 {decision.number}（示例）.pdf"
        self._attach(chair, request_id, "minutes", name, self._minutes(decision))
        disbursements.record_past_decision(self.session, chair, request_id, decision.decided_on, rules.TALLY)

    def pay(self, decision: rules.Decision, hour: int) -> int:
        """Entries 22 and 23: the cashier pays, with the bank's slip. Returns the entry's number."""
        self.moment.set_local(decision.paid_on, hour)
        cashier, request_id = self._actor("cashier"), self._request_id(decision.number)
        name = f"银行回单 {decision.number}（示例）.pdf"
        self._attach(cashier, request_id, "bank_slip", name, self._slip(decision))
        return pay_disbursement(
            self.session,
            cashier,
            request_id,
            amount_minor=disbursement_queries.disbursement(self.session, request_id).amount_minor,
            account=ledger.money_account_of_kind(self.session, self.fund.id, "bank"),
            paid_on=decision.paid_on,
            voucher_number=decision.voucher_number,
        ).number

    def _actor(self, key: str) -> Actor:
        person = next(one for one in rules.CAST if one.key == key)
        return actor_by_email(self.session, person.email)

    def _workbook(self, name: str) -> bytes:
        return (rules.WORKBOOKS / name).read_bytes()

    def _request_id(self, number: str) -> int:
        return self.session.scalars(select(Disbursement.id).where(Disbursement.number == number)).one()

    def _attach(self, actor: Actor, request_id: int, purpose: str, name: str, content: bytes) -> None:
        attach_file(
            self.session,
            actor,
            self.files_dir,
            subject_type=disbursements.SUBJECT,
            subject_id=request_id,
            purpose=purpose,
            name=name,
            content=content,
        )

    def _facts(self, decision: rules.Decision) -> list[str]:
        request = disbursement_queries.disbursement(self.session, self._request_id(decision.number))
        return [
            f"申请编号：{decision.number}",
            f"项目：{disbursement_queries.project_name(self.session, request)}",
            f"收款单位：{party(self.session, request.payee_id).name}",
            f"金额：{yuan(request.amount_minor)} 元",
        ]

    def _minutes(self, decision: rules.Decision) -> bytes:
        tally = rules.TALLY
        return paper(
            "基金理事会会议纪要",
            [
                f"会议日期：{decision.decided_on.isoformat()}",
                *self._facts(decision),
                f"应到 {tally.seats} 人，法定 {tally.quorum} 人，实到 {tally.present} 人",
                f"赞成 {tally.approve} 票，反对 {tally.reject} 票，弃权 {tally.abstain} 票，回避 {tally.recuse} 人",
                "决议：通过",
            ],
        )

    def _slip(self, decision: rules.Decision) -> bytes:
        return paper(
            "银行付款回单",
            [
                f"付款日期：{decision.paid_on.isoformat()}",
                f"凭证号：{decision.voucher_number}",
                f"付款人：{rules.HOST_NAME}",
                *self._facts(decision),
            ],
        )
