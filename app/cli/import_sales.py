"""`sunledger import sales`: the register of a charity sale."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click
from sqlalchemy.orm import Session

from app.cli import open_session, settings
from app.cli.imports import import_options, importer, pairs, told, why_refused, words
from app.donations.registers import queries as registers
from app.donations.registers.importing import read_donations
from app.funds.models import Fund
from app.funds.queries import only_fund
from app.sales.rules import METHOD_NAMES
from app.sales.workbooks.importing import read_sale
from app.sales.workbooks.operations import ImportedSale, import_sale
from app.sales.workbooks.rules import SalePreview, SaleRow
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import N_, Refused
from app.shared.money import yuan

_STATES = {"new": N_("记入"), "asks": N_("待回答"), "refused": N_("不能记入")}
_MODES = {"fixed_price": N_("义卖"), "auction": N_("义拍"), "box": N_("募捐箱")}


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@import_options
@click.option(
    "--register",
    "register",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The gift register, imported before, that the source column points to.",
)
@click.option(
    "--close", is_flag=True, help="Close the event when the total row's cash and WeChat equal the rows."
)
@click.option("--units", multiple=True, metavar="LOT=PIECES", help="How many pieces one pack of a lot holds.")
@click.option("--goods", multiple=True, metavar="LOT=ITEM", help="Which item of its gift a lot comes from.")
@click.option("--name", default="", help="Name of the event, when the title does not tell.")
@click.option(
    "--date",
    "held_on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day of the event, when the title does not tell.",
)
@click.option("--sheet", help="Name of the sheet, where several could be meant.")
def sales(
    file: Path,
    slug: str | None,
    dry_run: bool,
    mapping: tuple[str, ...],
    email: str | None,
    accept_good_rows: bool,
    splits: tuple[str, ...],
    register: Path | None,
    close: bool,
    units: tuple[str, ...],
    goods: tuple[str, ...],
    name: str,
    held_on: datetime | None,
    sheet: str | None,
) -> int:
    """Import the register of a charity sale: lots, sales and the donation box.

    All rows or none, unless --accept-good-rows.
    """
    content = file.read_bytes()
    with open_session() as session:
        fund = only_fund(session, slug)
        actor = importer(session, email, fund.id)

        def read() -> SalePreview:
            preview = read_sale(
                session,
                fund.id,
                content,
                file.name,
                today=clock.today(fund.time_zone),
                mapping=pairs(mapping, "--map"),
                splits=pairs(splits, "--split"),
                units=pairs(units, "--units"),
                goods=pairs(goods, "--goods"),
                register_title=_title_of(session, fund, register) if register else None,
                name=name,
                held_on=held_on.date() if held_on else None,
                sheet=sheet,
            )
            _refuse_questions(preview)
            for line in _lines(preview):
                click.echo(line)
            return preview

        if dry_run:
            preview = read()
            refusal = preview.close_refusal if close else None
            if refusal is not None:
                click.echo(words(refusal.sentence, **refusal.values))
            return 1 if refusal is not None or (preview.refused and not accept_good_rows) else 0
        with transaction(session, books=True):
            preview = read()
            done = import_sale(
                session,
                actor,
                preview,
                files_dir=settings().files_dir,
                accept_good_rows=accept_good_rows,
                close=close,
            )
    click.echo(_outcome(preview, done))
    return 0


def _title_of(session: Session, fund: Fund, path: Path) -> str:
    """The title under which a gift register was imported. Raises Refused when it was not."""
    content = path.read_bytes()
    sent = registers.file_with(session, fund.id, hashlib.sha256(content).hexdigest())
    if sent is not None:
        return registers.register(session, sent.register_id).title
    preview = read_donations(session, fund, content, path.name, today=clock.today(fund.time_zone))
    if preview.register_id is None:
        raise Refused(
            N_("“%(file)s”还没有导入，请先运行 sunledger import donations"), field="register", file=path.name
        )
    return preview.title


def _refuse_questions(preview: SalePreview) -> None:
    """One sentence that says which option answers."""
    preview.opened.require_rows()
    if preview.question == "event":
        raise Refused(N_("标题里没有写活动的名称和日期，请用 --name 和 --date 说明"))
    if preview.question == "register":
        raise Refused(
            N_("来源指的是哪一本捐赠登记表？请用 --register 文件 说明；登记过的有：%(titles)s"),
            titles="、".join(preview.register_titles),
        )


def _lines(preview: SalePreview) -> Iterator[str]:
    day = preview.held_on.isoformat() if preview.held_on else ""
    yield f"{preview.name}  {day}"
    if preview.register_title:
        yield words(N_("来源按登记表《%(title)s》的序号"), title=preview.register_title)
    for row in preview.rows:
        yield _line(row)
        yield from why_refused(row.refusals)
        if "units" in row.asks:
            yield "    " + words(
                N_(
                    "“%(item)s”像是几件一份，每份含几件？名称里写的是 %(proposed)s。请填写“每份含”，或用 --units %(lot)s=件数"
                ),
                item=row.item,
                proposed=row.proposed_units or "—",
                lot=row.lot,
            )
        if "goods" in row.asks:
            yield "    " + words(
                N_("来源有几种物品：%(items)s。请用 --goods %(lot)s=物品 说明"),
                items="、".join(one.item for one in row.candidates),
                lot=row.lot,
            )
        if "split" in row.asks:
            yield "    " + words(
                N_("写了几种物品和一个金额，请用 --split %(row)s=even 按件数平摊"), row=row.lot or row.number
            )
        for note in row.notes:
            yield f"    {told(note)}"
    for note in preview.notes:
        yield told(note)


def _line(row: SaleRow) -> str:
    source = ""
    if row.goods is not None:
        pieces = f"{row.pieces}{row.goods.unit}" if row.units_per_item else ""
        source = f"← {row.source} {row.goods.item} {pieces}".rstrip()
    packs = f"{row.quantity}×{row.units_per_item or '?'}" if row.quantity else ""
    cells = [
        f"{row.number:>5}",
        words(_STATES[row.state]),
        row.lot,
        row.item,
        words(_MODES[row.mode]) if row.mode else "",
        packs,
        yuan(row.amount_minor) if row.amount_minor else "",
        words(METHOD_NAMES[row.method]) if row.method else "",
        source,
    ]
    return "  ".join(cell for cell in cells if cell)


def _outcome(preview: SalePreview, done: ImportedSale) -> str:
    lines = [
        words(
            N_(
                "已登记 %(lots)s 件拍品、%(sales)s 笔成交，募捐箱 %(box)s 元，合计 %(total)s 元；不能记入 %(refused)s 行"
            ),
            lots=done.lots,
            sales=done.sales,
            box=yuan(sum(preview.box.values())),
            total=yuan(preview.total_minor),
            refused=done.refused,
        )
    ]
    if done.entries:
        lines.append(
            words(
                N_("义卖已结束，分录第 %(first)s 至 %(last)s 号"),
                first=done.entries[0],
                last=done.entries[-1],
            )
        )
    return "\n".join(lines)
