"""Any filter gives exactly the rows that looking at each row gives, however it is read; and no plan reads the whole table."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select, text
from sqlalchemy.orm import Session

from app.funds.queries import only_fund
from app.ledger.listing import queries as listing
from app.ledger.listing.queries import Listing
from app.ledger.listing.rules import Filter
from app.ledger.listing.selects import queries as selects
from app.ledger.models import Balance, LedgerRow
from app.ledger.queries import PUBLIC_SEARCH, row_words
from app.ledger.rules import direction_of
from app.ledger.structure.models import Account, Earmark, MoneyAccount
from app.ledger.totals import queries as totals_queries
from app.ledger.totals.queries import totals
from app.ledger.treasury.operations import create_earmark
from app.people.rules import OPERATOR
from app.shared.db import transaction
from tests.factories import make_fund
from tests.public.conftest import Town

ROWS = 700
FIRST_DAY = date(2021, 1, 1)
KINDS = (
    ["donation"] * 60
    + ["payment"] * 15
    + ["fee"] * 5
    + ["goods_received"] * 8
    + ["sale"] * 5
    + ["refund"] * 3
    + ["money_transfer"] * 4
)
WORDS = ("体育馆路面修缮", "冬季慰问", "儿童图书", "帐篷", "敬老午餐 2023", "Winter food")
SEARCHES = ("修", "体育馆", "慰问", "書", "帐篷", "food", "2023", "午餐 敬老", "绝无此词", "图书 慰问")
LINES = {"donation": "cash_donation", "payment": "project_works", "fee": "bank_fee", "sale": "charity_sale"}


def _fill(session: Session) -> list[dict[str, Any]]:
    """Rows as a busy fund might have them: in order of their days but for some recorded late, some folded, some undone."""
    chance = random.Random(11)
    other = make_fund(session, "second", "第二基金")
    first = only_fund(session, "yimi-yangguang")
    create_earmark(session, OPERATOR, first.id, "road", "路面", "restricted")
    earmarks = session.execute(select(Earmark.id, Earmark.fund_id).order_by(Earmark.id)).all()
    rows: list[dict[str, Any]] = []
    words = []
    balances: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    accounts = dict(
        session.execute(select(MoneyAccount.fund_id, MoneyAccount.id).order_by(MoneyAccount.id.desc())).all()
    )
    for number in range(1, ROWS + 1):
        kind = chance.choice(KINDS)
        earmark, fund = chance.choice(earmarks)
        day = FIRST_DAY + timedelta(days=number if chance.random() < 0.95 else chance.randrange(ROWS))
        amount, sign = chance.randrange(1, 500_000), -1 if kind == "refund" or chance.random() < 0.03 else 1
        goods = amount if kind == "goods_received" else -100 if kind == "sale" else 0
        description, party = chance.choice(WORDS), chance.choice(("", "张*", "爱心居民"))
        listed = chance.random() > 0.05
        row = {
            "number": number,
            "is_event": False,
            "is_listed": listed,
            "fund_id": fund,
            "earmark_id": earmark,
            "kind": kind,
            "direction": direction_of(kind),
            "amount_minor": amount,
            "sign": sign,
            "goods_change_minor": goods,
            "occurred_on": day,
            "recorded_at": datetime(2024, 1, 1, tzinfo=UTC),
            "description": description,
            "party": party,
            "document": "",
            "source_type": "donation",
            "source_id": number,
            "first_number": number,
            "entry_count": 1,
            "log_position": number,
        }
        rows.append(row)
        if listed:
            words.append((number, row_words(description, party, "")))
            month = f"{day:%Y-%m}"
            line = LINES.get("payment" if kind == "refund" else kind)
            if line:
                comes_in = (direction_of(kind) == "in") == (sign > 0)
                balance = balances[fund, month, "1002", earmark, accounts[fund], 0, line]
                balance[0 if comes_in else 1] += amount
            if goods:
                balance = balances[fund, month, "1201", earmark, 0, 0, ""]
                balance[0 if goods > 0 else 1] += abs(goods)
    session.execute(insert(LedgerRow), rows)
    PUBLIC_SEARCH.add(session, words)
    key = (
        "fund_id",
        "month",
        "account_code",
        "earmark_id",
        "money_account_id",
        "project_id",
        "statement_line",
    )
    session.execute(
        insert(Balance),
        [
            {**dict(zip(key, each, strict=True)), "debit_minor": debit, "credit_minor": credit}
            for each, (debit, credit) in balances.items()
        ],
    )
    assert session.get(Account, "1002") is not None
    assert other.id != first.id
    return [row for row in rows if row["is_listed"]]


def _filters(earmarks: list[int], funds: list[int]) -> Iterator[Filter]:
    chance = random.Random(5)
    yield Filter()
    yield Filter(fund_id=funds[0])
    yield Filter(earmark_id=earmarks[0])
    yield Filter(fund_id=funds[0], min_minor=20_000)
    yield Filter(earmark_id=earmarks[0], min_minor=20_000)
    for _ in range(90):
        first = FIRST_DAY + timedelta(days=chance.randrange(ROWS))
        length = timedelta(days=chance.choice([0, 6, 60, 365, ROWS]))
        least = chance.randrange(400_000)
        yield Filter(
            fund_id=chance.choice([None, None, *funds]),
            earmark_id=chance.choice([None, None, None, *earmarks]),
            kind=chance.choice([None, None, None, "fee", "donation", "payment", "refund"]),
            direction=chance.choice([None, None, None, "in", "out", "goods", "move"]),
            first=chance.choice([None, None, first, date(2021, 3, 1)]),
            last=chance.choice([None, first + length, date(2022, 12, 31)]),
            min_minor=chance.choice([None, None, least, 499_000]),
            max_minor=chance.choice([None, None, least + 60_000, 450_000]),
            words=chance.choice(["", "", *SEARCHES]),
        )


def _meets(row: dict[str, Any], asked: Filter) -> bool:
    text_of = f"{row['description']} {row['party']}".casefold()
    wanted = asked.words.replace("書", "书").casefold().split()
    return (
        (asked.fund_id is None or asked.earmark_id is not None or row["fund_id"] == asked.fund_id)
        and (asked.earmark_id is None or row["earmark_id"] == asked.earmark_id)
        and (not asked.kind or row["kind"] == asked.kind)
        and (not asked.direction or row["direction"] == asked.direction)
        and (asked.first is None or row["occurred_on"] >= asked.first)
        and (asked.last is None or row["occurred_on"] <= asked.last)
        and (asked.min_minor is None or row["amount_minor"] >= asked.min_minor)
        and (asked.max_minor is None or row["amount_minor"] <= asked.max_minor)
        and all(word in text_of for word in wanted)
    )


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Limits so small that a few hundred rows go every way that a million would."""
    monkeypatch.setattr(listing, "EXACT_UP_TO", 60)
    monkeypatch.setattr(selects, "EXACT_UP_TO", 60)
    monkeypatch.setattr(totals_queries, "EXACT_UP_TO", 60)
    monkeypatch.setattr(listing, "SCANNED_AT_MOST", 150)
    monkeypatch.setattr(listing, "_FIRST_CHUNK", 20)
    monkeypatch.setattr(listing, "_STREAM_CHUNK", 70)
    for statement in (selects.count_statement, selects.older_statement, selects.newer_statement):
        statement.cache_clear()
    yield
    selects.count_statement.cache_clear()


