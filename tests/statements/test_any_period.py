"""Any period of a busy half-year, against a plain sum over every posting."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.ledger.figures.queries import turnover, turnover_before
from app.ledger.models import JournalEntry, Posting
from app.shared.db import transaction
from app.shared.periods import Period
from app.statements.queries import statement_figures
from tests.statements.reading import failing
from tests.statements.worked_example import Example, gift, payment

START, DAYS = date(2023, 11, 1), 200
Sums = Counter[tuple[str, int, str]]


def test_every_period_is_the_sum_of_its_postings(session: Session, blank: Example) -> None:
    chance = random.Random(7)
    with transaction(session, books=True):
        gift(blank, "first", START, 900_000)
        for index in range(60):
            day = START + timedelta(days=chance.randrange(1, DAYS))
            if index % 4:
                gift(
                    blank,
                    f"gift {index}",
                    day,
                    chance.randrange(1, 99_999),
                    earmark=chance.choice([None, "road"]),
                )
            else:
                payment(
                    blank,
                    f"paid {index}",
                    day,
                    chance.randrange(1, 9_999),
                    "organisation_aid",
                    "图书角",
                    source_id=index + 1,
                )
    rows = session.execute(
        select(
            JournalEntry.occurred_on,
            Posting.account_code,
            Posting.earmark_id,
            Posting.statement_line,
            Posting.debit_minor,
            Posting.credit_minor,
        ).join(Posting, Posting.entry_number == JournalEntry.number)
    ).all()

    def plain_sums(first: date, last: date) -> Sums:
        sums: Sums = Counter()
        for row in rows:
            if first <= row.occurred_on <= last:
                key = (row.account_code, row.earmark_id, row.statement_line or "")
                sums[key] += row.debit_minor - row.credit_minor
        return sums

    def read(found: list) -> Sums:  # type: ignore[type-arg]
        sums: Sums = Counter()
        for each in found:
            sums[each.account_code, each.earmark_id, each.statement_line] += each.net_minor
        return sums

    for turn in range(80):
        ends = sorted(START + timedelta(days=chance.randrange(-40, DAYS + 40)) for _ in range(2))
        period = Period(*ends)
        assert read(turnover(session, blank.fund.id, period)) == plain_sums(*ends), period
        before = plain_sums(date.min, ends[0] - timedelta(days=1))
        assert read(turnover_before(session, blank.fund.id, period)) == before, period
        if turn % 8 == 0:
            assert failing(statement_figures(session, blank.fund, period)) == []
