"""Goods into stock and out of it. The books are posted by the caller's entry; here pieces and value follow it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.files.models import Attachment
from app.files.operations import attach_file, detach_file, log_public_files, share_files
from app.files.queries import files_of, files_of_many
from app.files.rules import PICTURES
from app.goods import queries
from app.goods.models import GoodsLine, GoodsMovement, GoodsPlace
from app.goods.rules import (
    MOST_PHOTOS,
    PHOTO,
    PLACE_MAX,
    SUBJECT,
    cost_of,
    refuse_words_if_wrong,
    same_goods,
)
from app.log.operations import LeafDraft, append
from app.log.queries import latest_version
from app.shared import clock
from app.shared.audit import record
from app.shared.db import insert_rows
from app.shared.errors import N_, Conflict, Refused
from app.shared.permissions import Actor, Permission
from app.shared.text import normal


@dataclass(frozen=True, slots=True)
class GoodsDraft:
    """One kind of goods as given: pieces, unit, total value in fen and what the value rests on ('' = to be confirmed).

    ``category`` and ``condition`` are words of app.goods.states or '' (not said); ``place`` is the name of where they are kept.
    """

    item: str
    quantity: int
    unit: str
    value_minor: int
    basis: str = ""
    basis_is_confirmed: bool = False
    category: str = ""
    condition: str = ""
    expires_on: date | None = None
    place: str = ""


def receive_goods(
    session: Session,
    drafts: list[GoodsDraft],
    *,
    fund_id: int,
    earmark_id: int,
    source_type: str,
    source_id: int,
    entry_number: int,
    received_on: date,
    office_number: str = "",
    register_title: str = "",
) -> list[GoodsLine]:
    """Put the lines of one gift into stock. The entry that booked their sum was posted before.

    ``office_number`` is the gift's number in the office's register of that title.
    """
    lines = [
        GoodsLine(
            fund_id=fund_id,
            earmark_id=earmark_id,
            source_type=source_type,
            source_id=source_id,
            entry_number=entry_number,
            item=draft.item,
            unit=draft.unit,
            quantity=draft.quantity,
            quantity_left=draft.quantity,
            value_minor=draft.value_minor,
            value_left_minor=draft.value_minor,
            valuation_basis=draft.basis,
            basis_is_confirmed=draft.basis_is_confirmed and bool(draft.basis),
            received_on=received_on,
            office_number=office_number.strip(),
            register_title=register_title,
            category=draft.category,
            condition=draft.condition,
            expires_on=draft.expires_on,
            place_id=_place(session, fund_id, draft.place),
        )
        for draft in drafts
    ]
    session.add_all(lines)
    session.flush()
    append(session, [_leaf(line) for line in lines])
    _record_movements(
        session,
        [(line, "received", line.quantity, line.value_minor) for line in lines],
        entry_number,
        source_type,
        source_id,
    )
    return lines


def _place(session: Session, fund_id: int, name: str) -> int | None:
    """The id of the fund's place of this name, which is written down when it is new; None without a name."""
    name = normal(name)
    if not name:
        return None
    if len(name) > PLACE_MAX:
        raise Refused(N_("存放地点最多 %(most)s 个字"), field="place", most=PLACE_MAX)
    known = queries.place_named(session, fund_id, name)
    if known is None:
        known = GoodsPlace(fund_id=fund_id, name=name)
        session.add(known)
        session.flush()
    return known.id


def draft_of(session: Session, line: GoodsLine) -> GoodsDraft:
    """A line as it was given, with what the office says of it now: for putting it into the books anew."""
    return GoodsDraft(
        line.item,
        line.quantity,
        line.unit,
        line.value_minor,
        line.valuation_basis,
        line.basis_is_confirmed,
        line.category,
        line.condition,
        line.expires_on,
        queries.place_name(session, line.place_id),
    )


