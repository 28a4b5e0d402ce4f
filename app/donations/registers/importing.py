"""Reading a register against the books: what an import would do, without doing it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

from sqlalchemy.orm import Session

from app.donations.registers import queries
from app.donations.registers.purposes.queries import Purposes
from app.donations.registers.rows.rules import GiftRow, read_gift_row
from app.donations.registers.rules import (
    AlreadyImported,
    Change,
    ConsentChange,
    Correction,
    CorrectionKind,
    DonationPreview,
    KeptRow,
    NewEarmark,
    PlannedRow,
    State,
    changes_between,
    consent_of,
    is_another_gift,
    is_part_of,
    match_rows,
    row_keys,
    values_of,
)
from app.donations.registers.sheets.rules import (
    answered_before,
    first_cells,
    gift_sheet,
    gift_table,
    register_title,
)
from app.donations.rules import refuse_if_wrong
from app.goods.operations import GoodsDraft
from app.ledger import queries as ledger
from app.parties.rules import ConsentDraft, public_name
from app.shared import clock
from app.shared.errors import N_, InputRefused, NotFound, Refused
from app.shared.periods import month_of
from app.shared.text import normal
from app.sheets.cells import half_width, parse_text
from app.sheets.fields import DONATION_FIELDS
from app.sheets.layout import layout_of
from app.sheets.register import TableRows
from app.sheets.rows import CellRefusal, DataRow, Note

TITLE_LENGTH = 200
# Where a refusal of the finished gift belongs in the register.
_FIELD_OF = {
    "received_on": "date",
    "goods": "items",
    "wish": "purpose",
    "office_number": "number",
    "account": "method",
    "donor_kind": "donor_kind",
}


class FundOfBooks(Protocol):
    """The fund that a register belongs to."""

    @property
    def id(self) -> int: ...
    @property
    def slug(self) -> str: ...


def read_donations(
    session: Session,
    fund: FundOfBooks,
    content: bytes,
    file_name: str,
    *,
    today: date,
    mapping: Mapping[str, str] | None = None,
    splits: Mapping[str, str] | None = None,
    earmarks: Mapping[str, str] | None = None,
    title: str | None = None,
    sheet: str | None = None,
    pasted: bool = False,
) -> DonationPreview:
    """What importing this file would do: each row as it will be recorded, skipped, corrected or refused. Writes nothing.

    ``mapping`` says for a heading or column letter which field it is ("" for none). ``splits`` answers for a row (the
    office's number, else the row of the sheet) how one amount is spread over several things: "even" or an amount for each.
    ``earmarks`` answers for a purpose which earmark is meant, by slug (a new one is made when none has it), or "" when it
    binds nothing. ``title`` is which register it is, else its title row, sheet or file name tells; ``sheet`` chooses one of
    several. ``pasted`` content is text copied out of a spreadsheet. Raises Refused for a file that is no register, and
    AlreadyImported for the very same file.
    """
    digest = hashlib.sha256(content).hexdigest()
    chosen, names = gift_sheet(content, file_name, sheet, pasted)
    nothing = DonationPreview(
        fund_id=fund.id,
        file_name=file_name,
        content=content,
        sha256=digest,
        title="",
        sheet_name=chosen.name if chosen else "",
        sheet_names=names,
        match=None,
    )
    if chosen is None:
        return replace(nothing, question="sheet")
    table = gift_table(chosen, mapping)
    if table is not None and not table.match.complete and not mapping:
        known = answered_before(table.match, queries.layouts_of(session, fund.id))
        table = gift_table(chosen, known) if known else table
    if table is None or not table.match.complete:
        return replace(
            nothing,
            question="headings",
            match=table.match if table else None,
            first_cells=first_cells(chosen, table.match if table else None),
        )
    layout = layout_of(table, DONATION_FIELDS)
    called = (title or register_title(layout.titles, chosen, names, file_name))[:TITLE_LENGTH]
    earlier = queries.file_with(session, fund.id, digest, called)
    if earlier is not None:
        raise AlreadyImported(
            N_("这份文件已经导入过（%(day)s）"),
            earlier.register_id,
            day=clock.local(earlier.imported_at).date(),
        )
    register = queries.register_titled(session, fund.id, called)
    plan = _Plan(session, fund, today, called, Purposes(session, fund.id, fund.slug, earmarks or {}))
    plan.read(table, splits or {})
    kept = queries.kept_rows(session, fund.id, register.id) if register else []
    plan.compare(kept)
    return replace(
        nothing,
        title=called,
        match=table.match,
        register_id=register.id if register else None,
        latest_file_id=queries.latest_file_id(session, register.id) if register else None,
        rows=tuple(plan.rows),
        vanished=tuple(plan.vanished),
        new_earmarks=plan.new_earmarks(),
        wishes=plan.wishes(),
        consent_changes=tuple(plan.consent_changes.values()),
        notes=(*plan.notes, *table.notes),
        layout=layout,
    )


@dataclass(slots=True)
class _Plan:
    """The rows of one register, taken in step by step."""

    session: Session
    fund: FundOfBooks
    today: date
    title: str
    purposes: Purposes
    rows: list[PlannedRow] = field(default_factory=list)
    vanished: list[KeptRow] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    consent_changes: dict[int, ConsentChange] = field(default_factory=dict)
    _closed: dict[str, bool] = field(default_factory=dict)
    _accounts: dict[str, Refused | None] = field(default_factory=dict)
    _organisations: dict[str, queries.KnownOrganisation] = field(default_factory=dict)
    _claims: dict[str, bool | None] = field(default_factory=dict)
    _heard: set[int] = field(default_factory=set)

    def read(self, table: TableRows, splits: Mapping[str, str]) -> None:
        """Read every row as a gift and find its earmark."""
        self._notes_on_columns(table)
        wanted = _splits_by_row(table.rows, splits)
        gifts = [read_gift_row(row, self.today, wanted.get(row.number)) for row in table.rows]
        _refuse_idle_splits(gifts, wanted)
        self.purposes.refuse_idle_answers(
            {gift.purpose.name for gift in gifts if gift.purpose.kind == "named"}
        )
        self._organisations = queries.organisations_named(
            self.session, (gift.donor for gift in gifts if gift.donor_kind == "organisation")
        )
        self._hear_organisations(gifts)
        for gift in gifts:
            self.rows.append(self._planned(gift))
        self.rows = [
            replace(row, key=key)
            for row, key in zip(self.rows, row_keys([one.values for one in self.rows]), strict=True)
        ]

    def compare(self, kept: Sequence[KeptRow]) -> None:
        """Tell new rows from those that are in already, and settle the state of each."""
        matched = match_rows([row.values for row in self.rows], [row.key for row in self.rows], kept)
        first: dict[str, PlannedRow] = {}
        for index, row in enumerate(self.rows):
            number = row.row.office_number
            used = first.setdefault(number, row) if number else row
            if used is not row and not is_part_of(row.values, used.values):
                refusal = Refused(
                    N_("序号“%(number)s”在第 %(row)s 行已经用过"), number=number, row=used.number
                )
                row = self._with_refusal(row, "number", refusal)
            self.rows[index] = self._settled(row, matched.get(index))
        seen = {row.id for row in matched.values()}
        self.vanished = [row for row in kept if row.id not in seen and row.now is not None]
        speaking = {
            name
            for row in self.rows
            if row.state == "new" and row.consent is not None
            for name in [row.row.donor]
            if row.row.donor_kind == "organisation"
        }
        for name in speaking:
            self._plan_consent(name)

    def new_earmarks(self) -> tuple[NewEarmark, ...]:
        """The restricted earmarks that the new rows need."""
        found = []
        for purpose, slug in self.purposes.made.items():
            rows = [
                row
                for row in self.rows
                if row.state in ("new", "changed", "asks") and row.row.purpose.name == purpose
            ]
            if rows:
                found.append(NewEarmark(purpose, slug, len(rows), sum(row.total_minor for row in rows)))
        return tuple(found)

    def wishes(self) -> tuple[str, ...]:
        """Purposes that bind nothing and are kept as the donors' words."""
        return tuple(dict.fromkeys(row.wish for row in self.rows if row.wish and row.state == "new"))

    def _notes_on_columns(self, table: TableRows) -> None:
        if "method" not in table.match.columns:
            self.notes.append(Note(N_("表里没有“捐赠形式”一列：捐款都记入银行账户")))
        if "donor_kind" not in table.match.columns:
            self.notes.append(
                Note(
                    N_("表里没有“类型”一列：捐赠人按个人登记，不公开姓名；写着爱心居民、匿名等的按不具名登记")
                )
            )
        unused = [heading.text for heading in table.match.unknown if heading.text.strip()]
        if unused:
            self.notes.append(
                Note(N_("没有用到的列（下载登记表时会保留）：%(headings)s"), {"headings": "、".join(unused)})
            )

    def _planned(self, gift: GiftRow) -> PlannedRow:
        refusals = list(gift.refusals)
        wish = gift.purpose.name if gift.purpose.kind == "wish" else ""
        earmark = self.purposes.free
        if gift.purpose.kind == "named":
            try:
                named = self.purposes.earmark_for(gift.purpose.name)
            except Refused as refusal:
                refusals.append(CellRefusal("purpose", gift.addresses.get("purpose", ""), refusal))
            else:
                earmark, wish = named or earmark, "" if named else gift.purpose.name
        consent = self._consent(gift)
        known = self._organisations.get(gift.donor) if gift.donor_kind == "organisation" else None
        shown = (
            known.public_name
            if known is not None and (consent is None or self._claims.get(gift.donor) == known.claim)
            else public_name(gift.donor_kind, gift.donor, consent)
        )
        row = PlannedRow(
            row=gift,
            state="refused" if refusals else "asks" if gift.asks_split else "new",
            key="",
            values=values_of(
                replace(gift, claim=self._claim(gift)), earmark.slug if earmark.is_restricted else "", wish
            ),
            earmark=earmark,
            wish=wish,
            public_name=shown,
            consent=consent,
            refusals=tuple(refusals),
            notes=gift.notes,
        )
        return self._checked(row) if not refusals else row

    def _checked(self, row: PlannedRow) -> PlannedRow:
        """Refuse what recording would refuse, with the cell it comes from."""
        gift = row.row
        assert gift.received_on is not None
        draft = row.draft(self.fund.id, None, row.earmark.id or 0)
        if gift.asks_split:  # the values are still to come
            draft.goods = [replace(line, value_minor=1) for line in draft.goods]
        try:
            refuse_if_wrong(draft, self.today)
        except InputRefused as found:
            for refusal in found.refusals:
                row = self._with_refusal(
                    row, _FIELD_OF.get(refusal.field or "", refusal.field or ""), refusal
                )
        for name, longest, said in (("donor", 200, gift.donor), ("contact", 200, gift.contact)):
            if len(said) > longest:
                refusal = Refused(N_("最多 %(longest)s 个字"), longest=longest)
                row = self._with_refusal(row, name, refusal)
        month = month_of(gift.received_on)
        if month not in self._closed:
            self._closed[month] = ledger.is_closed(self.session, self.fund.id, gift.received_on)
        if self._closed[month]:
            row = self._with_refusal(
                row, "date", Refused(N_("%(month)s 已结账，请把日期记在未结账的月份"), month=month)
            )
        missing = self._missing_account(gift.method)
        return self._with_refusal(row, "method", missing) if missing else row

    def _missing_account(self, method: str) -> Refused | None:
        if method == "goods":
            return None
        kind = "cash" if method == "box" else method
        if kind not in self._accounts:
            try:
                ledger.money_account_of_kind(self.session, self.fund.id, kind)
                self._accounts[kind] = None
            except NotFound as error:
                self._accounts[kind] = Refused(error.sentence, **error.values)
        return self._accounts[kind]

    def _with_refusal(self, row: PlannedRow, key: str, refusal: Refused) -> PlannedRow:
        one = CellRefusal(key, row.row.addresses.get(key, ""), refusal)
        return replace(row, state="refused", refusals=(*row.refusals, one))

    # Names in public

    def _hear_organisations(self, gifts: Sequence[GiftRow]) -> None:
        """What each organisation says in this file as a whole: one 不公开 masks it."""
        for gift in gifts:
            if gift.donor_kind == "organisation" and gift.claim is not None and not gift.refusals:
                said = self._claims.get(gift.donor)
                self._claims[gift.donor] = gift.claim if said is None else said and gift.claim

    def _claim(self, gift: GiftRow) -> bool | None:
        """What counts of a row's claim: an unnamed donor has no name to publish, an organisation speaks once a file."""
        if gift.donor_kind == "unnamed":
            return None
        return self._claims.get(gift.donor) if gift.donor_kind == "organisation" else gift.claim

    def _consent(self, gift: GiftRow) -> ConsentDraft | None:
        return consent_of(self._claim(gift), self.title, gift.number)

    def _plan_consent(self, name: str) -> None:
        """A known organisation that says something else now: its newest word counts."""
        known, claim = self._organisations.get(name), self._claims.get(name)
        if known is None or claim is None or claim == known.claim or known.party_id in self._heard:
            return
        row = next(one for one in self.rows if one.row.donor == name and one.consent is not None)
        assert row.consent is not None
        self.consent_changes[known.party_id] = ConsentChange(known.party_id, name, row.consent)
        sentence = (
            N_("“%(name)s”此前登记为不公开，这份登记表写着公开：导入后公开这个单位的名称")
            if claim
            else N_("“%(name)s”此前登记为公开，这份登记表写着不公开：导入后不再公开这个单位的名称")
        )
        self.notes.append(Note(sentence, {"name": name}))

    # Rows that are in already

    def _settled(self, row: PlannedRow, kept: KeptRow | None) -> PlannedRow:
        if kept is None:
            return row
        row = replace(row, kept=kept)
        if kept.now is None:
            gone = Note(N_("这一行登记的捐赠已经冲销，不再重新记入"))
            return replace(row, state="same", notes=(*row.notes, gone), refusals=())
        row = self._with_values_known(row, kept)
        if row.state in ("refused", "asks"):
            # Nothing of it needs recording, so nothing that is only refused when recording matters.
            if not row.row.refusals and not row.row.asks_split and not changes_between(row.values, kept):
                return replace(row, state="same", refusals=(), public_name=row.public_name)
            return row
        if is_another_gift(row.values, kept):
            refusal = Refused(
                N_(
                    "序号“%(number)s”原来登记的是 %(donor)s，这一行像是另一笔捐赠；如果是另一本登记表，请另起标题"
                ),
                number=row.row.office_number,
                donor=kept.now["donor"],
            )
            return self._with_refusal(row, "number", refusal)
        corrections = tuple(
            self._correction(row, kept, kind, changes)
            for kind, changes in changes_between(row.values, kept).items()
            if kind != "consent" or kept.party_id not in self._heard
        )
        if any(one.kind == "consent" for one in corrections):
            self._heard.add(kept.party_id)
        state: State = "changed" if corrections else "same"
        return replace(row, state=state, corrections=corrections)

    def _with_values_known(self, row: PlannedRow, kept: KeptRow) -> PlannedRow:
        """A row whose amount was spread before is not asked about again."""
        assert kept.now is not None
        for known in (kept.now["goods"], kept.last["goods"]):
            same = [line[:3] for line in known] == [[*one] for one in row.row.pieces]
            if row.row.asks_split and same and sum(line[3] for line in known) == row.row.amount_minor:
                goods = tuple(
                    GoodsDraft(
                        line.item, line.quantity, line.unit, part[3], line.basis, line.basis_is_confirmed
                    )
                    for line, part in zip(row.row.goods, known, strict=True)
                )
                gift = replace(row.row, goods=goods, asks_split=False)
                values = {**row.values, "goods": known}
                state: State = "new" if row.state == "asks" else row.state
                return replace(row, row=gift, values=values, state=state)
        return row

    def _correction(
        self, row: PlannedRow, kept: KeptRow, kind: CorrectionKind, changes: tuple[Change, ...]
    ) -> Correction:
        note = refusal = None
        by_default = kind != "money"
        if kind == "donor" and kept.shared_gifts:
            note = Note(N_("这个捐赠人还有 %(count)s 笔捐赠，姓名会一起改"), {"count": kept.shared_gifts})
            by_default = False
        if kind == "money":
            assert kept.now is not None
            if (kept.now["method"] == "goods") != (row.values["method"] == "goods"):
                refusal = Note(N_("捐款和捐物不能互相更正；请冲销后重新登记"))
            else:
                note = Note(N_("会冲正原来的分录，并按新的内容重新记账"))
        return Correction(kind, changes, by_default, note, refusal)


def _splits_by_row(rows: Sequence[DataRow], splits: Mapping[str, str]) -> dict[int, str]:
    """Answers by row of the sheet: an answer names the office's number, or the row of the sheet where no row has it."""
    by_number: dict[str, int] = {}
    for row in rows:
        cell = row.cell("number")
        try:
            office_number = normal(parse_text(cell)) if not cell.blank else ""
        except Refused:
            continue
        if office_number:
            by_number.setdefault(office_number, row.number)
    in_sheet = {str(row.number) for row in rows}
    found: dict[int, str] = {}
    for name, answer in splits.items():
        wanted = half_width(name)
        explicit = wanted.removeprefix("row:")
        if wanted != explicit and explicit in in_sheet:
            found[int(explicit)] = answer
        elif wanted in by_number:
            found[by_number[wanted]] = answer
        elif wanted in in_sheet:
            found[int(wanted)] = answer
        else:
            raise Refused(N_("登记表里没有第 %(row)s 行"), field="split", row=name)
    return found


def _refuse_idle_splits(gifts: Sequence[GiftRow], splits: Mapping[int, str]) -> None:
    for gift in gifts:
        if gift.number in splits and len(gift.pieces) < 2 and not gift.refusals:
            raise Refused(
                N_("第 %(row)s 行没有写几种物品，不需要拆分"),
                field="split",
                row=gift.office_number or gift.number,
            )