@pytest.fixture
def filled(session: Session) -> list[dict[str, Any]]:
    """The rows of the list, oldest first."""
    with transaction(session, books=True):
        return _fill(session)


def _paged(session: Session, asked: Filter, limit: int) -> list[int]:
    """All numbers by turning the pages to the end."""
    found: list[int] = []
    after = None
    for _ in range(10_000):
        page = Listing(session, asked).page(after, limit)
        assert len(page.numbers) <= limit
        assert page.has_newer or not found, "there is a way back"
        assert not page.has_newer or after is not None
        found += page.numbers
        if page.next_after is None:
            return found
        assert after is None or page.next_after < after
        after = page.next_after
    raise AssertionError("the pages do not end")


def test_any_filter_gives_the_rows_that_meet_it(
    session: Session, filled: list[dict[str, Any]], small_limits: None
) -> None:
    funds = sorted({row["fund_id"] for row in filled})
    earmarks = sorted({row["earmark_id"] for row in filled})
    of_fund = {row["earmark_id"]: row["fund_id"] for row in filled}
    drivers = set()
    for asked in _filters(earmarks, funds):
        if asked.earmark_id is not None and asked.fund_id not in (None, of_fund[asked.earmark_id]):
            continue
        expected = [row for row in reversed(filled) if _meets(row, asked)]
        numbers = [row["number"] for row in expected]
        assert [row.number for row in Listing(session, asked).stream()] == numbers, asked
        assert _paged(session, asked, 25) == numbers, asked
        read = Listing(session, asked)
        if not read.is_empty:
            drivers.add((read._driver().name, read._driver().rows is None))
        sums = {
            direction: sum(
                row["amount_minor"] * row["sign"] for row in expected if row["direction"] == direction
            )
            for direction in ("in", "out")
        }
        goods = sum(row["goods_change_minor"] for row in expected)
        told = totals(session, Listing(session, asked))
        for value, truth in (
            (told.count, len(expected)),
            (told.in_minor, sums["in"]),
            (told.out_minor, sums["out"]),
            (told.goods_minor, goods),
        ):
            assert value is None or value == truth, asked
        assert told.in_minor is not None or len(filled) > 60
        exact = totals(session, Listing(session, asked), exact=True)
        assert (exact.count, exact.in_minor, exact.out_minor, exact.goods_minor) == (
            len(expected),
            sums["in"],
            sums["out"],
            goods,
        ), asked
    assert {name for name, _ in drivers} >= {
        "number",
        "fund",
        "earmark",
        "kind",
        "direction",
        "day",
        "amount",
        "words",
    }
    assert {is_wide for _, is_wide in drivers} == {True, False}


