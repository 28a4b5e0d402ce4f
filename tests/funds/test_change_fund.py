"""What a fund and its host say about themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from app.funds import operations, queries
from app.people.rules import OPERATOR
from app.shared.db import transaction
from app.shared.errors import Conflict, NotFound, Refused
from tests.factories import FUND_SLUG, HOST_NAME, make_fund
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
FUND = {
    "name": "一米阳光社区慈善基金",
    "description": "为邻里",
    "founded_on": "2023-09-01",
    "phone": "0990-7654321",
}


def test_changed_name_stands_on_the_next_public_page(visit: Visit) -> None:
    before = visit().get("/")
    answer = visit("administrator").submit("/office/fund/change", FUND)
    assert (answer.status, answer.location) == (303, "/office/fund/")
    after = visit().get("/", If_None_Match=before.headers["ETag"])
    assert after.status == 200
    assert "一米阳光社区慈善基金" in after.html
    assert "0990-7654321" in after.html


def test_host_changes_what_is_said_of_itself(visit: Visit) -> None:
    answer = visit("host").submit(
        "/office/fund/host", {"name": "金龙镇慈善会", "icp_number": "新ICP备00000000号"}
    )
    assert answer.status == 303
    assert "新ICP备00000000号" in visit().get("/").html


def test_only_those_who_manage_the_fund_change_it(visit: Visit) -> None:
    for key in ("secretary", "cashier", "accountant", "chair", "council", "supervisor", "auditor"):
        assert visit(key).get("/office/fund/").status == 403
        assert visit(key).post("/office/fund/change", FUND).status == 403


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"name": "  "}, "name", "请填写名称"),
        ({"name": ""}, "name", "请填写这一项"),
        ({"name": "长" * 201}, "name", "最多 200 个字"),
        ({"founded_on": "2999-01-01"}, "founded_on", "日期 2999-01-01 在未来，请核对"),
    ],
)
def test_bad_input_is_refused_and_kept(
    visit: Visit, session: Session, typed: dict[str, str], field: str, sentence: str
) -> None:
    answer = visit("administrator").submit("/office/fund/change", {**FUND, **typed})
    assert (answer.status, answer.error_at(field)) == (422, sentence)
    assert answer.value_of("phone") == "0990-7654321"
    assert queries.fund_by_slug(session, FUND_SLUG).phone is None


@pytest.mark.parametrize("slug", ["", "a", "Ä", "two words", "-x", "x-", "a--b", "x" * 51, "../x"])
def test_slug_that_makes_no_address_is_refused(session: Session, slug: str) -> None:
    with pytest.raises(Refused) as refusal, transaction(session, books=True):
        make_fund(session, slug, "另一个")
    assert refusal.value.field == "slug"


def test_slug_and_host_are_unique(session: Session) -> None:
    with pytest.raises(Conflict), transaction(session, books=True):
        make_fund(session, FUND_SLUG, "另一个")
    with pytest.raises(Conflict), transaction(session, books=True):
        operations.create_host(session, OPERATOR, name=HOST_NAME)


def test_one_fund_needs_no_naming_and_two_do(session: Session) -> None:
    assert queries.only_fund(session, None).slug == FUND_SLUG
    with transaction(session, books=True):
        make_fund(session, "second", "第二基金")
    assert queries.only_fund(session, "second").name == "第二基金"
    with pytest.raises(Refused):
        queries.only_fund(session, None)
    with pytest.raises(NotFound):
        queries.only_fund(session, "third")
