"""A sale is public fundraising: announced with qualification, filing and accounts of the host, else unseen before its day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.funds.operations import change_host
from app.funds.queries import fund
from app.ledger.structure.models import MoneyAccount
from app.log.queries import latest_version
from app.people.rules import OPERATOR
from app.sales import operations, queries
from app.sales.campaign.operations import announce_event, arrange_lots
from app.sales.models import CollectionAccount, SaleEvent
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, InputRefused, Refused
from tests.factories import actor
from tests.sales import scenes
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
SOON = timedelta(days=20)


def _to_come(session: Session, days: timedelta = SOON) -> int:
    return scenes.make_event(session, "spring-gala", clock.today() + days)


def _accounts(session: Session) -> dict[str, int]:
    rows = session.execute(select(MoneyAccount.kind, MoneyAccount.id))
    return {kind: int(number) for kind, number in rows}


def _refused(session: Session, event_id: int, accounts: dict[int, str]) -> dict[str | None, str]:
    with pytest.raises(InputRefused) as refused, transaction(session, books=True):
        announce_event(session, actor(session, "secretary"), event_id, accounts)
    return {each.field: each.sentence for each in refused.value.refusals}


def test_an_event_to_come_is_nobodys_to_see_before_it_is_announced(visit: Visit, session: Session) -> None:
    event_id = _to_come(session)
    scenes.make_lot(session, event_id, scenes.give_goods(session))
    stranger = visit()
    for address in ("/sales/spring-gala", "/sales/spring-gala/board", "/sales/spring-gala/lots/A01"):
        assert stranger.get(address).status == 404
    assert "spring-gala" not in stranger.get("/sales").words
    assert not any("spring-gala" in link for link in stranger.get("/sales").links())
    scenes.announce(session, event_id, "bank", "wechat")
    page = stranger.get("/sales/spring-gala")
    for words in (
        "还没开始",
        "19:30–22:00",
        "公募字 5165000001",
        "5165000000-2026-01",
        "商户 wechat",
        "A01 馕",
        "3.00 元",
    ):
        assert words in page.words, words
    assert "商户 alipay" not in page.words
    assert "A01 馕" in stranger.get("/sales/spring-gala/lots/A01").heading
    assert stranger.get("/sales/spring-gala/lots/none").status == 404
    assert any("spring-gala" in link for link in stranger.get("/sales").links())
    assert latest_version(session, "sale_announced", event_id) == 1


def test_what_is_missing_is_said_all_at_once_and_nothing_is_saved(session: Session) -> None:
    with transaction(session, books=True):
        event_id = operations.create_event(
            session,
            actor(session, "secretary"),
            fund_id=scenes.fund_id(session),
            slug="bare",
            name="晚会",
            held_on=clock.today() + SOON,
        ).id
    accounts = _accounts(session)
    with pytest.raises(InputRefused) as refused, transaction(session, books=True):
        announce_event(session, actor(session, "secretary"), event_id, {})
    missing = [each.values.get("what") for each in refused.value.refusals]
    assert missing[:4] == ["托管机构的公开募捐资格证书", "公开募捐备案编号", "地点", "开始时间"]
    assert refused.value.refusals[-1].field == "accounts"
    assert "商户号" in _refused(session, event_id, {accounts["wechat"]: "  "})["wechat_code"]
    assert "只能选托管机构" in _refused(session, event_id, {accounts["cash"]: "X"})["accounts"]
    session.rollback()
    assert queries.event(session, event_id).opened_at is None
    assert session.scalars(select(CollectionAccount)).all() == []


def test_announced_is_announced_once_and_by_the_secretary_alone(session: Session) -> None:
    event_id = _to_come(session)
    bank = {_accounts(session)["bank"]: ""}
    with pytest.raises(Forbidden), transaction(session, books=True):
        announce_event(session, actor(session, "cashier"), event_id, bank)
    scenes.announce(session, event_id)
    with pytest.raises(Conflict), transaction(session, books=True):
        announce_event(session, actor(session, "secretary"), event_id, bank)
    assert latest_version(session, "sale_announced", event_id) == 1


def test_no_money_before_the_day_nor_by_a_way_that_was_not_announced(session: Session) -> None:
    event_id = _to_come(session, timedelta(0))
    lot = scenes.make_lot(session, event_id, scenes.give_goods(session))
    scenes.announce(session, event_id, "wechat")
    with pytest.raises(Refused) as refused:
        scenes.sell(session, lot, 1, 300, "alipay")
    assert refused.value.field == "method"
    for method in ("wechat", "cash"):
        scenes.sell(session, lot, 1, 300, method)
    with transaction(session, books=True):
        session.execute(update(SaleEvent).values(held_on=clock.today() + timedelta(days=1)))
    with pytest.raises(Conflict, match="那天起才能登记成交"):
        scenes.sell(session, lot, 1, 300)


def test_a_past_event_is_marked_and_takes_what_was_paid(visit: Visit, session: Session) -> None:
    lot = scenes.make_lot(session, scenes.make_event(session), scenes.give_goods(session))
    scenes.sell(session, lot, 1, 300, "alipay")
    assert "备案信息缺失" in visit().get("/sales/gala-2023").heading


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        (
            {"opened_at": clock.now(), "qualification": "", "filing_number": "F"},
            "sale_is_announced_when_it_was_filed",
        ),
        (
            {"opened_at": clock.now(), "qualification": "Q", "filing_number": ""},
            "sale_is_announced_when_it_was_filed",
        ),
        ({"ends_at": time(22)}, "sale_ends_after_it_started"),
        ({"counted_by_id": 2, "closed_by_id": 2}, "sale_is_counted_by_two"),
    ],
)
def test_the_database_keeps_it_too(session: Session, values: dict[str, Any], refusal: str) -> None:
    event_id = _to_come(session)
    with pytest.raises(IntegrityError, match=refusal), transaction(session, books=True):
        session.execute(update(SaleEvent).where(SaleEvent.id == event_id).values(**values))


@pytest.mark.parametrize(("kind", "code"), [("cash", "X"), ("wechat", ""), ("alipay", "")])
def test_the_database_takes_no_private_wallet(session: Session, kind: str, code: str) -> None:
    event_id = _to_come(session)
    row = {"event_id": event_id, "money_account_id": _accounts(session)[kind], "merchant_code": code}
    with pytest.raises(IntegrityError), transaction(session, books=True):
        session.execute(insert(CollectionAccount), [row])


def test_an_announced_event_keeps_its_filing_and_its_changes_are_logged(session: Session) -> None:
    event_id = _to_come(session)
    scenes.announce(session, event_id)
    change = {"name": "春晚", "place": "体育馆", "filing_number": "5165000000-2026-02"}
    with pytest.raises(Refused) as refused, transaction(session, books=True):
        operations.change_event(
            session, actor(session, "secretary"), event_id, **{**change, "filing_number": " "}
        )
    assert refused.value.field == "filing_number"
    later = clock.today() + 2 * SOON
    with transaction(session, books=True):
        operations.change_event(session, actor(session, "secretary"), event_id, **change, held_on=later)
    assert queries.event(session, event_id).held_on == later
    assert latest_version(session, "sale_announced", event_id) == 2


def test_the_day_of_a_sale_that_sold_something_stays(session: Session) -> None:
    event_id = scenes.make_event(session)
    scenes.sell(session, scenes.make_lot(session, event_id, scenes.give_goods(session)), 1, 300)
    with pytest.raises(Conflict), transaction(session, books=True):
        operations.change_event(
            session,
            actor(session, "secretary"),
            event_id,
            name="晚会",
            place="",
            filing_number="",
            held_on=date(2023, 9, 29),
        )


def test_the_secretary_announces_arranges_and_prints_labels(visit: Visit, session: Session) -> None:
    event_id = _to_come(session)
    line = scenes.give_goods(session)
    for number in ("A01", "A02", "A03"):
        scenes.make_lot(session, event_id, line, number=number, name=f"馕 {number}", quantity=10)
    with transaction(session, books=True):
        host = fund(session, scenes.fund_id(session)).host
        change_host(session, OPERATOR, host.id, fundraising_certificate="公募字 5165000001")
    place, secretary = f"/office/sales/{event_id}", visit("secretary")
    page = secretary.get(place)
    assert "还没有向公众开放" in page.words
    bank, wechat = (str(_accounts(session)[kind]) for kind in ("bank", "wechat"))
    refused = secretary.submit(f"{place}/announce", {"accounts": [bank, wechat], "wechat_code": ""})
    assert (refused.status, "还缺：公开募捐备案编号" in refused.error_summary) == (422, True)
    wrong = secretary.submit(f"{place}/change", {"starts_at": "22:00", "ends_at": "19:30"})
    assert "结束时间要晚于开始时间" in wrong.error_at("ends_at")
    changed = secretary.submit(
        f"{place}/change", {"filing_number": "5165000000-2026-01", "starts_at": "19:30", "ends_at": "22:00"}
    )
    assert changed.status == 303
    done = secretary.submit(f"{place}/announce", {"accounts": [bank, wechat], "wechat_code": "1600000001"})
    assert "已公布，还没开始" in secretary.follow(done).heading
    assert secretary.get(f"{place}/announce").status == 303
    assert (
        secretary.submit(f"{place}/arrange", {"places-0": "3", "places-1": "1", "places-2": "1"}).status
        == 303
    )
    session.rollback()
    assert [lot.number for lot in queries.lots_of(session, event_id)] == ["A02", "A03", "A01"]
    labels = secretary.get(f"{place}/labels")
    assert labels.words.index("A02") < labels.words.index("A01")
    assert len(labels.tree.xpath("//ul[@class='labels']//*[local-name()='svg']")) == 3


def test_lots_of_a_closed_event_stay_in_their_order(session: Session) -> None:
    event_id = scenes.make_event(session)
    scenes.sell(session, scenes.make_lot(session, event_id, scenes.give_goods(session)), 1, 300)
    scenes.close(session, event_id)
    with pytest.raises(Conflict), transaction(session, books=True):
        arrange_lots(session, actor(session, "secretary"), event_id, {})
