"""A fund's books for tests, on a database of their own: short names for the real operations."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app.council.checks import check_council
from app.council.rules import Tally, quorum_of
from app.disbursements import operations as disbursements
from app.disbursements import queries as disbursement_queries
from app.disbursements.checks import check_disbursements
from app.disbursements.models import Disbursement
from app.disbursements.payments import operations as payments
from app.disbursements.rules import DisbursementDraft
from app.donations import operations as donations
from app.donations.rules import DonationDraft
from app.files.checks import check_files
from app.files.models import Attachment
from app.funds import operations as funds
from app.funds.checks import check_funds
from app.goods.checks import check_goods
from app.goods.operations import GoodsDraft
from app.goods.queries import lines_of
from app.ledger import queries as ledger
from app.ledger.checks import check_ledger
from app.ledger.operations import Posted
from app.ledger.repurposing.operations import change_purpose
from app.ledger.repurposing.queries import free_parts
from app.ledger.treasury import operations as treasury
from app.log.checks import check_log
from app.parties.operations import PartyDraft
from app.people import operations as people
from app.people.checks import check_people
from app.people.models import User
from app.people.rules import OPERATOR
from app.sales import operations as sales
from app.sales import queries as sale_queries
from app.sales.checks import check_sales
from app.sales.closing import operations as closing
from app.sales.rules import LotDraft
from app.shared import clock, encryption
from app.shared.db import configure_engine, transaction
from app.shared.permissions import Actor, Office, Role
from app.web import schema
from app.web.database import engine_options
from tests import postgres

T = TypeVar("T")
DAY = date(2023, 9, 18)
SEATS = 7
_numbers = itertools.count(1)


def prepare(url: str) -> None:
    """Fill an empty database with tables, guards, one fund with two purposes, and a council."""
    schema.load_models()
    encryption.use_key(b"0" * 32)
    engine = open_engine(url)
    schema.upgrade(engine)
    with Session(engine, expire_on_commit=False) as session, transaction(session, books=True):
        host = funds.create_host(session, OPERATOR, name="××慈善会")
        fund = funds.create_fund(session, OPERATOR, host_id=host.id, slug="sunlight", name="阳光基金")
        treasury.open_fund_books(session, everyone(fund.id), fund)
        treasury.create_earmark(session, everyone(fund.id), fund.id, "road", "修路", "restricted")
        for seat in range(1, SEATS + 1):
            user = User(
                email=f"seat{seat}@fund.example",
                name=f"理事{seat}",
                password_hash="-",
                created_at=clock.now(),
            )
            session.add(user)
            session.flush()
            people.start_term(
                session,
                OPERATOR,
                user_id=user.id,
                fund_id=fund.id,
                role=Role.CHAIR if seat == 1 else Role.COUNCIL,
                seat_number=seat,
                starts_on=date(2023, 1, 1),
            )
    engine.dispose()


def open_engine(url: str) -> Engine:
    """An engine with the application's settings and no pool, so that a database file can be thrown away."""
    options = {key: value for key, value in engine_options(url).items() if key in ("module", "connect_args")}
    engine = create_engine(url, poolclass=NullPool, **options)
    configure_engine(engine)
    return engine


def everyone(fund_id: int, user_id: int | None = None) -> Actor:
    """Somebody who holds every office: rights are tested elsewhere, here it is the books."""
    return Actor(user_id, "众人", tuple(Office(role, fund_id, 0) for role in Role))


@cache
def _template(filled_by: Callable[[str], None]) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="sunledger-books-"))
    filled_by(f"sqlite:///{folder / 'template.db'}")
    return folder


@contextmanager
def fresh_engine(dialect: str, filled_by: Callable[[str], None] = prepare) -> Iterator[Engine]:
    """A new database of "sqlite" or "postgresql", a copy of what ``filled_by`` (address) filled once."""
    encryption.use_key(b"0" * 32)
    if dialect == "postgresql":
        url = postgres.create_database(filled_by)
        path = None
    else:
        path = _template(filled_by) / f"copy{next(_numbers)}.db"
        shutil.copy(_template(filled_by) / "template.db", path)
        url = f"sqlite:///{path}"
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()
        if path is not None:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)


@contextmanager
def fresh_books(dialect: str) -> Iterator[Books]:
    """Books on a new database of "sqlite" or "postgresql"."""
    with fresh_engine(dialect) as engine:
        books = Books(engine)
        try:
            yield books
        finally:
            books.session.close()


def move_oldest(session: Session, actor: Actor, minor: int, old: int, new: int) -> list[Posted]:
    """Fen from one purpose to another, oldest gifts first, as a resolution would."""
    source, target = ledger.earmark(session, old), ledger.earmark(session, new)
    return change_purpose(
        session,
        actor,
        old=source,
        new=target,
        parts=free_parts(session, source, minor),
        source_type="motion",
        source_id=1,
        description="修路余款改作慰问",
    )


