"""Jobs and the outbox."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.shared.db import Base, Id, UtcDateTime


class Job(Base):
    """Work to be done once, at ``run_at`` or later, by whichever worker leases it first.

    A lease whose time is over belongs to a worker that died: the next one takes the job. ``payload`` is a JSON object of
    ids, never of names, addresses or texts. ``last_error`` is one of our sentences, never an exception's own words.
    """

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'leased', 'done', 'failed')", name="job_state_is_known"),
        CheckConstraint("(state = 'leased') = (lease_token IS NOT NULL)", name="only_leased_job_has_a_token"),
        CheckConstraint("(state = 'leased') = (lease_until IS NOT NULL)", name="only_leased_job_has_an_end"),
        CheckConstraint(
            "(state IN ('done', 'failed')) = (finished_at IS NOT NULL)", name="only_finished_job_has_its_time"
        ),
        CheckConstraint("attempts >= 0", name="job_attempts_are_counted"),
        Index("ix_job_due", "state", "run_at", "id"),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(60))
    # What makes it the same job: enqueued again, it is still one.
    key: Mapped[str] = mapped_column(String(200), unique=True)
    payload: Mapped[str] = mapped_column(Text, default="{}")
    fund_id: Mapped[int | None] = mapped_column(ForeignKey("fund.id"))
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    run_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OutboxMessage(Base):
    """A notice to one person, or to the chat group when ``recipient_id`` is empty.

    It can always be copied from the office. It is also e-mailed when it has an address; an installation without a mail
    server takes the address away again. ``handed_over_at`` is set before the text goes to the mail server and taken back
    when the server says no: with it and without an outcome, nobody knows whether the mail went out.
    """

    __tablename__ = "outbox_message"
    __table_args__ = (
        CheckConstraint(
            "state IN ('waiting', 'sent', 'failed', 'withdrawn')", name="outbox_message_state_is_known"
        ),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="only_sent_message_has_its_time"),
        CheckConstraint(
            "address IS NOT NULL OR state IN ('waiting', 'withdrawn')", name="mailed_message_has_an_address"
        ),
        Index("ix_outbox_message_fund", "fund_id", "id"),
        Index("ix_outbox_message_recipient", "recipient_id", "id"),
        Index("ix_outbox_message_subject", "subject_type", "subject_id"),
    )

    id: Mapped[Id]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    recipient_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    # Encrypted at rest with the installation's data key.
    address: Mapped[bytes | None] = mapped_column(LargeBinary)
    purpose: Mapped[str] = mapped_column(String(60))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int] = mapped_column(BigInteger)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    # Of the page that it speaks of, inside this site.
    path: Mapped[str] = mapped_column(String(300))
    # One event gives one message to each person.
    key: Mapped[str] = mapped_column(String(240), unique=True)
    state: Mapped[str] = mapped_column(String(20), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    handed_over_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
