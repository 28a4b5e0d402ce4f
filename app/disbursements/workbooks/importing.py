"""Reading a register of requests against the books: what an import would do, without doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from app.disbursements.workbooks import queries
from app.disbursements.workbooks.queries import KnownRequest
from app.disbursements.workbooks.rules import (
    PlannedEarmark,
    RequestPreview,
    RequestRow,
    read_request_row,
    spending_kind_of,
)
from app.ledger import queries as ledger
from app.shared import clock
from app.shared.errors import N_, Conflict, Refused
from app.shared.text import normal
from app.sheets.cells import half_width, parse_text
from app.sheets.fields import DISBURSEMENT_FIELDS
from app.sheets.opening import open_register
from app.sheets.rows import DataRow


def read_disbursements(
    session: Session,
    fund_id: int,
    content: bytes,
    file_name: str,
    *,
    today: date,
    mapping: Mapping[str, str] | None = None,
    splits: Mapping[str, str] | None = None,
    spending_kinds: Mapping[str, str] | None = None,
    earmarks: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> RequestPreview:
    """What importing this file would do: each row as it will be drafted, skipped, or refused with its cell. Writes nothing.

    Answers are by the office's number, else the row of the sheet ("row:7" always is the row): ``spending_kinds`` a row of
    charity-rules §16.1, ``earmarks`` the slug of the purpose to spend from. Raises Refused for a file that is no such
    register or an answer that fits nothing, Conflict for a file that is in already.
    """
    opened = open_register(content, file_name, DISBURSEMENT_FIELDS, mapping=mapping, sheet=sheet)
    before = queries.imported_at(session, fund_id, opened.sha256)
    if before is not None:
        raise Conflict(
            N_("这份文件已经导入过（%(day)s）"), field="file", day=clock.local(before).date().isoformat()
        )
    if opened.question or opened.table is None:
        return RequestPreview(fund_id, opened, opened.question or "headings")
    table = opened.table
    for name in splits or {}:
        raise Refused(N_("第 %(row)s 行没有写几种物品，不需要拆分"), field="split", row=name)
    _refuse_idle_answers(table.rows, {**(spending_kinds or {}), **(earmarks or {})})
    kinds = {key: spending_kind_of(kind) for key, kind in (spending_kinds or {}).items() if kind}
    slugs = {key: slug for key, slug in (earmarks or {}).items() if slug}
    places = _Earmarks(session, fund_id)
    known = queries.known_requests(session, fund_id)
    rows: list[RequestRow] = []
    seen: dict[str, int] = {}
    for row in table.rows:
        request = read_request_row(row, today, _answer(kinds, row))
        request = places.place(request, _answer(slugs, row))
        request = _compared(request, known)
        number = request.office_number
        if number and seen.setdefault(number, request.number) != request.number:
            request = request.refused(
                "number",
                N_("编号“%(number)s”在第 %(row)s 行已经用过"),
                number=number,
                row=seen[number],
            )
        rows.append(request)
    return RequestPreview(fund_id, opened, "", tuple(rows), table.notes)


def _compared(row: RequestRow, known: list[KnownRequest]) -> RequestRow:
    """The row marked as written down already, or refused because its number says something else there."""
    said = (row.applied_on, row.project, row.applicant, row.payee, row.amount_minor)
    for one in known:
        is_same = said == (one.applied_on, one.project, one.applicant, one.payee, one.amount_minor)
        if is_same and row.office_number == one.office_number:
            return replace(row, same_as=one.id)
        if row.office_number and row.office_number == one.office_number:
            return row.refused(
                "number",
                N_("编号“%(number)s”的申请已经登记，内容不同；请在那份申请里修改"),
                number=row.office_number,
            )
    return row


class _Earmarks:
    """The purposes of a fund, and which of them a row's 资金来源 means."""

    def __init__(self, session: Session, fund_id: int) -> None:
        self._session, self._fund_id = session, fund_id
        self._all = {
            each.id: PlannedEarmark(each.id, each.slug, each.name, each.is_restricted)
            for each in ledger.earmarks_of(session, fund_id)
        }
        self._free = self._all[ledger.unrestricted_earmark(session, fund_id).id]
        self._restricted = [each for each in self._all.values() if each.is_restricted]

    def place(self, row: RequestRow, slug: str | None) -> RequestRow:
        """The row with its purpose, or with the reason why it is not clear."""
        if slug is not None:
            found = next((one for one in self._all.values() if one.slug == slug), None)
            if found is None:
                return row.refused("source", N_("没有网址标识为“%(slug)s”的用途"), slug=slug)
            return replace(row, earmark=found)
        if any(one.field == "source" for one in row.refusals):
            return row
        if row.source.restricted is False:
            return replace(row, earmark=self._free)
        candidates = self._candidates(row)
        if len(candidates) == 1:
            return replace(row, earmark=candidates[0])
        return row.refused(
            "source",
            N_("不能确定“%(source)s”是哪一项限定用途，可用的有：%(known)s"),
            source=row.source_text,
            known="、".join(f"{one.name}（{one.slug}）" for one in self._restricted) or "—",
        )

    def _candidates(self, row: RequestRow) -> list[PlannedEarmark]:
        """By the purpose named; else by the donor named, the project telling several apart; else by the project."""
        name = normal(row.source.name)
        by_project = [one for one in self._restricted if one.name == row.project]
        if not name:
            return by_project
        given = [one for one in self._restricted if half_width(one.name) == name] or [
            self._all[each.id] for each in ledger.earmarks_given_to(self._session, self._fund_id, name)
        ]
        return given if len(given) < 2 else [one for one in given if one in by_project]


def _key_of(row: DataRow) -> str:
    cell = row.cell("number")
    try:
        number = "" if cell.blank else normal(parse_text(cell))
    except Refused:
        number = ""
    return half_width(number) or str(row.number)


def _answer(answers: Mapping[str, str], row: DataRow) -> str | None:
    """What was answered for a row: by its row in the sheet ("row:7"), else by the office's number."""
    by_key = {half_width(key): value for key, value in answers.items()}
    return by_key.get(f"row:{row.number}", by_key.get(_key_of(row)))


def _refuse_idle_answers(rows: tuple[DataRow, ...], answers: Mapping[str, str]) -> None:
    keys = {_key_of(row) for row in rows} | {f"row:{row.number}" for row in rows}
    for key in answers:
        if half_width(key) not in keys:
            raise Refused(N_("登记表里没有编号“%(row)s”"), field="answers", row=key)
