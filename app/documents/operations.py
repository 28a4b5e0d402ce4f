"""Issuing documents, and the numbers that papers and requests carry. All inside ``transaction(books=True)``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.documents import queries, rules
from app.documents.models import DocumentNumber, IssuedDocument
from app.log.operations import LeafDraft, append
from app.shared import clock
from app.shared.audit import record
from app.shared.db import book_head
from app.shared.errors import N_, Refused
from app.shared.periods import Period
from app.shared.permissions import Actor, Permission

MAX_NOTE = 2000


@dataclass(slots=True)
class DocumentDraft:
    """A document to be issued: ``figures`` are text, whole numbers and lists of them, without number or time of issue.

    ``is_of_period`` False: not the only one of its kind for these days, as the minutes of one meeting among several.
    ``subject_id``: what it is of, where kind and days do not tell.
    """

    kind: str
    fund_id: int
    period: Period
    figures: dict[str, Any]
    correction_note: str = ""
    is_of_period: bool = True
    subject_id: int | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """The document, and whether this call issued it; False when the same figures were issued before."""

    document: IssuedDocument
    is_new: bool


def next_number(session: Session, series: str, year: int) -> str:
    """The next public number of a series in a year, as "2023-01". Gapless inside ``transaction(books=True)``."""
    counter = _counter(session, series, year)
    counter.last += 1
    session.flush()
    return rules.number_text(year, counter.last)


def keep_number(session: Session, series: str, number: str) -> None:
    """Count on from a number that an office gave itself ("2023-02"), so that it is never given again."""
    year, _, position = number.partition("-")
    counter = _counter(session, series, int(year))
    counter.last = max(counter.last, int(position))
    session.flush()


def _counter(session: Session, series: str, year: int) -> DocumentNumber:
    counter = session.get(DocumentNumber, (series, year))
    if counter is None:
        counter = DocumentNumber(series=series, year=year, last=0)
        session.add(counter)
    return counter


def issue_document(session: Session, actor: Actor, draft: DocumentDraft) -> Issued:
    """Freeze the figures, number them, append their leaf.

    The same figures for the same period are the same document, however often this is called. Other figures for a period
    that has a document become its next version, and ``correction_note`` must say why. Raises Refused without one.
    """
    actor.require(Permission.DOCUMENT_ISSUE, draft.fund_id)
    figures, sha256 = rules.frozen(draft.figures)
    earlier = (
        queries.latest_of_period(session, draft.kind, draft.fund_id, draft.period, draft.subject_id)
        if draft.is_of_period
        else None
    )
    if earlier is not None and earlier.figures_sha256 == sha256:
        return Issued(queries.document(session, earlier.number, earlier.version), False)
    note = draft.correction_note.strip()
    if earlier is not None and not note:
        raise Refused(
            N_("这一期间已有 %(number)s 号报表，数字现在不同；重新签发请写明更正说明"),
            field="correction_note",
            number=earlier.number,
        )
    if len(note) > MAX_NOTE:
        raise Refused(N_("最多 %(longest)s 个字"), field="correction_note", longest=MAX_NOTE)
    at = clock.now()
    document = IssuedDocument(
        number=earlier.number if earlier else next_number(session, rules.DOCUMENTS, clock.local(at).year),
        version=earlier.version + 1 if earlier else 1,
        kind=draft.kind,
        fund_id=draft.fund_id,
        period_from=draft.period.first,
        period_to=draft.period.last,
        subject_id=draft.subject_id,
        figures=figures,
        figures_sha256=sha256,
        correction_note=note if earlier else "",
        issued_at=at,
        issued_by_id=actor.user_id,
        # The row can never be changed, so it says where its leaf will be; the leaf needs the row's id.
        log_position=book_head(session).leaf_count,
    )
    session.add(document)
    session.flush()
    _append_leaf(session, document)
    record(
        session,
        actor.user_id,
        "issue_document",
        "issued_document",
        document.id,
        number=document.number,
        version=document.version,
    )
    return Issued(document, True)


def _append_leaf(session: Session, document: IssuedDocument) -> None:
    body = {
        "fund": document.fund_id,
        "kind": document.kind,
        "number": document.number,
        "period": [day.isoformat() if day else None for day in (document.period_from, document.period_to)],
        "issued_at": f"{document.issued_at:%Y-%m-%dT%H:%M:%SZ}",
        "figures_sha256": document.figures_sha256,
    }
    leaf = LeafDraft(
        "document", document.id, body, {"correction_note": document.correction_note}, document.version
    )
    (position,) = append(session, [leaf])
    if position != document.log_position:  # pragma: no cover - both are read under one lock
        raise RuntimeError("the leaf is not where the document says")
