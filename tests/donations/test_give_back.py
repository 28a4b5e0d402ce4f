"""A gift goes back to its donor: one proposes with the donor's word, another decides, a third pays, and nobody undoes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.donations.returning import operations, queries
from app.donations.returning.checks import check_returns
from app.donations.returning.models import GiftReturn
from app.donations.returning.operations import PaymentDraft, ReturnDraft
from app.ledger import queries as ledger
from app.ledger.checks import check_ledger
from app.ledger.correction.operations import reverse_entry
from app.ledger.models import LedgerRow, Posting
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, InputRefused, Refused
from app.statements.tracing.queries import trace_of
from tests.council import proposals
from tests.disbursements import scenes
from tests.donations import gifts
from tests.factories import actor, simulated_start
from tests.tampering import tamper
from tests.visitor import Visitor

PAPERS = [("来信.pdf", scenes.PDF)]
DONOR = "古丽·买买提"


@pytest.fixture(autouse=True)
def moment() -> Iterator[clock.SimulatedClock]:
    with clock.simulated(simulated_start()) as found:
        found.set_local(date(2023, 11, 6))
        yield found


def _propose(
    session: Session, folder: Path, gift: int, minor: int, by: str = "secretary", **more: Any
) -> int:
    given: dict[str, Any] = {
        "amount_minor": minor,
        "requested_on": clock.today(),
        "way": "letter",
        "reason": "项目做完了，余款退还",
        "papers": PAPERS,
    }
    with transaction(session, books=True):
        return operations.propose_return(
            session, actor(session, by), folder, gift, ReturnDraft(**{**given, **more})
        ).id


def _resolved(session: Session) -> str:
    """The number of a motion that the council passed; the first rules of a fund leave every amount to the council."""
    found = proposals.submit(session, proposals.drafted(session, title="退还余款"))
    assert proposals.approve(session, found) == "approved"
    return proposals.motion(session, found).number or ""


def _approve(session: Session, found: int, number: str, by: str = "chair") -> None:
    with transaction(session, books=True):
        operations.decide_return(session, actor(session, by), found, approves=True, motion_number=number)


def _pay(session: Session, folder: Path, found: int, by: str = "cashier", **more: Any) -> GiftReturn:
    with transaction(session, books=True):
        account = ledger.money_account_of_kind(session, scenes.fund_id(session), "bank")
        given: dict[str, Any] = {
            "account": account,
            "paid_on": clock.today(),
            "voucher_number": "记-12",
            "slips": PAPERS,
        }
        return operations.pay_return(
            session, actor(session, by), folder, found, PaymentDraft(**{**given, **more})
        )


def _broken(session: Session) -> list[str]:
    session.rollback()
    checks = (*check_returns(session), *check_ledger(session))
    return [f"{check.name}: {problem}" for check in checks for problem in check.problems]


def test_what_is_left_of_a_gift_goes_back_and_its_page_says_so(
    session: Session, settings: Settings, visit: Any
) -> None:
    road = scenes.make_road(session)
    gift = gifts.give(session, 50_000, earmark_id=road)
    paid = scenes.approved(session, 30_000, earmark_id=road)
    scenes.pay(session, settings.files_dir, paid, 30_000)
    found = _propose(session, settings.files_dir, gift, 20_000)
    assert scenes.pool(session, road) == (20_000, 0)
    _approve(session, found, _resolved(session))
    returned = _pay(session, settings.files_dir, found)
    number = returned.entry_number
    assert number is not None
    assert _pay(session, settings.files_dir, found).entry_number == number  # a second click pays nothing
    assert scenes.pool(session, road) == (0, 0)
    postings = session.scalars(
        select(Posting).where(Posting.entry_number == number).order_by(Posting.line)
    ).all()
    assert [(each.account_code, each.debit_minor, each.credit_minor) for each in postings] == [
        ("4101", 20_000, 0),
        ("1002", 0, 20_000),
    ]
    row = session.get_one(LedgerRow, (number, False))
    assert (row.kind, row.direction, row.amount_minor) == ("gift_returned", "out", 20_000)
    assert _broken(session) == []
    code = session.get_one(Donation, gift).receipt_code
    trace = trace_of(session, code)
    assert (trace.used_minor, trace.left_minor, trace.returned_minor) == (30_000, 0, 20_000)
    assert [(each.kind, each.amount_minor) for each in trace.moves] == [("gift_returned", 20_000)]
    page = visit().get(f"/trace/{code}")
    assert "退还给您 200.00 元" in page.words
    assert DONOR not in visit().get(f"/entries/{number}").html
    with pytest.raises(Refused, match="不能冲销"), transaction(session, books=True):
        reverse_entry(session, actor(session, "accountant"), number, "付错了")


def test_no_more_goes_back_than_is_free_of_this_gift(session: Session, settings: Settings) -> None:
    road = scenes.make_road(session)
    gift = gifts.give(session, 50_000, earmark_id=road)
    gifts.give(session, 90_000, earmark_id=road)
    scenes.in_notice(session, 30_000, earmark_id=road)
    with pytest.raises(InputRefused, match=r"200.00") as refused:
        _propose(session, settings.files_dir, gift, 20_001)
    assert [each.field for each in refused.value.refusals] == ["amount"]
    found = _propose(session, settings.files_dir, gift, 20_000)
    _approve(session, found, _resolved(session))
    scenes.in_notice(session, 10_000, earmark_id=road)
    with pytest.raises(Refused, match=r"只剩 100.00 元"):
        _pay(session, settings.files_dir, found)
    assert _broken(session) == []


def test_proposal_needs_the_donors_word_and_counts_once(session: Session, settings: Settings) -> None:
    gift = gifts.give(session, 50_000)
    tomorrow = clock.today() + timedelta(days=1)
    with pytest.raises(InputRefused) as refused:
        _propose(
            session, settings.files_dir, gift, 0, requested_on=tomorrow, way="dream", reason=" ", papers=[]
        )
    fields = {each.field for each in refused.value.refusals}
    assert fields == {"amount", "requested_on", "way", "reason", "papers"}
    first = _propose(session, settings.files_dir, gift, 20_000, idempotency_key="k" * 16)
    assert _propose(session, settings.files_dir, gift, 20_000, idempotency_key="k" * 16) == first
    with pytest.raises(Conflict, match="已经有一次退还"):
        _propose(session, settings.files_dir, gift, 10_000)
    with pytest.raises(Forbidden):
        _propose(session, settings.files_dir, gift, 10_000, by="cashier")
    goods = gifts.give_goods(session)
    with pytest.raises(Conflict, match="资金捐赠"):
        _propose(session, settings.files_dir, goods, 10)


def test_three_persons_give_a_gift_back(session: Session, settings: Settings) -> None:
    gift = gifts.give(session, 50_000)
    found = _propose(session, settings.files_dir, gift, 20_000)
    number = _resolved(session)
    for stranger in ("secretary", "cashier", "accountant", "council"):
        with pytest.raises(Forbidden):
            _approve(session, found, number, by=stranger)
    secretary, chair, cashier = (actor(session, key) for key in ("secretary", "chair", "cashier"))
    everything = (*secretary.offices, *chair.offices, *cashier.offices)
    with pytest.raises(Forbidden, match="自己批准"), transaction(session, books=True):
        operations.decide_return(
            session, replace(secretary, offices=everything), found, approves=True, motion_number=number
        )
    with pytest.raises(Conflict, match="还没有批准"):
        _pay(session, settings.files_dir, found)
    _approve(session, found, number)
    with pytest.raises(Conflict, match="已经变化"):
        _approve(session, found, number, by="host")
    account = ledger.money_account_of_kind(session, scenes.fund_id(session), "bank")
    draft = PaymentDraft(account, clock.today(), "记-12", PAPERS)
    for person in (secretary, chair):
        with pytest.raises(Forbidden, match="自己付款"), transaction(session, books=True):
            operations.pay_return(
                session, replace(person, offices=everything), settings.files_dir, found, draft
            )
    with pytest.raises(DBAPIError), transaction(session, books=True):
        session.get_one(GiftReturn, found).paid_by_id = chair.user_id
    session.rollback()
    with pytest.raises(InputRefused) as refused:
        _pay(session, settings.files_dir, found, voucher_number="", slips=[], paid_on=date(2023, 11, 5))
    assert {each.field for each in refused.value.refusals} == {"voucher_number", "slip", "paid_on"}
    assert _pay(session, settings.files_dir, found).status == "paid"


def test_council_decides_what_the_rules_leave_to_it(session: Session, settings: Settings) -> None:
    gift = gifts.give(session, 50_000)
    found = _propose(session, settings.files_dir, gift, 20_000)
    drafted = proposals.submit(session, proposals.drafted(session))
    open_number = proposals.motion(session, drafted).number or ""
    for number in ("", "2023-999", open_number):
        with pytest.raises(Refused) as refused:
            _approve(session, found, number)
        assert refused.value.field == "motion_number"
    _approve(session, found, _resolved(session))
    other = gifts.give(session, 50_000)
    proposals.adopt(session, proposals.PROPOSED)  # officers decide small amounts under these rules
    second = _propose(session, settings.files_dir, other, 20_000)
    session.rollback()
    assert not queries.needs_council(session, queries.gift_return(session, second))
    _approve(session, second, "", by="host")


def test_refused_and_withdrawn_returns_leave_the_money(session: Session, settings: Settings) -> None:
    gift = gifts.give(session, 50_000)
    first = _propose(session, settings.files_dir, gift, 20_000)
    with pytest.raises(Refused), transaction(session, books=True):
        operations.decide_return(session, actor(session, "chair"), first, approves=False)
    with transaction(session, books=True):
        operations.decide_return(session, actor(session, "chair"), first, approves=False, note="没有书面要求")
    with pytest.raises(Conflict):
        _pay(session, settings.files_dir, first)
    second = _propose(session, settings.files_dir, gift, 20_000)
    with transaction(session, books=True):
        operations.withdraw_return(session, actor(session, "secretary"), second)
    with pytest.raises(Conflict):
        _approve(session, second, _resolved(session))
    assert scenes.pool(session) == (50_000, 0)
    assert _broken(session) == []


def test_return_of_other_fen_than_approved_is_found_by_the_check(
    session: Session, settings: Settings
) -> None:
    gift = gifts.give(session, 50_000)
    found = _propose(session, settings.files_dir, gift, 20_000)
    _approve(session, found, _resolved(session))
    _pay(session, settings.files_dir, found)
    tamper(session, "UPDATE gift_return SET amount_minor = amount_minor - 1")
    assert "gifts_go_back_as_approved" in " ".join(_broken(session))


def test_pages_lead_from_the_gift_to_the_payment(session: Session, settings: Settings, visit: Any) -> None:
    gift = gifts.give(session, 50_000)
    secretary: Visitor = visit("secretary")
    assert "退还给捐赠人" in secretary.get(f"/office/donations/{gift}").words
    place = f"/office/donations/{gift}/return"
    form = {"amount": "300", "requested_on": "2023-11-06", "way": "letter", "reason": "余款"}
    bare = secretary.submit(place, form)
    assert "请上传" in bare.error_at("papers")
    assert bare.value_of("amount") == "300"
    sent = secretary.submit(place, {**form, "papers": (scenes.PDF, "来信.pdf")})
    found = int(sent.location.rpartition("/")[2])
    chair = visit("chair")
    seen = chair.get(f"/office/donations/returns/{found}")
    assert DONOR not in seen.html
    assert "退还捐赠" in chair.get("/office/").words
    decide = f"/office/donations/returns/{found}/decide"
    assert "提案编号" in chair.submit(decide, {"decision": "approve"}).error_at("motion_number")
    chair.submit(decide, {"decision": "approve", "motion_number": _resolved(session)})
    cashier = visit("cashier")
    pay = f"/office/donations/returns/{found}/pay"
    assert "不能撤销" in cashier.get(pay).words
    account = ledger.money_account_of_kind(session, scenes.fund_id(session), "bank").id
    paid = cashier.submit(
        pay,
        {
            "account": str(account),
            "paid_on": "2023-11-06",
            "voucher_number": "记-12",
            "slip": (scenes.PDF, "回单.pdf"),
        },
    )
    assert "已退还" in cashier.follow(paid).words
    assert visit("council").get(decide).status == 403
    assert visit("secretary").get(pay).status == 403
