"""`sunledger import disbursements`: requests for payment, as drafts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from app.cli import open_session, settings
from app.cli.imports import import_options, importer, pairs, told, why_refused, words
from app.disbursements.workbooks.importing import read_disbursements
from app.disbursements.workbooks.operations import import_disbursements
from app.disbursements.workbooks.rules import RequestPreview, RequestRow
from app.funds.queries import only_fund
from app.ledger.accounts import PAYMENT_LINES
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import N_
from app.shared.money import yuan

_STATES = {"new": N_("记入"), "same": N_("已有"), "refused": N_("不能记入")}


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@import_options
@click.option(
    "--spending-kind",
    "kinds",
    multiple=True,
    metavar="NUMBER=KIND",
    help="Row of the receipts-and-payments statement that a request is, such as project_works; asked later if left out.",
)
@click.option(
    "--earmark",
    "earmarks",
    multiple=True,
    metavar="NUMBER=SLUG",
    help="Earmark that a request spends from, when its source does not tell.",
)
@click.option("--sheet", help="Name of the sheet, where several could be meant.")
def disbursements(
    file: Path,
    slug: str | None,
    dry_run: bool,
    mapping: tuple[str, ...],
    email: str | None,
    accept_good_rows: bool,
    splits: tuple[str, ...],
    kinds: tuple[str, ...],
    earmarks: tuple[str, ...],
    sheet: str | None,
) -> int:
    """Import requests for payment as drafts. All rows or none, unless --accept-good-rows."""
    content = file.read_bytes()
    with open_session() as session:
        fund = only_fund(session, slug)
        actor = importer(session, email, fund.id)

        def read() -> RequestPreview:
            preview = read_disbursements(
                session,
                fund.id,
                content,
                file.name,
                today=clock.today(fund.time_zone),
                mapping=pairs(mapping, "--map"),
                splits=pairs(splits, "--split"),
                spending_kinds=pairs(kinds, "--spending-kind"),
                earmarks=pairs(earmarks, "--earmark"),
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
            ids = import_disbursements(
                session, actor, preview, files_dir=settings().files_dir, accept_good_rows=accept_good_rows
            )
    click.echo(
        words(
            N_("已起草 %(recorded)s 份申请，合计 %(total)s 元；已有 %(same)s 行，不能记入 %(refused)s 行"),
            recorded=len(ids),
            total=yuan(preview.total_minor),
            same=len(preview.of("same")),
            refused=len(preview.refused),
        )
    )
    return 0


def _lines(preview: RequestPreview) -> Iterator[str]:
    for row in preview.rows:
        yield _line(row)
        yield from why_refused(row.refusals)
        for note in row.notes:
            yield f"    {told(note)}"
    for note in preview.notes:
        yield told(note)


def _line(row: RequestRow) -> str:
    cells = [
        f"{row.number:>5}",
        words(_STATES[row.state]),
        row.office_number,
        row.applied_on.isoformat() if row.applied_on else "",
        row.project,
        f"{row.applicant} → {row.payee}",
        yuan(row.amount_minor) if row.amount_minor else "",
        words(row.earmark.name) if row.earmark else "",
        words(PAYMENT_LINES[row.spending_kind]) if row.spending_kind else "",
    ]
    return "  ".join(cell for cell in cells if cell)
