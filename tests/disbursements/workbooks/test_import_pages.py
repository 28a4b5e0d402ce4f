"""The secretary sends a register of requests in, says what each is for, confirms. Without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.disbursements.models import Disbursement
from tests.disbursements import scenes
from tests.visitor import Seen, Visitor
from tests.workbooks import csv

Visit = Callable[..., Visitor]
SEND = "/office/disbursements/import/"
HEADINGS = ("申请编号", "申请日期", "项目", "申请部门", "收款单位", "金额", "资金来源", "事由", "附件")
WINTER = ("2023-02", "2023-11-06", "冬季慰问", "金华社区", "社区超市", "6000", "非定向", "购买米面油", "清单")
ROAD = (
    "2023-01",
    "2023-10-09",
    "修路",
    "街道城建办",
    "施工单位",
    "350000",
    "定向捐赠(某公司)",
    "路面破损",
    "",
)


@pytest.fixture(autouse=True)
def money(session: Session) -> None:
    """Money for anything, and a purpose."""
    scenes.give(session, 1_000_000)
    scenes.make_road(session)


def _sent(visitor: Visitor, *rows: tuple[str, ...]) -> tuple[str, Seen]:
    answer = visitor.submit(SEND, {"file": (csv(HEADINGS, *rows), "拨付申请表.csv")})
    assert answer.status == 303, answer.error_summary
    return answer.location, visitor.get(answer.location)


def _requests(session: Session) -> list[tuple[str, str | None, int]]:
    session.rollback()
    return [
        (one.office_number, one.spending_kind, one.amount_minor)
        for one in session.scalars(select(Disbursement).order_by(Disbursement.id))
    ]


def test_a_register_is_sent_answered_and_confirmed_once(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    path, page = _sent(secretary, WINTER, ROAD)
    assert (page.status, page.heading) == (200, "核对拨付申请表")
    assert "G3：不能确定“定向捐赠(某公司)”是哪一项限定用途" in page.words
    assert "没有写支出类别，提交申请前要选" in page.words
    assert _requests(session) == []
    answers = path + "?kind-2=goods_purchase&kind-3=project_works&earmark-3=road"
    answered = secretary.get(answers)
    assert "申请金额356,000.00元" in answered.words
    assert answered.tree.xpath("//select[@name='earmark-3']/option[@selected]/@value") == ["road"]
    first, second = secretary.send(answered, path=answers), secretary.send(answered, path=answers)
    assert (first.status, second.status) == (303, 303)
    shown = secretary.follow(first)
    assert any("已起草 2 份申请" in one for one in shown.notices)
    assert "冬季慰问" in shown.words
    assert _requests(session) == [
        ("2023-02", "goods_purchase", 600_000),
        ("2023-01", "project_works", 35_000_000),
    ]


def test_a_refused_row_can_be_left_out(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    path, page = _sent(secretary, WINTER, ROAD)
    refused = secretary.send(page, path=path)
    assert refused.status == 422
    assert "有 1 行不能记入" in refused.error_summary
    assert _requests(session) == []
    assert secretary.send(page, {"accept_good_rows": "y"}, path=path).status == 303
    assert _requests(session) == [("2023-02", None, 600_000)]


def test_a_longer_register_skips_what_is_in(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    path, page = _sent(secretary, WINTER)
    assert secretary.send(page, path=path).status == 303
    path, page = _sent(secretary, WINTER, ("2023-03", *WINTER[1:5], "70", *WINTER[6:]))
    assert "已有 1 行不变" in page.words
    assert secretary.send(page, path=path).status == 303
    assert [number for number, *_ in _requests(session)] == ["2023-02", "2023-03"]


def test_only_who_may_request_may_send_one(visit: Visit) -> None:
    for who in ("cashier", "accountant", "supervisor"):
        assert visit(who).get(SEND).status == 403
    assert visit().get(SEND).status in (302, 303)
    assert SEND in visit("secretary").get("/office/disbursements/").links()
