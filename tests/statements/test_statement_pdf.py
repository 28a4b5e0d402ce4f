"""The printed statement, read with another reader and compared with the site figure by figure."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pikepdf
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.documents import pdf as documents_pdf
from app.documents.models import IssuedDocument
from app.funds.queries import fund_by_slug
from app.main import create_app
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction
from app.shared.money import yuan
from app.shared.periods import Period
from app.statements import layouts, pdf
from app.statements.operations import issue_statement
from app.web.database import session as database_session
from app.web.database import transaction as write
from tests import factories, installation
from tests.conftest import Clone
from tests.statements.conftest import migrate_and_example
from tests.statements.test_statement_pages import rows_of
from tests.statements.worked_example import NOTICE, Example, gift
from tests.visitor import Visitor

# The database is behind the figures, which are tested on both; a page is made from the figures alone.
on_one_database = pytest.mark.parametrize("engine_kind", ["sqlite"], indirect=True)

Print = Callable[..., Path]


@pytest.fixture
def issued(session: Session, example: Example) -> IssuedDocument:
    """The example's statement, issued."""
    return issue(example)


@dataclass(frozen=True)
class Paper:
    """The example's statement on paper, with what the site shows of it."""

    document: IssuedDocument
    path: Path
    screen: dict[str, list[str]]
    lines: list[str]


