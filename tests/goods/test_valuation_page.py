"""Stock, and what a valuation rests on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.goods.models import GoodsLine
from app.goods.operations import GoodsDraft
from app.goods.routes import LINES
from app.shared.audit import AuditEvent
from tests.donations.gifts import books, give, give_goods
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
PLACE = "/office/goods"


def _books_line(session: Session) -> GoodsLine:
    session.rollback()
    return session.scalars(select(GoodsLine).where(GoodsLine.item == "儿童图书")).one()


def test_empty_stock_says_what_will_be_here(visit: Visit) -> None:
    assert "没有库存物资" in visit("council").get(f"{PLACE}/").words
    assert "没有待确认的估值" in visit("council").get(f"{PLACE}/valuations").words


def test_stock_shows_pieces_and_value(visit: Visit, session: Session) -> None:
    give_goods(session)
    page = visit("cashier").get(f"{PLACE}/")
    for words in ("340", "1,100.00", "馕 300 个", "900.00", "店里售价", "儿童图书 40 册", "估值待确认"):
        assert words in page.words


def _give_lines(session: Session, count: int) -> list[str]:
    names = [f"物{number:03}" for number in range(count)]
    give(session, 100 * count, goods=[GoodsDraft(name, 1, "件", 100, "", False) for name in names])
    return names


@pytest.mark.parametrize("place", ["", "valuations"])
def test_long_lists_are_read_page_by_page(visit: Visit, session: Session, place: str) -> None:
    names = _give_lines(session, 2 * LINES + 1)
    seen: list[str] = []
    secretary = visit("secretary")
    page = secretary.get(f"{PLACE}/{place}")
    while True:
        seen += [row.text_content().split()[0] for row in page.tree.xpath("//tbody//span[@class='main']")]
        assert str(len(names)) in page.words, "what is counted is all, not the page"
        following = page.tree.xpath("//a[@rel='next']/@href")
        if not following:
            break
        page = secretary.get(following[0])
    assert seen == names
    assert page.tree.xpath("//a[@rel='prev']/@href") == [f"{PLACE}/{place}"]
    for after in ("x", "-1", "9" * 30):
        assert secretary.get(f"{PLACE}/{place}?after={after}").status == 200


def test_missing_basis_waits_until_it_is_stated(visit: Visit, session: Session) -> None:
    give_goods(session)
    secretary = visit("secretary")
    assert "有 1 批物资的估值待确认" in secretary.get("/office/").words
    listed = secretary.get(f"{PLACE}/valuations")
    assert "儿童图书" in listed.words
    assert "馕" not in listed.words
    line = _books_line(session)
    before = books(session)
    page = secretary.follow(secretary.submit(f"{PLACE}/{line.id}/confirm", {"basis": "二手书市场价"}))
    assert page.notices[0] == "“儿童图书”的估值已确认"
    assert "没有待确认的估值" in page.words
    line = _books_line(session)
    assert (line.valuation_basis, line.basis_is_confirmed) == ("二手书市场价", True)
    assert books(session) == before | {"leaf": before["leaf"] + 1}
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "confirm_valuation")).one()
    assert event.subject_id == line.id
    assert "有 1 批物资的估值待确认" not in secretary.get("/office/").words


def test_second_click_confirms_once(visit: Visit, session: Session) -> None:
    give_goods(session)
    path = f"{PLACE}/{_books_line(session).id}/confirm"
    secretary = visit("secretary")
    form = secretary.get(path)
    assert secretary.send(form, {"basis": "市场价"}, path=path).status == 303
    once = books(session)
    assert secretary.send(form, {"basis": "市场价"}, path=path).status == 303
    assert books(session) == once


def test_estimate_of_a_register_is_shown_and_still_to_be_confirmed(visit: Visit, session: Session) -> None:
    give_goods(session, "估计，待确认")
    secretary = visit("secretary")
    assert "登记的说法：估计，待确认" in secretary.get(f"{PLACE}/valuations").words
    assert secretary.get(f"{PLACE}/{_books_line(session).id}/confirm").value_of("basis") == "估计，待确认"


@pytest.mark.parametrize(("typed", "sentence"), [(" ", "请填写这一项"), ("长" * 1001, "最多 1000 个字")])
def test_basis_is_refused_beside_its_field(visit: Visit, session: Session, typed: str, sentence: str) -> None:
    give_goods(session)
    line = _books_line(session)
    answer = visit("secretary").submit(f"{PLACE}/{line.id}/confirm", {"basis": typed})
    assert (answer.status, answer.error_at("basis")) == (422, sentence)
    assert not _books_line(session).basis_is_confirmed


def test_who_may_confirm(visit: Visit, session: Session) -> None:
    give_goods(session)
    path = f"{PLACE}/{_books_line(session).id}/confirm"
    assert visit().get(path).location.startswith("/office/sign-in")
    assert visit().post(path, {"basis": "x"}).status == 401
    for key in ("cashier", "council", "auditor", "administrator"):
        assert visit(key).post(path, {"basis": "x"}).status == 403
    assert visit("secretary").client.delete(path).status_code == 405
    assert visit("administrator").get(f"{PLACE}/").status == 403
    assert visit("secretary").get(f"{PLACE}/999999/confirm").status == 404
    assert not _books_line(session).basis_is_confirmed
