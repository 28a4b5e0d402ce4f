"""Goods for beneficiaries: the council resolves, the notice runs, the office hands out against a signed list."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.council.issuing import operations, queries
from app.council.issuing.checks import check_issues
from app.council.issuing.models import GoodsIssue
from app.council.issuing.operations import HandOut
from app.council.motions.operations import edit_motion, submit_motion
from app.council.motions.rules import MotionDraft
from app.council.notice.queries import notice_of
from app.files.queries import files_of
from app.goods import queries as goods
from app.goods.checks import check_goods
from app.ledger.models import JournalEntry, Posting
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, InputRefused, Refused
from tests.council import objections, proposals
from tests.disbursements.scenes import PDF, fund_id
from tests.factories import actor, simulated_start
from tests.sales import scenes as sales
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
RECEIVER = "团结社区独居老人 20 户"
OFFICE = "/office/council/motions"


@pytest.fixture
def moment() -> Iterator[clock.SimulatedClock]:
    with clock.simulated(simulated_start()) as found:
        found.set_local(date(2023, 10, 9))
        yield found


def _asked(session: Session, *lines: tuple[int, int], **changes: object) -> int:
    details = {"receiver": RECEIVER, "lines": [list(each) for each in lines]}
    return proposals.drafted(session, "goods", **{"title": "重阳节慰问", "details": details, **changes})


def _passed(session: Session, *lines: tuple[int, int]) -> int:
    found = proposals.submit(session, _asked(session, *lines))
    assert proposals.approve(session, found) == "approved"
    return found


def _hand_out(
    session: Session,
    settings: Settings,
    motion_id: int,
    pieces: dict[int, int],
    key: str | None = None,
    **changes: object,
) -> int:
    given: dict[str, object] = {
        "handed_on": clock.today(),
        "pieces": pieces,
        "recipients": 20,
        "papers": [("签收表.pdf", PDF)],
        "idempotency_key": key,
    }
    with transaction(session, books=True):
        draft = HandOut(**{**given, **changes})  # type: ignore[arg-type]
        return operations.hand_out(
            session, actor(session, "secretary"), settings.files_dir, motion_id, draft
        ).id


def _free(session: Session, line_id: int) -> int:
    session.rollback()
    session.expire_all()
    return goods.free_pieces(session, goods.line(session, line_id))


def _problems(session: Session) -> list[str]:
    session.rollback()
    return [
        problem for check in (*check_issues(session), *check_goods(session)) for problem in check.problems
    ]


def test_goods_are_handed_out_after_the_council_and_the_notice(
    session: Session, settings: Settings, moment: clock.SimulatedClock
) -> None:
    naan, books = sales.give_goods(session), sales.give_goods(session, "图书", 3, 1_000)
    found = _passed(session, (naan, 40), (books, 2))
    assert proposals.motion(session, found).amount_minor == 12_000 + 666
    notice = notice_of(session, "motion", found)
    assert notice is not None
    assert notice.ends_on == date(2023, 10, 16)
    with pytest.raises(Conflict, match="公示"):
        _hand_out(session, settings, found, {naan: 40})
    moment.set_local(date(2023, 10, 17))
    first = _hand_out(session, settings, found, {naan: 30, books: 2}, "one form, sent twice")
    assert _hand_out(session, settings, found, {naan: 30, books: 2}, "one form, sent twice") == first
    session.rollback()
    (entry,) = session.scalars(select(JournalEntry).where(JournalEntry.kind == "stock_out"))
    postings = session.scalars(
        select(Posting).where(Posting.entry_number == entry.number).order_by(Posting.line)
    )
    assert [(each.account_code, each.debit_minor, each.credit_minor) for each in postings] == [
        ("510101", 9_666, 0),
        ("1201", 0, 9_666),
    ]
    assert sales.stock(session, naan) == (270, 81_000)
    assert sales.stock(session, books) == (1, 334)
    assert _free(session, naan) == 270, "what was resolved and not handed out is free again"
    assert [file.is_public for file in files_of(session, "goods_issue", first)] == [False]
    with pytest.raises(Conflict, match="已经发放"):
        _hand_out(session, settings, found, {naan: 10})
    assert _problems(session) == []


def test_pieces_that_a_motion_asks_for_are_promised_to_nobody_else(
    session: Session, moment: clock.SimulatedClock
) -> None:
    naan = sales.give_goods(session)
    first = _asked(session, (naan, 200))
    assert _free(session, naan) == 300, "a draft holds nothing"
    second = _asked(session, (naan, 150))
    proposals.submit(session, first)
    assert _free(session, naan) == 100
    with pytest.raises(InputRefused), transaction(session, books=True):
        submit_motion(session, actor(session, "secretary"), second)
    event = sales.make_event(session)
    with pytest.raises(Refused, match="只有 100"):
        sales.make_lot(session, event, naan, quantity=101)
    sales.make_lot(session, event, naan, quantity=100)
    with pytest.raises(InputRefused) as refused:
        _asked(session, (naan, 1))
    assert [each.field for each in refused.value.refusals] == [f"pieces-{naan}"]
    assert proposals.vote(session, first, dict.fromkeys(proposals.MEMBERS, "reject")) == "rejected"
    assert _free(session, naan) == 200


def test_an_objection_and_other_states_keep_goods_in_stock(
    session: Session, settings: Settings, moment: clock.SimulatedClock
) -> None:
    naan = sales.give_goods(session)
    found = proposals.submit(session, _asked(session, (naan, 10)))
    with pytest.raises(Conflict, match="理事会"):
        _hand_out(session, settings, found, {naan: 10})
    assert proposals.approve(session, found) == "approved"
    with transaction(session, books=True):
        notice = notice_of(session, "motion", found)
        assert notice is not None
        number = operations.notice.object_to(
            session, notice, ground="need", words="这些人家不缺", contact="13999990000"
        ).number
    moment.set_local(date(2023, 10, 20))
    with pytest.raises(Conflict, match="异议"):
        _hand_out(session, settings, found, {naan: 10})
    objections.answer(session, number)
    draft = HandOut(clock.today(), {naan: 10}, 5, [("签收表.pdf", PDF)])
    with pytest.raises(Forbidden), transaction(session, books=True):
        operations.hand_out(session, actor(session, "cashier"), settings.files_dir, found, draft)
    _hand_out(session, settings, found, {naan: 10})
    assert sales.stock(session, naan) == (290, 87_000)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"pieces": {}}, "lines"),
        ({"recipients": 0}, "recipients"),
        ({"papers": []}, "sign_off"),
        ({"handed_on": date(2023, 10, 16)}, "handed_on"),
        ({"handed_on": date(2023, 10, 19)}, "handed_on"),
    ],
    ids=["nothing", "nobody", "no list", "before the notice ended", "tomorrow"],
)
def test_what_is_missing_is_refused_beside_its_field(
    session: Session, settings: Settings, moment: clock.SimulatedClock, changes: dict[str, object], field: str
) -> None:
    naan = sales.give_goods(session)
    found = _passed(session, (naan, 10))
    moment.set_local(date(2023, 10, 18))
    with pytest.raises(InputRefused) as refused:
        _hand_out(session, settings, found, **{"pieces": {naan: 10}, **changes})  # type: ignore[arg-type]
    assert [each.field for each in refused.value.refusals] == [field]
    assert sales.stock(session, naan) == (300, 90_000)


def test_more_than_was_resolved_is_refused(
    session: Session, settings: Settings, moment: clock.SimulatedClock
) -> None:
    naan, toys = sales.give_goods(session), sales.give_goods(session, "玩具", 5, 5_000)
    found = _passed(session, (naan, 10))
    moment.set_local(date(2023, 10, 18))
    for pieces in ({naan: 11}, {naan: 1, toys: 1}):
        with pytest.raises(InputRefused):
            _hand_out(session, settings, found, pieces)
    assert _problems(session) == []


def test_undoing_puts_goods_back_and_they_can_be_handed_out_anew(
    session: Session, settings: Settings, moment: clock.SimulatedClock
) -> None:
    naan = sales.give_goods(session)
    found = _passed(session, (naan, 10))
    moment.set_local(date(2023, 10, 18))
    first = _hand_out(session, settings, found, {naan: 8})
    accountant = actor(session, "accountant")
    with transaction(session, books=True):
        operations.undo_issue(session, accountant, first, "数错了")
    assert sales.stock(session, naan) == (300, 90_000)
    assert _free(session, naan) == 290
    with pytest.raises(Conflict), transaction(session, books=True):
        operations.undo_issue(session, accountant, first, "再点一次")
    _hand_out(session, settings, found, {naan: 10})
    assert sales.stock(session, naan) == (290, 87_000)
    assert [each.is_undone for each in queries.issues_of(session, found)] == [True, False]
    assert _problems(session) == []


def test_giving_up_frees_the_goods(
    session: Session, settings: Settings, moment: clock.SimulatedClock
) -> None:
    naan = sales.give_goods(session)
    found = _passed(session, (naan, 10))
    with pytest.raises(Refused), transaction(session, books=True):
        operations.give_up_issue(session, actor(session, "chair"), found, " ")
    with transaction(session, books=True):
        operations.give_up_issue(session, actor(session, "chair"), found, "社区已另有安排")
    assert _free(session, naan) == 300
    with pytest.raises(Conflict):
        _hand_out(session, settings, found, {naan: 10})


def test_goods_of_a_motion_before_the_council_do_not_change(
    session: Session, moment: clock.SimulatedClock
) -> None:
    naan = sales.give_goods(session)
    found = proposals.submit(session, _asked(session, (naan, 10)))
    draft = MotionDraft(
        fund_id(session), "goods", "改了", "改了", details={"receiver": "别人", "lines": [[naan, 300]]}
    )
    with pytest.raises(Conflict), transaction(session, books=True):
        edit_motion(session, actor(session, "secretary"), found, draft)
    for change in ("UPDATE motion_goods SET pieces = 300", "DELETE FROM motion_goods"):
        with pytest.raises(DBAPIError), transaction(session, books=True):
            session.execute(text(change))


def test_the_database_issues_nothing_that_was_not_resolved(
    session: Session, settings: Settings, moment: clock.SimulatedClock
) -> None:
    naan = sales.give_goods(session)
    found = proposals.submit(session, _asked(session, (naan, 10)))
    entry = session.scalars(select(JournalEntry.number)).first()
    moved = (
        "INSERT INTO goods_movement (goods_line_id, kind, quantity, value_minor, entry_number, source_type, source_id, "
        f"recorded_at) VALUES ({naan}, 'issued', 10, 3000, {entry}, 'goods_issue', 1, CURRENT_TIMESTAMP)"
    )
    with (
        pytest.raises(DBAPIError, match="goods_are_issued_by_a_passed_motion"),
        transaction(session, books=True),
    ):
        session.execute(text(moved))

    def issue() -> None:
        with transaction(session, books=True):
            session.add(
                GoodsIssue(
                    motion_id=found,
                    fund_id=fund_id(session),
                    handed_on=clock.today(),
                    recipients=1,
                    recorded_at=clock.now(),
                )
            )

    with pytest.raises(DBAPIError, match="goods_are_issued_by_a_passed_motion"):
        issue()
    assert proposals.approve(session, found) == "approved"
    with pytest.raises(DBAPIError, match="issue_waits_for_its_notice"):
        issue()
    moment.set_local(date(2023, 10, 18))
    _hand_out(session, settings, found, {naan: 10})
    with pytest.raises(DBAPIError):  # a second issue of one motion
        issue()


def test_office_walks_from_stock_to_the_signed_list(
    visit: Visit, session: Session, moment: clock.SimulatedClock
) -> None:
    naan = sales.give_goods(session)
    secretary = visit("secretary")
    fields = {"receiver": RECEIVER, "title": "重阳节慰问", "text": "每户两个馕。"}
    refused = secretary.submit(f"{OFFICE}/goods", {**fields, "lines-0-pieces": "301"})
    assert (refused.status, refused.error_at("lines-0-pieces")) == (422, "“馕”可用的只有 300 个，不够 301")
    assert refused.value_of("receiver") == RECEIVER
    saved = secretary.submit(f"{OFFICE}/goods", {**fields, "lines-0-pieces": "40"})
    shown = secretary.follow(saved)
    assert "120.00" in shown.words
    found = int(saved.location.rpartition("/")[2])
    edited = secretary.submit(f"{OFFICE}/goods/{found}", {"lines-0-pieces": "30"})
    assert edited.status == 303
    proposals.submit(session, found)
    proposals.approve(session, found)
    number = proposals.motion(session, found).number
    assert "馕30 个" in visit().get(f"/motions/{number}").words
    early = secretary.submit(
        f"{OFFICE}/{found}/hand-out", {"recipients": "15", "sign_off": (PDF, "签收表.pdf")}
    )
    assert early.status == 409
    assert "签收表.pdf" in early.error_at("sign_off")
    moment.set_local(date(2023, 10, 18))
    secretary = visit("secretary")
    assert "重阳节慰问" in secretary.get("/office/").words
    assert RECEIVER in secretary.get(f"{OFFICE}/{found}/sign-off-list").words
    done = secretary.submit(
        f"{OFFICE}/{found}/hand-out",
        {"lines-0-pieces": "28", "recipients": "14", "sign_off": (PDF, "签收表.pdf")},
    )
    assert done.status == 303
    assert "签收表.pdf" in secretary.follow(done).words
    public = visit().get(f"/motions/{number}")
    assert "14 人（户）签收" in public.words
    assert "馕 28 个" in public.words
    assert "签收表.pdf" not in public.words
    session.rollback()
    (issue,) = queries.issues_of(session, found)
    undone = visit("accountant").submit(f"{OFFICE}/{found}/issues/{issue.id}/undo", {"reason": "重复登记"})
    assert undone.status == 303
    assert "已撤销" in visit().get(f"/motions/{number}").words
    assert sales.stock(session, naan) == (300, 90_000)
