"""Adding people, giving them offices and ending them: the administrator's pages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import Insert, Update, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.log.models import Commitment, Leaf
from app.people import operations, queries
from app.people.models import TermOfOffice, User
from app.people.rules import OPERATOR
from app.shared import clock
from app.shared.audit import AuditEvent
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, Refused, SunledgerError
from app.shared.permissions import Permission, Role
from tests.factories import FOUNDED_ON, actor, appoint, make_fund, make_user
from tests.visitor import Visitor

Visit = Callable[..., Visitor]


def _id(session: Session, key: str) -> int:
    found = actor(session, key).user_id
    assert found is not None
    return found


def _fund_id(session: Session) -> int:
    fund_id = next(office.fund_id for office in actor(session, "cashier").offices)
    assert fund_id is not None
    return fund_id


def _term_leaves(session: Session) -> list[dict[str, object]]:
    bodies = session.scalars(select(Leaf.body).where(Leaf.kind == "term_of_office").order_by(Leaf.position))
    return [json.loads(body) for body in bodies]


def test_administrator_adds_a_user_who_must_change_the_shown_password(visit: Visit) -> None:
    page = visit("administrator").submit("/office/people/add", {"name": "新人", "email": "New@Example.org"})
    assert page.heading == "新人 的初始密码"
    shown = re.search(r"(?:[a-z2-9]{4}-){3}[a-z2-9]{4}", page.words)
    assert shown is not None
    newcomer = visit()
    newcomer.submit("/office/sign-in", {"email": "new@example.org", "password": shown.group()})
    assert newcomer.get("/office/").location == "/office/me/password"
    newcomer.submit(
        "/office/me/password",
        {"current_password": shown.group(), "new_password": "mine-alone-now", "again": "mine-alone-now"},
    )
    # No office yet, so nothing to see but the own page.
    assert newcomer.get("/office/").status == 403
    assert newcomer.get("/office/me").status == 200


def test_known_email_is_refused_beside_its_field_and_what_was_typed_is_kept(visit: Visit) -> None:
    answer = visit("administrator").submit(
        "/office/people/add", {"name": "另一位", "email": "CASHIER@example.org"}
    )
    assert answer.status == 422
    assert answer.error_at("email") == "邮箱 cashier@example.org 已经有用户"
    assert answer.value_of("name") == "另一位"


def test_only_the_administrator_manages_people(session: Session, visit: Visit) -> None:
    for key in ("secretary", "cashier", "accountant", "chair", "council", "supervisor", "host", "auditor"):
        assert visit(key).get("/office/people/").status == 403
        with pytest.raises(Forbidden), transaction(session, books=True):
            operations.create_user(
                session, actor(session, key), email="x@example.org", name="x", password="correct-horse"
            )
    assert visit().get("/office/people/").status == 302


def test_term_appears_on_the_page_in_the_log_and_in_the_audit(visit: Visit, session: Session) -> None:
    with transaction(session):
        user_id = make_user(session, "new@example.org", "新人")
    fund_id = _fund_id(session)
    session.rollback()
    before = len(_term_leaves(session))
    answer = visit("administrator").submit(
        f"/office/people/{user_id}/terms/start",
        {"role": "council", "fund_id": str(fund_id), "seat_number": "6", "starts_on": "2024年3月1日"},
    )
    assert answer.status == 303
    session.rollback()
    leaves = _term_leaves(session)
    assert len(leaves) == before + 1
    term = session.scalars(select(TermOfOffice).where(TermOfOffice.user_id == user_id)).one()
    assert leaves[-1] == {
        "v": 1,
        "type": "term_of_office",
        "id": term.id,
        "version": 1,
        "role": "council",
        "fund": fund_id,
        "seat": 6,
        "starts_on": "2024-03-01",
        "ends_on": None,
    }
    assert session.scalars(select(Commitment.text)).all().count("新人") == 0
    events = session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert events[-1] in ("start_term", "sign_in")
    assert "start_term" in events
    page = visit("administrator").get(f"/office/people/{user_id}")
    assert "理事 第 6 席" in page.words
    assert "在任" in page.words


REFUSALS = [
    ("cashier", Role.ACCOUNTANT, None, "同一基金的出纳和会计不能是同一个人"),
    ("accountant", Role.CASHIER, None, "同一基金的出纳和会计不能是同一个人"),
    ("secretary", Role.COUNCIL, 2, "第 %(seat)s 席在这段时间已经有人"),
    ("secretary", Role.CHAIR, 9, "这段时间已经有理事长"),
    ("council", Role.COUNCIL, 9, "此人在这段时间已经担任这个岗位"),
    ("council", Role.CHAIR, 9, "一个人在理事会只能有一个席位"),
    ("supervisor", Role.COUNCIL, 9, "监督员不能同时是理事、出纳或会计"),
    ("cashier", Role.SUPERVISOR, None, "监督员不能同时是理事、出纳或会计"),
    ("secretary", Role.COUNCIL, None, "请填写席位号"),
    ("secretary", Role.AUDITOR, 3, "只有理事长和理事有席位号"),
    ("secretary", Role.COUNCIL, 100, "席位号在 1 到 99 之间"),
]


@pytest.mark.parametrize(("key", "role", "seat", "sentence"), REFUSALS)
def test_offices_that_do_not_go_together_are_refused(
    session: Session, key: str, role: Role, seat: int | None, sentence: str
) -> None:
    user_id, fund_id = _id(session, key), _fund_id(session)
    before = len(_term_leaves(session))
    with pytest.raises(SunledgerError) as refusal, transaction(session, books=True):
        appoint(session, user_id, role, fund_id, seat=seat, starts_on=date(2024, 1, 1))
    assert refusal.value.sentence == sentence
    assert len(_term_leaves(session)) == before


def test_office_of_a_fund_needs_a_fund(session: Session) -> None:
    user_id = _id(session, "secretary")
    with pytest.raises(Refused) as refusal, transaction(session, books=True):
        appoint(session, user_id, Role.CASHIER, None)
    assert refusal.value.field == "fund_id"


def test_seat_is_free_again_after_its_term(session: Session) -> None:
    user_id, fund_id = _id(session, "secretary"), _fund_id(session)
    term = queries.terms_on(session, fund_id, clock.today(), Role.COUNCIL)[0]
    with transaction(session, books=True):
        operations.end_term(session, OPERATOR, term.id, date(2024, 6, 30))
    with transaction(session, books=True):
        appoint(session, user_id, Role.COUNCIL, fund_id, seat=term.seat_number, starts_on=date(2024, 7, 1))
    (before, *_), (after, *_) = (
        queries.terms_on(session, fund_id, day, Role.COUNCIL) for day in (date(2024, 6, 30), date(2024, 7, 1))
    )
    assert (before.user_name, after.user_name) == (term.user_name, "秘书乙")


def test_cashier_of_one_fund_may_keep_the_books_of_another(session: Session) -> None:
    user_id = _id(session, "cashier")
    with transaction(session, books=True):
        other = make_fund(session, "second", "第二基金")
        appoint(session, user_id, Role.ACCOUNTANT, other.id)
    person = actor(session, "cashier")
    assert person.may(Permission.BOOKS_POST, other.id)
    assert not person.may(Permission.BOOKS_POST, _fund_id(session))


@pytest.mark.parametrize("change", ["insert", "update"])
def test_database_itself_refuses_cashier_and_accountant_in_one_person(session: Session, change: str) -> None:
    user_id, fund_id = _id(session, "cashier"), _fund_id(session)
    forbidden: Insert | Update = insert(TermOfOffice).values(
        user_id=user_id,
        fund_id=fund_id,
        role="accountant",
        starts_on=date(2024, 1, 1),
        recorded_at=clock.now(),
    )
    if change == "update":
        forbidden = update(TermOfOffice).where(TermOfOffice.role == "accountant").values(user_id=user_id)
    with pytest.raises(IntegrityError, match="cashier_is_not_accountant"), transaction(session):
        session.execute(forbidden)


def test_term_ends_on_its_last_day_and_its_permission_with_it(visit: Visit, session: Session) -> None:
    fund_id = _fund_id(session)
    (term,) = queries.terms_on(session, fund_id, clock.today(), Role.CASHIER)
    yesterday = clock.today() - timedelta(days=1)
    session.rollback()
    cashier = visit("cashier")
    assert cashier.get("/office/").status == 200
    answer = visit("administrator").submit(
        f"/office/people/terms/{term.id}/end", {"ends_on": yesterday.isoformat()}
    )
    assert answer.status == 303
    assert cashier.get("/office/").status == 403
    assert not queries.terms_on(session, fund_id, clock.today(), Role.CASHIER)
    assert queries.terms_on(session, fund_id, yesterday, Role.CASHIER)
    session.rollback()
    last = _term_leaves(session)[-1]
    assert (last["version"], last["ends_on"]) == (2, yesterday.isoformat())


def test_term_cannot_end_before_it_starts_or_twice(session: Session) -> None:
    (term,) = queries.terms_on(session, _fund_id(session), clock.today(), Role.CASHIER)
    with pytest.raises(Refused), transaction(session, books=True):
        operations.end_term(session, OPERATOR, term.id, FOUNDED_ON - timedelta(days=1))
    with transaction(session, books=True):
        operations.end_term(session, OPERATOR, term.id, date(2024, 1, 1))
    with pytest.raises(Conflict), transaction(session, books=True):
        operations.end_term(session, OPERATOR, term.id, date(2024, 2, 1))


def test_term_that_has_not_begun_can_be_withdrawn(session: Session) -> None:
    user_id, fund_id = _id(session, "secretary"), _fund_id(session)
    starts_on = clock.today() + timedelta(days=30)
    with transaction(session, books=True):
        term_id = appoint(session, user_id, Role.COUNCIL, fund_id, seat=9, starts_on=starts_on)
    with transaction(session, books=True):
        operations.end_term(session, OPERATOR, term_id, starts_on - timedelta(days=1))
    assert queries.terms_on(session, fund_id, starts_on, Role.COUNCIL)[-1].seat_number == 5
    assert _term_leaves(session)[-1]["withdrawn"] is True


def test_ended_user_is_signed_out_at_once_and_keeps_no_office(visit: Visit, session: Session) -> None:
    cashier = visit("cashier")
    assert cashier.get("/office/").status == 200
    user_id = _id(session, "cashier")
    session.rollback()
    administrator = visit("administrator")
    page = administrator.get(f"/office/people/{user_id}/end")
    assert "停用 出纳丙 的账号？" in page.words
    answer = administrator.send(page)
    assert (answer.status, answer.location) == (303, "/office/people/")
    assert cashier.get("/office/").status == 302
    assert "出纳丙" not in administrator.get("/office/people/").words
    assert "出纳丙" in administrator.get("/office/people/?ended=1").words
    session.rollback()
    (term,) = queries.terms_of(session, user_id)
    assert term.ends_on == clock.today()
    assert administrator.submit(f"/office/people/{user_id}/end").status == 409


def test_opening_the_confirm_page_ends_nobody(visit: Visit, session: Session) -> None:
    user_id = _id(session, "cashier")
    session.rollback()
    visit("administrator").get(f"/office/people/{user_id}/end")
    assert session.get_one(User, user_id).ended_at is None


def test_last_administrator_stays(session: Session, visit: Visit) -> None:
    user_id = _id(session, "administrator")
    (term,) = queries.terms_of(session, user_id)
    with pytest.raises(Refused, match="唯一的系统管理员"), transaction(session, books=True):
        operations.end_user(session, OPERATOR, user_id)
    with pytest.raises(Refused, match="唯一的系统管理员"), transaction(session, books=True):
        operations.end_term(session, OPERATOR, term.id, clock.today())
    answer = visit("administrator").submit(f"/office/people/{user_id}/end")
    assert answer.status == 422
    assert "不能停用自己的账号，请由另一位管理员操作" in answer.error_summary


def test_administrator_resets_a_password_and_it_is_shown_once(visit: Visit, session: Session) -> None:
    cashier, user_id = visit("cashier"), _id(session, "cashier")
    session.rollback()
    administrator = visit("administrator")
    page = administrator.submit(f"/office/people/{user_id}/reset-password")
    assert page.status == 200
    assert page.headers["Cache-Control"] == "no-store"
    shown = re.search(r"(?:[a-z2-9]{4}-){3}[a-z2-9]{4}", page.words)
    assert shown is not None
    assert cashier.get("/office/").status == 302
    assert shown.group() not in administrator.get(f"/office/people/{user_id}").html
    again = visit()
    again.submit("/office/sign-in", {"email": "cashier@example.org", "password": shown.group()})
    assert again.get("/office/").location == "/office/me/password"
    secrets = session.scalars(select(AuditEvent.detail)).all()
    assert not any(shown.group() in detail for detail in secrets)


def test_unknown_user_is_not_found(visit: Visit) -> None:
    administrator = visit("administrator")
    for path in ("", "/end", "/reset-password", "/terms/start"):
        assert administrator.get(f"/office/people/999999{path}").status == 404
    assert administrator.get("/office/people/terms/999999/end").status == 404


def test_administrator_of_one_fund_gives_no_office_in_another_or_in_all(session: Session) -> None:
    with transaction(session, books=True):
        other = make_fund(session, "second", "第二基金")
        local = make_user(session, "local@example.org", "本地管理员")
        newcomer = make_user(session, "newcomer@example.org")
        appoint(session, local, Role.ADMINISTRATOR, other.id)
    person = queries.actor(session, local)
    for fund_id in (_fund_id(session), None):
        with pytest.raises(Forbidden), transaction(session, books=True):
            operations.start_term(
                session, person, user_id=newcomer, role=Role.AUDITOR, fund_id=fund_id, starts_on=clock.today()
            )
    with transaction(session, books=True):
        operations.start_term(
            session, person, user_id=newcomer, role=Role.AUDITOR, fund_id=other.id, starts_on=clock.today()
        )
