"""`sunledger import donations`: a gift register, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from app.cli import open_session, settings
from app.cli.imports import import_options, importer, pairs, words
from app.donations.registers.importing import read_donations
from app.donations.registers.operations import ImportedDonations, import_donations
from app.donations.registers.rules import DonationPreview, PlannedRow
from app.donations.rules import METHODS
from app.funds.queries import only_fund
from app.parties.rules import KINDS
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import N_, Refused
from app.shared.money import yuan
from app.sheets.rows import Note


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@import_options
@click.option(
    "--earmark",
    "earmarks",
    multiple=True,
    metavar="PURPOSE=SLUG",
    help="Slug of the earmark for a purpose, made when there is none; empty when the purpose binds nothing.",
)
@click.option("--sheet", help="Name of the sheet, where several could be meant.")
@click.option("--title", help="Which register it is, when its title row does not tell.")
@click.option(
    "--corrections",
    type=click.Choice(["none", "words", "all"]),
    default="words",
    show_default=True,
    help="What to correct when an edited register is sent again.",
)
def donations(
    file: Path,
    slug: str | None,
    dry_run: bool,
    mapping: tuple[str, ...],
    email: str | None,
    accept_good_rows: bool,
    splits: tuple[str, ...],
    earmarks: tuple[str, ...],
    sheet: str | None,
    title: str | None,
    corrections: str,
) -> int:
    """Import a gift register: .xlsx, .xls, or .csv in UTF-8 or GB18030.

    All rows or none, unless --accept-good-rows. An edited register sent again is compared with what is in.
    """
    content = file.read_bytes()
    with open_session() as session:
        fund = only_fund(session, slug)
        actor = importer(session, email, fund.id)

        def read() -> DonationPreview:
            return read_donations(
                session,
                fund,
                content,
                file.name,
                today=clock.today(fund.time_zone),
                mapping=pairs(mapping, "--map"),
                splits=pairs(splits, "--split"),
                earmarks=pairs(earmarks, "--earmark"),
                sheet=sheet,
                title=title,
            )

        if dry_run:
            preview = read()
            _refuse_questions(preview)
            _print(preview)
            return 1 if preview.refused and not accept_good_rows else 0
        with transaction(session, books=True):
            preview = read()
            _refuse_questions(preview)
            _print(preview)
            accepted = {
                "none": frozenset[str](),
                "words": preview.accepted_by_default(actor),
                "all": preview.offered,
            }[corrections]
            done = import_donations(
                session,
                actor,
                preview,
                files_dir=settings().files_dir,
                accept_good_rows=accept_good_rows,
                corrections=accepted,
            )
    click.echo(_outcome(preview, done))
    return 0


def _refuse_questions(preview: DonationPreview) -> None:
    """One sentence that says which option answers."""
    if preview.question == "sheet":
        raise Refused(
            N_("文件里有几个工作表，请用 --sheet 说明是哪一个：%(sheets)s"),
            sheets="、".join(preview.sheet_names),
        )
    if preview.question and preview.match is None:
        raise Refused(N_("找不到表头，请用 --map 说明每一列是什么，例如 --map B=date"))
    if preview.question and preview.match is not None:
        doubts = [
            f"{'/'.join(heading.text for heading in doubt.headings)} → {'/'.join(doubt.fields)}"
            for doubt in preview.match.unsure
        ]
        missing = [f"{item.labels[0]} → {item.key}" for item in preview.match.missing]
        raise Refused(
            N_("不能确定这些列是什么，请用 --map 表头=字段 说明：%(columns)s"),
            columns="；".join([*doubts, *missing]),
        )


def _print(preview: DonationPreview) -> None:
    click.echo(preview.title)
    for line in _lines(preview):
        click.echo(line)


def _lines(preview: DonationPreview) -> Iterator[str]:
    for row in preview.rows:
        yield _line(row)
        for refused in row.refusals:
            yield f"    {refused.address or '—'}：{words(refused.refusal.sentence, **refused.refusal.values)}"
        if row.state == "asks":
            number = row.row.office_number or row.number
            yield "    " + words(
                N_("写了几种物品和一个金额，请用 --split %(row)s=even 按件数平摊，或写明每种的价值"),
                row=number,
            )
        for note in row.notes:
            yield f"    {_told(note)}"
        for correction in row.corrections:
            for change in correction.changes:
                yield f"    {correction.kind}：{change.field} {change.old!s} → {change.new!s}"
    for kept in preview.vanished:
        yield words(N_("第 %(row)s 行已不在登记表里，账上的捐赠不变"), row=kept.row_number)
    for made in preview.new_earmarks:
        yield words(
            N_("新设限定用途“%(purpose)s”（%(slug)s）：%(rows)s 笔，%(amount)s 元"),
            purpose=made.purpose,
            slug=made.slug,
            rows=made.rows,
            amount=yuan(made.amount_minor),
        )
    for note in preview.notes:
        yield _told(note)


_STATES = {
    "new": N_("记入"),
    "same": N_("已有"),
    "changed": N_("有改动"),
    "asks": N_("待回答"),
    "refused": N_("不能记入"),
}


def _line(row: PlannedRow) -> str:
    gift = row.row
    goods = "、".join(
        f"{line.item} {line.quantity}{line.unit} {yuan(line.value_minor)}"
        for line in gift.goods
        if line.value_minor
    )
    purpose = row.earmark.name if row.earmark.is_restricted else row.wish
    cells = [
        f"{row.number:>5}",
        words(_STATES[row.state]),
        gift.office_number,
        gift.received_on.isoformat() if gift.received_on else "",
        gift.donor,
        words(KINDS[gift.donor_kind]),
        f"→ {row.public_name}",
        words(METHODS[gift.method]),
        yuan(row.total_minor) if row.total_minor else "",
        goods,
        purpose,
    ]
    return "  ".join(cell for cell in cells if cell)


def _told(note: Note) -> str:
    place = f"{note.address}：" if note.address else ""
    return place + words(note.sentence, **note.values)


def _outcome(preview: DonationPreview, done: ImportedDonations) -> str:
    return words(
        N_(
            "已记入 %(recorded)s 笔：捐款 %(money)s 元，物资 %(goods)s 元；更正 %(corrected)s 处，已有 %(skipped)s 行，"
            "不能记入 %(refused)s 行"
        ),
        recorded=len(done.donation_ids),
        money=yuan(preview.new_money_minor),
        goods=yuan(preview.new_goods_minor),
        corrected=done.corrected,
        skipped=done.skipped,
        refused=done.refused,
    )
