"""Budget, quotations, account and signs on the pages of the office and of the public."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.disbursements.budget import queries
from app.disbursements.models import Disbursement
from tests.disbursements import scenes
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
DRAFT = "/office/disbursements/draft"
CARD = "6222021234567894"


def _fields(session: Session) -> dict[str, object]:
    return {
        "earmark": str(scenes.unrestricted(session)),
        "project": "孤寡老人冬季慰问",
        "amount": "6000",
        "spending_kind": "goods_purchase",
        "applicant": "金华社区居委会",
        "payee": "社区超市",
        "reason": scenes.REASON,
        "budget-0-item": "大米 25kg",
        "budget-0-quantity": "32",
        "budget-0-unit": "袋",
        "budget-0-unit_price": "125",
        "budget-1-item": "运费",
        "budget-1-amount": "2000.00",
        "quotations-1-supplier": "某粮油店",
        "quotations-1-amount": "6,000",
        "quotations-1-quoted_on": "2023-10-30",
        "quotations-1-file": (scenes.PDF, "报价.pdf"),
    }


def _only(session: Session) -> int:
    session.rollback()
    return session.scalars(select(Disbursement.id)).one()


def test_draft_with_budget_and_quotation_without_javascript(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    secretary = visit("secretary")
    page = secretary.submit(DRAFT, {"step": "add-line", "budget-0-item": "大米 25kg"})
    assert page.status == 200
    assert page.value_of("budget-0-item") == "大米 25kg"
    assert page.value_of("budget-1-item") == ""
    answer = secretary.send(page, {**_fields(session), "then": "keep"}, path=DRAFT)
    assert answer.status == 303, answer.error_summary
    found = _only(session)
    assert [line.amount_minor for line in queries.lines_of(session, found)] == [400_000, 200_000]
    shown = secretary.get(f"/office/disbursements/{found}")
    for words in ("大米 25kg", "32 袋 × 125.00 元", "运费", "某粮油店", "报价.pdf", "报价只在办公页面显示"):
        assert words in shown.words
    edit = secretary.get(f"/office/disbursements/{found}/edit")
    assert edit.value_of("budget-0-quantity") == "32"
    assert edit.value_of("budget-0-amount") == ""
    assert edit.value_of("budget-1-amount") == "2000.00"
    assert (
        secretary.send(
            edit, {"then": "keep", "budget-1-item": "装卸费"}, path=f"/office/disbursements/{found}/edit"
        ).status
        == 303
    )
    session.rollback()
    assert [line.item for line in queries.lines_of(session, found)] == ["大米 25kg", "装卸费"]
    assert queries.quotations_of(session, found)[0].file_name == "报价.pdf"


def test_sum_and_lines_are_refused_beside_their_fields_and_typing_is_kept(
    visit: Visit, session: Session
) -> None:
    secretary = visit("secretary")
    page = secretary.submit(DRAFT, {"step": "add-line"})
    fields = {**_fields(session), "amount": "6001", "then": "keep"}
    del fields["quotations-1-file"]
    answer = secretary.send(page, fields, path=DRAFT)
    assert answer.status == 422
    assert "预算合计 6,000.00 元，申请金额 6,001.00 元，两者应当相等" in answer.error_summary
    assert answer.value_of("budget-0-unit_price") == "125"
    answer = secretary.send(
        page,
        {**fields, "amount": "6000", "budget-1-amount": "", "quotations-1-amount": ""},
        path=DRAFT,
    )
    assert answer.status == 422
    assert answer.value_of("quotations-1-supplier") == "某粮油店"
    assert "请填写这一项" in answer.error_summary
    answer = secretary.send(page, {**fields, "amount": "6000", "budget-1-quantity": "两"}, path=DRAFT)
    assert "“两”不是数量" in answer.error_summary
    session.rollback()
    assert session.scalars(select(Disbursement.id)).all() == []


def test_public_reads_the_budget_but_neither_quotations_nor_signs(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    secretary = visit("secretary")
    page = secretary.submit(DRAFT, {"step": "add-line"})
    assert secretary.send(page, {**_fields(session), "then": "keep"}, path=DRAFT).status == 303
    found = _only(session)
    secretary.submit(
        f"/office/disbursements/{found}/payee-account/change", {"number": CARD, "bank": "机密银行"}
    )
    assert secretary.submit(f"/office/disbursements/{found}/submit", {}).status == 303
    session.rollback()
    number = session.get_one(Disbursement, found).number
    public = visit().get(f"/disbursements/{number}")
    assert "大米 25kg" in public.words
    assert "32 袋 × 125.00 元" in public.words
    for words in ("某粮油店", "以前没有给", "请留意", "机密银行", "7894", CARD):
        assert words not in public.words


def test_member_sees_the_signs_before_the_ballot_and_once_more_when_confirming(
    visit: Visit, session: Session
) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    member = visit("council")
    page = member.get(f"/office/disbursements/{found}")
    sentence = "以前没有给“社区超市”付过款"
    assert page.words.index(sentence) < page.words.index("您的表决")
    check = member.send(page, {"choice": "approve"})
    assert check.heading == "核对您的表决"
    assert sentence in check.words
    assert sentence in visit("supervisor").get(f"/office/disbursements/{found}").words


def test_page_says_when_there_is_nothing_to_note(visit: Visit, session: Session, settings: object) -> None:
    scenes.give(session, 1_000_000)
    folder = settings.files_dir  # type: ignore[attr-defined]
    scenes.pay(session, folder, scenes.approved(session, 100_000), 100_000)
    found = scenes.submitted(session, 100_000)
    page = visit("council").get(f"/office/disbursements/{found}")
    assert "没有发现需要留意的地方" in page.words


def test_account_is_recorded_by_the_office_and_read_whole_by_the_cashier(
    visit: Visit, session: Session
) -> None:
    found = scenes.drafted(session)
    address = f"/office/disbursements/{found}/payee-account"
    secretary = visit("secretary")
    wrong = secretary.submit(f"{address}/change", {"number": "12", "bank": "某银行"})
    assert wrong.status == 422
    assert "账号只有数字" in wrong.error_summary
    assert wrong.value_of("number") == "12"
    assert secretary.submit(f"{address}/change", {"number": CARD, "bank": "某银行"}).status == 303
    assert "•••• 7894" in secretary.get(address).words
    assert "6222" not in secretary.get(address).words
    assert "6222 0212 3456 7894" in visit("cashier").get(address).words
    assert visit("cashier").get(f"{address}/change").status == 403
    assert visit().get(address).status in (302, 303)
