"""A stranger opens the first page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from sqlalchemy.orm import Session

from app.people import operations
from app.people.rules import OPERATOR
from app.shared import clock
from app.shared.db import transaction
from app.shared.permissions import Role
from tests import factories
from tests.disbursements import scenes
from tests.public import reading
from tests.public.conftest import Town
from tests.visitor import Visitor


def test_figures_of_the_example(town: Town) -> None:
    home = town.get("/")
    assert home.status == 200
    assert reading.figures(home) == {"累计收到": "356,675.00", "已经支出": "356,000.00", "现在结余": "675.00"}
    assert reading.notes(home) == {
        "累计收到": "2 笔捐款，1 场义卖义拍",
        "已经支出": "2 笔拨付，均按议事规则批准",
        "现在结余": "全部为非限定 · 另有物资 18 件，估值 400.00 元",
    }
    assert (
        "2023 年 11 月支出 356,000.00 元，用于金龙体育馆门前破损路面修缮、辖区孤寡老人冬季慰问。"
        in home.words
    )
    assert "示例数据" in home.html


def test_latest_money_in_and_out_with_the_gala_as_one_line(town: Town) -> None:
    assert reading.lines(town.get("/")) == [
        ("2023-11-20", "金龙体育馆门前破损路面修缮", "−350,000.00"),
        ("2023-11-15", "辖区孤寡老人冬季慰问", "−6,000.00"),
        ("2023-09-28", "慈善晚会义卖义拍", "+1,675.00"),
        ("2023-09-20", "新疆三为城市生态环境科技服务有限公司", "+5,000.00"),
        ("2023-09-18", "中国石油克拉玛依石化有限责任公司", "+350,000.00"),
    ]


def test_picture_and_list_say_where_the_money_went(town: Town) -> None:
    home = town.get("/")
    routes = [
        " ".join(each.text_content().split()) for each in home.tree.xpath("//ul[@class='flow-list']/li")
    ]
    assert routes == [
        "金龙体育馆门前破损路面修缮 350,000.00",
        "非限定 → 辖区孤寡老人冬季慰问 6,000.00",
        "非限定 → 结余 675.00",
    ]
    named = [
        each.text_content()
        for each in home.tree.xpath("//*[name()='svg' and @class='flow']//*[name()='text']/*[1]")
    ]
    assert {"定向捐赠", "现金捐赠", "义卖收入", "义拍收入", "募捐箱", "结余"} <= set(named)
    cards = [" ".join(each.text_content().split()) for each in home.tree.xpath("//div[@class='card']")]
    assert any("收 350,000.00 · 用 350,000.00 · 余 0.00" in card for card in cards)
    assert any("收 6,675.00 · 用 6,000.00 · 余 675.00" in card for card in cards)


def test_the_first_administrator_finds_the_office_of_an_empty_installation(empty_town: Town) -> None:
    with transaction(empty_town.session, books=True):
        first = operations.create_user(
            empty_town.session,
            OPERATOR,
            email="first@example.org",
            name="管理员",
            password=factories.PASSWORD,
            must_change_password=False,
        )
        operations.start_term(
            empty_town.session,
            OPERATOR,
            user_id=first.id,
            role=Role.ADMINISTRATOR,
            fund_id=None,
            starts_on=clock.today(),
        )
    visitor = Visitor(empty_town.app.test_client())
    visitor.submit("/office/sign-in", {"email": "first@example.org", "password": factories.PASSWORD})
    for path in ("/office/", "/office/people/", "/office/people/add", "/office/me"):
        assert visitor.get(path).status == 200, path
    assert "还没有任何基金" in visitor.get("/office/").words


def test_empty_installation_says_what_will_be_here(empty_town: Town) -> None:
    home = empty_town.get("/")
    assert home.status == 200
    assert "这里还没有基金" in home.words
    assert reading.figures(home)["现在结余"] == "0.00"
    for path, sentence in (
        ("/ledger", "还没有收支记录"),
        ("/disbursements", "还没有拨付申请"),
        ("/sales", "还没有义卖义拍"),
    ):
        page = empty_town.get(path)
        assert page.status == 200
        assert sentence in page.words


def test_request_that_waits_is_shown_with_its_state(session: Session, visit: Callable[..., Visitor]) -> None:
    with clock.simulated(factories.simulated_start()) as moment:
        moment.set_local(date(2023, 11, 6))
        scenes.give(session, 1_000_000)
        scenes.submitted(session, 60_000)
        scenes.approved(session, 200_000, project_name="儿童图书角")
        scenes.drafted(session, 5_000, project_name="还没提交的项目")
    home = visit().get("/")
    assert "申请 600.00 元。理事会正在表决。" in home.words
    assert "申请 2,000.00 元。已批准，等待出纳付款。" in home.words
    assert "还没提交的项目" not in home.html
    assert "已批准待付 2,000.00 元" in reading.notes(home)["现在结余"]
    assert "含期初 10,000.00 元" in reading.notes(home)["现在结余"]
    assert reading.figures(home) == {"累计收到": "0.00", "已经支出": "0.00", "现在结余": "10,000.00"}


def test_several_funds_are_listed_with_their_totals(
    session: Session, visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    with transaction(session, books=True):
        factories.make_fund(session, "second", "第二基金")
    home = visit().get("/")
    assert "第二基金" in home.words
    assert "/funds/second" in home.links()
    assert visit().get("/funds/second").heading == "第二基金"
    assert visit().get("/funds/third").status == 404


def test_second_visit_is_answered_without_the_page_until_the_books_change(
    session: Session, visit: Callable[..., Visitor]
) -> None:
    stranger = visit()
    first = stranger.get("/")
    tag = first.headers["ETag"]
    assert stranger.get("/", If_None_Match=tag).status == 304
    with clock.simulated(factories.simulated_start()) as moment:
        moment.set_local(scenes.FIRST_DAY)
        scenes.give(session, 12_345)
    changed = stranger.get("/", If_None_Match=tag)
    assert changed.status == 200
    assert reading.figures(changed)["现在结余"] == "123.45"
