"""Proving the books: everything stored beside the postings is recomputed from them and compared.

Each check says in its name what is true when it holds. Reads only, in the database where it can, in chunks where not.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.ledger.accounts import MONEY_ACCOUNTS
from app.ledger.leaves.checks import check_leaves
from app.shared.checks import Check
from app.shared.money import yuan

_MONEY = ", ".join(f"'{code}'" for code in MONEY_ACCOUNTS)
_CHANGE = f"SUM(CASE WHEN account_code IN ({_MONEY}) THEN debit_minor - credit_minor ELSE 0 END)"


def check_ledger(session: Session) -> list[Check]:
    """Every invariant of entries, balances, pools, day balances, tranches and public rows."""
    return [
        _entries_are_gapless(session),
        _entries_are_sealed_and_balanced(session),
        *check_leaves(session),
        _trial_balance_balances(session),
        _balances_are_recomputable(session),
        _pools_are_recomputable(session),
        _day_balances_are_recomputable(session),
        _tranches_equal_their_movements(session),
        _tranches_explain_the_money_held(session),
        _payments_are_explained_by_gifts(session),
        _earmarked_money_stays_in_its_earmark(session),
        _public_rows_equal_the_postings(session),
    ]


def _rows(session: Session, sql: str, **values: Any) -> list[Any]:
    return list(session.execute(text(sql), values))


def _count(session: Session, table: str) -> int:
    return int(session.scalar(text(f"SELECT COUNT(*) FROM {table}")) or 0)


def _entries_are_gapless(session: Session) -> Check:
    check = Check("entries_are_gapless", _count(session, "journal_entry"))
    first, last, head = _rows(
        session,
        "SELECT MIN(number), MAX(number), (SELECT entry_count FROM book_head WHERE id = 1) FROM journal_entry",
    )[0]
    if (last or 0) != check.examined or (first or 1) != 1 or head != check.examined:
        check.broken(f"{check.examined} entries, numbered {first} to {last}; the books count {head}")
    return check


def _entries_are_sealed_and_balanced(session: Session) -> Check:
    check = Check("entries_are_sealed_and_balanced", _count(session, "journal_entry"))
    for (number,) in _rows(
        session,
        "SELECT number FROM journal_entry WHERE NOT EXISTS (SELECT 1 FROM entry_seal WHERE entry_number = number) "
        "OR NOT EXISTS (SELECT 1 FROM posting WHERE entry_number = number)",
    ):
        check.broken(f"entry {number} is not sealed or has no postings")
    for number, debit, credit in _rows(
        session,
        "SELECT entry_number, SUM(debit_minor), SUM(credit_minor) FROM posting GROUP BY entry_number, earmark_id "
        "HAVING SUM(debit_minor) <> SUM(credit_minor) ORDER BY entry_number",
    ):
        check.broken(f"entry {number} does not balance: debit {yuan(int(debit))}, credit {yuan(int(credit))}")
    return check


def _trial_balance_balances(session: Session) -> Check:
    check = Check("trial_balance_balances", _count(session, "fund"))
    for fund, debit, credit in _rows(
        session, "SELECT fund_id, SUM(debit_minor), SUM(credit_minor) FROM balance GROUP BY fund_id"
    ):
        if debit != credit:
            check.broken(f"fund {fund}: debit {yuan(int(debit))}, credit {yuan(int(credit))}")
    return check


def _month(session: Session) -> str:
    return (
        "strftime('%Y-%m', occurred_on)"
        if session.get_bind().dialect.name == "sqlite"
        else "to_char(occurred_on, 'YYYY-MM')"
    )


def _balances_are_recomputable(session: Session) -> Check:
    check = Check("balances_are_recomputable", _count(session, "balance"))
    columns = "fund_id, month, account_code, earmark_id, money_account_id, project_id, statement_line"
    computed = (
        f"SELECT fund_id, {_month(session)} AS month, account_code, earmark_id, COALESCE(money_account_id, 0) "
        "AS money_account_id, COALESCE(project_id, 0) AS project_id, COALESCE(statement_line, '') AS statement_line, "
        "SUM(debit_minor) AS debit_minor, SUM(credit_minor) AS credit_minor "
        "FROM posting JOIN journal_entry ON number = entry_number "
        "GROUP BY fund_id, 2, account_code, earmark_id, 5, 6, 7"
    )
    stored = f"SELECT {columns}, debit_minor, credit_minor FROM balance WHERE debit_minor + credit_minor > 0"
    for row in _rows(session, f"SELECT * FROM ({computed}) c EXCEPT {stored}"):
        check.broken(
            f"account {row.account_code} in {row.month}, purpose {row.earmark_id}: the stored balance differs"
        )
    for row in _rows(session, f"{stored} EXCEPT SELECT * FROM ({computed}) c"):
        check.broken(
            f"account {row.account_code} in {row.month}, purpose {row.earmark_id}: no postings make this balance"
        )
    return check


def _pools_are_recomputable(session: Session) -> Check:
    check = Check("pools_are_recomputable", _count(session, "pool"))
    for earmark, held, computed, reserved, promised in _rows(
        session,
        "SELECT pool.earmark_id, held_minor, COALESCE(m.change, 0), reserved_minor, COALESCE(t.held, 0) FROM pool "
        f"LEFT JOIN (SELECT earmark_id, {_CHANGE} AS change FROM posting GROUP BY earmark_id) m "
        "ON m.earmark_id = pool.earmark_id LEFT JOIN (SELECT earmark_id, SUM(held_minor) AS held FROM tranche "
        "GROUP BY earmark_id) t ON t.earmark_id = pool.earmark_id",
    ):
        if held != computed:
            check.broken(
                f"purpose {earmark}: pool holds {yuan(int(held))}, postings say {yuan(int(computed))}"
            )
        if reserved != promised:
            check.broken(
                f"purpose {earmark}: {yuan(int(reserved))} reserved, gifts hold {yuan(int(promised))}"
            )
    return check


def _day_balances_are_recomputable(session: Session) -> Check:
    check = Check("day_balances_are_recomputable_and_not_negative", _count(session, "money_account_day"))
    changes: dict[int, dict[str, int]] = defaultdict(dict)
    for account, day, change in _rows(
        session,
        f"SELECT money_account_id, occurred_on, {_CHANGE} FROM posting JOIN journal_entry ON number = entry_number "
        "WHERE money_account_id IS NOT NULL GROUP BY money_account_id, occurred_on",
    ):
        changes[account][str(day)] = int(change)
    stored = _rows(
        session,
        "SELECT money_account_id, on_date, balance_minor FROM money_account_day ORDER BY money_account_id, on_date",
    )
    balance, current = 0, None
    for account, day, held in stored:
        balance = balance if account == current else 0
        current = account
        balance += changes[account].pop(str(day), 0)
        if held != balance or held < 0:
            check.broken(
                f"money account {account} on {day}: stored {yuan(int(held))}, computed {yuan(balance)}"
            )
            balance = held
    for account, days in changes.items():
        for day in days:
            check.broken(f"money account {account} on {day}: no stored balance")
    return check


_MOVED = (
    "SELECT tranche_number, "
    "SUM(CASE WHEN kind = 'hold' THEN amount_minor WHEN kind = 'release' THEN -amount_minor "
    "WHEN kind = 'use' AND NOT directly THEN -amount_minor WHEN kind = 'return' AND NOT directly THEN amount_minor "
    "ELSE 0 END) AS held, "
    "SUM(CASE WHEN kind = 'use' THEN amount_minor WHEN kind = 'return' THEN -amount_minor ELSE 0 END) AS used, "
    "SUM(CASE WHEN kind = 'withdraw' THEN amount_minor ELSE 0 END) AS withdrawn "
    "FROM tranche_movement GROUP BY tranche_number"
)


def _tranches_equal_their_movements(session: Session) -> Check:
    check = Check("tranches_equal_their_movements", _count(session, "tranche"))
    for row in _rows(
        session,
        f"SELECT number FROM tranche LEFT JOIN ({_MOVED}) m ON m.tranche_number = number "
        "WHERE held_minor <> COALESCE(m.held, 0) OR used_minor <> COALESCE(m.used, 0) "
        "OR withdrawn_minor <> COALESCE(m.withdrawn, 0) "
        "OR remaining_minor <> amount_minor - held_minor - used_minor - withdrawn_minor OR remaining_minor < 0 "
        "ORDER BY number",
    ):
        check.broken(
            f"the gift of entry {row.number}: its movements do not add up to what is used, held and left"
        )
    for number, amount, change in _rows(
        session,
        "SELECT number, amount_minor, change FROM tranche JOIN "
        f"(SELECT entry_number, earmark_id, {_CHANGE} AS change FROM posting GROUP BY entry_number, earmark_id) p "
        "ON p.entry_number = number AND p.earmark_id = tranche.earmark_id WHERE amount_minor <> change",
    ):
        check.broken(f"the gift of entry {number} is {yuan(int(amount))}, its entry {yuan(int(change))}")
    return check


def _tranches_explain_the_money_held(session: Session) -> Check:
    check = Check("gifts_left_equal_the_money_held", _count(session, "pool"))
    for earmark, held, left in _rows(
        session,
        "SELECT pool.earmark_id, pool.held_minor, COALESCE(t.left_minor, 0) FROM pool LEFT JOIN "
        "(SELECT earmark_id, SUM(remaining_minor + held_minor) AS left_minor FROM tranche GROUP BY earmark_id) t "
        "ON t.earmark_id = pool.earmark_id WHERE pool.held_minor <> COALESCE(t.left_minor, 0)",
    ):
        check.broken(f"purpose {earmark}: {yuan(int(held))} held, {yuan(int(left))} left of its gifts")
    return check


_LEAVING = "'payment', 'fee', 'refund', 'gift_returned', 'purpose_change'"


def _payments_are_explained_by_gifts(session: Session) -> Check:
    """Every fen paid out, given back to a donor or moved to another purpose names the gifts it came from, in its purpose; every
    fen back from a payee names those it returned to. An entry that touches money takes from gifts exactly what it moves."""
    check = Check("payments_are_explained_by_gifts")
    rows = _rows(
        session,
        "SELECT e.number, p.change AS change, COALESCE(t.amount_minor, 0) AS opened, COALESCE(u.used, 0) AS used "
        f"FROM journal_entry e JOIN (SELECT entry_number, earmark_id, {_CHANGE} AS change FROM posting "
        "GROUP BY entry_number, earmark_id) p ON p.entry_number = e.number "
        "LEFT JOIN tranche t ON t.number = e.number AND t.earmark_id = p.earmark_id "
        "LEFT JOIN (SELECT m.entry_number, g.earmark_id, "
        "SUM(CASE WHEN m.kind = 'return' THEN -m.amount_minor ELSE m.amount_minor END) AS used "
        "FROM tranche_movement m JOIN tranche g ON g.number = m.tranche_number "
        "WHERE m.kind IN ('use', 'return', 'withdraw') GROUP BY m.entry_number, g.earmark_id) u "
        "ON u.entry_number = e.number AND u.earmark_id = p.earmark_id "
        f"WHERE e.kind IN ({_LEAVING}) ORDER BY e.number",
    )
    check.examined = len(rows)
    for number, change, opened, used in rows:
        if change != opened - used:
            check.broken(
                f"entry {number} moved {yuan(abs(int(change)))}, gifts explain {yuan(abs(int(opened - used)))}"
            )
    return check


def _earmarked_money_stays_in_its_earmark(session: Session) -> Check:
    check = Check("earmarked_money_stays_in_its_earmark", _count(session, "tranche_movement"))
    for row in _rows(
        session,
        "SELECT DISTINCT m.entry_number AS number, t.number AS gift FROM tranche_movement m "
        "JOIN tranche t ON t.number = m.tranche_number WHERE m.kind IN ('use', 'return') AND NOT EXISTS "
        "(SELECT 1 FROM posting p WHERE p.entry_number = m.entry_number AND p.earmark_id = t.earmark_id)",
    ):
        check.broken(f"entry {row.number} uses the gift of entry {row.gift}, which is for another purpose")
    return check


def _public_rows_equal_the_postings(session: Session) -> Check:
    check = Check("public_rows_equal_the_postings", _count(session, "ledger_row"))
    change = f"SELECT entry_number, {_CHANGE} AS change, MAX(debit_minor) AS largest, " + (
        "SUM(CASE WHEN account_code = '1201' THEN debit_minor - credit_minor ELSE 0 END) AS goods, "
        "MIN(earmark_id) AS earmark FROM posting GROUP BY entry_number"
    )
    for row in _rows(
        session,
        f"SELECT e.number FROM journal_entry e JOIN ({change}) p ON p.entry_number = e.number "
        "LEFT JOIN ledger_row r ON r.number = e.number AND NOT r.is_event WHERE r.number IS NULL "
        "OR r.kind <> e.kind OR r.fund_id <> e.fund_id OR r.occurred_on <> e.occurred_on "
        "OR (e.kind <> 'purpose_change' AND r.earmark_id <> p.earmark) OR r.log_position <> e.log_position "
        "OR r.goods_change_minor <> p.goods OR COALESCE(r.reverses_number, 0) <> COALESCE(e.reverses_number, 0) "
        "OR (r.direction = 'in' AND r.sign * r.amount_minor <> p.change) "
        "OR (r.direction = 'out' AND r.sign * r.amount_minor <> -p.change) "
        "OR (r.direction IN ('move', 'goods') AND r.amount_minor <> p.largest) ORDER BY e.number",
    ):
        check.broken(f"entry {row.number} is shown to the public with other figures than it has")
    for row in _rows(
        session,
        "SELECT e.number FROM ledger_row e WHERE e.is_event AND (e.amount_minor, e.goods_change_minor) <> "
        "(SELECT SUM(amount_minor), SUM(goods_change_minor) FROM ledger_row r WHERE NOT r.is_event "
        "AND r.number BETWEEN e.first_number AND e.number)",
    ):
        check.broken(f"the event shown at entry {row.number} is not the sum of its entries")
    return check
