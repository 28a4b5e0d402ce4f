"""The register of interests: whose name is whose, who is found, and what stays private."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.council.interests import operations, queries, rules
from app.council.interests.checks import check_interests
from app.council.interests.models import Interest
from app.council.interests.operations import InterestDraft
from app.log.models import Commitment, Leaf
from app.people.operations import end_term
from app.people.rules import OPERATOR
from app.shared import clock
from app.shared.audit import AuditEvent
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, NotFound, Refused
from tests.disbursements import scenes
from tests.factories import actor

SAME = (
    ("新疆三为有限公司", "新疆三为"),
    ("新疆三为（集团）有限公司", "新疆三为集团"),
    ("新疆三为(集团)有限责任公司", "新疆三为（集团）股份有限公司"),
    ("独山子百货公司", "独山子百货有限公司"),
    (" 独山子 百货　公司 ", "独山子百货公司"),
    ("某某馕店（个体工商户）", "某某馕店"),
    ("阿依古丽·买买提", "阿依古丽•买买提"),
    ("阿依古丽·买买提", "阿依古丽 买买提"),
    ("克拉瑪依電廠", "克拉玛依电厂"),
    ("ＡＢＣ商贸", "abc商贸"),
    ("《阳光》读书会", "阳光读书会"),
)
DIFFERENT = (
    ("新疆三为有限公司", "新疆三为集团有限公司"),
    ("新疆三为有限公司", "新疆三为有限公司奎屯分公司"),
    ("新疆三为奎屯分公司", "新疆三为奎屯"),
    ("新疆三为有限公司", "新疆三唯有限公司"),
    ("独山子第一小学", "独山子第二小学"),
    ("王小明", "王晓明"),
    ("某某商店一分店", "某某商店二分店"),
)
"""Two names: one party, or two. A council member should find nothing surprising here."""


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_are_one_party(one: str, other: str) -> None:
    assert rules.name_hash(one) == rules.name_hash(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_parties_stay_two(one: str, other: str) -> None:
    assert rules.name_hash(one) != rules.name_hash(other)


def test_name_without_a_letter_equals_nothing() -> None:
    assert rules.name_hash("（——）") is None
    assert rules.compared("公司") == "公司"


@pytest.mark.parametrize(
    ("last", "today", "due"),
    [
        (None, date(2024, 1, 1), True),
        (date(2023, 3, 1), date(2024, 2, 29), False),
        (date(2023, 3, 1), date(2024, 3, 1), True),
        (date(2023, 2, 28), date(2024, 2, 29), True),
        (date(2024, 2, 29), date(2025, 2, 28), False),
        (date(2024, 2, 29), date(2025, 3, 1), True),
    ],
)
def test_everyone_declares_once_a_year(last: date | None, today: date, due: bool) -> None:
    assert rules.must_declare(last, today) is due


def _declare(session: Session, key: str, kind: str, name: str = "", **more: str) -> int:
    who = actor(session, key)
    assert who.user_id is not None
    draft = InterestDraft(scenes.fund_id(session), who.user_id, kind, name, **more)
    with transaction(session, books=True):
        return operations.declare_interest(session, who, draft)


def _id(session: Session, key: str) -> int:
    found = actor(session, key).user_id
    assert found is not None
    return found


def _found(session: Session, **names: list[str]) -> set[tuple[int, str, str]]:
    session.rollback()
    return {
        (each.user_id, each.kind, each.relation)
        for each in queries.conflicts_of(session, scenes.fund_id(session), names)
    }


def test_declared_interest_meets_payee_applicant_and_donor(session: Session) -> None:
    _declare(session, "council", "employer", "新疆三为有限公司")
    _declare(session, "cashier", "family", "王小明", relation="妻子的弟弟")
    assert _found(session, payee=["新疆三为"], donor=["爱心居民", "王小明"], applicant=["社区居委会"]) == {
        (_id(session, "council"), "employer", "payee"),
        (_id(session, "cashier"), "family", "donor"),
    }
    assert _found(session, payee=["社区超市"], beneficiary=[]) == set()


def test_one_interest_meets_every_relation_once(session: Session) -> None:
    _declare(session, "chair", "business", "独山子百货公司")
    _declare(session, "chair", "business", "独山子百货")
    chair = _id(session, "chair")
    assert _found(session, payee=["独山子百货", "独山子百货有限公司"], applicant=["独山子百货公司"]) == {
        (chair, "business", "payee"),
        (chair, "business", "applicant"),
    }


def test_own_name_needs_no_declaration(session: Session) -> None:
    assert _found(session, payee=["理 事 庚"]) == {(_id(session, "council_2"), "self", "payee")}


def test_interested_beneficiary_is_found_for_officers_too(session: Session) -> None:
    _declare(session, "accountant", "family", "李大力", relation="父亲")
    stop = queries.conflicted_beneficiaries(session, scenes.fund_id(session), ["李大力", "张三"])
    assert stop == [rules.MatchedConflict(_id(session, "accountant"), "family", "beneficiary")]
    assert queries.conflicted_beneficiaries(session, scenes.fund_id(session), ["张三"]) == []


def test_interest_counts_to_its_last_day(session: Session) -> None:
    with clock.simulated(clock.now()) as now:
        now.set_local(date(2024, 3, 1))
        ended = _declare(session, "council", "employer", "新疆三为")
        with transaction(session, books=True):
            operations.end_interest(session, actor(session, "council"), ended, date(2024, 3, 1))
        assert _found(session, payee=["新疆三为"]) != set()
        now.set_local(date(2024, 3, 2))
        assert _found(session, payee=["新疆三为"]) == set()


def test_whoever_left_the_council_is_not_asked_to_recuse(session: Session) -> None:
    _declare(session, "council", "employer", "新疆三为")
    term = actor(session, "council").offices[0].term_id
    with clock.simulated(clock.now()) as now:
        now.set_local(date(2024, 3, 1))
        with transaction(session, books=True):
            end_term(session, OPERATOR, term, date(2024, 3, 1))
        now.set_local(date(2024, 3, 2))
        assert _found(session, payee=["新疆三为"]) == set()


def test_no_word_of_a_declaration_lies_open_in_the_database(session: Session) -> None:
    words = ("阿依古丽", "大舅子", "电话里说的")
    user_id = _id(session, "council")
    draft = InterestDraft(scenes.fund_id(session), user_id, "family", *words)
    with transaction(session, books=True):
        operations.declare_interest(session, actor(session, "secretary"), draft)
    for model in (Interest, Commitment, Leaf, AuditEvent):
        for row in session.scalars(select(model)):
            stored = [getattr(row, column.key) for column in model.__mapper__.columns]
            for value in stored:
                raw = value if isinstance(value, bytes) else str(value).encode()
                assert not any(word.encode() in raw for word in words), model
    (told,) = queries.interests_of(session, scenes.fund_id(session), user_id)
    assert (told.party_name, told.relation, told.note) == words


def test_log_says_that_somebody_declared_and_never_what(session: Session) -> None:
    _declare(session, "council", "family", "阿依古丽", relation="母亲")
    _declare(session, "council", "none")
    bodies = [
        row.decode()
        for row in session.scalars(
            select(Leaf.body).where(Leaf.kind == "interest_declared").order_by(Leaf.position)
        )
    ]
    assert len(bodies) == 2
    for body in bodies:
        assert '"role":"council"' in body
        assert '"seat":2' in body
        assert "family" not in body
        assert "none" not in body
    assert [problem for check in check_interests(session) for problem in check.problems] == []


def test_nobody_declares_for_another_but_the_secretary_with_a_note(session: Session) -> None:
    fund_id, council = scenes.fund_id(session), _id(session, "council")
    draft = InterestDraft(fund_id, council, "employer", "新疆三为", note="会上说明")
    for key in ("chair", "council_2", "supervisor", "auditor", "administrator", "host"):
        with pytest.raises(Forbidden), transaction(session, books=True):
            operations.declare_interest(session, actor(session, key), draft)
    without = InterestDraft(fund_id, council, "employer", "新疆三为")
    with pytest.raises(Refused) as refusal, transaction(session, books=True):
        operations.declare_interest(session, actor(session, "secretary"), without)
    assert refusal.value.field == "note"
    for_the_auditor = InterestDraft(fund_id, _id(session, "auditor"), "none", note="x")
    with pytest.raises(NotFound), transaction(session, books=True):
        operations.declare_interest(session, actor(session, "secretary"), for_the_auditor)


def test_all_is_read_by_supervisor_and_auditor_only(session: Session) -> None:
    _declare(session, "council", "employer", "新疆三为")
    fund_id = scenes.fund_id(session)
    for key in ("supervisor", "auditor"):
        ((name, told),) = queries.register(session, actor(session, key), fund_id)
        assert (name, told.party_name) == ("理事己", "新疆三为")
    for key in ("secretary", "chair", "council", "administrator", "host"):
        with pytest.raises(Forbidden):
            queries.register(session, actor(session, key), fund_id)


def test_interest_is_ended_by_whom_it_belongs_to_and_once(session: Session) -> None:
    found = _declare(session, "council", "employer", "新疆三为")
    for key in ("chair", "secretary", "supervisor"):
        with pytest.raises(NotFound), transaction(session, books=True):
            operations.end_interest(session, actor(session, key), found, clock.today())
    with transaction(session, books=True):
        operations.end_interest(session, actor(session, "council"), found, clock.today())
    with pytest.raises(Conflict), transaction(session, books=True):
        operations.end_interest(session, actor(session, "council"), found, clock.today())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE interest SET kind = 'business'",
        "UPDATE interest SET name_hash = party_name",
        "UPDATE interest SET relation = party_name",
        "UPDATE interest SET user_id = user_id + 1",
        "DELETE FROM interest",
    ],
)
def test_database_refuses_to_edit_or_delete_a_declaration(session: Session, statement: str) -> None:
    _declare(session, "council", "employer", "新疆三为")
    with pytest.raises(DatabaseError, match="interest_is"), transaction(session):
        session.execute(text(statement))


def test_ended_interest_cannot_be_opened_again_in_the_database(session: Session) -> None:
    found = _declare(session, "council", "employer", "新疆三为")
    with transaction(session, books=True):
        operations.end_interest(session, actor(session, "council"), found, clock.today())
    with pytest.raises(DatabaseError, match="interest_ends_for_good"), transaction(session):
        session.execute(text("UPDATE interest SET ended_on = NULL, ended_at = NULL"))