def describe_goods(
    session: Session,
    actor: Actor,
    line_id: int,
    *,
    category: str,
    condition: str,
    expires_on: date | None,
    place: str,
) -> GoodsLine:
    """Say what sort of goods these are, in what state, until when they are good and where they are kept.

    The whole line moves to another place (docs/decisions/goods-in-one-place.md). Raises Refused, naming the field, for an
    unknown word, a last day before the goods came, or a name of a place that is too long.
    """
    line = queries.line(session, line_id)
    actor.require(Permission.GIFT_RECORD, line.fund_id)
    refuse_words_if_wrong(category, condition, expires_on, line.received_on)
    wanted = {
        "category": category,
        "condition": condition,
        "expires_on": expires_on,
        "place_id": _place(session, line.fund_id, place),
    }
    changed = {name: value for name, value in wanted.items() if getattr(line, name) != value}
    for name, value in changed.items():
        setattr(line, name, value)
    session.flush()
    if changed:  # else the second click of a double click
        record(
            session,
            actor.user_id,
            "describe_goods",
            SUBJECT,
            line.id,
            **{name: str(value or "") for name, value in changed.items()},
        )
    return line


def carry_photos(session: Session, actor: Actor, old: list[GoodsLine], new: list[GoodsLine]) -> None:
    """A gift in kind was corrected: photographs of its old lines belong to the new ones that stand for them."""
    photos = files_of_many(session, SUBJECT, [line.id for line in old])
    ids = [(line.id, line.item) for line in new]
    for place, at in same_goods([line.item for line in old], [item for _id, item in ids]).items():
        files = photos.get(old[at].id, [])
        share_files(session, actor, files, subject_type=SUBJECT, subject_id=ids[place][0])


def keep_words(session: Session, old: list[GoodsLine], drafts: list[GoodsDraft]) -> list[GoodsDraft]:
    """Lines from where nobody says sort, state, last day and place, such as a register: what was said of them stays."""
    found = list(drafts)
    for place, at in same_goods([line.item for line in old], [draft.item for draft in drafts]).items():
        said = draft_of(session, old[at])
        found[place] = replace(
            drafts[place],
            category=said.category,
            condition=said.condition,
            expires_on=said.expires_on,
            place=said.place,
        )
    return found


def _leaf(line: GoodsLine) -> LeafDraft:
    body = {
        "fund": line.fund_id,
        "earmark": line.earmark_id,
        "entry": line.entry_number,
        "source": [line.source_type, line.source_id],
        "quantity": line.quantity,
        "value": line.value_minor,
    }
    return LeafDraft(
        "goods", line.id, body, {"item": line.item, "unit": line.unit, "basis": line.valuation_basis}
    )


def plan_out(session: Session, line_id: int, pieces: int) -> int:
    """What ``pieces`` of a line cost, in fen, before the entry is posted. Raises Refused when there are fewer left."""
    line = queries.line(session, line_id)
    if pieces <= 0:
        raise Refused(N_("数量必须大于零"), field="quantity")
    if pieces > line.quantity_left:
        raise Refused(
            N_("“%(item)s”只剩 %(left)s %(unit)s，不够 %(wanted)s"),
            field="quantity",
            item=line.item,
            left=line.quantity_left,
            unit=line.unit,
            wanted=pieces,
        )
    return cost_of(pieces, line.quantity_left, line.value_left_minor)


