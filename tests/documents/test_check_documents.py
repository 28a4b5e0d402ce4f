"""`check-books` notices a document whose figures are not those that were issued."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.documents.checks import check_documents
from app.documents.operations import DocumentDraft, issue_document
from app.funds.queries import fund_by_slug
from app.shared.db import transaction
from app.shared.periods import Period
from tests import factories

MONTH = Period(date(2023, 9, 1), date(2023, 9, 30))


@pytest.fixture
def issued(session: Session) -> str:
    """A document in two versions; returns its number."""
    fund_id = fund_by_slug(session, factories.FUND_SLUG).id
    accountant = factories.actor(session, "accountant")
    for amount in (1, 2):
        draft = DocumentDraft("receipts_and_payments", fund_id, MONTH, {"amount": amount}, "更正")
        with transaction(session, books=True):
            number = issue_document(session, accountant, draft).document.number
    return number


def broken(session: Session) -> dict[str, list[str]]:
    return {check.name: check.problems for check in check_documents(session) if not check.holds}


def test_documents_as_issued_pass(session: Session, issued: str) -> None:
    assert broken(session) == {}
    assert {check.examined for check in check_documents(session)} == {2}


@pytest.mark.parametrize(
    ("altering", "name"),
    [
        (
            "UPDATE issued_document SET figures = replace(figures, '2', '3') WHERE version = 2",
            "issued_figures_are_unchanged",
        ),
        (
            "UPDATE issued_document SET figures_sha256 = 'x' WHERE version = 2",
            "issued_figures_are_in_the_log",
        ),
        ("UPDATE issued_document SET version = 3 WHERE version = 2", "document_versions_are_gapless"),
    ],
)
def test_altered_document_is_named(session: Session, issued: str, altering: str, name: str) -> None:
    with transaction(session):
        if session.get_bind().dialect.name == "sqlite":
            triggers = session.scalars(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'issued_document'")
            ).all()
            for trigger in triggers:
                session.execute(text(f"DROP TRIGGER {trigger}"))
        else:
            session.execute(text("ALTER TABLE issued_document DISABLE TRIGGER USER"))
        session.execute(text(altering))
    found = broken(session)
    assert name in found
    assert all(issued in problem for problem in found[name])
