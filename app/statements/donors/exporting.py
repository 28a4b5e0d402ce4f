"""The statement of a donor as CSV: the figures of the paper, section after section. Needs a language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from flask_babel import gettext as _

from app.disbursements.states import STATUS_NAMES
from app.donations.rules import METHODS
from app.sheets.writing import Column, Written, csv_lines
from app.statements.donors.rules import WAYS, DonorStatement


def statement_csv(statement: DonorStatement) -> Iterator[bytes]:
    """The lines of the file, UTF-8 with the mark that makes Excel read it; amounts in yuan with two decimals."""
    is_first = True
    for title, columns, rows in _sections(statement):
        lines = csv_lines([Column(title), *(Column("") for _each in columns[1:])], [])
        yield _encoded(next(lines), is_first)
        for line in csv_lines(columns, rows):
            yield _encoded(line, False)
        yield b"\r\n"
        is_first = False


def _encoded(line: str, is_first: bool) -> bytes:
    return (line if is_first else line.removeprefix("\ufeff")).encode()


Section = tuple[str, Sequence[Column], Iterable[Sequence[Written]]]


def _sections(found: DonorStatement) -> Iterator[Section]:
    yield _("捐赠人对账单"), [Column(_("项目")), Column(_("内容"))], _head(found)
    yield _("合计"), [Column(_("项目")), Column(_("金额"), "amount")], _sums(found)
    yield from (_gifts(found), _uses(found))
    for rows, section in ((found.promises, _promises), (found.ways, _ways), (found.changes, _changes)):
        if rows:
            yield section(found)


def _head(found: DonorStatement) -> list[tuple[str, str]]:
    return [
        (_("捐赠人"), found.donor_name),
        (_("捐赠人编号"), found.donor_code),
        (_("托管机构"), found.host_name),
        (_("基金"), found.fund_name),
        (_("期间"), _("%(first)s 至 %(last)s", first=found.first.isoformat(), last=found.last.isoformat())),
        (_("制作日期"), found.issued_on.isoformat()),
        (_("对账单编号"), found.number),
        (_("校验码"), found.check_code),
        ("SHA-256", found.sha256),
        (_("公开日志的条数"), str(found.log_size)),
        (_("币种"), found.currency),
    ]


def _sums(found: DonorStatement) -> list[tuple[str, int]]:
    sums = found.sums
    return [
        (_("期初未使用"), sums.opening_minor),
        (_("本期捐赠额"), sums.given_minor),
        (_("本期已使用"), sums.used_minor),
        (_("本期退还或冲销"), sums.returned_minor),
        (_("期末未使用余额"), sums.closing_minor),
        (_("制作时已批未付"), sums.promised_minor),
        (_("本期捐物估值（不计入上面）"), sums.goods_minor),
    ]


def _gifts(found: DonorStatement) -> Section:
    columns = [
        Column(_("日期"), "date"),
        Column(_("捐赠编号")),
        Column(_("形式")),
        Column(_("数量")),
        Column(_("金额"), "amount"),
        Column(_("计价依据")),
        Column(_("用途限定")),
        Column(_("协议号")),
        Column(_("票据号")),
        Column(_("分录号"), "count"),
        Column(_("状态")),
    ]
    rows = [
        (
            each.received_on,
            each.code,
            _(METHODS[each.method]),
            each.things,
            each.amount_minor,
            each.basis,
            each.purpose,
            each.agreement,
            each.ticket,
            each.entry_number,
            _("已冲销") if each.is_reversed else "",
        )
        for each in found.gifts
    ]
    return _("本期捐赠"), columns, rows


def _status(status: str) -> str:
    return _(STATUS_NAMES[status]) if status else ""


def _uses(found: DonorStatement) -> Section:
    columns = [
        Column(_("日期"), "date"),
        Column(_("捐赠编号")),
        Column(_("项目")),
        Column(_("决议号")),
        Column(_("公示号")),
        Column(_("受益人")),
        Column(_("收款单位")),
        Column(_("本捐赠分摊额"), "amount"),
        Column(_("状态")),
        Column(_("凭证号")),
        Column(_("分录号"), "count"),
    ]
    rows = [
        (
            each.occurred_on,
            each.code,
            each.project,
            each.resolution,
            each.request,
            each.beneficiary,
            each.payee,
            each.amount_minor,
            _status(each.status),
            each.voucher,
            each.entry_number,
        )
        for each in found.uses
    ]
    return _("本期使用"), columns, rows


def _promises(found: DonorStatement) -> Section:
    columns = [Column(_("公示号")), Column(_("项目")), Column(_("状态")), Column(_("金额"), "amount")]
    rows = [(each.request, each.project, _status(each.status), each.amount_minor) for each in found.promises]
    return _("已批未付"), columns, rows


def _ways(found: DonorStatement) -> Section:
    columns = [
        Column(_("捐赠编号")),
        Column(_("物资")),
        Column(_("去向")),
        Column(_("日期"), "date"),
        Column(_("哪一场、哪一号")),
        Column(_("数量"), "count"),
        Column(_("单位")),
        Column(_("卖得"), "amount"),
    ]
    rows = [
        (
            each.code,
            each.item,
            _(WAYS[each.way]),
            each.on,
            each.where,
            each.pieces,
            each.unit,
            each.amount_minor if each.way == "sold" else None,
        )
        for each in found.ways
    ]
    return _("物资的去向"), columns, rows


def _changes(found: DonorStatement) -> Section:
    columns = [
        Column(_("日期"), "date"),
        Column(_("捐赠编号")),
        Column(_("原用途")),
        Column(_("新用途")),
        Column(_("金额"), "amount"),
        Column(_("依据")),
        Column(_("分录号"), "count"),
    ]
    rows = [
        (
            each.on,
            each.code,
            each.from_purpose,
            each.to_purpose,
            each.amount_minor,
            each.document,
            each.entry_number,
        )
        for each in found.changes
    ]
    return _("用途变更"), columns, rows
