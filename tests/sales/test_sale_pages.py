"""The secretary's pages on the night: event, lots, sales, box, closing; what comes afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.ledger.models import JournalEntry
from app.sales import queries
from app.sales.models import Lot, Sale, SaleEvent
from app.shared import clock
from tests.sales import scenes
from tests.visitor import Seen, Visitor

Visit = Callable[..., Visitor]


def _address(event: int, path: str = "") -> str:
    return f"/office/sales/{event}{path}"


def _count(session: Session, model: type) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(model)) or 0


def _event(session: Session, *, quantity: int = 10, mode: str = "fixed_price") -> tuple[int, int]:
    line = scenes.give_goods(session)
    event = scenes.make_event(session)
    return event, scenes.make_lot(session, event, line, quantity=quantity, mode=mode)


def test_a_whole_evening(visit: Visit, session: Session) -> None:
    line = scenes.give_goods(session)
    secretary = visit("secretary")
    made = secretary.submit(
        "/office/sales/add", {"name": "慈善晚会", "held_on": "2023年9月28日", "place": "金龙体育馆"}
    )
    event = int(made.location.rpartition("/")[2])
    session.rollback()
    assert queries.event(session, event).slug == "sale-2023-09-28"
    page = secretary.follow(made)
    assert "备案信息缺失" in page.words
    choose = secretary.get(_address(event, "/lots/choose"))
    assert "可供义卖 300 个" in choose.words
    add = _address(event, f"/lots/add/{line}")
    fields = {"number": "A02", "name": "馕(十个装)", "quantity": "12", "price": "25", "units_per_item": "10"}
    assert secretary.submit(add, fields).status == 303
    sale = secretary.get(_address(event, "/record"))
    session.rollback()
    lot = queries.lots_of(session, event)[0].id
    sold = secretary.send(
        sale, {"lot": str(lot), "quantity": "2", "method": "wechat"}, path=_address(event, "/record")
    )
    assert sold.location == _address(event, "/record")
    assert "50.00" in secretary.follow(sold).words
    secretary.submit(_address(event, "/box"), {"cash": "30", "wechat": "0"})
    closing = secretary.get(_address(event, "/close"))
    assert "登记 50.00 元" in closing.words
    assert "登记 30.00 元" in closing.words
    done = secretary.send(
        closing, {"counted_cash": "30.00", "counted_wechat": "50.00"}, path=_address(event, "/close")
    )
    assert "这是您自己的清点" in secretary.follow(done).words
    result = _confirm(visit, event)
    for words in (
        "已结束入账",
        "第 2 号到第 3 号分录",
        "义卖50.00元",
        "募捐箱30.00元",
        "合计80.00元",
        "出库 20 件",
    ):
        assert words in result.words
    assert scenes.pool(session) == (8_000, 0)


def test_double_click_records_one_sale(visit: Visit, session: Session) -> None:
    event, lot = _event(session)
    secretary = visit("secretary")
    page = secretary.get(_address(event, "/record"))
    fields = {"lot": str(lot), "quantity": "2"}
    answers = [secretary.send(page, fields, path=_address(event, "/record")).status for _ in range(3)]
    assert answers == [303, 303, 303]
    assert _count(session, Sale) == 1


WRONG_SALES = [
    ({"quantity": "11"}, "quantity", "只剩 10 份，不够 11 份"),
    ({"quantity": "0"}, "quantity", "应在 1 到"),
    ({"quantity": "两"}, "quantity", "请填写整数"),
    ({"quantity": "9" * 30}, "quantity", "应在 1 到"),
    ({"amount": "0"}, "amount", "不能是零"),
    ({"amount": "-3"}, "amount", "不能是负数"),
    ({"amount": "3.333"}, "amount", "最多两位小数"),
    ({"amount": "1" + "0" * 18}, "amount", "金额太大"),
    ({"lot": ""}, "lot", "请填写这一项"),
    ({"buyer": "长" * 61}, "buyer", "最多 60 个字"),
]


def test_wrong_sale_is_refused_beside_its_field(visit: Visit, session: Session) -> None:
    event, lot = _event(session)
    secretary = visit("secretary")
    page = secretary.get(_address(event, "/record"))
    for changes, field, sentence in WRONG_SALES:
        fields = {"lot": str(lot), "quantity": "1", "amount": "3", "buyer": "7 号", **changes}
        refused = secretary.send(page, fields, path=_address(event, "/record"))
        assert refused.status == 422, changes
        assert sentence in refused.error_at(field), changes
        assert refused.value_of("quantity") == fields["quantity"]
        assert refused.value_of("buyer") == fields["buyer"]
    assert _count(session, Sale) == 0


def test_auction_needs_its_hammer_price(visit: Visit, session: Session) -> None:
    event, lot = _event(session, mode="auction")
    secretary = visit("secretary")
    page = secretary.submit(_address(event, "/record"), {"lot": str(lot)})
    assert page.status == 422
    assert "义拍请填写成交金额" in page.error_at("amount")
    assert secretary.send(page, {"amount": "88"}, path=_address(event, "/record")).status == 303


def test_lot_beyond_the_stock_is_refused(visit: Visit, session: Session) -> None:
    line = scenes.give_goods(session, pieces=20)
    event = scenes.make_event(session)
    fields = {"number": "A01", "units_per_item": "10", "quantity": "3", "price": "25"}
    page = visit("secretary").submit(_address(event, f"/lots/add/{line}"), fields)
    assert page.status == 422
    assert "可供义卖的只有 20 个，不够 30" in page.error_at("quantity")
    assert page.value_of("price") == "25"
    assert _count(session, Lot) == 0


def test_pieces_a_pack_are_proposed_from_the_name_and_never_assumed(visit: Visit, session: Session) -> None:
    plain = scenes.give_goods(session)
    packed = scenes.give_goods(session, "商户优惠券(五张)", 20, 40_000)
    event = scenes.make_event(session)
    secretary = visit("secretary")
    assert secretary.get(_address(event, f"/lots/add/{packed}")).value_of("units_per_item") == "5"
    add = _address(event, f"/lots/add/{plain}")
    page = secretary.get(add)
    assert page.value_of("units_per_item") == ""
    fields = {"name": "馕(十个装)", "quantity": "3", "price": "25"}
    empty = secretary.send(page, fields, path=add)
    assert empty.status == 422
    assert "名称看来是每份 10 件" in empty.error_at("units_per_item")
    other = secretary.send(page, {**fields, "units_per_item": "1"}, path=add)
    assert other.status == 422
    assert "每份 10 件，这里写的是 1。确认无误就再提交一次" in other.error_at("units_per_item")
    assert _count(session, Lot) == 0
    # Another number than the one that was asked about is asked about again.
    assert secretary.send(other, {"units_per_item": "2"}, path=add).status == 422
    assert secretary.send(other, path=add).status == 303
    session.rollback()
    assert session.scalars(select(Lot.units_per_item)).one() == 1


def test_sale_is_voided_with_a_reason_once(visit: Visit, session: Session) -> None:
    event, lot = _event(session)
    sale = scenes.sell(session, lot, 2, 600)
    secretary = visit("secretary")
    address = _address(event, f"/sales/{sale}/void")
    assert address in secretary.get(_address(event)).links()
    page = secretary.get(address)
    assert secretary.send(page, {"reason": " "}, path=address).error_at("reason")
    assert secretary.send(page, {"reason": "数错了"}, path=address).status == 303
    again = secretary.send(page, {"reason": "数错了"}, path=address)
    assert again.status == 409
    assert "已经作废" in again.error_summary
    shown = secretary.get(_address(event))
    assert "已作废" in shown.words
    assert "数错了" in shown.words


def test_difference_must_be_explained_beside_its_field(visit: Visit, session: Session) -> None:
    event, lot = _event(session)
    scenes.sell(session, lot, 2, 600)
    secretary = visit("secretary")
    address = _address(event, "/close")
    page = secretary.get(address)
    missing = secretary.send(page, path=address)
    assert missing.status == 422
    assert "请填写清点到的金额" in missing.error_at("counted_cash")
    wrong = secretary.send(page, {"counted_cash": "0"}, path=address)
    assert wrong.status == 422
    assert "现金登记 6.00 元，清点 0.00 元，请说明差异原因" in wrong.error_at("explanation_cash")
    assert wrong.value_of("counted_cash") == "0"
    for typed, sentence in (("-1", "不能是负数"), ("五元", "不是金额"), ("1" + "0" * 18, "金额太大")):
        assert sentence in secretary.send(page, {"counted_cash": typed}, path=address).error_at(
            "counted_cash"
        )
    assert scenes.pool(session) == (0, 0)
    assert (
        secretary.send(
            page, {"counted_cash": "7.50", "explanation_cash": "有人不要找零"}, path=address
        ).status
        == 303
    )
    assert scenes.pool(session) == (0, 0)
    _confirm(visit, event)
    assert scenes.pool(session) == (750, 0)
    assert "有人不要找零" in secretary.get(_address(event)).words


def _confirm(visit: Visit, event: int, key: str = "cashier") -> Seen:
    """Another person agrees with what was counted, and sees the closed event."""
    other = visit(key)
    page = other.get(_address(event, "/close"))
    return other.follow(other.send(page, path=_address(event, "/close/confirm")))


def test_one_counts_and_another_confirms(visit: Visit, session: Session) -> None:
    event, lot = _event(session)
    scenes.sell(session, lot, 2, 600)
    secretary, cashier = visit("secretary"), visit("cashier")
    address, confirmed = _address(event, "/close"), _address(event, "/close/confirm")
    early = cashier.post(confirmed)
    assert (early.status, "还没有人清点" in early.error_summary) == (409, True)
    assert secretary.submit(address, {"counted_cash": "6"}).status == 303
    own = secretary.post(confirmed)
    assert (own.status, _count(session, JournalEntry)) == (403, 1)
    assert "已有一人清点" in cashier.get("/office/").words
    assert "已有一人清点" not in secretary.get("/office/").words
    scenes.sell(session, lot, 1, 300)
    changed = cashier.post(confirmed)
    assert (changed.status, "登记有变化" in changed.error_summary) == (409, True)
    assert cashier.submit(f"{address}?again=1", {"counted_cash": "9"}).status == 303
    assert cashier.post(confirmed).status == 403
    page = secretary.get(address)
    assert "出纳丙" in page.words
    assert secretary.send(page, path=confirmed).location == _address(event)
    entries = _count(session, JournalEntry)
    again = secretary.send(page, path=confirmed)
    assert (again.status, "已经结束" in again.error_summary) == (409, True)
    assert _count(session, JournalEntry) == entries
    assert secretary.get(address).location == _address(event)
    assert secretary.get(_address(event, "/record")).location == _address(event)
    assert "两个人清点" in visit().get("/sales/gala-2023").words


def test_late_payment_and_reversal_after_closing(visit: Visit, session: Session) -> None:
    event, lot = _event(session)
    scenes.sell(session, lot, 2, 600)
    (number,) = scenes.close(session, event)
    secretary, accountant = visit("secretary"), visit("accountant")
    address = _address(event, "/late")
    page = secretary.get(address)
    refused = secretary.send(page, {"lot": str(lot), "received_on": "2023-09-27"}, path=address)
    assert refused.status == 422
    assert "不能早于活动日期" in refused.error_at("received_on")
    fields = {"lot": str(lot), "quantity": "1", "received_on": "2023-10-05"}
    assert [secretary.send(page, fields, path=address).status for _ in range(2)] == [303, 303]
    assert scenes.pool(session) == (900, 0)
    assert "后来收到" in secretary.get(_address(event)).words
    undo = _address(event, f"/entries/{number}/reverse")
    assert undo in accountant.get(_address(event)).links()
    assert undo not in secretary.get(_address(event)).links()
    ask = accountant.get(undo)
    assert accountant.send(ask, {"reason": ""}, path=undo).error_at("reason")
    assert accountant.send(ask, {"reason": "价格输错"}, path=undo).status == 303
    assert accountant.send(ask, {"reason": "价格输错"}, path=undo).status == 409
    assert scenes.pool(session) == (300, 0)
    assert "已冲销" in accountant.get(_address(event)).words
    assert accountant.get(_address(event, "/entries/99999/reverse")).status == 404


def test_late_page_of_an_open_event_leads_to_recording(visit: Visit, session: Session) -> None:
    event, lot = _event(session)
    secretary = visit("secretary")
    assert secretary.get(_address(event, "/late")).location == _address(event, "/record")
    answer = secretary.post(
        _address(event, "/late"),
        {"lot": lot, "quantity": 1, "method": "cash", "received_on": "2023-10-05", "once": "o" * 32},
    )
    assert answer.status == 409
    assert "还没有结束" in answer.error_summary


WRONG_EVENTS = [
    ({"name": "  "}, "name", "请填写这一项"),
    ({"name": "长" * 201}, "name", "最多 200 个字"),
    ({"held_on": "2099-01-01"}, "held_on", "太远"),
    ({"held_on": "0203-09-28"}, "held_on", "太早"),
    ({"slug": "大 晚会"}, "slug", "只能用小写字母"),
    ({"slug": "gala-2023"}, "slug", "已有义卖在用"),
]


def test_wrong_event_is_refused_beside_its_field(visit: Visit, session: Session) -> None:
    scenes.make_event(session)
    secretary = visit("secretary")
    page = secretary.get("/office/sales/add")
    for changes, field, sentence in WRONG_EVENTS:
        fields = {"name": "第二场", "held_on": "2023-10-01", "place": "广场", **changes}
        refused = secretary.send(page, fields, path="/office/sales/add")
        assert refused.status == 422, changes
        assert sentence in refused.error_at(field), changes
        assert refused.value_of("place") == "广场"
    assert _count(session, SaleEvent) == 1


def test_same_day_gets_another_address_and_the_filing_number_is_added_later(
    visit: Visit, session: Session
) -> None:
    secretary = visit("secretary")
    for _ in range(2):
        made = secretary.submit("/office/sales/add", {"name": "晚会", "held_on": "2023-09-28"})
    session.rollback()
    assert session.scalars(select(SaleEvent.slug).order_by(SaleEvent.id)).all() == [
        "sale-2023-09-28",
        "sale-2023-09-28-2",
    ]
    answer = secretary.submit(made.location + "/change", {"filing_number": "5165000000-2023-01"})
    page = secretary.follow(answer)
    assert "5165000000-2023-01" in page.words
    assert "备案信息缺失" not in page.words


def test_event_that_is_over_waits_for_the_secretary(visit: Visit, session: Session) -> None:
    event = scenes.make_event(session, day=clock.today() - timedelta(days=1))
    today = scenes.make_event(session, "today", clock.today())
    links = visit("secretary").get("/office/").links()
    assert _address(event) in links
    assert _address(today) not in links
    assert _address(event) not in visit("cashier").get("/office/").links()


def test_lot_is_removed_after_asking(visit: Visit, session: Session) -> None:
    event, lot = _event(session)
    secretary = visit("secretary")
    page = secretary.get(_address(event, f"/lots/{lot}/remove"))
    assert _count(session, Lot) == 1
    assert secretary.send(page).status == 303
    assert _count(session, Lot) == 0


def test_buyers_are_not_public(visit: Visit, session: Session) -> None:
    event, lot = _event(session)
    visit("secretary").submit(
        _address(event, "/record"), {"lot": str(lot), "quantity": "1", "buyer": "张三丰"}
    )
    scenes.close(session, event)
    stranger = visit()
    for path in ("/", "/ledger", "/sales", "/sales/gala-2023", "/ledger.json", "/ledger.csv"):
        assert "张三丰".encode() not in stranger.get(path).content


PAGES = [
    "add",
    "{event}/change",
    "{event}/lots/choose",
    "{event}/lots/add/{line}",
    "{event}/lots/{lot}/remove",
    "{event}/record",
    "{event}/sales/{sale}/void",
    "{event}/box",
    "{event}/late",
]


def test_only_the_secretary_opens_and_sends_the_pages_of_a_sale(visit: Visit, session: Session) -> None:
    line = scenes.give_goods(session)
    event = scenes.make_event(session)
    lot = scenes.make_lot(session, event, line)
    sale = scenes.sell(session, lot, 1, 300)
    keys = ("cashier", "accountant", "chair", "council", "supervisor", "auditor", "host", "administrator")
    others = {key: visit(key) for key in keys}
    secretary, stranger = visit("secretary"), visit()
    for path in PAGES:
        address = "/office/sales/" + path.format(event=event, line=line, lot=lot, sale=sale)
        assert stranger.get(address).location.startswith("/office/sign-in"), path
        assert secretary.get(address).status in (200, 302, 303), path
        assert secretary.client.delete(address).status_code in (400, 405), path
        for key, other in others.items():
            assert other.get(address).status == 403, (path, key)
        if "choose" not in path:
            assert stranger.post(address).status == 401, path
            assert secretary.post(address, token=False).status == 400, path
            assert others["cashier"].post(address).status == 403, path
    assert (_count(session, Lot), _count(session, Sale), _count(session, SaleEvent)) == (1, 1, 1)


def test_all_who_read_the_books_see_the_events(visit: Visit, session: Session) -> None:
    event = scenes.make_event(session)
    for key in ("secretary", "cashier", "accountant", "chair", "council", "supervisor", "auditor", "host"):
        assert visit(key).get("/office/sales/").status == 200, key
        assert visit(key).get(_address(event)).status == 200, key
    assert visit("administrator").get(_address(event)).status == 403
    assert visit("secretary").get("/office/sales/4242").status == 404
