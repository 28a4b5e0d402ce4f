"""The office works in one fund at a time, and only in one where the person holds an office."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from app.shared.db import transaction
from app.shared.permissions import Role
from tests.factories import FUND_SLUG, actor, appoint, make_fund
from tests.installation import ENGINES
from tests.visitor import Visitor

Visit = Callable[..., Visitor]


@pytest.fixture(params=ENGINES)
def engine_kind(request: pytest.FixtureRequest) -> str:
    """Both databases."""
    kind: str = request.param
    return kind


PAGE = "/office/trial/fund"


@pytest.fixture
def second_fund(session: Session) -> int:
    """A second fund, in which nobody of the cast but the installation's own officers has a part."""
    with transaction(session, books=True):
        return make_fund(session, "second", "第二基金").id


def test_only_fund_needs_no_choice(visit: Visit) -> None:
    assert visit("cashier").get(PAGE).html == FUND_SLUG


@pytest.mark.usefixtures("second_fund")
def test_nobody_works_in_a_fund_where_they_hold_no_office(visit: Visit) -> None:
    visitor = visit("cashier")
    assert visitor.get(f"{PAGE}?fund=second").status == 404
    assert visitor.get(PAGE).html == FUND_SLUG


def test_choice_is_remembered(visit: Visit, session: Session, second_fund: int) -> None:
    user_id = actor(session, "cashier").user_id
    assert user_id is not None
    session.rollback()
    with transaction(session, books=True):
        appoint(session, user_id, Role.CASHIER, second_fund)
    visitor = visit("cashier")
    assert visitor.get(PAGE).html == FUND_SLUG
    assert visitor.get(f"{PAGE}?fund=second").html == "second"
    assert visitor.get(PAGE).html == "second"
    assert visitor.get(f"{PAGE}?fund={FUND_SLUG}").html == FUND_SLUG


def test_permission_counts_in_the_chosen_fund_only(visit: Visit, session: Session, second_fund: int) -> None:
    user_id = actor(session, "cashier").user_id
    assert user_id is not None
    session.rollback()
    with transaction(session, books=True):
        appoint(session, user_id, Role.SECRETARY, second_fund)
    visitor = visit("cashier")
    assert visitor.get(PAGE).html == FUND_SLUG
    assert visitor.get(f"{PAGE}?fund=second").status == 403


def test_administrator_of_the_installation_chooses_among_all(visit: Visit, second_fund: int) -> None:
    page = visit("administrator").get("/office/")
    assert page.tree.xpath("//select[@name='fund']/option/@value") == [FUND_SLUG, "second"]
    assert visit("administrator").get("/office/fund/?fund=second").words.count("第二基金") >= 1