def take_out(
    session: Session,
    line_id: int,
    pieces: int,
    cost_minor: int,
    kind: str,
    *,
    entry_number: int,
    source_type: str,
    source_id: int,
) -> None:
    """Take pieces out of stock (sold, issued, lost) at the cost planned. Raises Conflict when somebody was first."""
    taken = session.execute(
        update(GoodsLine)
        .where(GoodsLine.id == line_id, GoodsLine.quantity_left >= pieces)
        .values(
            quantity_left=GoodsLine.quantity_left - pieces,
            value_left_minor=GoodsLine.value_left_minor - cost_minor,
        )
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict(N_("库存刚刚变动，请刷新后再试"))
    _move(session, line_id, kind, pieces, cost_minor, entry_number, source_type, source_id)


def put_back(
    session: Session,
    line_id: int,
    pieces: int,
    cost_minor: int,
    *,
    entry_number: int,
    source_type: str,
    source_id: int,
) -> None:
    """Put pieces back when the entry that took them out is reversed."""
    session.execute(
        update(GoodsLine)
        .where(GoodsLine.id == line_id)
        .values(
            quantity_left=GoodsLine.quantity_left + pieces,
            value_left_minor=GoodsLine.value_left_minor + cost_minor,
        )
        .execution_options(synchronize_session=False)
    )
    _move(session, line_id, "returned", pieces, cost_minor, entry_number, source_type, source_id)


def undo_receipt(session: Session, lines: list[GoodsLine], reversal_number: int) -> None:
    """Empty the lines of a gift in kind whose entry was reversed.

    Raises Refused when pieces have gone out already, or when a sale or a motion counts on them.
    """
    held = queries.held_pieces(session, [line.id for line in lines])
    for line in lines:
        if line.quantity_left != line.quantity:
            raise Refused(N_("“%(item)s”已有发出或卖出，不能冲销这笔捐赠"), item=line.item)
        if held[line.id]:
            raise Refused(
                N_("“%(item)s”已放到义卖或发放提案里，请先从那里移除，再冲销这笔捐赠"), item=line.item
            )
    for line in lines:
        take_out(
            session,
            line.id,
            line.quantity,
            line.value_minor,
            "withdrawn",
            entry_number=reversal_number,
            source_type=line.source_type,
            source_id=line.source_id,
        )


def renumber_goods(session: Session, source_type: str, source_id: int, office_number: str) -> None:
    """The office's number of a gift was put right: its goods carry the new one."""
    for line in queries.lines_of(session, source_type, source_id):
        line.office_number = office_number.strip()
    session.flush()


def attach_photo(
    session: Session,
    actor: Actor,
    folder: Path,
    line_id: int,
    *,
    name: str,
    content: bytes,
    field: str = "photo",
) -> Attachment:
    """Keep a photograph of the goods of one line: anybody may see it, so it shows goods and nobody's face.

    Inside ``transaction(books=True)``: a public file has its leaf. Raises Refused, naming ``field``, for what is no picture,
    is over 20 MB, or is one too many.
    """
    line = queries.line(session, line_id)
    actor.require(Permission.GIFT_RECORD, line.fund_id)
    before = {file.sha256: file.id for file in files_of(session, SUBJECT, line_id)}
    if len(before) >= MOST_PHOTOS:
        raise Refused(N_("一种物资最多 %(limit)s 张照片"), field=field, limit=MOST_PHOTOS)
    kept = attach_file(
        session,
        actor,
        folder,
        subject_type=SUBJECT,
        subject_id=line_id,
        purpose=PHOTO,
        name=name,
        content=content,
        is_public=True,
        field=field,
        kinds=PICTURES,
    )
    if kept.sha256 in before:  # the second click of a double click
        detach_file(session, actor, kept.id, subject_type=SUBJECT, subject_id=line_id)
        return session.get_one(Attachment, before[kept.sha256])
    log_public_files(session, SUBJECT, line_id)
    return kept


def confirm_valuation(session: Session, actor: Actor, line_id: int, basis: str) -> GoodsLine:
    """State what a line's value rests on (charity-rules §6, Art. 18–19); the amount itself is corrected on the gift."""
    line = queries.line(session, line_id)
    actor.require(Permission.GIFT_RECORD, line.fund_id)
    if not basis.strip():
        raise Refused(N_("请写明估值依据"), field="basis")
    if line.basis_is_confirmed and line.valuation_basis == basis.strip():
        return line  # the second click of a double click
    line.valuation_basis, line.basis_is_confirmed = basis.strip(), True
    session.flush()
    version = latest_version(session, "valuation", line.id) + 1
    append(
        session,
        [LeafDraft("valuation", line.id, {"fund": line.fund_id}, {"basis": line.valuation_basis}, version)],
    )
    record(session, actor.user_id, "confirm_valuation", "goods_line", line.id, basis=basis.strip())
    return line


def _move(
    session: Session,
    line_id: int,
    kind: str,
    pieces: int,
    value_minor: int,
    entry_number: int,
    source_type: str,
    source_id: int,
) -> None:
    session.flush()
    session.expire_all()
    _record_movements(
        session,
        [(queries.line(session, line_id), kind, pieces, value_minor)],
        entry_number,
        source_type,
        source_id,
    )


def _record_movements(
    session: Session,
    moves: list[tuple[GoodsLine, str, int, int]],
    entry_number: int,
    source_type: str,
    source_id: int,
) -> None:
    at = clock.now()
    insert_rows(
        session,
        GoodsMovement,
        [
            {
                "goods_line_id": line.id,
                "kind": kind,
                "quantity": pieces,
                "value_minor": value_minor,
                "entry_number": entry_number,
                "source_type": source_type,
                "source_id": source_id,
                "recorded_at": at,
            }
            for line, kind, pieces, value_minor in moves
        ],
    )
