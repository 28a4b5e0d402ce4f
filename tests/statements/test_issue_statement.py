"""Issuing a statement: frozen, numbered, once; a correction is a new version."""

from __future__ import annotations

import hashlib
import json
from datetime import date

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.documents.models import IssuedDocument
from app.documents.queries import document, versions_of
from app.documents.rules import plain
from app.log.models import Commitment, Leaf
from app.shared import clock
from app.shared.audit import AuditEvent
from app.shared.db import transaction
from app.shared.errors import Forbidden, Refused
from app.shared.periods import Period
from app.statements import operations
from app.statements.operations import issue_statement
from app.statements.pdf import figures_of
from app.statements.queries import statement_figures
from tests import factories
from tests.statements.worked_example import Example, gift

AUTUMN = Period(date(2023, 9, 1), date(2023, 12, 31))


def issue(example: Example, key: str = "accountant", period: Period = AUTUMN, note: str = ""):  # type: ignore[no-untyped-def]
    session = example.session
    with transaction(session, books=True):
        return issue_statement(
            session, factories.actor(session, key), example.fund.id, period, correction_note=note
        )


def test_figures_are_frozen_with_their_hash(session: Session, example: Example) -> None:
    issued = issue(example)
    assert issued.is_new
    assert issued.document.number == f"{clock.today().year}-01"
    assert hashlib.sha256(issued.document.figures.encode()).hexdigest() == issued.document.figures_sha256
    assert figures_of(issued.document) == statement_figures(session, example.fund, AUTUMN)
    assert json.loads(issued.document.figures)["cash"]["closing"] == {
        "restricted_minor": 0,
        "unrestricted_minor": 67_500,
    }


def test_second_click_gives_the_same_document(session: Session, example: Example) -> None:
    first, second = issue(example), issue(example)
    assert (second.document.id, second.is_new) == (first.document.id, False)
    assert session.scalar(select(func.count()).select_from(IssuedDocument)) == 1


def test_document_has_its_leaf_and_its_audit_event(session: Session, example: Example) -> None:
    issued = issue(example).document
    leaf = session.scalars(select(Leaf).where(Leaf.position == issued.log_position)).one()
    body = json.loads(leaf.body)
    assert (leaf.kind, leaf.subject_id) == ("document", issued.id)
    assert body["figures_sha256"] == issued.figures_sha256
    assert body["period"] == ["2023-09-01", "2023-12-31"]
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "issue_document")).one()
    assert (event.subject_type, event.subject_id) == ("issued_document", issued.id)


def test_correction_needs_a_note_and_becomes_the_next_version(session: Session, example: Example) -> None:
    first = issue(example).document
    with transaction(session, books=True):
        gift(example, "late", date(2023, 12, 30), 1_000)
    with pytest.raises(Refused) as refusal:
        issue(example)
    assert refusal.value.field == "correction_note"
    second = issue(example, note="补记 12 月 30 日的一笔现金捐款")
    assert second.is_new
    assert (second.document.number, second.document.version) == (first.number, 2)
    assert [row.version for row in versions_of(session, first.number)] == [2, 1]
    assert figures_of(document(session, first.number, 1)).cash.closing.total_minor == 67_500
    assert figures_of(document(session, first.number)).cash.closing.total_minor == 68_500
    leaf = session.get_one(Leaf, second.document.log_position)
    assert "补记" not in leaf.body.decode()
    assert session.get_one(Commitment, (leaf.position, "correction_note")).text.startswith("补记")


def test_other_periods_get_other_numbers(example: Example) -> None:
    year = clock.today().year
    numbers = [
        issue(example, period=Period(date(2023, month, 1), date(2023, month, 30))).document.number
        for month in (9, 11)
    ]
    assert numbers == [f"{year}-01", f"{year}-02"]


def test_note_is_only_kept_for_a_correction(example: Example) -> None:
    assert issue(example, note="没有什么可更正").document.correction_note == ""


def test_only_accountant_and_secretary_may_issue(session: Session, example: Example) -> None:
    for member in factories.CAST:
        if member.key not in ("accountant", "secretary"):
            with pytest.raises(Forbidden):
                issue(example, member.key)
    assert session.scalar(select(func.count()).select_from(IssuedDocument)) == 0
    assert issue(example, "secretary").is_new


def test_period_must_be_over(example: Example) -> None:
    today = clock.today()
    with pytest.raises(Refused) as refusal:
        issue(example, period=Period(today, today.replace(year=today.year + 1)))
    assert refusal.value.field == "last"
    assert issue(example, period=Period(today, today)).is_new


def test_period_before_there_was_money_is_refused(example: Example) -> None:
    with pytest.raises(Refused) as refusal:
        issue(example, period=Period(date(203, 9, 1), date(2023, 9, 30)))
    assert refusal.value.field == "first"


@pytest.mark.parametrize(
    ("altering", "check"),
    [
        ("UPDATE money_account_day SET balance_minor = balance_minor + 1", "各资金账户日终余额"),
        ("UPDATE pool SET held_minor = held_minor + 1", "各用途余额"),
        ("UPDATE balance SET debit_minor = debit_minor + 1 WHERE account_code = '1002'", "借方合计"),
        (
            "UPDATE balance SET credit_minor = credit_minor + 1 WHERE statement_line = 'earmarked_donation'",
            "附表收入",
        ),
        ("UPDATE balance SET debit_minor = debit_minor + 1 WHERE account_code = '1201'", "逐项清单"),
    ],
)
def test_statement_whose_ties_fail_is_refused(
    session: Session, example: Example, altering: str, check: str
) -> None:
    with transaction(session):
        session.execute(text(altering))
    with pytest.raises(Refused) as refusal:
        issue(example)
    assert any(check in name for name in refusal.value.values["checks"])
    assert session.scalar(select(func.count()).select_from(IssuedDocument)) == 0


def test_issued_row_cannot_be_changed_or_deleted(session: Session, example: Example) -> None:
    issue(example)
    for altering in ("UPDATE issued_document SET figures = '{}'", "DELETE FROM issued_document"):
        with pytest.raises(Exception, match="issued_document"), transaction(session):
            session.execute(text(altering))


def test_figures_that_were_altered_are_not_shown(example: Example) -> None:
    issued = issue(example).document
    with pytest.raises(ValueError, match="hash"):
        figures_of(
            IssuedDocument(
                figures=issued.figures.replace("67500", "67501"), figures_sha256=issued.figures_sha256
            )
        )


def test_same_books_give_the_same_figures(session: Session, example: Example) -> None:
    one, two = (plain(statement_figures(session, example.fund, AUTUMN)) for _ in range(2))
    assert one == two


def test_period_with_too_many_entries_is_refused(example: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MOST_ENTRIES", 22)
    with pytest.raises(Refused, match="最多列出 22 笔"):
        issue(example)
    assert issue(example, period=Period(date(2023, 9, 1), date(2023, 9, 30))).is_new
