"""The cashier's and the accountant's pages: paying with the slip, accepting, taking money back, undoing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.disbursements import queries
from app.disbursements.models import Payment
from app.files.models import Attachment
from app.ledger import queries as ledger
from app.settings import Settings
from app.shared import clock
from tests.disbursements import scenes
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
SLIP = (scenes.PDF, "回单.pdf")


def _address(found: int, path: str = "") -> str:
    return f"/office/disbursements/{found}{path}"


def _account(session: Session, kind: str = "bank") -> str:
    session.rollback()
    return str(ledger.money_account_of_kind(session, scenes.fund_id(session), kind).id)


def _count(session: Session, model: type) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(model)) or 0


def _payment(session: Session, **changes: object) -> dict[str, object]:
    return {"account": _account(session), "accepted": "accepted", "slip": SLIP, **changes}


def test_cashier_pays_the_whole_with_one_form(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    cashier = visit("cashier")
    assert _address(found, "/pay") in cashier.get("/office/").links()
    page = cashier.get(_address(found, "/pay"))
    assert "银行（余额 10,000.00 元）" in page.words
    assert page.value_of("amount") == "6000.00"
    answer = cashier.send(page, _payment(session, voucher_number="银付-0015"), path=_address(found, "/pay"))
    assert answer.status == 303
    shown = cashier.follow(answer)
    for words in ("已登记付款 6,000.00 元", "已付款", "银付-0015", "回单.pdf", "第 2 号分录"):
        assert words in shown.words
    assert scenes.pool(session) == (400_000, 0)
    assert _address(found, "/pay") not in cashier.get("/office/").links()


def test_double_click_pays_once_and_keeps_one_slip(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    cashier = visit("cashier")
    page = cashier.get(_address(found, "/pay"))
    fields = _payment(session, amount="2500")
    answers = [cashier.send(page, fields, path=_address(found, "/pay")) for _ in range(3)]
    assert [answer.status for answer in answers] == [303, 303, 303]
    assert _count(session, Payment) == 1
    assert scenes.status_of(session, found) == "payable"
    assert queries.disbursement(session, found).paid_minor == 250_000
    assert _count(session, Attachment) == 1


WRONG_PAYMENTS = [
    ({"slip": None}, "slip", "请上传银行回单或付款凭证"),
    ({"slip": (b"PK not a paper", "回单.zip")}, "slip", "不是这里可用的文件类型"),
    ({"amount": ""}, "amount", "请填写这一项"),
    ({"amount": "0"}, "amount", "不能是零"),
    ({"amount": "-1"}, "amount", "不能是负数"),
    ({"amount": "6000.01"}, "amount", "不能超过未付的 6,000.00 元"),
    ({"amount": "1e3"}, "amount", "不是金额"),
    ({"amount": "1.005"}, "amount", "最多两位小数"),
    ({"amount": "1" + "0" * 18}, "amount", "金额太大"),
    ({"account": ""}, "account", "请填写这一项"),
    ({"accepted": None}, "accepted", "请填写这一项"),
    ({"voucher_number": "长" * 61}, "voucher_number", "最多 60 个字"),
    ({"paid_on": "2099-01-01"}, "paid_on", "在未来"),
    ({"paid_on": "0203-11-15"}, "paid_on", "太早"),
    ({"paid_on": f"{clock.today() - timedelta(days=10):%Y-%m-%d}"}, "paid_on", "不能早于决议日期"),
]


def test_wrong_payment_is_refused_beside_its_field(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    cashier = visit("cashier")
    page = cashier.get(_address(found, "/pay"))
    for changes, field, sentence in WRONG_PAYMENTS:
        fields = {**_payment(session, voucher_number="银付-1"), **changes}
        refused = cashier.send(page, fields, path=_address(found, "/pay"))
        assert refused.status == 422, changes
        assert sentence in refused.error_at(field), changes
        if field != "voucher_number":
            assert refused.value_of("voucher_number") == "银付-1"
        if fields["slip"] and field != "slip":
            assert "请重新选择文件：回单.pdf" in refused.error_at("slip"), changes
    assert _count(session, Payment) == 0
    assert _count(session, Attachment) == 0
    assert scenes.pool(session) == (1_000_000, 600_000)


def test_account_that_is_short_is_named_beside_the_amount(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    scenes.give(session, 5_000, kind="cash")
    found = scenes.approved(session)
    page = visit("cashier").submit(
        _address(found, "/pay"), _payment(session, account=_account(session, "cash"))
    )
    assert page.status == 422
    assert "只有 50.00 元，不够支付" in page.error_at("amount")


def test_request_that_is_not_approved_cannot_be_paid(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    cashier = visit("cashier")
    assert "现在不能付款" in cashier.get(_address(found, "/pay")).words
    answer = cashier.submit(_address(found, "/pay"), _payment(session))
    assert answer.status == 409
    assert "现在不能付款" in answer.error_summary
    assert _count(session, Attachment) == 0


def test_cashier_who_voted_is_told_that_another_must_pay(visit: Visit, session: Session) -> None:
    from app.shared.db import transaction
    from app.shared.permissions import Role
    from tests.factories import actor, appoint

    scenes.give(session, 1_000_000)
    with transaction(session, books=True):
        user_id = actor(session, "council").user_id
        assert user_id is not None
        appoint(session, user_id, Role.CASHIER, scenes.fund_id(session))
    found = scenes.approved(session)
    both = visit("council")
    assert _address(found, "/pay") not in both.get("/office/").links()
    page = both.get(_address(found, "/pay"))
    assert "请由其他出纳付款" in page.words
    answer = both.send(page, _payment(session), path=_address(found, "/pay"))
    assert answer.status == 403
    assert "您参加过这笔申请的表决" in answer.words
    assert _count(session, Attachment) == 0


def test_prepayment_is_accepted_later(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session, spending_kind="project_works")
    visit("cashier").submit(_address(found, "/pay"), _payment(session, accepted="prepaid"))
    accountant = visit("accountant")
    address = _address(found, "/accept")
    assert address in accountant.get("/office/").links()
    page = accountant.get(address)
    assert page.value_of("amount") == "6000.00"
    for changes, sentence in (
        ({"amount": "6000.01"}, "待验收的金额是 6,000.00 元"),
        ({"accepted_on": "2023-11-20"}, "不能早于付款日期"),
    ):
        refused = accountant.send(page, changes, path=address)
        assert refused.status == 422
        assert sentence in refused.error_summary
    done = accountant.send(page, {"amount": "4000", "proof": (scenes.PDF, "验收单.pdf")}, path=address)
    assert done.status == 303
    assert accountant.send(page, {"amount": "4000"}, path=address).status == 303
    session.rollback()
    assert queries.waiting_for_acceptance_in(session, scenes.fund_id(session)) == [
        (found, "孤寡老人冬季慰问", 200_000)
    ]
    assert "验收单.pdf" in accountant.follow(done).words


def test_refund_comes_back_to_the_pool(visit: Visit, session: Session, settings: Settings) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    scenes.pay(session, settings.files_dir, found, 600_000)
    cashier = visit("cashier")
    address = _address(found, "/refund")
    assert address in cashier.get(_address(found)).links()
    page = cashier.get(address)
    refused = cashier.send(page, {"account": _account(session), "amount": "6000.01"}, path=address)
    assert refused.status == 422
    assert "最多可退 6,000.00 元" in refused.error_at("amount")
    fields = {"account": _account(session), "amount": "1000"}
    assert [cashier.send(page, fields, path=address).status for _ in range(2)] == [303, 303]
    assert scenes.pool(session) == (500_000, 0)
    assert "退回" in cashier.get(_address(found)).words


def test_accountant_reverses_a_payment_with_a_reason_and_it_is_paid_again(
    visit: Visit, session: Session, settings: Settings
) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    number = scenes.pay(session, settings.files_dir, found, 600_000)
    accountant = visit("accountant")
    address = _address(found, f"/payments/{number}/reverse")
    assert address in accountant.get(_address(found)).links()
    assert address not in visit("cashier").get(_address(found)).links()
    page = accountant.get(address)
    assert "6,000.00 元" in page.words
    refused = accountant.send(page, {"reason": " "}, path=address)
    assert refused.status == 422
    assert refused.error_at("reason")
    assert accountant.send(page, {"reason": "金额输错"}, path=address).status == 303
    again = accountant.send(page, {"reason": "金额输错"}, path=address)
    assert again.status == 409
    assert "已经冲销过了" in again.error_summary
    shown = accountant.get(_address(found))
    assert "已冲销" in shown.words
    assert "金额输错" not in visit().get("/").html
    assert scenes.status_of(session, found) == "payable"
    answer = visit("cashier").submit(_address(found, "/pay"), _payment(session))
    assert answer.status == 303
    assert scenes.pool(session) == (400_000, 0)


def test_reversal_of_something_else_does_not_exist(
    visit: Visit, session: Session, settings: Settings
) -> None:
    gift = scenes.give(session, 1_000_000)
    found, other = scenes.approved(session, 1000), scenes.approved(session, 2000)
    number = scenes.pay(session, settings.files_dir, found, 1000)
    accountant = visit("accountant")
    for path in (f"{found}/payments/{gift}/reverse", f"{other}/payments/{number}/reverse"):
        assert accountant.get(f"/office/disbursements/{path}").status == 404
        assert accountant.post(f"/office/disbursements/{path}", {"reason": "x"}).status == 404


MONEY_PAGES = {
    "/pay": "cashier",
    "/refund": "cashier",
    "/accept": "accountant",
    "/payments/1/reverse": "accountant",
}


def test_money_pages_are_for_one_office_each(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    keys = (
        "administrator",
        "secretary",
        "cashier",
        "accountant",
        "chair",
        "council",
        "supervisor",
        "auditor",
    )
    people = {key: visit(key) for key in keys}
    stranger = visit()
    for path, allowed in MONEY_PAGES.items():
        address = _address(found, path)
        assert stranger.get(address).location.startswith("/office/sign-in"), path
        assert stranger.post(address).status == 401, path
        assert people[allowed].post(address, token=False).status == 400, path
        assert people[allowed].client.put(address).status_code in (400, 405), path
        for key, person in people.items():
            if key != allowed:
                assert person.get(address).status == 403, (path, key)
                assert person.post(address).status == 403, (path, key)
    assert _count(session, Payment) == 0


def test_page_tells_who_did_what_and_where_it_lies_in_the_log(
    visit: Visit, session: Session, settings: Settings
) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    scenes.pay(session, settings.files_dir, found, 600_000)
    page = visit("auditor").get(_address(found))
    titles = [" ".join(each.text_content().split()) for each in page.tree.xpath("//ol[@class='story']/li/b")]
    assert titles == [
        "起草申请",
        "申请已提交",
        "开始表决",
        "表决",
        "表决",
        "表决",
        "表决",
        "决议",
        "决定通过，款项已预留",
        "公示开始",
        "公示结束",
        "可以付款",
        "上传文件",
        "付款",
    ]
    for words in ("秘书乙", "理事己 · 赞成", "出纳丙 · 第 2 号分录"):
        assert words in page.words
    session.rollback()
    leaves = queries.leaves_of(session, found)
    assert [leaf.kind for leaf in leaves] == [
        "submitted",
        "matter_opened",
        *["vote"] * 4,
        "resolution",
        "approved",
        "notice_opened",
        "notice_ended",
        "entry",
        "payment",
    ]
    positions = [leaf.position for leaf in leaves]
    assert positions == list(range(positions[0], positions[0] + len(leaves)))