@pytest.fixture(scope="module")
def paper(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> Paper:
    """Printed once for all tests that only read it."""
    settings = installation.settings_for(
        tmp_path_factory.mktemp("paper"), clone("sqlite", migrate_and_example)
    )
    app = create_app(settings)
    with app.app_context():
        fund = fund_by_slug(database_session(), factories.FUND_SLUG)
        with write(books=True) as session:
            actor = factories.actor(session, "accountant")
            period = Period(date(2023, 9, 1), date(2023, 12, 31))
            document = issue_statement(session, actor, fund.id, period).document
        path = pdf.statement_file(document, "zh_Hans")
    screen = rows_of(Visitor(app.test_client()).get(f"/statements/{document.number}"))
    installation.close(app)
    return Paper(document, path, screen, lines_of(path))


def issue(example: Example, first: date = date(2023, 9, 1), last: date = date(2023, 12, 31), note: str = ""):  # type: ignore[no-untyped-def]
    with transaction(example.session, books=True):
        actor = factories.actor(example.session, "accountant")
        period = Period(first, last)
        return issue_statement(example.session, actor, example.fund.id, period, correction_note=note).document


@pytest.fixture
def printed(app: Flask) -> Print:
    """Return `printed(document, locale)`: its PDF."""

    def make(document: IssuedDocument, locale: str = "zh_Hans") -> Path:
        with app.app_context():
            return pdf.statement_file(document, locale)

    return make


def text_of(path: Path, *, first: int = 1, last: int = 0) -> str:
    """The text as poppler reads it, laid out as on paper."""
    pages = ["-f", str(first), *(["-l", str(last)] if last else [])]
    return subprocess.run(
        ["pdftotext", "-layout", *pages, str(path), "-"], check=True, capture_output=True, text=True
    ).stdout


def lines_of(path: Path) -> list[str]:
    return [" ".join(line.split()) for line in text_of(path).splitlines() if line.strip()]


def page_count(path: Path) -> int:
    with pikepdf.open(path) as file:
        return len(file.pages)


def test_paper_and_screen_show_the_same_figures(paper: Paper) -> None:
    assert len(paper.screen) > 40
    for label, cells in paper.screen.items():
        row = " ".join([label, *(cell for cell in cells if cell)])
        assert row in paper.lines, row


def test_paper_has_every_entry_of_the_ledger(paper: Paper) -> None:
    words = "\n".join(paper.lines)
    balance = 0
    for entry in pdf.figures_of(paper.document).annex:
        balance += entry.in_minor - entry.out_minor
        amount = yuan(entry.in_minor or entry.out_minor) if entry.in_minor or entry.out_minor else ""
        assert re.search(
            rf"^{entry.number} {entry.occurred_on} .*{re.escape(amount)} ?{re.escape(yuan(balance))}$",
            words,
            re.MULTILINE,
        ), entry
    assert "本期合计与期末结余 356,675.00 356,000.00 675.00" in paper.lines


def test_first_page_says_whose_it_is_and_what_it_is_not(paper: Paper) -> None:
    document, words = paper.document, "\n".join(paper.lines)
    for each in (
        factories.HOST_NAME,
        factories.FUND_NAME,
        "期间 2023-09-01 至 2023-12-31",
        f"编号 {document.number}",
        f"签发时间 {clock.local(document.issued_at):%Y-%m-%d %H:%M}",
        "非法定财务报表",
        "按 2026 年起施行的制度格式编制，仅供公开参考。",
        NOTICE,
        f"内容的 SHA-256： {document.figures_sha256}",
        f"位置 {document.log_position}",
    ):
        assert each in words, each


def test_every_page_is_headed_and_numbered(paper: Paper) -> None:
    count = page_count(paper.path)
    assert count == 3
    for page in range(1, count + 1):
        text = text_of(paper.path, first=page, last=page)
        assert factories.FUND_NAME in text
        assert re.search(rf"{paper.document.number}\s+2023-09-01 至 2023-12-31", text)
        assert re.search(rf"\b{page} ?/ ?{count}\s*$", text)


def test_checks_that_passed_are_printed(paper: Paper) -> None:
    words = " ".join(paper.lines)
    for name in layouts.CHECK_NAMES.values():
        assert f"✓ {name}" in words, name


def test_fonts_are_ours_and_embedded_and_the_file_describes_itself(paper: Paper) -> None:
    listed = subprocess.run(["pdffonts", str(paper.path)], check=True, capture_output=True, text=True).stdout
    faces = {line.split()[0].split("+")[1] for line in listed.splitlines()[2:]}
    assert faces == {"Noto-Sans-SC", "Noto-Sans-SC-Bold", "Noto-Serif-SC-Bold"}
    with pikepdf.open(paper.path) as file:
        assert str(file.Root.Lang) == "zh-Hans"
        assert str(file.docinfo["/Author"]) == factories.HOST_NAME
        assert paper.document.number in str(file.docinfo["/Title"])
        assert "/EmbeddedFiles" not in (file.Root.get("/Names") or {})
    assert (
        subprocess.run(["qpdf", "--check", str(paper.path)], check=False, capture_output=True).returncode == 0
    )


@on_one_database
def test_statement_of_2026_does_not_say_that_the_layout_is_younger(
    session: Session, blank: Example, printed: Print
) -> None:
    with transaction(session, books=True):
        gift(blank, "gift", date(2026, 1, 5), 100)
    document = issue(blank, date(2026, 1, 1), date(2026, 1, 31))
    assert "按 2026 年起施行" not in text_of(printed(document))


@on_one_database
def test_empty_period_prints_that_it_is_empty(example: Example, printed: Print) -> None:
    paper = lines_of(printed(issue(example, date(2023, 10, 1), date(2023, 10, 31))))
    assert "本期没有分录。" in paper
    assert "五、期初结余 6,675.00 350,000.00 356,675.00" in paper
    assert "六、期末结余 6,675.00 350,000.00 356,675.00" in paper


@on_one_database
def test_negative_amounts_have_a_minus_of_their_own(example: Example, printed: Print) -> None:
    paper = lines_of(printed(issue(example, date(2023, 10, 1), date(2023, 11, 16))))
    assert "三、收支净额 −6,000.00 0.00 −6,000.00" in paper


@on_one_database
def test_correction_note_stands_on_the_new_version(
    session: Session, example: Example, issued: IssuedDocument, printed: Print
) -> None:
    with transaction(session, books=True):
        gift(example, "late", date(2023, 12, 30), 1_000)
    second = issue(example, note="补记一笔现金捐款")
    paper = text_of(printed(second))
    assert "更正说明： 补记一笔现金捐款" in paper
    assert f"{issued.number}（第 2 版）" in paper
    assert "更正说明" not in text_of(printed(issued))


@on_one_database
def test_the_same_document_gives_the_same_bytes(
    app: Flask, settings: Settings, issued: IssuedDocument, printed: Print, tmp_path: Path
) -> None:
    again = tmp_path / "again.pdf"
    with app.app_context():
        pdf.print_statement(issued, "zh_Hans", again, settings)
    assert again.read_bytes() == printed(issued).read_bytes()


@on_one_database
def test_printed_once_it_is_served_as_a_file(
    app: Flask, visit: Callable[..., Visitor], issued: IssuedDocument, printed: Print
) -> None:
    path = printed(issued, "en")
    path.write_bytes(b"%PDF the kept file")
    answer = visit().get(f"/statements/{issued.number}.pdf?lang=en")
    assert answer.response.data == b"%PDF the kept file"
    assert answer.headers["Content-Type"] == "application/pdf"
    etag = answer.headers["ETag"]
    assert visit().get(f"/statements/{issued.number}.pdf?lang=en", If_None_Match=etag).status == 304
    assert visit().get(f"/statements/{issued.number}.pdf?lang=zh_Hans").headers["ETag"] != etag


@on_one_database
def test_long_annex_is_one_document_with_running_numbers(
    app: Flask, settings: Settings, issued: IssuedDocument, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "PART", 5)
    files = [tmp_path / "one.pdf", tmp_path / "two.pdf"]
    with app.app_context():
        for path in files:
            pdf.print_statement(issued, "zh_Hans", path, settings)
    assert files[0].read_bytes() == files[1].read_bytes()
    count = page_count(files[0])
    assert count == 2 + 5
    numbers = [
        re.findall(r"(\d+) ?/ ?(\d+)\s*$", text_of(files[0], first=page, last=page))
        for page in range(1, count + 1)
    ]
    assert numbers == [[(str(page), str(count))] for page in range(1, count + 1)]
    paper = lines_of(files[0])
    assert "附表：本期全部分录 第 6 至 10 笔，共 23 笔" in paper
    assert paper.count("承前 355,000.00 0.00 355,000.00") == 1
    assert paper.count("转后 355,000.00 0.00 355,000.00") == 1
    assert "本期合计与期末结余 356,675.00 356,000.00 675.00" in paper
    assert (
        subprocess.run(["qpdf", "--check", str(files[0])], check=False, capture_output=True).returncode == 0
    )


@on_one_database
def test_what_is_issued_is_printed_at_once(
    visit: Callable[..., Visitor], example: Example, settings: Settings
) -> None:
    address = "/office/statements/issue?first=2023-10-01&last=2023-10-31"
    assert visit("accountant").submit(address).status == 303
    assert [path.suffixes for path in (settings.data_dir / "documents").iterdir()] == [[".pdf"]]


@on_one_database
def test_statement_that_cannot_be_printed_is_issued_all_the_same(
    visit: Callable[..., Visitor], example: Example, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents_pdf, "SECONDS_FOR_A_PART", 0)
    address = "/office/statements/issue?first=2023-10-01&last=2023-10-31"
    accountant = visit("accountant")
    done = accountant.follow(accountant.submit(address))
    number = re.findall(r"已签发 (\d{4}-\d\d)", done.html)[0]
    assert visit().get(f"/statements/{number}").status == 200
    refused = visit().get(f"/statements/{number}.pdf")
    assert refused.status == 503
    assert "数字不受影响" in refused.words
    monkeypatch.undo()
    assert visit().get(f"/statements/{number}.pdf").response.data.startswith(b"%PDF-")
