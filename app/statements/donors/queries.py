"""The statement of a donor, computed from the books: every gift of theirs in a fund, followed to the fen."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.council.models import Matter
from app.disbursements.models import Disbursement, Payment
from app.donations.models import Donation
from app.funds import queries as funds
from app.goods.queries import lines_of_many
from app.ledger.listing.queries import Listing, earmark_names
from app.ledger.listing.rules import Filter
from app.ledger.listing.selects.queries import ListedRow
from app.ledger.totals.queries import project_names
from app.ledger.tracing.queries import Link, Moved, chains, holds_on, moved
from app.log.queries import size
from app.parties.models import Party
from app.parties.rules import MASKS
from app.shared import clock
from app.shared.errors import N_, NotFound
from app.shared.periods import Period
from app.statements.donors.rules import (
    DonorStatement,
    StatedChange,
    StatedGift,
    StatedPromise,
    StatedSums,
    StatedUse,
    StatedWay,
    donor_code,
)
from app.statements.tracing.queries import REQUEST, TracedGoods, followed_goods

_AT_ONCE = 400


def donor_statement(
    session: Session, party_ids: Collection[int], period: Period, fund_id: int
) -> DonorStatement:
    """What these parties, who are one donor, gave to a fund until the end of ``period`` and what became of it within it.

    Holds the donor's true name: for the donor and for whoever may read personal data, never for a public page. The cost is
    that of the donor's own gifts. Raises NotFound for nobody and for a donor who gave the fund nothing.
    """
    gifts = _gifts(session, party_ids, fund_id, period.last)
    if not gifts:
        raise NotFound(N_("这位捐赠人在这个基金没有这个期间以前的捐赠"))
    way = _Way(session, gifts, period)
    fund = funds.fund(session, fund_id)
    return DonorStatement(
        donor_code=donor_code(list(party_ids)),
        donor_name=_true_name(session, party_ids),
        host_name=fund.host.name,
        fund_name=fund.name,
        currency=fund.currency,
        example_notice=fund.example_notice or "",
        phone=fund.phone or fund.host.phone or "",
        first=period.first,
        last=period.last,
        log_size=size(session),
        gifts=way.gifts(),
        uses=way.uses(),
        promises=way.promises(),
        ways=way.ways(),
        changes=way.changes(),
        sums=way.sums(),
        issued_on=clock.today(fund.time_zone),
    )


def _gifts(session: Session, party_ids: Collection[int], fund_id: int, last: date) -> list[Donation]:
    return list(
        session.scalars(
            select(Donation)
            .where(
                Donation.party_id.in_(party_ids), Donation.fund_id == fund_id, Donation.received_on <= last
            )
            .order_by(Donation.received_on, Donation.id)
        )
    )


def _true_name(session: Session, party_ids: Collection[int]) -> str:
    names = session.scalars(select(Party.name).where(Party.id.in_(party_ids)).order_by(Party.id))
    return "、".join(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class _Request:
    number: str
    project: str
    beneficiary: str
    payee: str
    status: str
    resolution: str


class _Way:
    """What became of some gifts, read once."""

    def __init__(self, session: Session, gifts: list[Donation], period: Period) -> None:
        self._session, self._gifts, self._period = session, gifts, period
        self._goods = followed_goods(session, gifts)
        self._codes = {gift.id: gift.receipt_code for gift in gifts}
        self._purposes = {each.id: each.name for each in earmark_names(session)}
        came = {number: gift for gift, (_, numbers) in self._goods.items() for number in numbers}
        links = chains(session, came)
        self._gift_of: dict[int, int] = {}
        for link in links:
            self._gift_of[link.number] = (
                came[link.number] if link.from_number is None else self._gift_of[link.from_number]
            )
        # Goods given before the end of the period may be sold after it.
        late = {link.number for link in links if link.from_number is None and link.received_on > period.last}
        self._links: dict[int, Link] = {}
        for link in links:
            if link.number in late or link.from_number in late:
                late.add(link.number)
            else:
                self._links[link.number] = link
        self._moved = [each for each in moved(session, self._links) if each.occurred_on <= period.last]
        self._held = holds_on(session, [link.number for link in self._links.values() if link.held_minor])
        sources = {each.source_id for each in self._moved if each.source_type == REQUEST}
        sources |= {source_id for source_type, source_id in self._held if source_type == REQUEST}
        self._requests = _requests(session, sources)
        self._rows = _rows(session, {each.entry_number for each in self._moved})
        self._vouchers = _vouchers(session, {each.entry_number for each in self._moved if each.used_minor})

    def _code(self, tranche_number: int) -> str:
        return self._codes[self._gift_of[tranche_number]]

    def gifts(self) -> tuple[StatedGift, ...]:
        shown = [gift for gift in self._gifts if gift.received_on in self._period]
        basis = _bases(self._session, shown)
        return tuple(
            StatedGift(
                received_on=gift.received_on,
                code=gift.receipt_code,
                kind=gift.kind,
                method=gift.method,
                things="、".join(
                    f"{each.item} {each.quantity} {each.unit}" for each in self._goods[gift.id][0]
                ),
                amount_minor=gift.amount_minor,
                basis=basis.get(gift.id, ""),
                purpose=self._purposes[gift.earmark_id],
                agreement="",
                ticket=gift.receipt_number,
                entry_number=gift.entry_number,
                is_reversed=int(gift.status == "reversed"),
            )
            for gift in shown
        )

    def uses(self) -> tuple[StatedUse, ...]:
        parts: dict[tuple[int, str], tuple[Moved, int]] = {}
        for each in self._moved:
            if each.used_minor and each.occurred_on in self._period:
                key = each.entry_number, self._code(each.tranche_number)
                parts[key] = each, each.used_minor + (parts[key][1] if key in parts else 0)
        found = [self._use(each, code, minor) for (_, code), (each, minor) in parts.items() if minor]
        return tuple(sorted(found, key=lambda use: (use.occurred_on, use.entry_number, use.code)))

    def _use(self, each: Moved, code: str, minor: int) -> StatedUse:
        request = self._requests.get(each.source_id) if each.source_type == REQUEST else None
        description, document = self._rows.get(each.entry_number, ("", ""))
        return StatedUse(
            occurred_on=each.occurred_on,
            code=code,
            project=request.project if request else description,
            resolution=request.resolution if request else "",
            request=request.number if request else "",
            beneficiary=request.beneficiary if request else "",
            payee=request.payee if request else "",
            amount_minor=minor,
            status=request.status if request else "",
            voucher=self._vouchers.get(each.entry_number) or document,
            entry_number=each.entry_number,
        )

    def promises(self) -> tuple[StatedPromise, ...]:
        found = []
        for (source_type, source_id), minor in self._held.items():
            request = self._requests.get(source_id) if source_type == REQUEST else None
            found.append(
                StatedPromise(
                    request.number if request else "",
                    request.project if request else "",
                    request.status if request else "",
                    minor,
                )
            )
        return tuple(found)

    def ways(self) -> tuple[StatedWay, ...]:
        return tuple(
            way
            for gift in self._gifts
            for each in self._goods[gift.id][0]
            for way in self._ways_of(gift.receipt_code, each)
        )

    def _ways_of(self, code: str, goods: TracedGoods) -> list[StatedWay]:
        """Sold and given within the period; what is left is told as it is now."""
        found = [
            StatedWay(
                code,
                goods.item,
                goods.unit,
                "sold",
                lot.held_on,
                f"{lot.event_name} {lot.lot_number}",
                lot.pieces,
                lot.amount_minor,
            )
            for lot in goods.sold
            if lot.held_on in self._period
        ]
        found += [
            StatedWay(
                code, goods.item, goods.unit, "given", each.handed_on, each.motion_number, each.pieces, 0
            )
            for each in goods.given
            if each.handed_on in self._period
        ]
        left = (("stock", goods.quantity_left), ("lost", goods.lost))
        return found + [
            StatedWay(code, goods.item, goods.unit, way, None, "", pieces, 0)
            for way, pieces in left
            if pieces
        ]

    def changes(self) -> tuple[StatedChange, ...]:
        return tuple(
            StatedChange(
                on=link.opened_on,
                code=self._code(link.number),
                from_purpose=self._purposes[self._links[link.from_number].earmark_id],
                to_purpose=self._purposes[link.earmark_id],
                amount_minor=link.amount_minor,
                document=self._rows.get(link.number, ("", ""))[1],
                entry_number=link.number,
            )
            for link in self._links.values()
            if link.from_number is not None and link.opened_on in self._period
        )

    def sums(self) -> StatedSums:
        before, within = [0, 0, 0], [0, 0, 0]
        for link in self._links.values():
            day = link.received_on if link.from_number is None else link.opened_on
            if day <= self._period.last:
                side = within if day in self._period else before
                # What goes on under another purpose was withdrawn from the one before.
                side[0 if link.from_number is None else 2] += (
                    link.amount_minor if link.from_number is None else -link.amount_minor
                )
        for each in self._moved:
            side = within if each.occurred_on in self._period else before
            side[1] += each.used_minor
            side[2] += each.withdrawn_minor
        return StatedSums(
            opening_minor=before[0] - before[1] - before[2],
            given_minor=within[0],
            used_minor=within[1],
            returned_minor=within[2],
            promised_minor=sum(self._held.values()),
            goods_minor=sum(
                gift.amount_minor
                for gift in self._gifts
                if gift.kind == "goods" and gift.received_on in self._period and gift.status != "reversed"
            ),
        )


def _bases(session: Session, gifts: list[Donation]) -> dict[int, str]:
    """How the goods of each gift were valued, each way once."""
    booked = {gift.id: gift.entry_number for gift in gifts if gift.kind == "goods"}
    found: dict[int, dict[str, None]] = {}
    for line in lines_of_many(session, "donation", booked):
        if line.entry_number == booked[line.source_id] and line.valuation_basis:
            found.setdefault(line.source_id, {})[line.valuation_basis] = None
    return {gift: "；".join(bases) for gift, bases in found.items()}


def _requests(session: Session, ids: set[int]) -> dict[int, _Request]:
    rows = session.execute(
        select(Disbursement, Party.kind, Party.public_name)
        .join(Party, Party.id == Disbursement.payee_id)
        .where(Disbursement.id.in_(ids))
    ).all()
    projects = project_names(session, {row[0].project_id for row in rows})
    resolutions: dict[int, str] = {}
    for subject_id, number in session.execute(
        select(Matter.subject_id, Matter.resolution_number)
        .where(Matter.type == REQUEST, Matter.subject_id.in_(ids), Matter.resolution_number.is_not(None))
        .order_by(Matter.id)
    ):
        resolutions[subject_id] = number or ""
    return {
        found.id: _Request(
            found.number or "",
            projects[found.project_id],
            found.beneficiary,
            public_name if kind == "organisation" else MASKS.get(kind, public_name),
            found.status,
            resolutions.get(found.id, ""),
        )
        for found, kind, public_name in rows
    }


def _rows(session: Session, numbers: set[int]) -> dict[int, tuple[str, str]]:
    """What the ledger says of entries and by which paper, natural persons by their kind alone."""
    listing, wanted = Listing(session, Filter()), sorted(numbers)
    rows: list[ListedRow] = []
    for start in range(0, len(wanted), _AT_ONCE):
        rows += listing.rows(wanted[start : start + _AT_ONCE])
    masks = _masks(session, {row.party for row in rows if row.party})
    return {
        row.number: (
            row.description.replace(row.party, masks[row.party]) if row.party in masks else row.description,
            row.document,
        )
        for row in rows
    }


def _masks(session: Session, names: set[str]) -> dict[str, str]:
    """What paper calls those of these names that are of persons and sole traders."""
    rows = session.execute(
        select(Party.public_name, Party.kind).where(
            Party.public_name.in_(names),
            Party.name == Party.public_name,
            Party.kind.in_(("person", "sole_trader")),
        )
    )
    return {row.public_name: MASKS[row.kind] for row in rows}


def _vouchers(session: Session, numbers: set[int]) -> dict[int, str]:
    rows = session.execute(
        select(Payment.entry_number, Payment.voucher_number).where(Payment.entry_number.in_(numbers))
    )
    return {row.entry_number: row.voucher_number for row in rows}
