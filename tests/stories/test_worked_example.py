"""The worked example: four workbooks loaded, both requests decided and paid, every figure written down beforehand.

The tables beside this file hold what must come out. They were written from the workbooks by hand and are never rewritten
by a program.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from app.cli import check_books as check_books_command
from app.council.queries import matter_of, open_matters, tally, votes_of
from app.disbursements.models import Disbursement
from app.donations.models import Donation
from app.files.queries import files_of
from app.funds.models import Fund
from app.goods.models import GoodsMovement
from app.goods.queries import lines_of, stock_totals, to_confirm
from app.ledger import queries as ledger
from app.ledger.accounts import summary_account
from app.ledger.figures.queries import money_on
from app.ledger.listing.queries import Listing
from app.ledger.listing.rules import Filter
from app.ledger.models import JournalEntry, LedgerRow, Posting
from app.ledger.totals.queries import earmark_figures, held, month_figures, totals
from app.ledger.tracing.models import Tranche
from app.ledger.tracing.queries import uses_of_entry
from app.parties.models import Party
from app.sales.models import Count, Lot, LotResult, SaleEvent
from app.settings import Settings
from app.shared import clock
from app.shared.audit import AuditEvent
from app.shared.money import yuan
from app.web.database import open_engine
from tests.stories.tables import Table, rows

FUND = 1


def test_journal_entry_by_entry(session: Session) -> None:
    assert _journal(session) == rows("worked_example_journal")
    assert session.scalars(select(JournalEntry.number).order_by(JournalEntry.number)).all() == list(
        range(1, 24)
    )


def test_entries_were_recorded_in_order_and_not_before_they_happened(session: Session) -> None:
    entries = session.scalars(select(JournalEntry).order_by(JournalEntry.number)).all()
    recorded = [entry.recorded_at for entry in entries]
    assert recorded == sorted(recorded)
    assert all(clock.local(entry.recorded_at).date() >= entry.occurred_on for entry in entries)
    assert clock.local(recorded[-1]).date() == date(2023, 11, 20)


def test_trial_balance(session: Session) -> None:
    found: Table = []
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in ledger.trial_balance(session, FUND):
        restriction = _restriction(row.is_restricted)
        found.append([row.account_code, restriction, *_turnover(row.debit_minor, row.credit_minor)])
        for name in (restriction, "全部"):
            sums[name][0] += row.debit_minor
            sums[name][1] += row.credit_minor
    found += [["合计", name, *_turnover(*sums[name])] for name in ("非限定", "限定", "全部")]
    assert found == rows("worked_example_trial_balance")


def test_programme_and_goods_sold_are_kept_apart(session: Session) -> None:
    details = {
        (row.account_code, row.is_restricted): yuan(row.debit_minor - row.credit_minor)
        for row in ledger.trial_balance(session, FUND, details=True)
        if summary_account(row.account_code) == "5101"
    }
    assert details == {
        ("510101", False): "6,000.00",
        ("510102", False): "1,820.00",
        ("510101", True): "350,000.00",
    }


def test_gifts_in_money_and_in_kind_make_the_income(session: Session) -> None:
    free = ledger.unrestricted_earmark(session, FUND).id
    money, goods = 0, 0
    for posting in session.scalars(select(Posting).where(Posting.account_code == "4101")):
        if posting.earmark_id == free:
            in_kind = ledger.entry(session, posting.entry_number).kind == "goods_received"
            goods += posting.credit_minor if in_kind else 0
            money += 0 if in_kind else posting.credit_minor
    assert (yuan(money), yuan(goods)) == ("5,030.00", "2,220.00")


def test_money_in_out_and_held(session: Session) -> None:
    free, road = earmark_figures(session, FUND)
    assert (road.slug, road.restriction) == ("road", "restricted")
    all_ = totals(session, Listing(session, Filter(fund_id=FUND)))
    assert [
        ["收入", yuan(all_.in_minor or 0), yuan(road.in_minor), yuan(free.in_minor)],
        ["支出", yuan(all_.out_minor or 0), yuan(road.out_minor), yuan(free.out_minor)],
        ["结余", yuan(held(session, FUND)), yuan(road.held_minor), yuan(free.held_minor)],
    ] == rows("worked_example_money")
    assert (free.reserved_minor, road.reserved_minor) == (0, 0)


def test_what_each_money_account_held(session: Session) -> None:
    found: Table = []
    for day, *_ in rows("worked_example_days"):
        on = {one.kind: one.balance_minor for one in money_on(session, FUND, date.fromisoformat(day))}
        assert on["alipay"] == 0
        cells = [on["bank"], on["cash"], on["wechat"], held(session, FUND, day=date.fromisoformat(day))]
        found.append([day, *map(yuan, cells)])
    assert found == rows("worked_example_days")


def test_money_month_by_month(session: Session) -> None:
    found: Table = []
    for month, *_ in rows("worked_example_months"):
        figures = month_figures(session, month, FUND)
        found.append([month, yuan(figures.in_minor), yuan(figures.out_minor)])
    assert found == rows("worked_example_months")


def test_goods_by_gift(session: Session) -> None:
    found: Table = []
    sums = [0, 0, 0, 0, 0]
    gifts = session.scalars(select(Donation).where(Donation.kind == "goods").order_by(Donation.id))
    for gift in gifts:
        lines = lines_of(session, "donation", gift.id)
        ids = [line.id for line in lines]
        sold = session.scalars(
            select(GoodsMovement)
            .where(GoodsMovement.goods_line_id.in_(ids), GoodsMovement.kind == "sold")
            .order_by(GoodsMovement.id)
        ).all()
        proceeds = session.scalars(
            select(LotResult.proceeds_minor)
            .join(Lot, Lot.id == LotResult.lot_id)
            .where(Lot.goods_line_id.in_(ids))
        ).all()
        value, cost = sum(line.value_minor for line in lines), sum(move.value_minor for move in sold)
        left, value_left = (
            sum(line.quantity_left for line in lines),
            sum(line.value_left_minor for line in lines),
        )
        found.append(
            [
                gift.office_number,
                str(sum(line.quantity for line in lines)),
                yuan(value),
                " + ".join(str(move.quantity) for move in sold),
                yuan(cost),
                str(left),
                yuan(value_left),
                yuan(sum(proceeds)),
            ]
        )
        sums = [a + b for a, b in zip(sums, (value, cost, left, value_left, sum(proceeds)), strict=True)]
    found.append(["合计", "", yuan(sums[0]), "", yuan(sums[1]), str(sums[2]), yuan(sums[3]), yuan(sums[4])])
    assert found == rows("worked_example_goods")
    stock = stock_totals(session, FUND)
    assert (stock.pieces, yuan(stock.value_minor)) == (18, "400.00")


def test_the_scarf_is_carried_like_the_other_pieces_of_its_gift(session: Session) -> None:
    gift = session.scalars(select(Donation).where(Donation.office_number == "7")).one()
    lines = {line.item: line for line in lines_of(session, "donation", gift.id)}
    assert yuan(lines["手工围巾"].value_minor) == "20.00"
    assert (lines["手工围巾"].quantity_left, lines["手工围巾"].value_left_minor) == (0, 0)
    assert (lines["衣帽"].quantity_left, yuan(lines["衣帽"].value_left_minor)) == (6, "120.00")


def test_valuations_without_a_basis_wait_for_confirmation(session: Session) -> None:
    assert [line.office_number for line in to_confirm(session, FUND)] == ["5", "6", "7", "7", "8"]


def test_where_each_gift_went(session: Session) -> None:
    used = {number: dict(uses_of_entry(session, number)) for number in (22, 23)}
    names = {number: ledger_row.description for number, ledger_row in _ledger_rows(session).items()}
    found: Table = []
    sums = [0, 0, 0, 0]
    for tranche in session.scalars(select(Tranche).order_by(Tranche.number)):
        parts = (
            tranche.amount_minor,
            used[22].get(tranche.number, 0),
            used[23].get(tranche.number, 0),
            tranche.remaining_minor,
        )
        found.append(
            [
                str(tranche.number),
                _tranche_name(session, tranche, names[tranche.number]),
                yuan(parts[0]),
                yuan(parts[1]) if parts[1] else "",
                yuan(parts[2]) if parts[2] else "",
                yuan(parts[3]),
            ]
        )
        assert (tranche.held_minor, tranche.withdrawn_minor) == (0, 0)
        sums = [a + b for a, b in zip(sums, parts, strict=True)]
    found.append(["合计", "", *map(yuan, sums)])
    assert found == rows("worked_example_gifts_used")


def test_the_night_is_counted_as_recorded(session: Session) -> None:
    event = session.scalars(select(SaleEvent)).one()
    assert (event.name, event.held_on, event.status) == ("慈善晚会义卖义拍", date(2023, 9, 28), "closed")
    assert (event.first_entry_number, event.last_entry_number) == (9, 19)
    counts = session.scalars(select(Count).order_by(Count.method)).all()
    assert [
        (count.method, yuan(count.counted_minor), yuan(count.recorded_minor), count.explanation)
        for count in counts
    ] == [("cash", "625.00", "625.00", ""), ("wechat", "1,050.00", "1,050.00", "")]
    folded = session.scalars(select(LedgerRow).where(LedgerRow.is_event.is_(True))).one()
    assert (folded.number, folded.first_number, yuan(folded.amount_minor)) == (19, 9, "1,675.00")


def test_the_council_decided_both_requests_before_this_system(session: Session) -> None:
    requests = session.scalars(select(Disbursement).order_by(Disbursement.number)).all()
    assert [
        (one.number, one.office_number, one.status, one.spending_kind, yuan(one.paid_minor))
        for one in requests
    ] == [
        ("2023-01", "2023-01", "paid", "project_works", "350,000.00"),
        ("2023-02", "2023-02", "paid", "goods_purchase", "6,000.00"),
    ]
    assert open_matters(session, FUND) == []
    for request in requests:
        matter = matter_of(session, "disbursement", request.id)
        assert matter is not None
        counted = tally(session, matter)
        assert (counted.seats, counted.quorum, counted.present, counted.recuse, counted.approve) == (
            7,
            5,
            6,
            1,
            5,
        )
        assert votes_of(session, matter.id) == []
        assert matter.decided_before_on is not None
        files = {file.purpose: file for file in files_of(session, "disbursement", request.id)}
        assert set(files) == {"minutes", "bank_slip"}
        assert all("示例" in file.name and file.media_type == "application/pdf" for file in files.values())


def test_whoever_requested_neither_decided_nor_paid(session: Session) -> None:
    by_act: dict[str, set[int | None]] = defaultdict(set)
    for event in session.scalars(select(AuditEvent)):
        by_act[event.action].add(event.actor_id)
    payers = set(session.scalars(select(JournalEntry.recorded_by_id).where(JournalEntry.kind == "payment")))
    assert len(by_act["submit_disbursement"]) == len(by_act["decide_matter"]) == len(payers) == 1
    assert not by_act["submit_disbursement"] & by_act["decide_matter"]
    assert not payers & (by_act["submit_disbursement"] | by_act["decide_matter"])


def test_public_names(session: Session) -> None:
    shown = {party.name: party.public_name for party in session.scalars(select(Party))}
    assert shown["友好社区馕店"] == "爱心商户"
    assert shown["社区超市"] == "社区超市"
    assert shown["中国石油克拉玛依石化有限责任公司"] == "中国石油克拉玛依石化有限责任公司"
    unnamed = session.scalars(select(Party).where(Party.name == "爱心居民")).all()
    assert len(unnamed) == 3, "each is a giver of their own"
    public = [f"{row.description} {row.party}" for row in _ledger_rows(session).values()]
    assert not any("友好社区" in words for words in public)


def test_every_page_says_that_it_is_an_example(session: Session) -> None:
    fund = session.scalars(select(Fund)).one()
    assert fund.example_notice == "示例数据：两笔单位捐赠、晚会总额与修路用途来自公开报道，其余均为演示所设"
    assert (fund.slug, fund.host.name) == ("yimi-yangguang", "××慈善会")


def test_numbers_that_would_betray_a_mistake_are_nowhere(session: Session) -> None:
    balances = {
        (row.account_code, row.is_restricted): row.debit_minor - row.credit_minor
        for row in ledger.trial_balance(session, FUND)
    }
    all_ = totals(session, Listing(session, Filter(fund_id=FUND)))
    assert all_.in_minor not in (35_889_500, 35_722_000), "goods counted as money received"
    assert all_.in_minor != 35_835_000, "moves between accounts counted as income"
    bank = balances["1002", False] + balances["1002", True]
    assert bank != -100_000, "deposits missing"
    assert balances["4501", False] != -167_500, "the box booked as a sale"
    spent = balances["5101", False] + balances["5101", True]
    assert (spent, balances["1201", False]) != (35_600_000, 222_000), (
        "goods sold but never taken out of stock"
    )
    assert balances["1201", False] != 85_900, "packs not converted"
    road = next(one for one in earmark_figures(session, FUND) if one.slug == "road")
    assert road.held_minor == 0, "an earmark made from 义卖, or expense put in the unrestricted class"
    assert held(session, FUND) != 107_500, "goods shown as money"
    assert {one.slug for one in earmark_figures(session, FUND)} == {"road", "yimi-yangguang-unrestricted"}


def test_check_books_passes_and_finds_an_altered_posting(
    spoilt: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_books_command, "settings", lambda: spoilt)
    whole = CliRunner().invoke(check_books_command.check_books, standalone_mode=False)
    assert whole.return_value == 0, whole.output
    assert "FAIL" not in whole.output
    engine = open_engine(spoilt)
    _alter_a_posting(engine, entry=12)
    engine.dispose()
    broken = CliRunner().invoke(check_books_command.check_books, standalone_mode=False)
    assert broken.return_value == 1
    assert "FAIL entries_equal_their_leaves" in broken.output
    assert "entry 12" in broken.output


def _alter_a_posting(engine: Engine, entry: int) -> None:
    """Make one debit and its credit larger by a fen, as somebody with the database's password could."""
    with engine.connect().execution_options(sunledger_write=True) as connection:
        if connection.dialect.name == "sqlite":
            triggers = connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'posting'")
            )
            for (name,) in triggers.all():
                connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
        else:
            connection.exec_driver_sql("ALTER TABLE posting DISABLE TRIGGER USER")
        for side in ("debit", "credit"):
            connection.execute(
                text(
                    f"UPDATE posting SET {side}_minor = {side}_minor + 1 WHERE entry_number = :entry AND line = "
                    f"(SELECT MIN(line) FROM posting WHERE entry_number = :entry AND {side}_minor > 0)"
                ).bindparams(entry=entry)
            )
        if connection.dialect.name != "sqlite":
            connection.exec_driver_sql("ALTER TABLE posting ENABLE TRIGGER USER")
        connection.commit()


