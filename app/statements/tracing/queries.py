"""What became of one gift: read by its receipt code, bound by that gift, whatever else is in the books."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.council.issuing.models import GoodsIssue, GoodsIssueLine
from app.council.motions.models import Motion
from app.disbursements.models import Disbursement, Payment
from app.donations.models import Donation
from app.files.queries import files_of_many
from app.goods.models import GoodsLine
from app.goods.queries import lines_of_many, photos_of
from app.ledger.entry.queries import TrancheView, Use, tranche_view
from app.ledger.queries import reversed_among
from app.ledger.repurposing.queries import moves_out_of
from app.ledger.tracing.queries import chains, holds_of_tranche
from app.sales.models import Lot, LotResult, SaleEvent
from app.shared.errors import N_, NotFound

REQUEST = "disbursement"
PICTURES_SHOWN = 3
LONGEST_CHAIN = 50
"""Changes of purpose that one gift is followed through."""


@dataclass(frozen=True, slots=True)
class Part:
    """A payment that the gift is part of: fen of the gift in it, fen of all of it, and the request that it was paid on.

    ``status`` is that of the request, "" for money that was spent without one; ``files`` counts its public files, of which
    ``pictures`` are the first photographs.
    """

    number: int
    occurred_on: date
    description: str
    amount_minor: int
    total_minor: int
    request: str
    status: str
    files: int
    pictures: list[int]


@dataclass(frozen=True, slots=True)
class Promise:
    """Fen of the gift that an approved request holds until it is paid."""

    request: str
    status: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class SoldAs:
    """Pieces of the gift that were sold as one lot, and fen that they brought."""

    event_name: str
    event_slug: str
    held_on: date
    lot_number: str
    pieces: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class GivenTo:
    """Pieces of the gift that were handed out by a resolution."""

    motion_number: str
    handed_on: date
    pieces: int


@dataclass(frozen=True, slots=True)
class TracedGoods:
    """One kind of goods of the gift, and where its pieces are."""

    item: str
    unit: str
    quantity: int
    quantity_left: int
    photo_id: int | None
    sold: list[SoldAs]
    given: list[GivenTo]

    @property
    def lost(self) -> int:
        """Pieces that are neither in stock nor sold or given: spoilt, lost, or taken back by a correction."""
        gone = sum(each.pieces for each in self.sold) + sum(each.pieces for each in self.given)
        return self.quantity - self.quantity_left - gone


@dataclass(frozen=True, slots=True)
class Moved:
    """Fen of the gift that went to another purpose (``kind`` purpose_change) or back to the donor (gift_returned), in which
    entry, by which motion ("" for none)."""

    kind: str
    number: int
    occurred_on: date
    amount_minor: int
    from_id: int
    to_id: int
    motion: str


@dataclass(frozen=True, slots=True)
class Trace:
    """A gift and its money, in fen: ``money_minor`` is what it is or brought, of which it is used, promised, left, or went back
    to the donor or out of the books (``returned_minor``). ``more_parts``: payments beyond those listed."""

    entry_number: int
    fund_id: int
    earmark_id: int
    received_on: date
    kind: str
    amount_minor: int
    is_reversed: bool
    version: int
    money_minor: int
    used_minor: int
    promised_minor: int
    left_minor: int
    parts: list[Part]
    more_parts: int
    promises: list[Promise]
    goods: list[TracedGoods]
    moves: list[Moved]

    @property
    def returned_minor(self) -> int:
        """What is none of the others."""
        return self.money_minor - self.used_minor - self.promised_minor - self.left_minor


def trace_of(session: Session, code: str) -> Trace:
    """What became of the gift with this receipt code. Raises NotFound."""
    gift = session.scalar(select(Donation).where(Donation.receipt_code == code))
    if gift is None:
        raise NotFound(N_("没有找到这个追踪码，请核对收据上的字母和数字"))
    goods, entries = followed_goods(session, [gift])[gift.id]
    tranches = _tranches(session, entries)
    views = list(tranches.values())
    brought = [tranches[number] for number in entries if number in tranches]
    uses = _together(use for view in views for use in view.uses)
    return Trace(
        entry_number=gift.entry_number,
        fund_id=gift.fund_id,
        earmark_id=gift.earmark_id,
        received_on=gift.received_on,
        kind=gift.kind,
        amount_minor=gift.amount_minor,
        is_reversed=gift.status == "reversed",
        version=gift.version,
        money_minor=sum(view.amount_minor for view in brought),
        used_minor=sum(view.used_minor for view in views),
        promised_minor=sum(view.reserved_minor for view in views),
        left_minor=sum(view.left_minor for view in views),
        parts=_parts(session, uses),
        more_parts=sum(view.more_uses for view in views),
        promises=_promises(session, tranches),
        goods=goods,
        moves=_moves(session, tranches),
    )


def _tranches(session: Session, numbers: list[int]) -> dict[int, TrancheView]:
    """The money that these entries brought, with what it became under another purpose."""
    most = LONGEST_CHAIN + len(numbers)
    chain = [link.number for link in chains(session, numbers)][:most]
    views = {number: tranche_view(session, number) for number in chain}
    return {number: view for number, view in views.items() if view is not None}


def _moves(session: Session, tranches: Iterable[int]) -> list[Moved]:
    """What of this money went to another purpose or back to the donor, oldest first."""
    out = sorted(
        (move for number in tranches for move in moves_out_of(session, number)), key=lambda each: each.number
    )
    ids = {each.source_id for each in out if each.source_type == "motion"}
    numbers = {
        row.id: row.number or ""
        for row in session.execute(select(Motion.id, Motion.number).where(Motion.id.in_(ids)))
    }
    return [
        Moved(
            each.kind,
            each.number,
            each.occurred_on,
            each.amount_minor,
            each.from_id,
            each.to_id,
            numbers.get(each.source_id, "") if each.source_type == "motion" else "",
        )
        for each in out
    ]


def _together(uses: Iterable[Use]) -> list[Use]:
    """Uses of several tranches, those in one payment as one, the oldest first."""
    found: dict[int, Use] = {}
    for use in uses:
        before = found.get(use.number)
        amount = use.amount_minor + (before.amount_minor if before else 0)
        found[use.number] = Use(use.number, use.occurred_on, use.description, use.document, amount)
    return sorted(found.values(), key=lambda each: (each.occurred_on, each.number))


def _parts(session: Session, uses: list[Use]) -> list[Part]:
    rows = session.execute(
        select(
            Payment.entry_number,
            Payment.amount_minor,
            Disbursement.id,
            Disbursement.number,
            Disbursement.status,
        )
        .join(Disbursement, Disbursement.id == Payment.disbursement_id)
        .where(Payment.entry_number.in_([use.number for use in uses]))
    ).all()
    paid = {row.entry_number: row for row in rows}
    files = files_of_many(session, REQUEST, {row.id for row in rows}, only_public=True)
    parts = []
    for use in uses:
        row = paid.get(use.number)
        papers = files.get(row.id, []) if row else []
        parts.append(
            Part(
                use.number,
                use.occurred_on,
                use.description,
                use.amount_minor,
                row.amount_minor if row else use.amount_minor,
                row.number or "" if row else "",
                row.status if row else "",
                len(papers),
                [each.id for each in papers if each.media_type.startswith("image/")][:PICTURES_SHOWN],
            )
        )
    return parts


def _promises(session: Session, tranches: Iterable[int]) -> list[Promise]:
    held: dict[int, int] = {}
    for number in tranches:
        for source_type, source_id, minor in holds_of_tranche(session, number):
            if source_type == REQUEST:
                held[source_id] = held.get(source_id, 0) + minor
    rows = session.execute(
        select(Disbursement.id, Disbursement.number, Disbursement.status)
        .where(Disbursement.id.in_(held))
        .order_by(Disbursement.id)
    )
    return [Promise(row.number or "", row.status, held[row.id]) for row in rows]


def followed_goods(
    session: Session, gifts: Collection[Donation]
) -> dict[int, tuple[list[TracedGoods], list[int]]]:
    """By gift: its goods, and the entries that brought its money: its own, or those of the lots that its goods were sold as."""
    # What a correction took back stands on lines of its own.
    booked = {gift.id: gift.entry_number for gift in gifts if gift.kind == "goods"}
    all_lines = lines_of_many(session, "donation", booked)
    lines = [line for line in all_lines if line.entry_number == booked[line.source_id]]
    ids = [line.id for line in lines]
    photos = photos_of(session, ids)
    sold, given = _sold(session, ids), _given(session, ids)
    found: dict[int, tuple[list[TracedGoods], list[int]]] = {
        gift.id: ([], [gift.entry_number] if gift.kind == "money" else []) for gift in gifts
    }
    for line in lines:
        goods, entries = found[line.source_id]
        goods.append(
            TracedGoods(
                line.item,
                line.unit,
                line.quantity,
                line.quantity_left,
                photos[line.id].id if line.id in photos else None,
                [each for _, each in sold.get(line.id, [])],
                given.get(line.id, []),
            )
        )
        entries += [number for number, _ in sold.get(line.id, [])]
    return found


def _sold(session: Session, line_ids: list[int]) -> dict[int, list[tuple[int, SoldAs]]]:
    rows = session.execute(
        select(
            GoodsLine.id,
            LotResult.entry_number,
            SaleEvent.name,
            SaleEvent.slug,
            SaleEvent.held_on,
            Lot.number,
            LotResult.pieces,
            LotResult.proceeds_minor,
        )
        .join(Lot, Lot.goods_line_id == GoodsLine.id)
        .join(LotResult, LotResult.lot_id == Lot.id)
        .join(SaleEvent, SaleEvent.id == Lot.event_id)
        .where(GoodsLine.id.in_(line_ids))
        .order_by(LotResult.entry_number)
    ).all()
    undone = reversed_among(session, [row.entry_number for row in rows])
    found: dict[int, list[tuple[int, SoldAs]]] = {}
    for row in rows:
        if row.entry_number not in undone:
            lot = SoldAs(row.name, row.slug, row.held_on, row.number, row.pieces, row.proceeds_minor)
            found.setdefault(row.id, []).append((row.entry_number, lot))
    return found


def _given(session: Session, line_ids: list[int]) -> dict[int, list[GivenTo]]:
    rows = session.execute(
        select(GoodsIssueLine.goods_line_id, Motion.number, GoodsIssue.handed_on, GoodsIssueLine.pieces)
        .join(GoodsIssue, GoodsIssue.id == GoodsIssueLine.issue_id)
        .join(Motion, Motion.id == GoodsIssue.motion_id)
        .where(GoodsIssueLine.goods_line_id.in_(line_ids), GoodsIssue.undone_at.is_(None))
        .order_by(GoodsIssueLine.id)
    )
    found: dict[int, list[GivenTo]] = {}
    for row in rows:
        found.setdefault(row.goods_line_id, []).append(GivenTo(row.number or "", row.handed_on, row.pieces))
    return found
