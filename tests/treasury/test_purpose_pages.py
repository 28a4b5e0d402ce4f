"""Purposes and projects."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.ledger.structure.models import Earmark, Project
from tests.donations.gifts import books, give
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
PLACE = "/office/treasury"
ROAD = {"name": "路面修缮", "restriction": "restricted", "slug": "road"}


def test_purpose_is_added_with_the_proposed_address(visit: Visit, session: Session) -> None:
    accountant = visit("accountant")
    page = accountant.follow(accountant.submit(f"{PLACE}/purposes/add", {"name": "路面修缮"}))
    assert "路面修缮" in page.words
    earmark = session.scalars(select(Earmark).where(Earmark.name == "路面修缮")).one()
    assert (earmark.slug, earmark.restriction) == ("yimi-yangguang-purpose-1", "restricted")


def test_what_the_council_sets_aside_is_no_restriction(visit: Visit, session: Session) -> None:
    visit("accountant").submit(f"{PLACE}/purposes/add", ROAD | {"restriction": "designated"})
    assert not session.scalars(select(Earmark).where(Earmark.slug == "road")).one().is_restricted


def test_project_is_added(visit: Visit, session: Session) -> None:
    accountant = visit("accountant")
    page = accountant.follow(accountant.submit(f"{PLACE}/projects/add", {"name": "冬季慰问"}))
    assert "冬季慰问" in page.words
    assert session.scalars(select(Project.slug)).one() == "yimi-yangguang-project-1"


def test_purposes_show_their_money(visit: Visit, session: Session) -> None:
    give(session, 500_000)
    page = visit("council").get(f"{PLACE}/purposes")
    assert "5,000.00" in page.words
    assert "/earmarks/yimi-yangguang-unrestricted" in page.links()
    assert "还没有项目" in page.words
    assert not {link for link in page.links() if link.endswith("/add")}


@pytest.mark.parametrize("path", ["purposes/add", "projects/add"])
@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"name": ""}, "name", "请填写这一项"),
        ({"name": "  "}, "name", "请填写这一项"),
        ({"name": "长" * 201}, "name", "最多 200 个字"),
        ({"slug": "Road Works"}, "slug", "网址标识只能用小写字母、数字和连字符"),
        ({"slug": "路"}, "slug", "网址标识只能用小写字母、数字和连字符"),
        ({"slug": "a" * 81}, "slug", "最多 80 个字"),
    ],
)
def test_wrong_name_or_address_is_refused_beside_its_field(
    visit: Visit, session: Session, path: str, typed: dict[str, str], field: str, sentence: str
) -> None:
    before = books(session)
    answer = visit("accountant").submit(f"{PLACE}/{path}", {"name": "路面修缮", "slug": "road"} | typed)
    assert (answer.status, answer.error_at(field)) == (422, sentence)
    assert books(session) == before


@pytest.mark.parametrize(("path", "thing"), [("purposes/add", "用途"), ("projects/add", "项目")])
def test_second_click_adds_nothing(visit: Visit, session: Session, path: str, thing: str) -> None:
    accountant = visit("accountant")
    form = accountant.get(f"{PLACE}/{path}")
    typed = {"name": "路面修缮", "slug": "road"}
    assert accountant.send(form, typed, path=f"{PLACE}/{path}").status == 303
    once = books(session)
    answer = accountant.send(form, typed, path=f"{PLACE}/{path}")
    assert (answer.status, answer.error_at("slug")) == (422, f"网址标识“road”已有{thing}在用")
    other = accountant.send(form, typed | {"slug": "other"}, path=f"{PLACE}/{path}")
    assert (other.status, other.error_at("name")) == (422, f"已有同名的{thing}")
    assert books(session) == once


@pytest.mark.parametrize("path", ["purposes/add", "projects/add"])
def test_stranger_and_wrong_offices_add_nothing(visit: Visit, session: Session, path: str) -> None:
    before = books(session)
    address = f"{PLACE}/{path}"
    assert visit().get(address).location.startswith("/office/sign-in")
    assert visit().post(address, ROAD).status == 401
    for key in ("secretary", "cashier", "council", "auditor", "administrator"):
        assert visit(key).post(address, ROAD).status == 403
    assert visit("accountant").client.put(address).status_code == 405
    assert books(session) == before
