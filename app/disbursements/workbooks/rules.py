"""A register of requests as it will be written down: one draft for each row."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal

from app.disbursements.rules import DisbursementDraft
from app.ledger.accounts import PAYMENT_LINES, SPENDING_KINDS
from app.parties.operations import PartyDraft
from app.shared.canonical import canonical_bytes
from app.shared.errors import N_, Refused
from app.shared.text import normal
from app.sheets.cells import half_width, parse_amount, parse_date, parse_text
from app.sheets.opening import OpenedRegister
from app.sheets.rows import CellRefusal, DataRow, Note
from app.sheets.vocabulary import Source, source_of

State = Literal["new", "same", "refused"]
_ORGANISATION = re.compile(
    r"公司|集团|企业|单位|工厂|厂$|店|超市|商行|商场|商贸|市场|社区|街道|居委会|村委会|委员会|政府|中心|医院|卫生|学校|小学|中学|大学|"
    r"幼儿园|学院|研究院|设计院|[部局办科室处署委会社队所站院馆行]$|协会|商会|联合会|慈善|基金|合作社|银行|信用社|工作室|事务所|"
    r"\b(?:ltd|inc|co|company|school|hospital|office|department|shop|store|centre|center|bureau)\b",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"^\((.*)\)$")


@dataclass(frozen=True, slots=True)
class PlannedEarmark:
    """The purpose that a request spends from."""

    id: int
    slug: str
    name: str
    is_restricted: bool


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One row of the register. The amount in fen; ``spending_kind`` None is asked before the request is submitted."""

    number: int
    office_number: str
    applied_on: date | None
    project: str
    applicant: str
    payee: str
    amount_minor: int | None
    source: Source
    source_text: str
    spending_kind: str | None
    reason: str
    papers: str
    addresses: Mapping[str, str]
    refusals: tuple[CellRefusal, ...] = ()
    notes: tuple[Note, ...] = ()
    earmark: PlannedEarmark | None = None
    same_as: int | None = None

    @property
    def state(self) -> State:
        """Whether the row will be written down; "same" is in already."""
        return "same" if self.same_as is not None else "refused" if self.refusals else "new"

    def refused(self, key: str, sentence: str, **values: Any) -> RequestRow:
        """The row with one more cell refused, unless that cell was refused already."""
        if any(one.field == key for one in self.refusals):
            return self
        one = CellRefusal(key, self.addresses.get(key, ""), Refused(sentence, **values))
        return replace(self, refusals=(*self.refusals, one))

    def noted(self, key: str, sentence: str, **values: object) -> RequestRow:
        """The row with something told about one of its cells."""
        return replace(self, notes=(*self.notes, Note(sentence, values, self.addresses.get(key, ""))))

    def draft(self, fund_id: int) -> DisbursementDraft:
        """The request to be written down."""
        assert self.earmark is not None
        assert self.applied_on is not None
        return DisbursementDraft(
            fund_id=fund_id,
            earmark_id=self.earmark.id,
            project_name=self.project,
            applicant=PartyDraft(party_kind(self.applicant), self.applicant),
            payee=PartyDraft(party_kind(self.payee), self.payee),
            amount_minor=self.amount_minor or 0,
            spending_kind=self.spending_kind,
            reason=self.reason,
            applied_on=self.applied_on,
            papers=self.papers,
            office_number=self.office_number,
        )


@dataclass(frozen=True, slots=True)
class RequestPreview:
    """A register of requests read against the books; nothing of it is written down yet."""

    fund_id: int
    opened: OpenedRegister
    question: Literal["", "sheet", "headings"]
    rows: tuple[RequestRow, ...] = ()
    notes: tuple[Note, ...] = ()

    def of(self, *states: State) -> list[RequestRow]:
        """The rows in these states, in the order of the register."""
        return [row for row in self.rows if row.state in states]

    @property
    def refused(self) -> list[RequestRow]:
        """Rows that cannot be written down as they are."""
        return self.of("refused")

    @property
    def total_minor(self) -> int:
        """What the new requests ask for, in fen."""
        return sum(row.amount_minor or 0 for row in self.of("new"))

    @property
    def digest(self) -> str:
        """Tells whether two readings would write down the same."""
        plan = [
            [row.number, row.state, row.office_number, row.amount_minor, row.earmark.id if row.earmark else 0]
            for row in self.rows
        ]
        return hashlib.sha256(canonical_bytes([self.opened.sha256, plan])).hexdigest()


