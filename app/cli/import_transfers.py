"""`sunledger import transfers`: moves between cash, WeChat, Alipay and bank."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from app.cli import open_session, settings
from app.cli.imports import import_options, importer, pairs, told, why_refused, words
from app.funds.queries import only_fund
from app.ledger.treasury.workbooks.importing import read_transfers
from app.ledger.treasury.workbooks.operations import import_transfers
from app.ledger.treasury.workbooks.rules import TransferPreview, TransferRow
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import N_
from app.shared.money import yuan

_STATES = {"new": N_("记入"), "same": N_("已有"), "refused": N_("不能记入")}


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@import_options
@click.option("--sheet", help="Name of the sheet, where several could be meant.")
def transfers(
    file: Path,
    slug: str | None,
    dry_run: bool,
    mapping: tuple[str, ...],
    email: str | None,
    accept_good_rows: bool,
    splits: tuple[str, ...],
    sheet: str | None,
) -> int:
    """Import moves between money accounts. All rows or none, unless --accept-good-rows."""
    content = file.read_bytes()
    with open_session() as session:
        fund = only_fund(session, slug)
        actor = importer(session, email, fund.id)

        def read() -> TransferPreview:
            preview = read_transfers(
                session,
                fund.id,
                content,
                file.name,
                today=clock.today(fund.time_zone),
                mapping=pairs(mapping, "--map"),
                splits=pairs(splits, "--split"),
                sheet=sheet,
            )
            preview.opened.require_rows()
            for line in _lines(preview):
                click.echo(line)
            return preview

        if dry_run:
            return 1 if read().refused and not accept_good_rows else 0
        with transaction(session, books=True):
            preview = read()
            posted = import_transfers(
                session, actor, preview, files_dir=settings().files_dir, accept_good_rows=accept_good_rows
            )
    click.echo(
        words(
            N_(
                "已记入 %(recorded)s 笔划转，合计 %(total)s 元，分录第 %(first)s 至 %(last)s 号；已有 %(same)s 行，"
                "不能记入 %(refused)s 行"
            ),
            recorded=len(preview.of("new")),
            total=yuan(preview.total_minor),
            first=posted[0].number,
            last=posted[-1].number,
            same=len(preview.of("same")),
            refused=len(preview.refused),
        )
    )
    return 0


def _lines(preview: TransferPreview) -> Iterator[str]:
    for row in preview.rows:
        yield _line(row)
        yield from why_refused(row.refusals)
        for note in row.notes:
            yield f"    {told(note)}"
    for note in preview.notes:
        yield told(note)


def _line(row: TransferRow) -> str:
    source = words(row.source.name) if row.source else row.source_text
    target = words(row.target.name) if row.target else row.target_text
    cells = [
        f"{row.number:>5}",
        words(_STATES[row.state]),
        row.moved_on.isoformat() if row.moved_on else "",
        f"{source} → {target}",
        yuan(row.amount_minor) if row.amount_minor else "",
        words(N_("手续费 %(fee)s 元"), fee=yuan(row.fee_minor)) if row.fee_minor else "",
        row.memo,
    ]
    return "  ".join(cell for cell in cells if cell)
