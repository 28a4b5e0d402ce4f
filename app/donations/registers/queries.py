"""Reading registers: which there are, their rows as last imported, and the gifts that became of them."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.donations.models import Donation, Register, RegisterFile, RegisterRow
from app.donations.registers.rules import KeptRow, Values
from app.files.rules import readable_by
from app.goods.models import GoodsLine
from app.ledger.queries import earmarks_of
from app.parties.models import Consent, Party
from app.shared.encryption import decrypt, encrypt
from app.shared.errors import N_, NotFound
from app.shared.permissions import Actor, Permission
from app.sheets.layout import RegisterLayout

KIND = "donations"
FILE_SUBJECT = "register_file"
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class RegisterListing:
    """A register as the office lists it."""

    id: int
    title: str
    gifts: int
    files: int
    last_imported_at: datetime


@dataclass(frozen=True, slots=True)
class KnownOrganisation:
    """An organisation that is a party already."""

    party_id: int
    public_name: str
    claim: bool | None


def pack(kept: Mapping[str, Any]) -> str:
    """What is kept of a row, encrypted: a register may hold telephone and identity numbers in any column."""
    return base64.b64encode(encrypt(json.dumps(kept, ensure_ascii=False))).decode("ascii")


def unpack(cells: str) -> dict[str, Any]:
    """What ``pack`` was given."""
    found: dict[str, Any] = json.loads(decrypt(base64.b64decode(cells)))
    return found


def register(session: Session, register_id: int) -> Register:
    """One register of gifts. Raises NotFound."""
    found = session.get(Register, register_id)
    if found is None or found.kind != KIND:
        raise NotFound(N_("没有这本登记表"))
    return found


def register_titled(session: Session, fund_id: int, title: str) -> Register | None:
    """The fund's gift register of this title, if it was imported before."""
    return session.scalar(
        select(Register).where(Register.fund_id == fund_id, Register.kind == KIND, Register.title == title)
    )


def registers_of(session: Session, fund_id: int) -> list[RegisterListing]:
    """The gift registers of a fund, the one imported last first."""
    gifts = (
        select(func.count())
        .select_from(RegisterRow)
        .where(RegisterRow.register_id == Register.id)
        .scalar_subquery()
    )
    last = func.max(RegisterFile.imported_at)
    rows = session.execute(
        select(Register.id, Register.title, gifts, func.count(RegisterFile.id), last)
        .join(RegisterFile, RegisterFile.register_id == Register.id)
        .where(Register.fund_id == fund_id, Register.kind == KIND)
        .group_by(Register.id, Register.title)
        .order_by(last.desc())
    )
    return [RegisterListing(*row) for row in rows]


def files_of(session: Session, register_id: int) -> list[RegisterFile]:
    """The files of a register as they were sent, newest first."""
    return list(
        session.scalars(
            select(RegisterFile)
            .where(RegisterFile.register_id == register_id)
            .order_by(RegisterFile.id.desc())
        )
    )


def file_with(session: Session, fund_id: int, sha256: str, title: str | None = None) -> RegisterFile | None:
    """The import of the very same bytes into this fund (into the register of this title), if any."""
    query = (
        select(RegisterFile)
        .join(Register, Register.id == RegisterFile.register_id)
        .where(Register.fund_id == fund_id, Register.kind == KIND, RegisterFile.sha256 == sha256)
    )
    if title is not None:
        query = query.where(Register.title == title)
    return session.scalars(query.order_by(RegisterFile.id.desc()).limit(1)).first()


def layouts_of(session: Session, fund_id: int) -> list[RegisterLayout]:
    """The shape of each gift register of a fund as it was sent last, the newest first."""
    newest = (
        select(func.max(RegisterFile.id))
        .join(Register, Register.id == RegisterFile.register_id)
        .where(Register.fund_id == fund_id, Register.kind == KIND)
        .group_by(RegisterFile.register_id)
    )
    kept = session.scalars(
        select(RegisterFile.layout).where(RegisterFile.id.in_(newest)).order_by(RegisterFile.id.desc())
    )
    return [RegisterLayout.from_json(json.loads(layout)) for layout in kept]


def count_gifts(session: Session, register_id: int) -> int:
    """How many gifts came out of a register."""
    query = select(func.count()).select_from(RegisterRow).where(RegisterRow.register_id == register_id)
    return session.scalar(query) or 0


def latest_file_id(session: Session, register_id: int) -> int | None:
    """The newest file of a register."""
    return session.scalar(select(func.max(RegisterFile.id)).where(RegisterFile.register_id == register_id))


