"""Proving that the books are what their leaves say, both ways, to the last movement of a gift."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice, zip_longest
from typing import Any

from sqlalchemy import ColumnElement, and_, select, text
from sqlalchemy.orm import Session

from app.ledger.models import JournalEntry, LedgerRow, PeriodState, Posting
from app.ledger.structure.models import Earmark, MoneyAccount, Project
from app.ledger.tracing.models import Tranche, TrancheMovement
from app.log.checks import Expected, compare_with_leaves
from app.log.models import Commitment, Erasure, Leaf
from app.log.queries import LeafRow, leaves
from app.parties.rules import MASKS
from app.shared.checks import Check

_CHUNK = 500
_OF_REQUESTS = {
    "approved": "hold",
    "promised_again": "hold",
    "request_cancelled": "release",
    "request_paid": "release",
}
_REQUEST = "disbursement"


def check_leaves(session: Session) -> list[Check]:
    """Entries, movements, structure and words of the books against the log."""
    return [
        _entries_equal_their_leaves(session),
        _movements_equal_their_leaves(session),
        *_structure(session),
        _words_are_committed(session),
    ]


def _entries_equal_their_leaves(session: Session) -> Check:
    check = Check("entries_equal_their_leaves")
    entries = (leaf for leaf in leaves(session) if leaf.kind == "entry")
    last = 0
    while chunk := list(islice(entries, _CHUNK)):
        bodies = [{**json.loads(leaf.body), "position": leaf.position} for leaf in chunk]
        check.examined += len(bodies)
        for body, expected in zip(bodies, range(last + 1, last + 1 + len(bodies)), strict=True):
            if body["number"] != expected:
                check.broken(f"leaf {body['position']} is of entry {body['number']}, not of {expected}")
        _compare(session, check, bodies)
        last += len(bodies)
    for number in session.scalars(select(JournalEntry.number).where(JournalEntry.number > last)):
        check.broken(f"entry {number} is in the books but not in the log")
    return check


def _compare(session: Session, check: Check, bodies: list[dict[str, Any]]) -> None:
    numbers = [body["number"] for body in bodies]
    first, last = min(numbers), max(numbers)
    postings: dict[int, list[dict[str, Any]]] = {}
    for row in session.execute(
        select(Posting)
        .where(Posting.entry_number >= first, Posting.entry_number <= last)
        .order_by(Posting.entry_number, Posting.line)
        .execution_options(yield_per=_CHUNK)
    ).scalars():
        postings.setdefault(row.entry_number, []).append(
            {
                "account": row.account_code,
                "earmark": row.earmark_id,
                "money_account": row.money_account_id,
                "project": row.project_id,
                "line": row.statement_line,
                "debit": row.debit_minor,
                "credit": row.credit_minor,
            }
        )
        session.expunge(row)
    told = _stored(session, first, last)
    for body in bodies:
        number = body["number"]
        stored = told.pop(number, None)
        if stored is None:
            check.broken(f"entry {number} is in the log (leaf {body['position']}) but not in the books")
            continue
        stored["postings"] = postings.get(number, [])
        wrong = [key for key, value in stored.items() if body.get(key) != value]
        if wrong:
            check.broken(f"entry {number} is not what its leaf {body['position']} says: {', '.join(wrong)}")
    for number in told:
        check.broken(f"entry {number} is in the books but not in the log")


def _stored(session: Session, first: int, last: int) -> dict[int, dict[str, Any]]:
    """What entries say, in the words of their leaves."""
    tranches = {
        row.number: {
            "earmark": row.earmark_id,
            "amount": row.amount_minor,
            "received_on": row.received_on.isoformat(),
            "place": row.place,
        }
        for row in session.execute(
            select(
                Tranche.number, Tranche.earmark_id, Tranche.amount_minor, Tranche.received_on, Tranche.place
            ).where(Tranche.number >= first, Tranche.number <= last)
        )
    }
    columns = (
        JournalEntry.number,
        JournalEntry.fund_id,
        JournalEntry.kind,
        JournalEntry.occurred_on,
        JournalEntry.recorded_at,
        JournalEntry.source_type,
        JournalEntry.source_id,
        JournalEntry.reverses_number,
        JournalEntry.replaces_number,
        JournalEntry.log_position,
    )
    return {
        row.number: {
            "id": row.number,
            "fund": row.fund_id,
            "kind": row.kind,
            "occurred_on": row.occurred_on.isoformat(),
            "recorded_at": f"{row.recorded_at:%Y-%m-%dT%H:%M:%SZ}",
            "source": [row.source_type, row.source_id],
            "reverses": row.reverses_number,
            "replaces": row.replaces_number,
            "position": row.log_position,
            "tranche": tranches.get(row.number),
        }
        for row in session.execute(
            select(*columns).where(JournalEntry.number >= first, JournalEntry.number <= last)
        )
    }


def _movements_equal_their_leaves(session: Session) -> Check:
    """The movements of all gifts, in the order written, against what entries, approvals and ends of requests say."""
    check = Check("movements_of_gifts_equal_their_leaves")
    columns = (
        TrancheMovement.id,
        TrancheMovement.tranche_number,
        TrancheMovement.kind,
        TrancheMovement.amount_minor,
        TrancheMovement.directly,
        TrancheMovement.entry_number,
        TrancheMovement.source_type,
        TrancheMovement.source_id,
    )
    rows = session.execute(select(*columns).order_by(TrancheMovement.id).execution_options(yield_per=2000))
    stored = (
        (
            row.id,
            [row.tranche_number, row.kind, row.amount_minor, bool(row.directly), row.entry_number]
            if row.kind in ("use", "return", "withdraw")
            else [row.tranche_number, row.kind, row.amount_minor, row.source_type, row.source_id],
        )
        for row in rows
    )
    for told, found in zip_longest(_told_movements(session), stored):
        check.examined += 1
        if told is None:
            check.broken(f"movement {found[0]} of gift {found[1][0]} is in the books but not in the log")
        elif found is None:
            check.broken(f"leaf {told[0]} tells of a movement of gift {told[1][0]} that is not in the books")
        elif told[1] != found[1]:
            check.broken(f"movement {found[0]} of gift {found[1][0]} is not what leaf {told[0]} says")
    for row in session.execute(
        text(
            "SELECT t.number FROM tranche t JOIN journal_entry e ON e.number = t.number LEFT JOIN journal_entry r "
            "ON r.replaces_number = t.number WHERE COALESCE(t.continued_by_number, 0) <> COALESCE(r.number, 0) "
            "OR t.source_type <> e.source_type OR t.source_id <> e.source_id ORDER BY t.number"
        )
    ):
        check.broken(f"the gift of entry {row.number} is not continued, or not from, where its entries say")
    return check


def _told_movements(session: Session) -> Iterator[tuple[int, list[Any]]]:
    for leaf in leaves(session):
        if leaf.kind == "entry" or leaf.kind in _OF_REQUESTS or leaf.kind == "continued":
            for movement in _movements(leaf):
                yield leaf.position, movement


def _movements(leaf: LeafRow) -> Iterator[list[Any]]:
    body = json.loads(leaf.body)
    kind, subject_id = (
        (body["of"][0], body["of"][1]) if leaf.kind == "continued" else (leaf.kind, leaf.subject_id)
    )
    yield from body.get("movements", ())
    for name in ("holds", "releases"):
        for tranche, amount in body.get(name, ()):
            yield [tranche, _OF_REQUESTS[kind], amount, _REQUEST, subject_id]


def _structure(session: Session) -> list[Check]:
    earmarks = [
        Expected(each.id, {"fund": each.fund_id, "restriction": each.restriction}, {"name": each.name})
        for each in session.scalars(select(Earmark))
    ]
    projects = [
        Expected(each.id, {"fund": each.fund_id}, {"name": each.name})
        for each in session.scalars(select(Project))
    ]
    accounts = [
        Expected(each.id, {"fund": each.fund_id, "account": each.account_code}, {"name": each.name})
        for each in session.scalars(select(MoneyAccount))
    ]
    closed = [
        Expected(each.fund_id, {"fund": each.fund_id, "month": each.month})
        for each in session.scalars(select(PeriodState).where(PeriodState.state == "closed"))
    ]
    return [
        compare_with_leaves(session, "earmark", earmarks),
        compare_with_leaves(
            session,
            "earmark_closed",
            [
                Expected(each.id, {"fund": each.fund_id, "on": each.closed_on.isoformat()})
                for each in session.scalars(select(Earmark).where(Earmark.closed_on.is_not(None)))
                if each.closed_on is not None
            ],
        ),
        compare_with_leaves(session, "project", projects),
        compare_with_leaves(session, "money_account", accounts),
        compare_with_leaves(session, "period_closed", closed),
    ]


def _words_are_committed(session: Session) -> Check:
    """What the public reads beside the figures of an entry was committed to: by its leaf, or by one that corrects words.

    A name may also be a mask, or that of the entry it undoes. What was erased cannot be compared any more.
    """
    check = Check("public_words_are_committed")
    corrected = {
        ("party", None): _corrections(session, "party_words", "name"),
        ("document", "donation"): _corrections(session, "fiscal_receipt", "number"),
    }
    columns = (
        LedgerRow.number,
        LedgerRow.description,
        LedgerRow.party,
        LedgerRow.document,
        LedgerRow.reverses_number,
        LedgerRow.party_id,
        LedgerRow.source_type,
        LedgerRow.source_id,
        LedgerRow.log_position,
    )
    rows = iter(
        session.execute(
            select(*columns)
            .where(LedgerRow.is_event.is_(False))
            .order_by(LedgerRow.number)
            .execution_options(yield_per=_CHUNK)
        )
    )
    while chunk := list(islice(rows, _CHUNK)):
        check.examined += len(chunk)
        own = _committed(session, Leaf.position.in_([row.log_position for row in chunk]))
        undone = [row.reverses_number for row in chunk if row.reverses_number]
        theirs = (
            _committed(session, and_(Leaf.kind == "entry", Leaf.subject_id.in_(undone))) if undone else {}
        )
        for row in chunk:
            for field, subject_id, kind in (
                ("description", None, None),
                ("party", row.party_id, None),
                ("document", row.source_id, row.source_type),
            ):
                words = getattr(row, field)
                known = own.get((row.number, field), set()) | corrected.get((field, kind), {}).get(
                    subject_id or 0, set()
                )
                if field != "description":
                    known |= theirs.get((row.reverses_number, field), set())
                if field == "party":
                    known |= set(MASKS.values())
                if words and words not in known and None not in known:
                    check.broken(f"entry {row.number}: the {field} that is shown was never committed to")
    return check


def _committed(session: Session, which: ColumnElement[bool]) -> dict[tuple[int, str], set[str | None]]:
    """The texts that leaves of entries commit to, by entry and field; None where one was erased."""
    # The kind is compared here: as a condition SQLite would go through all leaves of entries for each chunk of them.
    found: dict[tuple[int, str], set[str | None]] = {}
    for kind, number, field, words in session.execute(
        select(Leaf.kind, Leaf.subject_id, Commitment.field, Commitment.text)
        .join(Commitment, Commitment.leaf_position == Leaf.position)
        .where(which)
    ):
        if kind == "entry":
            found.setdefault((number, field), set()).add(words)
    for kind, number, field in session.execute(
        select(Leaf.kind, Leaf.subject_id, Erasure.field)
        .join(Erasure, Erasure.leaf_position == Leaf.position)
        .where(which)
    ):
        if kind == "entry":
            found.setdefault((number, field), set()).add(None)
    return found


def _corrections(session: Session, kind: str, field: str) -> dict[int, set[str | None]]:
    """The texts that later leaves put in the place of the first, by what they speak of; None where one was erased."""
    found: dict[int, set[str | None]] = {}
    for subject_id, words in session.execute(
        select(Leaf.subject_id, Commitment.text)
        .join(Commitment, Commitment.leaf_position == Leaf.position)
        .where(Leaf.kind == kind, Commitment.field == field)
    ):
        found.setdefault(subject_id, set()).add(words)
    for subject_id in session.scalars(
        select(Leaf.subject_id)
        .join(Erasure, Erasure.leaf_position == Leaf.position)
        .where(Leaf.kind == kind, Erasure.field == field)
    ):
        found.setdefault(subject_id, set()).add(None)
    return found