def party_kind(name: str) -> str:
    """An organisation by its name; any other name may be a person's and is not published."""
    return "organisation" if _ORGANISATION.search(half_width(name)) else "person"


def spending_kind_of(text: str) -> str:
    """The row of charity-rules §16.1 that a word means: its key, or its name. Raises Refused for another word."""
    word = re.sub(r"\s", "", half_width(text))
    for kind in SPENDING_KINDS:
        name = half_width(PAYMENT_LINES[kind])
        if word in (kind, name, name.replace("(工程)", ""), name.replace("项目(工程)", "工程")):
            return kind
    known = "、".join(f"{PAYMENT_LINES[kind]}（{kind}）" for kind in SPENDING_KINDS)
    raise Refused(N_("没有“%(kind)s”这个支出类别，可用的有：%(known)s"), kind=text, known=known)


def read_request_row(row: DataRow, today: date, spending_kind: str | None = None) -> RequestRow:
    """Read one row. What cannot be taken stands in ``refusals`` with its cell. ``spending_kind`` answers for the row."""
    return _Reading(row, today, spending_kind).request()


@dataclass(slots=True)
class _Reading:
    """Reads the cells of one row in turn and gathers what is wrong."""

    row: DataRow
    today: date
    kind_answer: str | None
    refusals: list[CellRefusal] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def request(self) -> RequestRow:
        self.refusals.extend(self.row.refusals)
        applied_on = self.row.read("date", lambda cell: parse_date(cell, self.today), self.refusals)
        amount = self.row.read("amount", parse_amount, self.refusals)
        kind = self.kind_answer or self.row.read(
            "spending_kind", lambda cell: spending_kind_of(parse_text(cell)), self.refusals
        )
        for key, sentence in (
            ("date", N_("没有填写申请日期")),
            ("project", N_("没有填写项目")),
            ("applicant", N_("没有填写申请部门")),
            ("payee", N_("没有填写收款单位")),
            ("amount", N_("没有填写金额")),
            ("source", N_("没有填写资金来源，请写 非定向，或 定向捐赠(捐赠人或用途)")),
        ):
            if self.row.cell(key).blank:
                self._refuse(key, sentence)
        source_text = self._text("source", 400)
        reason = self._text("reason", 4000) or self._text("memo", 4000)
        if not reason:
            self._refuse("reason", N_("没有填写事由"))
        if kind is None and not any(one.field == "spending_kind" for one in self.refusals):
            self._note("spending_kind", N_("没有写支出类别，提交申请前要选"))
        return RequestRow(
            number=self.row.number,
            office_number=self._text("number", 40),
            applied_on=applied_on,
            project=self._text("project", 200),
            applicant=self._party("applicant"),
            payee=self._party("payee"),
            amount_minor=amount,
            source=source_of(source_text),
            source_text=source_text,
            spending_kind=kind,
            reason=reason,
            papers=self._text("attachments", 2000),
            addresses={key: cell.address for key, cell in self.row.cells.items()},
            refusals=tuple(self.refusals),
            notes=tuple(self.notes),
        )

    def _party(self, key: str) -> str:
        name = self._text(key, 200)
        placeholder = _PLACEHOLDER.match(half_width(name))
        if placeholder:
            name = placeholder.group(1).strip()
            self._note(key, N_("“%(name)s”写在括号里，提交申请前请核对是不是全称"), name=name)
        if name and party_kind(name) == "person":
            self._note(key, N_("“%(name)s”看不出是单位，按个人登记，不公开姓名"), name=name)
        return name

    def _text(self, key: str, longest: int) -> str:
        text = normal(self.row.read(key, parse_text, self.refusals) or "")
        if len(text) > longest:
            self._refuse(key, N_("最多 %(longest)s 个字"), longest=longest)
        return text

    def _refuse(self, key: str, sentence: str, **values: Any) -> None:
        if not any(one.field == key for one in self.refusals):
            self.refusals.append(CellRefusal(key, self.row.cell(key).address, Refused(sentence, **values)))

    def _note(self, key: str, sentence: str, **values: object) -> None:
        self.notes.append(Note(sentence, values, self.row.cell(key).address))