def test_pages_lead_back_the_way_they_came(
    session: Session, filled: list[dict[str, Any]], small_limits: None
) -> None:
    for asked in (
        Filter(),
        Filter(kind="donation"),
        Filter(words="慰问"),
        Filter(first=FIRST_DAY, last=FIRST_DAY + timedelta(days=500)),
        Filter(min_minor=1000, direction="in"),
    ):
        first = Listing(session, asked).page(None, 10)
        second = Listing(session, asked).page(first.next_after, 10)
        third = Listing(session, asked).page(second.next_after, 10)
        assert second.numbers < first.numbers
        assert (second.has_newer, second.newer_after) == (True, None)
        again = Listing(session, asked).page(third.newer_after, 10)
        assert again.numbers == second.numbers, asked


def test_no_page_reads_the_whole_ledger(
    engine: Engine, session: Session, filled: list[dict[str, Any]], small_limits: None
) -> None:
    if engine.dialect.name != "sqlite":
        return _plans_use_indexes_on_postgresql(engine, session)
    seen: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *a: seen.append((a[2], a[3])))
    asked = [
        Filter(),
        Filter(kind="fee"),
        Filter(earmark_id=1),
        Filter(direction="out"),
        Filter(words="慰问"),
        Filter(first=FIRST_DAY, last=FIRST_DAY + timedelta(days=500)),
        Filter(first=FIRST_DAY, last=FIRST_DAY + timedelta(days=5)),
        Filter(min_minor=499_000),
        Filter(kind="donation", words="慰问", min_minor=1000, last=FIRST_DAY + timedelta(days=600)),
        Filter(earmark_id=1, direction="out", first=FIRST_DAY),
    ]
    for each in asked:
        for after in (None, 300):
            Listing(session, each).page(after)
            totals(session, Listing(session, each))
    statements = [(sql, values) for sql, values in seen if "ledger_row" in sql]
    assert len(statements) > 40
    for sql, values in statements:
        plan = [row[3] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
        assert not [step for step in plan if step.startswith("SCAN ledger_row")], (sql, plan)
    return None


def _plans_use_indexes_on_postgresql(engine: Engine, session: Session) -> None:
    # With 700 rows the planner would rather read them all: ask which index it takes when it may not.
    session.execute(text("SET LOCAL enable_seqscan = off"))
    for asked, index in (
        (Filter(), "ledger_row"),
        (Filter(kind="fee"), "ix_ledger_row_kind"),
        (Filter(earmark_id=1), "ix_ledger_row_earmark"),
        (Filter(direction="out"), "ix_ledger_row_direction"),
    ):
        read = Listing(session, asked)
        statement = selects.stream_statement(next(iter(read.conditions), "number"))
        values = {**read.values, "before": 400, "count": 51}
        compiled = statement.compile(engine, compile_kwargs={"render_postcompile": True})
        plan = session.connection().exec_driver_sql(
            f"EXPLAIN {compiled.string}",
            {**compiled.params, **{k: values[k] for k in compiled.params if k in values}},
        )
        steps = "\n".join(row[0] for row in plan)
        assert index in steps, steps
        assert "Seq Scan" not in steps, steps


def test_number_of_a_request_stays_on_one_line(town: Town) -> None:
    page = town.get("/ledger")
    assert "2023-01" in page.tree.xpath("//span[@class='sub']/span[@class='num']/text()")
