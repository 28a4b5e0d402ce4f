"""The donor's statement as PDF and CSV, from the page of a gift: the same figures, for whoever may read names, never kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.shared import clock
from app.shared.money import yuan
from app.shared.periods import Period
from app.statements.donors.exporting import statement_csv
from app.statements.donors.layouts import parts
from app.statements.donors.pdf import statement_file
from app.statements.donors.queries import donor_statement
from app.statements.donors.rules import DonorStatement
from tests.disbursements import scenes
from tests.donations import gifts
from tests.visitor import Visitor

on_one_database = pytest.mark.parametrize("engine_kind", ["sqlite"], indirect=True)
Visit = Callable[..., Visitor]
DAYS = "first=2023-01-01&last=2023-12-31"


def _used(session: Session, folder: Path) -> tuple[int, DonorStatement]:
    """A gift of 1,234.50 yuan, 300.00 of it paid; its id and its statement."""
    gift = gifts.give(session)
    with scenes.before_the_notice():
        request = scenes.approved(session, 30_000)
    scenes.advance(session, request)
    scenes.pay(session, folder, request, 30_000)
    session.rollback()
    found = session.get_one(Donation, gift)
    period = Period(found.received_on, clock.today())
    return gift, donor_statement(session, [found.party_id], period, found.fund_id)


def _text(path_or_bytes: Path | bytes) -> str:
    source = io.BytesIO(path_or_bytes) if isinstance(path_or_bytes, bytes) else path_or_bytes
    return "".join("".join(page.extract_text().split()) for page in PdfReader(source).pages)


@on_one_database
def test_paper_and_spreadsheet_say_the_same(app: Flask, session: Session, tmp_path: Path) -> None:
    _, found = _used(session, tmp_path)
    with app.test_request_context("/"):
        content = b"".join(statement_csv(found))
        paper = {
            language: _text(statement_file(found, language)) for language in ("zh_Hans", "zh_Hant", "en")
        }
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\xef\xbb\xbf") == 1
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    sums = {row[0]: row[1] for row in rows if len(row) == 2}
    assert sums["期末未使用余额"] == "934.50"
    assert sums["本期已使用"] == "300.00"
    (use,) = [row for row in rows if "社区超市" in row]
    assert use[7] == "300.00"
    for text in paper.values():
        for minor in (found.sums.given_minor, found.sums.used_minor, found.sums.closing_minor):
            assert yuan(minor) in text
        assert found.check_code in text
        assert found.sha256 in text
        assert found.number in text
        assert found.uses[0].request in text
    assert sums["校验码"] == found.check_code


@on_one_database
def test_a_long_statement_is_printed_in_parts(app: Flask, session: Session, tmp_path: Path) -> None:
    _, found = _used(session, tmp_path)
    uses = tuple(replace(found.uses[0], amount_minor=n, entry_number=n) for n in range(1, 701))
    total = sum(use.amount_minor for use in uses)
    long = replace(found, uses=uses, sums=replace(found.sums, used_minor=total))
    made = list(parts(long))
    assert len(made) == 3
    assert sum(len(part.rows.get("uses", ())) for part in made) == 700
    assert [part.is_first for part in made] == [True, False, False]
    assert [part.is_last for part in made] == [False, False, True]
    with app.test_request_context("/"):
        path = statement_file(long, "zh_Hans")
    pages = PdfReader(path).pages
    assert len(pages) > 10
    assert f"{len(pages)}/{len(pages)}" in "".join(pages[-1].extract_text().split())
    assert _text(path).count("本期使用只列") == 1
    assert yuan(total) in _text(path)


@on_one_database
def test_the_office_takes_it_from_the_page_of_the_gift(
    session: Session, visit: Visit, tmp_path: Path
) -> None:
    gift, _ = _used(session, tmp_path)
    office = visit("secretary")
    place = f"/office/donations/{gift}/statement"
    assert place in office.get(f"/office/donations/{gift}").html
    last = clock.today().isoformat()
    sent = office.submit(place, {"preset": "custom", "first": "2023-01-01", "last": last})
    assert sent.status == 303
    page = office.get(sent.location)
    assert gifts.PERSON.name in page.heading
    assert "934.50" in page.words
    assert page.response.headers["Cache-Control"] == "no-store"
    for ending, kind in (("pdf", "application/pdf"), ("csv", "text/csv")):
        file = office.get(f"{place}.{ending}?first=2023-01-01&last={last}")
        assert (file.status, file.response.mimetype) == (200, kind)
        assert file.response.headers["Cache-Control"] == "no-store"
    early = office.get(f"{place}?first=2020-01-01&last=2020-12-31")
    assert "这个期间以前还没有捐赠" in early.words
    wrong = office.submit(place, {"preset": "custom", "first": "2023-12-31", "last": "2023-01-01"})
    assert wrong.status == 422
    assert "截止日期不能早于开始日期" in wrong.words


@on_one_database
def test_nobody_without_leave_reads_a_name(session: Session, visit: Visit) -> None:
    gift = gifts.give(session)
    place = f"/office/donations/{gift}/statement"
    for address in (place, f"{place}.pdf?{DAYS}", f"{place}.csv?{DAYS}"):
        assert visit("council").get(address).status == 403
        assert visit().get(address).status in (302, 303, 401)
    assert visit("secretary").get(f"{place}.pdf").status == 404
    assert visit("secretary").get(f"/office/donations/999999/statement.csv?{DAYS}").status == 404
