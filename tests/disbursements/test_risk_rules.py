"""When a sign is shown: the rules as a table that a council member can read. Amounts in fen."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.disbursements.payees.rules import luhn_holds, parse_number
from app.disbursements.risks import rules
from app.shared.errors import Refused

NOW = datetime(2024, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reaching", "of", "is_shown"),
    [
        (0, 19, False),  # too few to compare with
        (0, 20, True),  # larger than all twenty
        (1, 20, False),  # 1 of 20 is exactly 5 %
        (1, 21, True),
        (2, 40, False),
        (2, 41, True),
        (19, 400, True),
        (20, 400, False),
    ],
)
def test_amount_belongs_to_the_top_five_percent(reaching: int, of: int, is_shown: bool) -> None:
    assert rules.is_large(reaching, of) is is_shown


@pytest.mark.parametrize(
    ("alone", "total", "tiers", "limit"),
    [
        (200_000, 200_000, (200_000, 1_000_000), None),  # nothing else
        (150_000, 200_000, (200_000, 1_000_000), None),  # up to the limit is still inside
        (150_000, 200_001, (200_000, 1_000_000), 200_000),
        (150_000, 1_000_001, (200_000, 1_000_000), 1_000_000),  # the highest one crossed
        (200_001, 900_000, (200_000, 1_000_000), None),  # it is in that tier by itself
        (5_000_000, 9_000_000, (), None),
    ],
)
def test_sum_crosses_a_tier_that_the_request_alone_does_not(
    alone: int, total: int, tiers: tuple[int, ...], limit: int | None
) -> None:
    assert rules.crossed_limit(alone, total, tiers) == limit


@pytest.mark.parametrize(
    ("quoted", "submitted", "is_shown"),
    [
        (date(2023, 5, 6), date(2023, 11, 6), False),  # six months to the day
        (date(2023, 5, 6), date(2023, 11, 7), True),
        (date(2023, 8, 31), date(2024, 2, 29), False),  # February has no 31st
        (date(2023, 8, 31), date(2024, 3, 1), True),
        (date(2023, 12, 31), date(2024, 6, 30), False),
    ],
)
def test_quotation_is_older_than_six_months(quoted: date, submitted: date, is_shown: bool) -> None:
    assert rules.is_old(quoted, submitted, 6) is is_shown


@pytest.mark.parametrize(
    ("kind", "amount", "suppliers", "sign"),
    [
        ("goods_purchase", 1_000_000, 0, None),  # up to 10,000 yuan none is needed
        ("goods_purchase", 1_000_001, 0, "no_quotation"),
        ("project_works", 1_000_001, 1, "one_quotation"),
        ("project_works", 1_000_001, 2, None),
        ("individual_aid", 9_000_000, 0, None),  # aid is not bought
        (None, 9_000_000, 0, None),
    ],
)
def test_purchase_needs_two_quotations(
    kind: str | None, amount: int, suppliers: int, sign: str | None
) -> None:
    assert rules.quotation_sign(kind, amount, 1_000_000, suppliers) == sign


@pytest.mark.parametrize(
    ("changed", "is_shown"),
    [(None, False), (datetime(2024, 1, 2, tzinfo=UTC), True), (datetime(2024, 1, 1, tzinfo=UTC), False)],
)
def test_account_changed_within_ninety_days(changed: datetime | None, is_shown: bool) -> None:
    assert rules.changed_lately(changed, NOW) is is_shown


@pytest.mark.parametrize(
    ("typed", "kind", "digits"),
    [
        ("6222 0212 3456 7894", "person", "6222021234567894"),
        ("6222-0212-3456-7894", "sole_trader", "6222021234567894"),
        (
            "6222021234567895",
            "organisation",
            "6222021234567895",
        ),  # a company's number has no common check digit
        ("１０４２００１１", "person", "10420011"),  # an old passbook
    ],
)
def test_account_numbers_are_read_as_typed(typed: str, kind: str, digits: str) -> None:
    assert parse_number(typed, kind) == digits


@pytest.mark.parametrize("typed", ["6222021234567895", "1234567", "1" * 33, "62220212345678AB", ""])
def test_wrong_account_number_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(Refused, match="请"):
        parse_number(typed, "person")


def test_check_digit_of_the_standards_example() -> None:
    """79927398713, the example of ISO/IEC 7812-1."""
    assert [digit for digit in range(10) if luhn_holds(f"7992739871{digit}")] == [3]
