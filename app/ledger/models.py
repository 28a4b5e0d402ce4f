"""What the books are made of, and what the database itself refuses."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.ledger.accounts import ENTRY_KINDS, STATEMENT_LINES
from app.ledger.structure.models import known
from app.shared.db import Base, Minor, UtcDateTime
from app.shared.guards import Guard, append_only, declare, refuse, whole_numbers


class EntrySeal(Base):
    """Its insertion is the moment an entry is checked and becomes final."""

    __tablename__ = "entry_seal"

    entry_number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class JournalEntry(Base):
    """One entry of the journal. Its number is gapless over the installation, in the order recorded."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        # Checked at commit on both engines: no entry stays unsealed.
        ForeignKeyConstraint(
            ["number"],
            ["entry_seal.entry_number"],
            name="entry_is_sealed",
            deferrable=True,
            initially="DEFERRED",
        ),
        known("kind", ENTRY_KINDS, "entry_kind_is_known"),
        CheckConstraint("number > 0", name="entry_number_is_positive"),
        Index("ix_journal_entry_fund_day", "fund_id", "occurred_on"),
        Index("ix_journal_entry_source", "source_type", "source_id"),
    )

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    kind: Mapped[str] = mapped_column(String(20))
    occurred_on: Mapped[date] = mapped_column(Date)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_by_id: Mapped[int | None] = mapped_column(BigInteger)
    source_type: Mapped[str] = mapped_column(String(40))
    source_id: Mapped[int] = mapped_column(BigInteger)
    reverses_number: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("journal_entry.number"), unique=True
    )
    replaces_number: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("journal_entry.number"), unique=True
    )
    memo: Mapped[str] = mapped_column(Text, default="")
    idempotency_key: Mapped[str | None] = mapped_column(String(80), unique=True)
    log_position: Mapped[int] = mapped_column(BigInteger)


