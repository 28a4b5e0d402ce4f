"""What people type into forms, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.visitor import Seen, Visitor

Visit = Callable[..., Visitor]
GOOD = {"payee": "某施工队", "amount": "350,000.00", "paid_on": "2023-11-20", "kind": "works", "memo": ""}


def _send(visit: Visit, **changes: str) -> Seen:
    return visit("cashier").submit("/office/trial", {**GOOD, **changes})


def test_good_input_is_done_and_said_so_once(visit: Visit) -> None:
    visitor = visit("cashier")
    answer = visitor.submit("/office/trial", GOOD)
    assert (answer.status, answer.location) == (303, "/office/")
    assert visitor.get("/office/").notices == ["已记"]
    assert visitor.get("/office/").notices == []


def test_htmx_is_sent_on_by_a_header(visit: Visit) -> None:
    answer = visit("cashier").submit("/office/trial", GOOD, HX_Request="true")
    assert (answer.status, answer.headers["HX-Redirect"]) == (200, "/office/")


@pytest.mark.parametrize(
    "typed",
    ["350000", "350,000.00", "350000元", "¥350000", "３５００００", "人民币350,000.00元整", " 350 000 "],
)
def test_amounts_are_read_as_people_write_them(visit: Visit, typed: str) -> None:
    assert _send(visit, amount=typed).status == 303


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "请填写这一项"),
        ("   ", "请填写这一项"),
        ("-5", "金额不能是负数"),
        ("0", "金额不能是零"),
        ("0.00", "金额不能是零"),
        ("1.234", "金额只能精确到分，最多两位小数"),
        ("abc", "“abc”不是金额，请写成 1234.50 这样的数字"),
        ("1e5", "“1e5”不是金额，请写成 1234.50 这样的数字"),
        ("1,23.00", "“1,23.00”不是金额，请写成 1234.50 这样的数字"),
        ("NaN", "“NaN”不是金额，请写成 1234.50 这样的数字"),
        ("1000000000000000000", "金额太大，最多 99,999,999,999.99 元"),
        ("9" * 5000, "金额太大，最多 99,999,999,999.99 元"),
    ],
)
def test_amounts_that_are_none_are_refused_beside_the_field_and_kept(
    visit: Visit, typed: str, sentence: str
) -> None:
    answer = _send(visit, amount=typed)
    assert answer.status == 422
    assert answer.error_at("amount") == sentence
    assert answer.value_of("amount") == typed
    assert answer.value_of("payee") == "某施工队"
    assert answer.tree.xpath("//*[@id='amount']/@aria-invalid") == ["true"]


@pytest.mark.parametrize(
    "typed", ["2023-11-20", "2023/11/20", "2023.11.20", "2023年11月20日", "２０２３-11-20"]
)
def test_dates_are_read_as_people_write_them(visit: Visit, typed: str) -> None:
    assert _send(visit, paid_on=typed).status == 303


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "请填写这一项"),
        ("2023-02-30", "请填写日期，例如 2023-09-20"),
        ("20.11.2023", "请填写日期，例如 2023-09-20"),
        ("2999-01-01", "日期 2999-01-01 在未来，请核对"),
        ("0203-11-20", "日期 0203-11-20 太早，请核对年份"),
    ],
)
def test_dates_that_cannot_be_are_refused_and_kept(visit: Visit, typed: str, sentence: str) -> None:
    answer = _send(visit, paid_on=typed)
    assert answer.status == 422
    assert answer.error_at("paid_on") == sentence
    assert answer.value_of("paid_on") == typed


def test_choice_from_outside_the_list_is_refused(visit: Visit) -> None:
    visitor = visit("cashier")
    token_and_once = visitor.get("/office/trial")
    answer = visitor.post("/office/trial", {**GOOD, "kind": "bribe", "once": token_and_once.value_of("once")})
    assert answer.error_at("kind") == "请从列表中选择"


def test_control_characters_are_refused_and_spaces_trimmed(visit: Visit) -> None:
    visitor = visit("cashier")
    once = visitor.get("/office/trial").value_of("once")
    answer = visitor.post("/office/trial", {**GOOD, "payee": "a\x00b", "once": once})
    assert answer.error_at("payee") == "文字里有看不见的控制字符，请重新输入"
    assert _send(visit, payee="　  ").error_at("payee") == "请填写这一项"


def test_refusal_of_the_operation_stands_beside_its_field(visit: Visit) -> None:
    answer = _send(visit, memo="too much")
    assert answer.status == 422
    assert answer.error_at("amount") == "可用余额只有 35,000.00 元"
    assert answer.value_of("amount") == "350,000.00"
    assert answer.value_of("memo") == "too much"


def test_several_refusals_show_at_the_same_time(visit: Visit) -> None:
    answer = _send(visit, memo="two")
    assert (answer.error_at("payee"), answer.error_at("paid_on")) == ("请填写名称", "请核对日期")
    assert "收款方：请填写名称" in answer.error_summary


def test_refusal_without_a_field_stands_above_the_form(visit: Visit) -> None:
    answer = _send(visit, memo="form")
    assert answer.status == 422
    assert answer.error_summary == "还不能保存，请先改正这个月已经结账"


def test_conflict_answers_409_and_keeps_what_was_typed(visit: Visit) -> None:
    answer = _send(visit, memo="late")
    assert answer.status == 409
    assert "已经有人付了" in answer.error_summary
    assert answer.value_of("payee") == "某施工队"


def test_idempotency_key_is_new_for_each_form_and_kept_when_refused(visit: Visit) -> None:
    visitor = visit("cashier")
    first, second = visitor.get("/office/trial"), visitor.get("/office/trial")
    assert first.value_of("once") != second.value_of("once")
    refused = visitor.send(first, {**GOOD, "memo": "form"}, path="/office/trial")
    assert refused.value_of("once") == first.value_of("once")


def test_form_without_its_idempotency_key_is_refused(visit: Visit) -> None:
    answer = visit("cashier").post("/office/trial", GOOD)
    assert answer.status == 422


def test_markup_that_was_typed_stays_text(visit: Visit) -> None:
    answer = _send(visit, payee="<script>alert(1)</script>", amount="")
    assert "<script>alert" not in answer.html
    assert answer.value_of("payee") == "<script>alert(1)</script>"
