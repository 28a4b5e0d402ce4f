"""The sale desk: sent twice is sold once, also when the first sold the last; what the desk's script is told."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.sales.models import Lot, Sale
from tests.sales import scenes
from tests.visitor import Visitor

Visit = Callable[..., Visitor]


def _desk(session: Session, quantity: int) -> tuple[str, dict[str, str]]:
    event = scenes.make_event(session)
    lot = scenes.make_lot(session, event, scenes.give_goods(session), quantity=quantity)
    sale = {"lot": str(lot), "quantity": "1", "method": "cash", "once": "s" * 32}
    return f"/office/sales/{event}/record", sale


def _count(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Sale)) or 0


def test_the_last_pack_sent_twice_is_one_sale(visit: Visit, session: Session) -> None:
    place, sale = _desk(session, 1)
    secretary = visit("secretary")
    for _ in range(2):
        answer = secretary.post(f"{place}/send", sale)
        assert (answer.status, answer.response.json) == (200, {"left": {sale["lot"]: 0}})
    page = secretary.get(place)
    assert secretary.post(place, sale).status == 303, page.words
    assert _count(session) == 1


def test_the_script_is_told_why_a_sale_was_refused(visit: Visit, session: Session) -> None:
    place, sale = _desk(session, 2)
    secretary = visit("secretary")
    refusals = [
        ({"quantity": "3"}, 422, "只剩 2 份，不够 3 份"),
        ({"quantity": "0"}, 422, ""),
        ({"amount": "1.234"}, 422, "最多两位小数"),
        ({"lot": "999999"}, 422, ""),
        ({"method": "barter"}, 422, ""),
    ]
    for changes, status, words in refusals:
        answer = secretary.post(f"{place}/send", {**sale, **changes, "once": "r" * 32})
        assert answer.status == status, changes
        said = answer.response.json
        assert said["left"] == {sale["lot"]: 2}
        assert said["refused"], changes
        assert words in said["refused"]
    assert secretary.post(f"{place}/send", sale, token=False).status == 400
    assert _count(session) == 0


def test_only_the_desk_may_look_through_the_camera(visit: Visit, session: Session) -> None:
    place, _ = _desk(session, 1)
    secretary = visit("secretary")
    assert "camera=(self)" in secretary.get(place).response.headers["Permissions-Policy"]
    assert "camera=()" in secretary.get(place.removesuffix("/record")).response.headers["Permissions-Policy"]


def test_two_lots_one_sold_out(visit: Visit, session: Session) -> None:
    place, sale = _desk(session, 1)
    secretary = visit("secretary")
    secretary.post(f"{place}/send", sale)
    late = secretary.post(f"{place}/send", {**sale, "once": "t" * 32})
    assert late.status == 422
    assert late.response.json["refused"] == "A01 只剩 0 份，不够 1 份"
    assert session.scalars(select(Lot.sold_quantity)).one() == 1
    assert _count(session) == 1