def _journal(session: Session) -> Table:
    names = _ledger_rows(session)
    earmarks = {earmark.id: earmark for earmark in ledger.earmarks_of(session, FUND)}
    found: Table = []
    for number in sorted(names):
        row = names[number]
        postings = ledger.postings_of(session, number)
        debits = [posting for posting in postings if posting.debit_minor]
        their_credits = [posting for posting in postings if posting.credit_minor]
        assert [one.debit_minor for one in debits] == [one.credit_minor for one in their_credits]
        for debit, credit in zip(debits, their_credits, strict=True):
            earmark = earmarks[debit.earmark_id]
            found.append(
                [
                    str(number),
                    row.occurred_on.isoformat(),
                    row.description,
                    debit.account_code,
                    credit.account_code,
                    yuan(debit.debit_minor),
                    f"限定 {earmark.slug}" if earmark.is_restricted else "非限定",
                ]
            )
    return found


def _ledger_rows(session: Session) -> dict[int, LedgerRow]:
    return {
        row.number: row for row in session.scalars(select(LedgerRow).where(LedgerRow.is_event.is_(False)))
    }


def _tranche_name(session: Session, tranche: Tranche, description: str) -> str:
    lots = {lot.number for lot in session.scalars(select(Lot))}
    words = description.split()
    lot = next((word for word in words if word in lots), None)
    if lot is not None:
        return lot
    if words[-1] == "募捐箱":
        return "募捐箱"
    earmark = ledger.earmark(session, tranche.earmark_id)
    return f"限定 {earmark.slug}" if earmark.is_restricted else "非限定"


def _turnover(debit: int, credit: int) -> list[str]:
    balance = debit - credit
    side = "借 " if balance > 0 else "贷 " if balance < 0 else ""
    return [yuan(debit), yuan(credit), side + yuan(abs(balance))]


def _restriction(is_restricted: bool) -> str:
    return "限定" if is_restricted else "非限定"
