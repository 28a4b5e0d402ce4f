"""An objection pauses the payment until it is answered; a hold until it is lifted; and neither can be gone round."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.council.notice import operations, queries
from app.council.notice.rules import answer_due_on, dismissible_until
from app.council.rulebook.rules import DEFAULT
from app.disbursements import operations as disbursements
from app.log.models import Leaf
from app.settings import Settings
from app.shared import clock, encryption
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, InputRefused, Refused
from tests import installation
from tests.council import objections
from tests.disbursements import scenes
from tests.factories import actor


def _in_notice(session: Session) -> int:
    scenes.give(session, 1_000_000)
    return scenes.in_notice(session)


def test_objection_holds_the_request_at_once_and_its_answer_lets_it_go_on(session: Session) -> None:
    found = _in_notice(session)
    number = objections.object_to(session, found)
    assert scenes.status_of(session, found) == "held"
    objections.answer(session, number)
    assert scenes.status_of(session, found) == "in_notice"
    with clock.simulated(clock.now() + timedelta(days=9)):
        assert scenes.advance(session, found) == "payable"


def test_payment_waits_until_every_objection_is_answered(session: Session, settings: Settings) -> None:
    found = _in_notice(session)
    first = objections.object_to(session, found)
    second = objections.object_to(session, found, ground="papers")
    with clock.simulated(clock.now() + timedelta(days=9)):
        assert scenes.advance(session, found) == "held"
        with pytest.raises(Conflict):
            scenes.pay(session, settings.files_dir, found, 600_000)
        objections.answer(session, first)
        assert scenes.status_of(session, found) == "held"
        objections.answer(session, second)
        assert scenes.status_of(session, found) == "payable"
        scenes.pay(session, settings.files_dir, found, 600_000)
    assert scenes.status_of(session, found) == "paid"


def test_repeat_of_an_answered_ground_does_not_pause_again(session: Session) -> None:
    found = _in_notice(session)
    number = objections.object_to(session, found)
    objections.answer(session, number)
    again = objections.objection(
        session, objections.object_to(session, found, words=f"  {objections.WORDS}\r\n")
    )
    assert again.status == "repeated"
    assert again.repeats_id == objections.objection(session, number).id
    assert scenes.status_of(session, found) == "in_notice"
    other = objections.object_to(session, found, words="运费没有报价。")
    assert objections.objection(session, other).status == "open"
    assert scenes.status_of(session, found) == "held"


def test_same_form_sent_twice_is_one_objection(session: Session) -> None:
    found = _in_notice(session)
    key = "0123456789abcdef"
    first = objections.object_to(session, found, key=key)
    assert objections.object_to(session, found, key=key) == first
    assert len(queries.objections_to(session, "disbursement", found)) == 1


def test_dismissal_needs_chair_and_supervisor_in_their_days(session: Session) -> None:
    found = _in_notice(session)
    number = objections.object_to(session, found)
    with pytest.raises(Forbidden):
        objections.dismiss(session, number, "secretary", "没有根据")
    with pytest.raises(Refused):
        objections.dismiss(session, number, "chair", " ")
    objections.dismiss(session, number, "chair", "价格有三家报价，见公示附件")
    assert objections.objection(session, number).status == "open"
    assert scenes.status_of(session, found) == "held"
    with pytest.raises(Conflict):
        objections.dismiss(session, number, "chair", "再按一次")
    objections.dismiss(session, number, "supervisor")
    closed = objections.objection(session, number)
    assert (closed.status, closed.answer) == ("dismissed", "价格有三家报价，见公示附件")
    assert scenes.status_of(session, found) == "in_notice"


def test_dismissal_is_too_late_after_two_working_days(session: Session) -> None:
    with clock.simulated(clock.now()) as moment:
        moment.set_local(date(2023, 11, 9))  # a Thursday
        scenes.give(session, 1_000_000)
        found = scenes.in_notice(session, applied_on=date(2023, 11, 6))
        number = objections.object_to(session, found)
        objections.dismiss(session, number, "supervisor", "没有根据")
        moment.set_local(date(2023, 11, 14))
        with pytest.raises(Refused) as refused:
            objections.dismiss(session, number, "chair")
        assert refused.value.values["day"] == "2023-11-13"
        assert scenes.status_of(session, found) == "held"


def test_days_are_working_days() -> None:
    thursday = date(2023, 11, 9)
    assert dismissible_until(DEFAULT, thursday) == date(2023, 11, 13)
    assert answer_due_on(DEFAULT, thursday) == date(2023, 11, 23)
    before_the_national_holiday = date(2023, 9, 28)
    assert dismissible_until(DEFAULT, before_the_national_holiday) == date(2023, 10, 8)


def test_answer_is_given_once_and_by_those_who_convene(session: Session) -> None:
    number = objections.object_to(session, _in_notice(session))
    with pytest.raises(Forbidden):
        objections.answer(session, number, by="council")
    with pytest.raises(Refused):
        objections.answer(session, number, " ")
    objections.answer(session, number, by="chair")
    with pytest.raises(Conflict):
        objections.answer(session, number)


def test_empty_objection_is_refused_field_by_field(session: Session) -> None:
    found = _in_notice(session)
    with pytest.raises(InputRefused) as refused:
        objections.object_to(session, found, ground="", words=" ", contact="")
    assert [each.field for each in refused.value.refusals] == ["ground", "words", "contact"]
    assert scenes.status_of(session, found) == "in_notice"


def test_notice_that_is_over_takes_no_objection(session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    with pytest.raises(Conflict):
        objections.object_to(session, found)


def test_cancelled_request_takes_no_objection(session: Session) -> None:
    found = _in_notice(session)
    with transaction(session, books=True):
        disbursements.cancel_disbursement(session, actor(session, "secretary"), found, "改由他人资助")
    with pytest.raises(Conflict):
        objections.object_to(session, found)
    assert queries.last_day(objections.notice_of(session, found)) == clock.today()


def test_hold_stops_the_payment_until_it_is_lifted(session: Session, settings: Settings) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    for who in ("chair", "secretary", "cashier"):
        with pytest.raises(Forbidden), transaction(session, books=True):
            disbursements.hold_disbursement(session, actor(session, who), found, "有疑问")
    with pytest.raises(Refused):
        objections.hold(session, found, " ")
    objections.hold(session, found)
    assert scenes.status_of(session, found) == "held"
    with pytest.raises(Conflict):
        objections.hold(session, found)
    with pytest.raises(Conflict):
        scenes.pay(session, settings.files_dir, found, 600_000)
    objections.lift(session, found)
    assert scenes.status_of(session, found) == "payable"
    with pytest.raises(Conflict):
        objections.lift(session, found)


def test_request_that_waits_for_no_payment_cannot_be_held(session: Session) -> None:
    scenes.give(session, 1_000_000)
    with pytest.raises(Conflict):
        objections.hold(session, scenes.submitted(session))


_PAY = text(
    "INSERT INTO payment (disbursement_id, kind, amount_minor, is_accepted, occurred_on, voucher_number, entry_number, "
    "recorded_at) VALUES (:found, 'payment', 1, :yes, '2023-11-20', '', 1, '2023-11-20 00:00:00')"
)


@pytest.mark.parametrize(
    ("obstacle", "guard"),
    [("objection", "payment_is_not_objected_to"), ("hold", "payment_is_not_held")],
)
def test_database_refuses_to_pay_what_is_objected_to_or_held(
    session: Session, obstacle: str, guard: str
) -> None:
    scenes.give(session, 1_000_000)
    with scenes.before_the_notice():
        found = scenes.in_notice(session)
        if obstacle == "objection":
            objections.object_to(session, found)
    scenes.advance(session, found)
    if obstacle == "hold":
        objections.hold(session, found)
    with transaction(session):
        session.execute(text("UPDATE disbursement SET status = 'payable' WHERE id = :id"), {"id": found})
    with pytest.raises(DBAPIError, match=guard), transaction(session):
        session.execute(_PAY, {"found": found, "yes": True})


def test_words_are_public_only_after_the_check(session: Session) -> None:
    found = _in_notice(session)
    number = objections.object_to(session, found)

    def seen() -> str | None:
        session.rollback()
        (view,) = queries.objection_views(session, [queries.objection(session, number)])
        return view.words

    assert seen() is None
    objections.show(session, number)
    assert seen() == objections.WORDS
    with pytest.raises(Conflict):
        objections.show(session, number)
    objections.show(session, number, shown=False)
    assert seen() == ""


def test_contact_stands_encrypted_and_in_no_leaf(session: Session) -> None:
    number = objections.object_to(session, _in_notice(session))
    kept = objections.objection(session, number)
    assert objections.CONTACT.encode() not in kept.contact
    assert queries.contact_of(actor(session, "secretary"), kept) == objections.CONTACT
    assert queries.contact_of(actor(session, "supervisor"), kept) == objections.CONTACT
    assert queries.contact_of(actor(session, "cashier"), kept) is None
    assert all(objections.CONTACT not in str(row) for row in session.execute(select(Leaf.__table__)))


def _at_once(engine: Engine, acts: list[Callable[[Session], object]]) -> list[str]:
    start = threading.Barrier(len(acts))

    def run(act: Callable[[Session], object]) -> str:
        encryption.use_key(installation.DATA_KEY)
        with Session(engine, expire_on_commit=False) as own:
            start.wait()
            try:
                with transaction(own, books=True):
                    act(own)
            except (Refused, Conflict) as error:
                return type(error).__name__
            return "done"

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


def test_answers_at_once_give_one_answer(session: Session, engine: Engine) -> None:
    number = objections.object_to(session, _in_notice(session))
    people = [actor(session, key) for key in ("secretary", "chair")]
    session.rollback()
    results = _at_once(
        engine,
        [
            lambda own, who=who: operations.answer_objection(own, who, number, f"答复，{who.name}")  # type: ignore[misc]
            for who in people
        ],
    )
    assert sorted(results) == ["Conflict", "done"]


def test_same_form_at_once_is_one_objection(session: Session, engine: Engine) -> None:
    found = _in_notice(session)
    session.rollback()

    def act(own: Session) -> None:
        notice = queries.notice_of(own, "disbursement", found)
        assert notice is not None
        operations.object_to(
            own, notice, ground="price", words="太贵", contact="1390", key="0123456789abcdef"
        )

    assert _at_once(engine, [act] * 4) == ["done"] * 4
    session.rollback()
    assert len(queries.objections_to(session, "disbursement", found)) == 1
