"""Who bought at a charity sale gets a paper only where the host says so, and it is no receipt for a gift."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.funds.operations import let_buyers_have_confirmations
from app.funds.queries import only_fund
from app.sales.operations import record_sale, void_sale
from app.shared.audit import AuditEvent
from app.shared.db import transaction
from app.shared.errors import Forbidden
from tests.factories import actor
from tests.sales import scenes
from tests.statements.test_receipts import words_of
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
SWITCH = "/office/fund/buyers"


def sold(session: Session, *, close: bool = True) -> int:
    """An event with three sales: to a paddle, to somebody with a name, and one that was voided; returns its id."""
    event_id = scenes.make_event(session)
    lot_id = scenes.make_lot(session, event_id, scenes.give_goods(session))
    for buyer in ("12 号牌", "机密买受人", "作废的人"):
        with transaction(session, books=True):
            found = record_sale(
                session,
                actor(session, "secretary"),
                lot_id,
                quantity=1,
                amount_minor=2_500,
                method="cash",
                buyer=buyer,
            )
    with transaction(session, books=True):
        void_sale(session, actor(session, "secretary"), found.id, "记错")
    scenes.sell(session, lot_id, 1, 2_500)
    if close:
        scenes.close(session, event_id, scenes.Count("cash", 7_500))
    return event_id


def listing(event_id: int) -> str:
    return f"/office/sales/{event_id}/buyers/"


def test_off_until_the_host_says_otherwise(visit: Visit, session: Session) -> None:
    event_id = sold(session)
    secretary = visit("secretary")
    for address in (listing(event_id), f"{listing(event_id)}confirmations.pdf"):
        answer = secretary.get(address)
        assert answer.status == 409
        assert "法律没有定论" in answer.words
    assert listing(event_id) not in secretary.get(f"/office/sales/{event_id}").links()
    settings = visit("host").get("/office/fund/").words
    assert "义卖买受人的收款确认" in settings
    assert "不可以" in settings


def test_host_switches_it_on_and_off_and_every_change_is_audited(visit: Visit, session: Session) -> None:
    event_id = sold(session)
    host = visit("host")
    assert "法律没有定论" in host.get(SWITCH).words
    for word in ("yes", "yes", "no", "yes"):
        assert host.submit(SWITCH, {"allowed": word}).status == 303
    session.rollback()
    events = session.scalars(
        select(AuditEvent).where(AuditEvent.action == "let_buyers_have_confirmations").order_by(AuditEvent.id)
    ).all()
    assert ['"allowed": true' in each.detail or '"allowed":true' in each.detail for each in events] == [
        True,
        False,
        True,
    ]
    assert {each.actor_id for each in events} == {actor(session, "host").user_id}
    assert listing(event_id) in visit("secretary").get(f"/office/sales/{event_id}").links()


def test_paid_and_named_buyers_get_a_paper_that_is_no_receipt(
    visit: Visit, session: Session, tmp_path: Path
) -> None:
    event_id = sold(session)
    allow(session)
    secretary = visit("secretary")
    listed = secretary.get(listing(event_id)).words
    assert "12 号牌" in listed
    assert "机密买受人" in listed
    assert "作废的人" not in listed
    answer = secretary.get(f"{listing(event_id)}confirmations.pdf")
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    said = words_of(answer.content, tmp_path)
    for words in (
        "义卖收款确认",
        "非捐赠票据",
        "不能税前扣除",
        "机密买受人",
        "12 号牌",
        "人民币贰拾伍元整",
        "¥25.00",
    ):
        assert words in said, words
    assert "作废的人" not in said
    assert said.count("人民币贰拾伍元整") == 2


def test_one_is_printed_alone_and_another_events_is_not_found(
    visit: Visit, session: Session, tmp_path: Path
) -> None:
    event_id = sold(session)
    allow(session)
    secretary = visit("secretary")
    links = [each for each in secretary.get(listing(event_id)).links() if "sale=" in each]
    assert len(links) == 2
    said = words_of(secretary.get(sorted(links)[0]).content, tmp_path)
    assert said.count("人民币贰拾伍元整") == 1
    assert secretary.get(f"{listing(event_id)}confirmations.pdf?sale=999999").status == 404


def test_open_event_and_other_offices_get_none(visit: Visit, session: Session) -> None:
    event_id = sold(session, close=False)
    allow(session)
    assert visit("secretary").get(listing(event_id)).status == 409
    for key in ("cashier", "council", "host", "administrator"):
        assert visit(key).get(listing(event_id)).status == 403


def test_only_who_manages_the_fund_switches(visit: Visit, session: Session) -> None:
    for key in ("secretary", "accountant", "chair", "auditor"):
        assert visit(key).get(SWITCH).status == 403
        with pytest.raises(Forbidden), transaction(session):
            let_buyers_have_confirmations(
                session, actor(session, key), only_fund(session, None).host_id, allowed=True
            )


def allow(session: Session) -> None:
    with transaction(session):
        host_id = only_fund(session, None).host_id
        let_buyers_have_confirmations(session, actor(session, "host"), host_id, allowed=True)
    session.rollback()