def kept_rows(session: Session, fund_id: int, register_id: int) -> list[KeptRow]:
    """The rows of a register, each as last imported and as recorded now, in the order of the register."""
    slugs = {
        earmark.id: earmark.slug if earmark.restriction == "restricted" else ""
        for earmark in earmarks_of(session, fund_id)
    }
    rows = session.execute(
        select(RegisterRow, Donation, Party.name, Party.kind)
        .join(Donation, Donation.id == RegisterRow.subject_id)
        .join(Party, Party.id == Donation.party_id)
        .where(RegisterRow.register_id == register_id, RegisterRow.subject_type == "donation")
        .order_by(RegisterRow.row_number, RegisterRow.id)
    ).all()
    goods = _goods_of(session, [donation for _, donation, _, _ in rows])
    claims = claims_of(session, {donation.party_id for _, donation, _, _ in rows})
    shared = _gifts_by_party(session, {donation.party_id for _, donation, _, _ in rows})
    found = []
    for row, donation, name, kind in rows:
        kept = unpack(row.cells)
        found.append(
            KeptRow(
                id=row.id,
                key=row.row_key,
                row_number=row.row_number,
                donation_id=donation.id,
                party_id=donation.party_id,
                last=kept["values"],
                now=_values(donation, name, kind, slugs, goods, claims),
                texts=kept["texts"],
                extras={int(column): text for column, text in kept["extras"].items()},
                shared_gifts=shared[donation.party_id] - 1,
            )
        )
    return found


def _values(
    donation: Donation,
    name: str,
    kind: str,
    slugs: Mapping[int, str],
    goods: Mapping[int, list[list[Any]]],
    claims: Mapping[int, bool],
) -> Values | None:
    if donation.status == "reversed":
        return None
    return {
        "number": donation.office_number,
        "date": donation.received_on.isoformat(),
        "donor": name,
        "kind": kind,
        "claim": claims.get(donation.party_id),
        "method": donation.method,
        "amount": donation.amount_minor,
        "goods": goods.get(donation.id, []),
        "earmark": slugs.get(donation.earmark_id, ""),
        "wish": donation.wish,
        "memo": donation.memo,
        "receipt_number": donation.receipt_number,
    }


def _goods_of(session: Session, donations: Iterable[Donation]) -> dict[int, list[list[Any]]]:
    """The goods lines that count now (a corrected gift has newer ones), by gift."""
    entries = {donation.id: donation.entry_number for donation in donations if donation.kind == "goods"}
    found: dict[int, list[list[Any]]] = defaultdict(list)
    for ids in _chunks(entries):
        lines = session.execute(
            select(
                GoodsLine.source_id,
                GoodsLine.entry_number,
                GoodsLine.item,
                GoodsLine.quantity,
                GoodsLine.unit,
                GoodsLine.value_minor,
            )
            .where(GoodsLine.source_type == "donation", GoodsLine.source_id.in_(ids))
            .order_by(GoodsLine.id)
        )
        for line in lines:
            if entries[line.source_id] == line.entry_number:
                found[line.source_id].append([line.item, line.quantity, line.unit, line.value_minor])
    return found


def claims_of(session: Session, party_ids: Iterable[int]) -> dict[int, bool]:
    """What each party last said about being named; a party that said nothing is left out."""
    found: dict[int, bool] = {}
    for ids in _chunks(party_ids):
        newest = select(func.max(Consent.id)).where(Consent.party_id.in_(ids)).group_by(Consent.party_id)
        rows = session.execute(select(Consent.party_id, Consent.wish).where(Consent.id.in_(newest)))
        found.update({row.party_id: row.wish != "not_named" for row in rows})
    return found


def _gifts_by_party(session: Session, party_ids: Iterable[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for ids in _chunks(party_ids):
        rows = session.execute(
            select(Donation.party_id, func.count())
            .where(Donation.party_id.in_(ids))
            .group_by(Donation.party_id)
        )
        found.update({row[0]: row[1] for row in rows})
    return found


def organisations_named(session: Session, names: Iterable[str]) -> dict[str, KnownOrganisation]:
    """The organisations among ``names`` that are parties already."""
    parties: dict[str, Party] = {}
    for some in _chunks(names):
        for party in session.scalars(
            select(Party).where(Party.kind == "organisation", Party.name.in_(some)).order_by(Party.id.desc())
        ):
            parties[party.name] = party
    claims = claims_of(session, [party.id for party in parties.values()])
    return {
        name: KnownOrganisation(party.id, party.public_name, claims.get(party.id))
        for name, party in parties.items()
    }


def _chunks(values: Iterable[Any]) -> Iterable[list[Any]]:
    """In pieces that one statement takes."""
    every = list(dict.fromkeys(values))
    return (every[start : start + _CHUNK] for start in range(0, len(every), _CHUNK))


@readable_by(FILE_SUBJECT)
def _may_read(session: Session, actor: Actor, file_id: int) -> bool:
    """A register holds true names and contacts: only for those who may read personal data of its fund."""
    file = session.get(RegisterFile, file_id)
    found = session.get(Register, file.register_id) if file is not None else None
    return found is not None and actor.may(Permission.PERSONAL_READ, found.fund_id)
