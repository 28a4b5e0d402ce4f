"""What may stand in for each argument of an address. The walk takes the first combination that opens a page.

A new argument needs a line here, or the walk over all routes fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice, product
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app.council.issuing.models import GoodsIssue
from app.council.motions.models import Motion
from app.council.notice.models import Objection, PublicNotice
from app.council.repurposing.models import Repurposing, RepurposingPart
from app.disbursements.models import Disbursement
from app.documents.models import IssuedDocument
from app.donations.models import Donation
from app.donations.returning.models import GiftReturn
from app.donors.requests.models import DonorRequest
from app.donors.visiting import operations as visiting
from app.donors.visiting.models import DonorLink
from app.files.models import Attachment
from app.funds.models import Fund
from app.goods.counting.models import GoodsCount
from app.goods.models import GoodsLine
from app.goods.rules import PHOTO
from app.jobs.models import OutboxMessage
from app.ledger.models import JournalEntry
from app.ledger.structure.models import Earmark, MoneyAccount
from app.people.models import SignInSession, TermOfOffice
from app.people.rules import new_secret, secret_hash
from app.sales.models import Lot, SaleEvent
from app.settings import ROOT
from app.shared import clock
from app.shared.db import Base, transaction
from tests.house.furnishing import REGISTER

if TYPE_CHECKING:
    from tests.house.conftest import House

NOTHING = {"int": 999_999_999, "path": "no/such/thing"}
"""Arguments that lead to nothing, by converter; anything else is text."""

TRIES = 200
WORKBOOKS = ROOT / "app" / "example" / "jinlong-2023"

Candidates = Callable[["House"], list[Any]]


def _column(column: Any) -> Candidates:
    def ask(house: House) -> list[Any]:
        with Session(house.engine) as session:
            return list(session.scalars(select(column).where(column.is_not(None)).limit(40)))

    return ask


def _signed(candidates: Candidates) -> Candidates:
    """Records that a checkpoint covers."""

    def ask(house: House) -> list[Any]:
        assert house.visit().get("/log/checkpoint").status == 200
        return candidates(house)

    return ask


def _photographs(house: House) -> list[Any]:
    with Session(house.engine) as session:
        return list(session.scalars(select(Attachment.id).where(Attachment.purpose == PHOTO)))


def donor_secret(engine: Engine) -> str:
    """What the browser of a donor carries who came in by the code of a receipt."""
    with Session(engine) as session, transaction(session):
        code, minor = session.execute(select(Donation.receipt_code, Donation.amount_minor).limit(1)).one()
        secret = visiting.enter_by_code(session, code, minor)
    assert secret is not None
    return secret


def _donor_link(house: House) -> list[Any]:
    """The secret of a link that a donor was sent."""
    secret = new_secret()
    with Session(house.engine) as session, transaction(session):
        now = clock.now()
        session.add(
            DonorLink(
                email_digest=b"0" * 32,
                locale="zh_Hans",
                asked_at=now,
                secret_hash=secret_hash(secret),
                expires_at=now + timedelta(days=1),
            )
        )
    return [secret]


def _asked_about(house: House) -> list[Any]:
    """The code of a gift that somebody asked about."""
    with Session(house.engine) as session:
        about = select(DonorRequest.donation_id)
        return list(session.scalars(select(Donation.receipt_code).where(Donation.id.in_(about)).limit(1)))


ENTRANCES = frozenset({"visiting.enter", "visiting.by_link"})
"""Pages under /mine that a donor who is in already is sent on from."""


def _upload(key: str, page: str, workbook: str | None = None) -> Candidates:
    """A register that somebody sent in and that waits for confirmation."""

    def send(house: House) -> list[Any]:
        fields: dict[str, Any] = {"rows": REGISTER}
        if workbook:
            fields = {"file": ((WORKBOOKS / workbook).read_bytes(), workbook)}
        answer = house.visit(key).submit(page, fields)
        assert answer.status == 303, f"{page}: {answer.status} {answer.error_summary}"
        return [answer.location.rpartition("/")[2].partition("?")[0]]

    return send


# Keys are `endpoint.argument`, `blueprint.argument`, or just `argument` where it means the same everywhere. What is called
# like a table and `_id` (`user_id`) needs no line, nor does a column of the table that `show_<table>` is named after.
SAMPLES: dict[str, Candidates] = {
    "static_files.file.version": lambda _: ["0"],
    "static_files.file.path": lambda _: ["css/site.css"],
    "term_id": _column(TermOfOffice.id),
    "session_id": _column(SignInSession.id),
    "file_id": _column(Attachment.id),
    "public_pictures.file_id": _photographs,
    "line_id": _column(GoodsLine.id),
    "issue_id": _column(GoodsIssue.id),
    "repurposing.motion_id": _column(Repurposing.motion_id),
    "repurposing.edit.motion_id": _column(Motion.id),
    "repurposing.answer.party_id": _column(RepurposingPart.party_id),
    "return_id": _column(GiftReturn.id),
    "count_id": _column(GoodsCount.id),
    "notice_id": _column(PublicNotice.id),
    "objections.number": _column(Objection.number),
    "objecting.number": _column(Objection.number),
    "message_id": _column(OutboxMessage.id),
    "account_id": _column(MoneyAccount.id),
    "event_id": _column(SaleEvent.id),
    "slug": _column(Earmark.slug),
    "month": lambda _: ["2023-09"],
    "log.tile.path": _signed(lambda _: ["0/000.p/1"]),
    "number": _column(JournalEntry.number),
    "rules.number": lambda _: [1],
    "proof.number": lambda _: [1],
    "public_council.slug": _column(Fund.slug),
    "public_council.number": lambda _: [1],
    "public_motions.number": _column(Motion.number),
    "public_disbursements.number": _column(Disbursement.number),
    "public_sales.slug": _column(SaleEvent.slug),
    "public_sales.number": _column(Lot.number),
    "bidding.slug": _column(SaleEvent.slug),
    "auction.step.act": lambda _: ["hammer"],
    "donation_id": _column(Donation.id),
    "statements.number": _column(IssuedDocument.number),
    "visiting.secret": _donor_link,
    "own.gift_id": _column(Donation.id),
    "verification.code": _signed(_column(Donation.receipt_code)),
    "asking.code": _asked_about,
    "asking.number": _column(DonorRequest.number),
    "donor_requests.number": _column(DonorRequest.number),
    "tracing.code": _column(Donation.receipt_code),
    "verification.number": _signed(_column(JournalEntry.number)),
    "registers.check.upload": _upload("secretary", "/office/donations/registers/import"),
    "request_imports.check.upload": _upload("secretary", "/office/disbursements/import/", "拨付申请表.xlsx"),
    "sale_imports.check.upload": _upload("secretary", "/office/sales/import/", "慈善晚会义卖义拍登记表.xlsx"),
    "transfer_imports.check.upload": _upload("cashier", "/office/treasury/import/", "资金划转登记表.xlsx"),
}


QUERIES: dict[str, dict[str, str]] = {
    "own.statement_pdf": {"first": "2023-01-01", "last": "2023-12-31"},
    "own.statement_csv": {"first": "2023-01-01", "last": "2023-12-31"},
    "receipts.chosen": {"which": "all"},
    "statements.issue": {"first": "2023-10-01", "last": "2023-10-31"},
    "donor_statements.pdf": {"first": "2023-01-01", "last": "2026-12-31"},
    "donor_statements.csv": {"first": "2023-01-01", "last": "2026-12-31"},
    "verification.consistency_json": {"from": "1", "to": "2"},
}
"""Addresses that open nothing without a question."""

ALSO = (
    "/ledger?min=abc",
    "/decisions?year=abc",
    "/decisions?result=approved",
    "/ledger?q=馕",
    "/ledger?direction=out",
    "/statements/2023-02",
)
"""Further addresses of public pages: what a visitor filters by, rightly or wrongly."""


def _candidates(endpoint: str, name: str) -> Candidates | None:
    for key in (f"{endpoint}.{name}", f"{endpoint.partition('.')[0]}.{name}"):
        if key in SAMPLES:
            return SAMPLES[key]
    if name.endswith("_id"):
        model = _model(name.removesuffix("_id"))
        return SAMPLES.get(name) or (model and _column(model.id))
    column = getattr(_model(endpoint.rpartition("show_")[2]), name, None)
    return SAMPLES.get(name) if column is None else _column(column)


def _model(table: str) -> Any:
    return next(
        (each.class_ for each in Base.registry.mappers if each.local_table.description == table), None
    )


def arguments_of(rule: Rule, house: House) -> Iterator[dict[str, Any]]:
    """Values for the arguments of a route, one combination after another."""
    names = sorted(rule.arguments)
    values = []
    for name in names:
        found = _candidates(rule.endpoint, name)
        assert found is not None, f"add a sample for {name} of {rule.endpoint} to tests/house/samples.py"
        values.append(found(house))
        assert values[-1], (
            f"the house holds nothing for {name} of {rule.endpoint}: see tests/house/furnishing.py"
        )
    for combination in islice(product(*values), TRIES):
        yield dict(zip(names, combination, strict=True))


def arguments_to_nothing(rule: Rule) -> dict[str, Any]:
    """Values for the arguments of a route that lead to nothing."""
    kinds = {
        name: type(rule._converters[name]).__name__.removesuffix("Converter").lower()
        for name in rule.arguments
    }
    return {
        name: NOTHING.get({"integer": "int"}.get(kind, kind), "no-such-thing") for name, kind in kinds.items()
    }
