"""The register of a sale night becomes lots, sales and the donation box; nothing of it is guessed."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.goods.models import GoodsLine
from app.ledger.models import JournalEntry
from app.sales.models import Lot, Sale, SaleEvent
from app.sales.workbooks.rules import SalePreview
from app.shared.errors import Conflict, Forbidden, Refused
from tests.sales.workbooks.conftest import BOX, HEADINGS, Give, Import, Read, lot, sale
from tests.workbooks import csv


def _refusals(preview: SalePreview) -> list[tuple[str, str]]:
    return [(one.address, str(one.refusal)) for row in preview.rows for one in row.refusals]


def _lots(session: Session) -> list[tuple[str, int, int]]:
    session.rollback()
    return [
        (found.number, found.quantity, found.units_per_item)
        for found in session.scalars(select(Lot).order_by(Lot.position))
    ]


def _nothing_recorded(session: Session) -> bool:
    session.rollback()
    return session.scalar(select(func.count()).select_from(SaleEvent)) == 0


@pytest.mark.usefixtures("goods")
def test_rows_become_lots_sales_and_the_box(session: Session, imported: Import) -> None:
    done = imported(sale(lot(), lot("B01", "儿童图书", "4", "2", "", "5", "10", "微信", "义拍", "18号"), BOX))
    assert (done.lots, done.sales, done.entries) == (2, 2, ())
    event = session.get_one(SaleEvent, done.event_id)
    assert (event.name, event.held_on, event.status, event.slug) == (
        "义卖",
        date(2023, 9, 28),
        "open",
        "sale-2023-09-28",
    )
    assert (event.box_cash_minor, event.box_wechat_minor) == (500, 0)
    assert _lots(session) == [("A01", 10, 1), ("B01", 2, 1)]
    auction = session.scalars(select(Sale).join(Lot).where(Lot.mode == "auction")).one()
    assert (auction.amount_minor, auction.method, auction.buyer) == (1000, "wechat", "18号")


@pytest.mark.usefixtures("goods")
def test_a_pack_whose_pieces_are_not_written_is_asked(read: Read, imported: Import, session: Session) -> None:
    content = sale(
        lot("A02", "馕(十个装)", "3", "2", "", "25", "50"),
        lot("B02", "儿童图书(套装)", "4", "1", "", "80", "80"),
    )
    preview = read(content)
    assert [(row.asks, row.proposed_units, row.state) for row in preview.rows] == [
        (("units",), 10, "asks"),
        (("units",), None, "asks"),
    ]
    with pytest.raises(Refused, match="2 行不能记入"):
        imported(content)
    assert _nothing_recorded(session)
    imported(content, units={"A02": "10", "B02": "12"})
    assert _lots(session) == [("A02", 2, 10), ("B02", 1, 12)]


@pytest.mark.usefixtures("goods")
def test_a_pack_that_says_otherwise_than_its_name_is_noted(read: Read) -> None:
    preview = read(sale(lot("A02", "馕(十个装)", "3", "2", "12", "25", "50")))
    assert preview.rows[0].state == "new"
    assert [(note.address, str(note)) for note in preview.rows[0].notes] == [
        ("F3", "名称里写着每份 10 件，“每份含”写的是 12，请核对")
    ]


WRONG_CELLS = (
    (lot(amount="31"), "H3", "单价 × 数量是 30.00 元，与收款 31.00 元不一致"),
    (lot(price="", quantity="7", amount="10"), "G3", "没有填写单价，收款也不能按数量整除"),
    (lot(quantity="301", price="1", amount="301"), "E3", "“馕”可供义卖的只有 300 个，不够 301"),
    (lot(source="9"), "C3", "捐赠登记表里没有序号“9”的实物捐赠"),
    (lot(source=""), "C3", "没有填写来源：请写捐赠登记表里的序号"),
    (lot(number=""), "A3", "没有填写拍品号"),
    (lot(quantity="0"), "E3", "“0”：数量不能是零"),
    (lot(amount="-30"), "H3", "“-30”：金额不能是负数"),
    (lot(amount="30.005"), "H3", "“30.005”：金额只能精确到分，最多两位小数"),
    (lot(method=""), "I3", "没有填写付款方式"),
    (lot(method="记账"), "I3", "不认识方式“记账”，请写 银行转账、现金、微信、支付宝、实物 或 募捐箱"),
    (lot(method="实物"), "I3", "付款方式只能是 现金、微信、支付宝 或 银行转账"),
    (lot(mode=""), "D3", "没有填写方式，请写 义卖、义拍 或 募捐箱"),
    (lot(buyer="买" * 61), "J3", "最多 60 个字"),
    (
        ("G01", "募捐箱", "", "募捐箱", "", "", "", "5", "支付宝", ""),
        "I3",
        "募捐箱里的钱只能是现金或微信",
    ),
)


@pytest.mark.usefixtures("goods")
def test_a_wrong_cell_is_refused_with_its_address(read: Read, imported: Import, session: Session) -> None:
    for row, address, reason in WRONG_CELLS:
        content = sale(row)
        assert (address, reason) in _refusals(read(content)), reason
        with pytest.raises(Refused):
            imported(content)
    assert _nothing_recorded(session)


@pytest.mark.usefixtures("goods")
def test_pieces_are_counted_over_all_rows(read: Read) -> None:
    preview = read(
        sale(
            lot("A01", quantity="200", price="1", amount="200"),
            lot("A02", "馕(十个装)", "3", "11", "10", "1", "11"),
        )
    )
    assert _refusals(preview) == [("E4", "“馕”可供义卖的只有 100 个，不够 110")]


@pytest.mark.usefixtures("goods")
def test_the_item_chooses_among_the_goods_of_one_gift(read: Read) -> None:
    preview = read(
        sale(
            lot("E01", "衣帽", "7", "8", "", "15", "120"),
            lot("E02", "手工围巾（红）", "7", "1", "", "100", "100"),
            lot("E03", "帽子", "7", "1", "", "10", "10"),
        )
    )
    assert [row.goods.item if row.goods else None for row in preview.rows] == ["衣帽", "手工围巾", None]
    assert preview.rows[2].asks == ("goods",)
    answered = read(sale(lot("E03", "帽子", "7", "1", "", "10", "10")), goods={"E03": "衣帽"})
    assert answered.rows[0].goods is not None
    assert (answered.rows[0].goods.item, answered.rows[0].state) == ("衣帽", "new")
    wrong = read(sale(lot("E03", "帽子", "7", "1", "", "10", "10")), goods={"E03": "鞋子"})
    assert _refusals(wrong) == [("C3", "序号“7”的捐赠里没有“鞋子”，有：衣帽、手工围巾")]


@pytest.mark.usefixtures("goods")
def test_another_name_than_in_stock_is_noted(read: Read) -> None:
    row = read(sale(lot("A01", "烤饼"))).rows[0]
    assert row.state == "new"
    assert [str(note) for note in row.notes] == ["来源第 3 号是“馕”，与“烤饼”名称不同，请核对"]


@pytest.mark.usefixtures("goods")
def test_goods_that_came_after_the_event_are_refused(read: Read) -> None:
    preview = read(sale(lot(), title="义卖登记表 2023年9月26日"))
    assert _refusals(preview) == [("C3", "来源第 3 号是 2023-09-27 才收到的，晚于活动日期")]


def test_the_source_points_into_one_register(
    give: Give, read: Read, imported: Import, session: Session
) -> None:
    give("捐赠登记表", (("3", "馕 300个", "900"),))
    give("捐赠登记表（二）", (("3", "鞋子 6双", "180"),))
    content = sale(lot("A01", "鞋子", "3", "2", "", "20", "40"))
    preview = read(content)
    assert preview.question == "register"
    assert preview.register_titles == ("捐赠登记表", "捐赠登记表（二）")
    with pytest.raises(Refused, match="哪一本捐赠登记表"):
        imported(content)
    imported(content, register_title="捐赠登记表（二）")
    taken = session.scalars(select(GoodsLine).join(Lot)).one()
    assert taken.item == "鞋子"


@pytest.mark.usefixtures("goods")
def test_name_and_day_are_asked_when_the_title_does_not_tell(
    read: Read, imported: Import, session: Session
) -> None:
    content = sale(lot(), title="爱心义卖登记表")
    assert read(content).question == "event"
    with pytest.raises(Refused, match="名称和日期"):
        imported(content)
    imported(content, held_on=date(2023, 9, 28), name="秋日义卖")
    event = session.scalars(select(SaleEvent)).one()
    assert (event.name, event.held_on) == ("秋日义卖", date(2023, 9, 28))


@pytest.mark.usefixtures("goods")
def test_one_lot_in_several_rows_is_one_lot_with_several_sales(session: Session, imported: Import) -> None:
    done = imported(sale(lot(), lot(quantity="5", price="2", amount="10", method="微信")))
    assert (done.lots, done.sales) == (1, 2)
    assert _lots(session) == [("A01", 15, 1)]
    assert session.execute(select(Sale.method, Sale.amount_minor).order_by(Sale.id)).all() == [
        ("cash", 3000),
        ("wechat", 1000),
    ]


@pytest.mark.usefixtures("goods")
def test_a_lot_number_used_for_something_else_is_refused(read: Read) -> None:
    preview = read(sale(lot(), lot("A01", "儿童图书", "4", "2", "", "5", "10")))
    assert _refusals(preview) == [("A4", "拍品号“A01”在第 3 行已经用过，物品、来源、方式或每份含不同")]


@pytest.mark.usefixtures("goods")
def test_a_bundle_is_spread_over_its_things_when_asked(
    read: Read, imported: Import, session: Session
) -> None:
    content = sale(lot("E09", "衣帽 2件、手工围巾 1条", "7", "1", "", "90", "90"))
    assert read(content).rows[0].asks == ("split",)
    imported(content, splits={"E09": "even"})
    assert _lots(session) == [("E09-1", 1, 2), ("E09-2", 1, 1)]
    assert session.scalars(select(Sale.amount_minor).order_by(Sale.id)).all() == [6000, 3000]


@pytest.mark.usefixtures("goods")
def test_an_answer_that_fits_nothing_is_refused(read: Read) -> None:
    with pytest.raises(Refused, match="不需要拆分"):
        read(sale(lot()), splits={"A01": "even"})
    with pytest.raises(Refused, match="没有“Z9”这件拍品"):
        read(sale(lot()), units={"Z9": "10"})


@pytest.mark.usefixtures("goods")
def test_the_rest_is_recorded_when_refused_rows_are_left_out(session: Session, imported: Import) -> None:
    content = sale(lot(), lot("A02", source="99"), BOX)
    done = imported(content, accept_good_rows=True)
    assert (done.lots, done.refused) == (1, 1)
    assert _lots(session) == [("A01", 10, 1)]


@pytest.mark.usefixtures("goods")
def test_closing_with_the_register_posts_one_entry_for_each_lot(session: Session, imported: Import) -> None:
    done = imported(
        sale(
            lot(),
            lot("B01", "儿童图书", "4", "2", "", "5", "10", "微信"),
            BOX,
            total=("45", "现金 35 元,微信 10 元"),
        ),
        close=True,
    )
    session.rollback()
    kinds = session.execute(
        select(JournalEntry.number, JournalEntry.kind).where(JournalEntry.number.in_(done.entries))
    ).all()
    assert [kind for _, kind in kinds] == ["sale", "sale", "box"]
    assert session.get_one(SaleEvent, done.event_id).status == "closed"


WRONG_TOTALS = (
    (None, "合计行没有写明现金、微信各多少元"),
    (("35", ""), "合计行没有写明现金、微信各多少元"),
    (("35", "现金 34 元"), "合计行写的现金是 34.00 元，各行相加是 35.00 元"),
    (("35", "微信 35 元"), "合计行写的现金是 0.00 元，各行相加是 35.00 元"),
    (("36", "现金 35 元"), "合计行写的是 36.00 元，各行相加是 35.00 元"),
)


@pytest.mark.usefixtures("goods")
def test_an_event_is_not_closed_by_a_total_that_differs(
    read: Read, imported: Import, session: Session
) -> None:
    for total, reason in WRONG_TOTALS:
        content = sale(lot(), BOX, total=total)
        refusal = read(content).close_refusal
        assert refusal is not None
        assert str(refusal).startswith(reason)
        with pytest.raises(Refused, match="不能随导入结束"):
            imported(content, close=True)
    assert _nothing_recorded(session)


@pytest.mark.usefixtures("goods")
def test_a_total_that_disagrees_is_reported(read: Read) -> None:
    preview = read(sale(lot(), total=("31", "现金 29 元")))
    told = [str(note) for note in preview.notes]
    assert "表中合计是 31.00 元，各行相加是 30.00 元，两者不一致" in told
    assert "合计行写的现金是 29.00 元，能记入的各行相加是 30.00 元" in told


@pytest.mark.usefixtures("goods")
def test_the_same_file_is_in_already(session: Session, imported: Import) -> None:
    content = sale(lot())
    imported(content)
    with pytest.raises(Conflict, match="已经导入过"):
        imported(content)
    with pytest.raises(Conflict, match="已经登记过"):
        imported(sale(lot(), BOX))
    assert len(_lots(session)) == 1


@pytest.mark.usefixtures("goods")
def test_an_event_that_was_set_up_before_is_filled(session: Session, imported: Import) -> None:
    first = imported(sale(BOX))
    done = imported(sale(lot(), BOX))
    assert done.event_id == first.event_id
    assert _lots(session) == [("A01", 10, 1)]


@pytest.mark.usefixtures("goods")
def test_only_who_runs_sales_may_import(session: Session, imported: Import) -> None:
    for who in ("cashier", "accountant", "supervisor", "chair"):
        with pytest.raises(Forbidden):
            imported(sale(lot()), who=who)
    assert _nothing_recorded(session)


@pytest.mark.usefixtures("goods")
def test_headings_are_mapped_when_unsure(read: Read) -> None:
    headings = tuple("钱" if heading == "收款" else heading for heading in HEADINGS)
    content = csv("义卖登记表 2023年9月28日", headings, lot())
    assert read(content).question == "headings"
    answered = read(content, mapping={"钱": "amount"})
    assert (answered.question, answered.rows[0].amount_minor) == ("", 3000)