class Posting(Base):
    """One line of an entry: a debit or a credit, never a sign."""

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint(
            "debit_minor >= 0 AND credit_minor >= 0 AND (debit_minor = 0) <> (credit_minor = 0)",
            name="one_side_only",
        ),
        CheckConstraint(
            "(account_code IN ('1001', '1002', '1009')) = (money_account_id IS NOT NULL)",
            name="money_account_only_on_money",
        ),
        CheckConstraint(
            "statement_line IS NULL OR money_account_id IS NOT NULL", name="statement_line_only_on_money"
        ),
        CheckConstraint(
            "statement_line IS NULL OR statement_line IN ("
            + ", ".join(f"'{line}'" for line in STATEMENT_LINES)
            + ")",
            name="statement_line_is_known",
        ),
    )

    entry_number: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("journal_entry.number"), primary_key=True, autoincrement=False
    )
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_code: Mapped[str] = mapped_column(ForeignKey("account.code"))
    earmark_id: Mapped[int] = mapped_column(ForeignKey("earmark.id"))
    money_account_id: Mapped[int | None] = mapped_column(ForeignKey("money_account.id"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"))
    statement_line: Mapped[str | None] = mapped_column(String(30))
    debit_minor: Mapped[int] = mapped_column(Minor, default=0)
    credit_minor: Mapped[int] = mapped_column(Minor, default=0)


class Balance(Base):
    """Turnover of one combination of dimensions in one month; 0 and '' stand for "none". Recomputable from postings."""

    __tablename__ = "balance"

    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    account_code: Mapped[str] = mapped_column(String(10), primary_key=True)
    earmark_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    money_account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    project_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    statement_line: Mapped[str] = mapped_column(String(30), primary_key=True)
    debit_minor: Mapped[int] = mapped_column(Minor, default=0)
    credit_minor: Mapped[int] = mapped_column(Minor, default=0)


class Pool(Base):
    """Money of one earmark: what is held, and what of it is promised to approved requests."""

    __tablename__ = "pool"
    __table_args__ = (
        CheckConstraint("held_minor >= 0", name="held_is_not_negative"),
        CheckConstraint("reserved_minor >= 0 AND reserved_minor <= held_minor", name="reserved_within_held"),
    )

    earmark_id: Mapped[int] = mapped_column(ForeignKey("earmark.id"), primary_key=True, autoincrement=False)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    held_minor: Mapped[int] = mapped_column(Minor, default=0)
    reserved_minor: Mapped[int] = mapped_column(Minor, default=0)


class MoneyAccountDay(Base):
    """End-of-day balance of a money account, over all its earmarks: it is below zero on no day."""

    __tablename__ = "money_account_day"
    __table_args__ = (CheckConstraint("balance_minor >= 0", name="money_account_is_not_overdrawn"),)

    money_account_id: Mapped[int] = mapped_column(
        ForeignKey("money_account.id"), primary_key=True, autoincrement=False
    )
    on_date: Mapped[date] = mapped_column(Date, primary_key=True)
    balance_minor: Mapped[int] = mapped_column(Minor)


class PeriodState(Base):
    """A month of a fund that was closed (or reopened). A month without a row is open."""

    __tablename__ = "period"
    __table_args__ = (known("state", ("open", "closed"), "period_state_is_known"),)

    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    state: Mapped[str] = mapped_column(String(10))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(BigInteger)


class LedgerRow(Base):
    """The public ledger as displayed: one row for each entry, and one for a sale event that folds its entries.

    Only words that the public may read. Rewritten in the transaction that changes consent; figures follow the postings.
    """

    __tablename__ = "ledger_row"
    __table_args__ = (
        Index("ix_ledger_row_listed", "is_listed", "number"),
        Index("ix_ledger_row_fund", "fund_id", "is_listed", "number"),
        Index("ix_ledger_row_earmark", "earmark_id", "is_listed", "number"),
        Index("ix_ledger_row_kind", "kind", "is_listed", "number"),
        Index("ix_ledger_row_direction", "direction", "is_listed", "number"),
        Index("ix_ledger_row_day", "occurred_on", "number"),
        Index("ix_ledger_row_amount", "amount_minor", "number"),
        Index("ix_ledger_row_party", "party_id"),
        Index("ix_ledger_row_source", "source_type", "source_id"),
    )

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    is_event: Mapped[bool] = mapped_column(primary_key=True, default=False)
    is_listed: Mapped[bool] = mapped_column(default=True)
    fund_id: Mapped[int] = mapped_column(BigInteger)
    earmark_id: Mapped[int] = mapped_column(BigInteger)
    project_id: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(20))
    direction: Mapped[str] = mapped_column(String(5))
    amount_minor: Mapped[int] = mapped_column(Minor)
    sign: Mapped[int] = mapped_column(default=1)
    # What the entry did to the value of goods in stock (account 1201), in fen; signed, because it is a difference.
    goods_change_minor: Mapped[int] = mapped_column(Minor, default=0)
    occurred_on: Mapped[date] = mapped_column(Date)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    description: Mapped[str] = mapped_column(Text)
    party: Mapped[str] = mapped_column(String(200), default="")
    party_id: Mapped[int | None] = mapped_column(BigInteger)
    document: Mapped[str] = mapped_column(String(60), default="")
    source_type: Mapped[str] = mapped_column(String(40))
    source_id: Mapped[int] = mapped_column(BigInteger)
    first_number: Mapped[int] = mapped_column(BigInteger)
    entry_count: Mapped[int] = mapped_column(default=1)
    reverses_number: Mapped[int | None] = mapped_column(BigInteger)
    reversed_by_number: Mapped[int | None] = mapped_column(BigInteger)
    replaces_number: Mapped[int | None] = mapped_column(BigInteger)
    log_position: Mapped[int] = mapped_column(BigInteger)


_unbalanced = (
    "(SELECT COUNT(*) FROM posting WHERE entry_number = NEW.entry_number) < 2 "
    "OR EXISTS (SELECT 1 FROM posting WHERE entry_number = NEW.entry_number "
    "GROUP BY earmark_id HAVING SUM(debit_minor) <> SUM(credit_minor))"
)
_foreign_earmark = (
    "EXISTS (SELECT 1 FROM posting JOIN earmark ON earmark.id = posting.earmark_id "
    "JOIN journal_entry ON journal_entry.number = posting.entry_number "
    "WHERE posting.entry_number = NEW.entry_number AND earmark.fund_id <> journal_entry.fund_id)"
)
_two_earmarks = (
    "(SELECT COUNT(DISTINCT earmark_id) FROM posting WHERE entry_number = NEW.entry_number) <> 1 "
    "AND (SELECT kind FROM journal_entry WHERE number = NEW.entry_number) <> 'purpose_change'"
)
_closed = (
    "EXISTS (SELECT 1 FROM period WHERE period.fund_id = NEW.fund_id AND period.state = 'closed' "
    "AND period.month = {month})"
)
_month = {"sqlite": "strftime('%Y-%m', NEW.occurred_on)", "postgresql": "to_char(NEW.occurred_on, 'YYYY-MM')"}
_period_guard = Guard(
    "period_is_open",
    refuse(
        "period_is_open", "journal_entry", "INSERT", _closed.format(month=_month["sqlite"]), "period_is_open"
    ).sqlite,
    refuse(
        "period_is_open",
        "journal_entry",
        "INSERT",
        _closed.format(month=_month["postgresql"]),
        "period_is_open",
    ).postgresql,
)
_sealed = "EXISTS (SELECT 1 FROM entry_seal WHERE entry_seal.entry_number = NEW.entry_number)"

declare(
    append_only("journal_entry", "number"),
    append_only("entry_seal", "entry_number"),
    refuse("entry_is_balanced", "entry_seal", "INSERT", _unbalanced, "entry_is_balanced"),
    refuse("entry_is_of_one_fund", "entry_seal", "INSERT", _foreign_earmark, "entry_is_of_one_fund"),
    refuse("entry_has_one_earmark", "entry_seal", "INSERT", _two_earmarks, "entry_has_one_earmark"),
    refuse("posting_is_not_sealed", "posting", "INSERT", _sealed, "posting_is_not_sealed"),
    append_only("posting", "entry_number", "line"),
    _period_guard,
    whole_numbers("posting", "debit_minor", "credit_minor"),
    whole_numbers("pool", "held_minor", "reserved_minor"),
    whole_numbers("balance", "debit_minor", "credit_minor"),
    whole_numbers("money_account_day", "balance_minor"),
    append_only("audit_event"),
    append_only("personal_reading"),
)