class Books:
    """One session on a fund's books. Each method is one committed transaction through the real operation."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.session = Session(engine, expire_on_commit=False)
        self.fund_id = 1
        self.free, self.road = 1, 2
        self.actor = everyone(self.fund_id)

    def do(self, act: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Run an operation in a transaction of the books."""
        with transaction(self.session, books=True):
            return act(self.session, self.actor, *arguments, **named)

    def account(self, kind: str) -> Any:
        """The fund's account of a kind."""
        return ledger.money_account_of_kind(self.session, self.fund_id, kind)

    def gift(
        self, minor: int, *, earmark: int = 1, on: date = DAY, method: str = "bank", name: str = "某单位"
    ) -> int:
        """A gift of money. Returns its id."""
        return self.do(donations.record_donations, [self._gift(minor, earmark, on, method, name)])[0]

    def _gift(self, minor: int, earmark: int, on: date, method: str, name: str) -> DonationDraft:
        return DonationDraft(
            self.fund_id, on, method, PartyDraft("organisation", name), earmark, amount_minor=minor
        )

    def goods(self, quantity: int, value_minor: int, *, on: date = DAY, item: str = "馕") -> int:
        """A gift in kind of one line. Returns its goods line's id."""
        draft = DonationDraft(
            self.fund_id,
            on,
            "goods",
            PartyDraft("unnamed", "爱心居民"),
            self.free,
            goods=[GoodsDraft(item, quantity, "个", value_minor)],
        )
        gift = self.do(donations.record_donations, [draft])[0]
        return lines_of(self.session, "donation", gift)[0].id

    def sell(self, lots: list[tuple[int, int, int]], *, on: date = DAY, box_minor: int = 0) -> list[Any]:
        """A sale event of (goods line, pieces, proceeds in fen) lots paid in cash, closed. Returns the entries."""

        def run(session: Session, actor: Actor) -> list[Any]:
            slug = f"sale-{next(_numbers)}"
            event = sales.create_event(
                session, actor, fund_id=self.fund_id, slug=slug, name="义卖", held_on=on
            )
            for position, (line, pieces, proceeds) in enumerate(lots, start=1):
                lot = sales.add_lot(
                    session,
                    actor,
                    event.id,
                    LotDraft(f"A{position}", "物品", "fixed_price", line, pieces, 100),
                )
                sales.record_sale(
                    session, actor, lot.id, quantity=pieces, amount_minor=proceeds, method="cash"
                )
            if box_minor:
                sales.set_box(session, actor, event.id, cash_minor=box_minor)
            recorded = sale_queries.recorded_by_method(session, event)
            counts = [closing.Count(method, minor) for method, minor in recorded.items()]
            return closing.close_event(session, actor, event.id, counts)

        return self.do(run)

    def request(self, minor: int, *, earmark: int = 1, kind: str = "project_works") -> int:
        """A request, submitted. Returns its id."""

        def run(session: Session, actor: Actor) -> int:
            draft = DisbursementDraft(
                self.fund_id,
                earmark,
                "项目",
                PartyDraft("organisation", "申请单位"),
                PartyDraft("organisation", "收款单位"),
                minor,
                kind,
                "事由",
                DAY,
            )
            found = disbursements.draft_disbursement(session, actor, draft)
            for purpose in ("minutes", "bank_slip"):
                session.add(
                    Attachment(
                        subject_type="disbursement",
                        subject_id=found.id,
                        purpose=purpose,
                        name="附件",
                        media_type="application/pdf",
                        sha256="0" * 64,
                        size=1,
                        uploaded_at=clock.now(),
                    )
                )
            session.flush()
            return disbursements.submit_disbursement(session, actor, found.id).id

        return self.do(run)

    def approve(self, request_id: int) -> None:
        """The council's resolution: six of seven present, one recused, five for."""
        tally = Tally(SEATS, quorum_of(SEATS), approve=5, recuse=1)
        self.do(disbursements.record_past_decision, request_id, DAY, tally)

    def approved(self, minor: int, *, earmark: int = 1, kind: str = "project_works") -> int:
        """A request, submitted and approved. Returns its id."""
        request_id = self.request(minor, earmark=earmark, kind=kind)
        self.approve(request_id)
        return request_id

    def pay(
        self,
        request_id: int,
        minor: int,
        *,
        on: date | None = None,
        accepted: bool = True,
        method: str = "bank",
    ) -> int:
        """A payment. Returns its entry number."""
        return self.do(
            payments.pay_disbursement,
            request_id,
            amount_minor=minor,
            account=self.account(method),
            paid_on=on or clock.today(),
            accepted=accepted,
        ).number

    def disbursement(self, request_id: int) -> Disbursement:
        """The request as stored now."""
        self.session.expire_all()
        return disbursement_queries.disbursement(self.session, request_id)

    def broken(self) -> list[str]:
        """Every breach of every invariant, in words; empty when the books hold."""
        self.session.rollback()
        found = []
        for check in (
            *check_ledger(self.session),
            *check_log(self.session),
            *check_funds(self.session),
            *check_people(self.session),
            *check_goods(self.session),
            *check_sales(self.session),
            *check_council(self.session),
            *check_disbursements(self.session),
            *check_files(self.session),
        ):
            found += [f"{check.name}: {problem}" for problem in check.problems]
        return found

    def pool(self, earmark: int) -> tuple[int, int]:
        """(held, reserved) fen of a purpose."""
        self.session.rollback()
        found = next(
            each for each in ledger.pools_of(self.session, self.fund_id) if each.earmark_id == earmark
        )
        return found.held_minor, found.reserved_minor
