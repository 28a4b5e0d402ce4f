"""What the council has approved and nobody has paid yet, on any day: still money, already promised."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from app.disbursements.operations import cancel_disbursement
from app.disbursements.payments.operations import reverse_payment
from app.funds.queries import fund_by_slug
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction
from app.shared.periods import Period
from app.statements.queries import approved_unpaid_on, statement_figures
from tests import factories
from tests.disbursements import scenes
from tests.statements.reading import failing


def test_promise_runs_from_approval_to_payment_or_cancellation(session: Session, settings: Settings) -> None:
    fund = fund_by_slug(session, factories.FUND_SLUG)

    def on(day: int) -> int:
        session.rollback()
        return approved_unpaid_on(session, fund.id, date(2023, 11, day))

    with clock.simulated(datetime(2023, 11, 1, 2, tzinfo=UTC)) as moment:
        scenes.give(session, 1_000_000)
        moment.set_local(date(2023, 11, 6))
        first, second = scenes.in_notice(session, 300_000), scenes.in_notice(session, 200_000)
        scenes.submitted(session, 100_000)
        moment.set_local(date(2023, 11, 15))
        scenes.advance(session, first)
        number = scenes.pay(session, settings.files_dir, first, 120_000)
        moment.set_local(date(2023, 11, 17))
        with transaction(session, books=True):
            cancel_disbursement(session, factories.actor(session, "secretary"), second, "不再需要")
        moment.set_local(date(2023, 11, 20))
        with transaction(session, books=True):
            reverse_payment(session, factories.actor(session, "accountant"), number, "付错账户")
        assert {day: on(day) for day in (5, 6, 14, 15, 16, 17, 19, 20)} == {
            5: 0,
            6: 500_000,
            14: 500_000,
            15: 380_000,
            16: 380_000,
            17: 180_000,
            19: 180_000,
            20: 300_000,
        }
        assert scenes.pool(session)[1] == 300_000
        figures = statement_figures(session, fund, Period(date(2023, 11, 1), date(2023, 11, 20)))
        assert figures.position.approved_unpaid_minor == 300_000
        assert failing(figures) == []
