"""What donors are promised, proven from the books alone: each way to break it is found by the check that says so."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.ledger.checks import check_ledger
from app.settings import Settings
from tests.disbursements import scenes
from tests.tampering import tamper

PAID = "(SELECT MAX(entry_number) FROM tranche_movement WHERE kind = 'use')"
ROAD = "(SELECT id FROM earmark WHERE slug = 'road')"


@pytest.fixture
def spent(session: Session, settings: Settings) -> Session:
    """Gifts for a road and for anything, of which a part is paid and a part is promised."""
    road = scenes.make_road(session)
    for earmark in (road, None):
        scenes.give(session, 90_000, earmark_id=earmark)
        request = scenes.approved(session, 50_000, earmark_id=earmark or scenes.unrestricted(session))
        scenes.pay(session, settings.files_dir, request, 30_000)
    assert _broken(session) == {}
    return session


def _broken(session: Session) -> dict[str, list[str]]:
    session.rollback()
    return {check.name: check.problems for check in check_ledger(session) if check.problems}


def test_payment_that_no_gift_explains_is_found(spent: Session) -> None:
    tamper(
        spent,
        f"UPDATE tranche_movement SET amount_minor = 29999 WHERE kind = 'use' AND entry_number = {PAID}",
    )
    (problem,) = _broken(spent)["payments_are_explained_by_gifts"]
    assert "moved 300.00, gifts explain 299.99" in problem


def test_payment_without_any_gift_is_found(spent: Session) -> None:
    tamper(spent, f"DELETE FROM tranche_movement WHERE kind = 'use' AND entry_number = {PAID}")
    (problem,) = _broken(spent)["payments_are_explained_by_gifts"]
    assert "moved 300.00, gifts explain 0.00" in problem


@pytest.mark.parametrize("place", ["used", "held", "withdrawn", "remaining"])
def test_gift_that_its_uses_holds_withdrawals_and_remainder_do_not_explain_is_found(
    spent: Session, place: str
) -> None:
    other = "remaining" if place != "remaining" else "used"
    tamper(
        spent,
        f"UPDATE tranche SET {place}_minor = {place}_minor + 1, {other}_minor = {other}_minor - 1 "
        "WHERE number = (SELECT MIN(number) FROM tranche)",
    )
    assert "tranches_equal_their_movements" in _broken(spent)


def test_earmarked_fen_spent_on_something_else_is_found(spent: Session) -> None:
    tamper(
        spent,
        f"UPDATE tranche_movement SET tranche_number = (SELECT number FROM tranche WHERE earmark_id = {ROAD}) "
        f"WHERE kind = 'use' AND entry_number = {PAID}",
    )
    broken = _broken(spent)
    assert "which is for another purpose" in " ".join(broken["earmarked_money_stays_in_its_earmark"])
    assert "payments_are_explained_by_gifts" in broken


def test_earmarked_fen_booked_under_another_purpose_is_found(spent: Session) -> None:
    tamper(spent, f"UPDATE posting SET earmark_id = {ROAD} WHERE entry_number = {PAID}")
    assert "earmarked_money_stays_in_its_earmark" in _broken(spent)


def test_gift_moved_to_another_purpose_in_its_own_row_is_found(spent: Session) -> None:
    tamper(spent, f"UPDATE tranche SET earmark_id = {ROAD} WHERE number = (SELECT MAX(number) FROM tranche)")
    broken = _broken(spent)
    assert "gifts_left_equal_the_money_held" in broken
    assert "earmarked_money_stays_in_its_earmark" in broken
