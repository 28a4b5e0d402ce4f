"""Putting a request before the council and voting on it: the rules of the operations, and what the database refuses itself."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.council.models import Matter, Vote
from app.council.queries import matter_of, tally
from app.council.rules import Tally, quorum_of
from app.disbursements import operations
from app.files.operations import attach_file
from app.parties.operations import PartyDraft
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, Refused
from tests.disbursements import scenes
from tests.factories import actor


def _matter(session: Session, disbursement_id: int) -> Matter:
    found = matter_of(session, "disbursement", disbursement_id)
    assert found is not None
    return found


def _recused(session: Session, found: int) -> list[tuple[str, str | None, str]]:
    rows = session.execute(select(Vote.choice, Vote.conflict_kind, Vote.source)).all()
    return [(row.choice, row.conflict_kind, row.source) for row in rows]


def test_requester_is_recused_and_cannot_vote(session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session, by="chair")
    for choice in ("approve", "reject", "abstain"):
        with pytest.raises(Forbidden, match="申请由您提交"):
            scenes.vote(session, found, "chair", choice, "理由")
    # The seat is recused from the start, with its published kind.
    assert _recused(session, found) == [("recuse", "submitter", "matched")]


def test_database_refuses_the_requesters_vote_itself(session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session, by="chair")
    matter = _matter(session, found)
    row = {
        "matter_id": matter.id,
        "voter_id": actor(session, "chair").user_id,
        "version": 2,
        "seat_number": 1,
        "choice": "approve",
        "reason": "",
        "source": "online",
        "text_hash": matter.text_hash,
        "cast_at": datetime.now(UTC),
    }
    with (
        pytest.raises(DBAPIError, match=r"(approver_is_not_requester|conflicted_member_is_recused)"),
        transaction(session),
    ):
        session.execute(insert(Vote), [row])
    assert _recused(session, found) == [("recuse", "submitter", "matched")]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"text_hash": "0" * 64}, "vote_is_on_this_text"),
        ({"choice": "reject", "reason": ""}, "rejection_has_a_reason"),
        ({"choice": "maybe"}, "vote_choice_is_known"),
    ],
)
def test_database_refuses_a_vote_that_breaks_a_rule(
    session: Session, changes: dict[str, object], name: str
) -> None:
    scenes.give(session, 1_000_000)
    matter = _matter(session, scenes.submitted(session))
    row = {
        "matter_id": matter.id,
        "voter_id": actor(session, "council").user_id,
        "version": 1,
        "seat_number": 2,
        "choice": "approve",
        "reason": "",
        "source": "online",
        "text_hash": matter.text_hash,
        "cast_at": datetime.now(UTC),
    }
    with pytest.raises(DBAPIError, match=name), transaction(session):
        session.execute(insert(Vote), [{**row, **changes}])


def test_votes_are_never_changed_deleted_or_added_after_the_decision(session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    matter_id = _matter(session, found).id
    for statement in ("UPDATE vote SET choice = 'abstain'", "DELETE FROM vote"):
        with pytest.raises(DBAPIError, match="vote_is_append_only"), transaction(session):
            session.execute(text(statement))
    with pytest.raises(DBAPIError, match="vote_is_before_the_decision"), transaction(session):
        session.execute(
            text(
                "INSERT INTO vote (matter_id, voter_id, version, seat_number, choice, reason, text_hash, source, cast_at) "
                "SELECT id, :voter, 1, 1, 'approve', '', text_hash, 'online', opened_at FROM matter WHERE id = :matter"
            ),
            {"voter": actor(session, "chair").user_id, "matter": matter_id},
        )


def test_payee_is_recused_and_cannot_vote(session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session, payee=PartyDraft("person", "理事己"))
    assert _recused(session, found) == [("recuse", "self", "matched")]
    with pytest.raises(Forbidden, match="有利害关系，已经回避"):
        scenes.vote(session, found, "council", "approve")


@pytest.mark.parametrize("key", ["secretary", "cashier", "accountant", "supervisor", "auditor", "host"])
def test_only_seats_vote(session: Session, key: str) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    with pytest.raises(Forbidden):
        scenes.vote(session, found, key, "approve")


def test_same_vote_again_is_refused_and_another_is_a_further_version(session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    scenes.vote(session, found, "council", "approve")
    with pytest.raises(Conflict, match="已经表决过"):
        scenes.vote(session, found, "council", "approve")
    scenes.vote(session, found, "council", "reject", "改主意了")
    session.rollback()
    assert session.execute(select(Vote.version, Vote.choice).order_by(Vote.version)).all() == [
        (1, "approve"),
        (2, "reject"),
    ]
    assert tally(session, _matter(session, found)).reject == 1
    assert tally(session, _matter(session, found)).present == 1


def test_rejection_and_recusal_need_a_reason(session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    for choice in ("reject", "recuse"):
        with pytest.raises(Refused) as refusal:
            scenes.vote(session, found, "council", choice, "   ")
        assert refusal.value.field == "reason"


def test_vote_on_another_text_than_the_one_put_before_the_council_is_refused(session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    with pytest.raises(Conflict, match="内容已有变化"), transaction(session, books=True):
        operations.vote(session, actor(session, "council"), found, "approve", "", "f" * 64)


def test_approval_promises_the_money_oldest_gift_first(session: Session) -> None:
    scenes.give(session, 400_000, on=date(2023, 9, 20))
    scenes.give(session, 900_000, on=date(2023, 9, 18))
    found = scenes.approved(session, 1_000_000)
    assert scenes.status_of(session, found) == "payable"
    assert scenes.pool(session) == (1_300_000, 1_000_000)
    held = session.execute(
        text("SELECT number, held_minor FROM tranche WHERE held_minor > 0 ORDER BY number")
    ).all()
    assert [tuple(row) for row in held] == [(1, 100_000), (2, 900_000)]


def test_approvals_beyond_the_pool_are_refused_and_change_nothing(session: Session) -> None:
    scenes.give(session, 1_000_000)
    first = scenes.submitted(session, 700_000)
    second = scenes.submitted(session, 600_000, project_name="另一个项目")
    for member in scenes.MEMBERS[1:4]:
        scenes.vote(session, first, member, "approve")
        scenes.vote(session, second, member, "approve")
    assert scenes.vote(session, first, "council_4", "approve") == "in_notice"
    with pytest.raises(Refused, match=r"可用余额只有 3,000.00 元"):
        scenes.vote(session, second, "council_4", "approve")
    assert scenes.status_of(session, second) == "in_vote"
    assert scenes.pool(session) == (1_000_000, 700_000)
    assert _matter(session, second).status == "open"
    # Once there is money again, the same vote decides.
    scenes.give(session, 300_000, on=date(2023, 9, 30))
    assert scenes.vote(session, second, "council_4", "approve") == "in_notice"
    assert scenes.pool(session) == (1_300_000, 1_300_000)


def test_request_for_more_than_the_purpose_has_is_not_submitted(session: Session) -> None:
    road = scenes.make_road(session)
    scenes.give(session, 1_000_000)
    scenes.give(session, 50_000, earmark_id=road)
    with pytest.raises(Refused, match=r"可用余额只有 500.00 元，不够 6,000.00 元"):
        scenes.submitted(session, 600_000, earmark_id=road)


def test_chair_ends_the_vote_once_the_quorum_is_reached(session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)

    def close(key: str) -> str:
        with transaction(session, books=True):
            return operations.close_vote(session, actor(session, key), found).status

    for member in ("council", "council_2"):
        scenes.vote(session, found, member, "approve")
    with pytest.raises(Refused, match="只有 2 人，未达到法定人数 4 人"):
        close("chair")
    scenes.vote(session, found, "council_3", "abstain")
    scenes.vote(session, found, "council_4", "abstain")
    assert scenes.status_of(session, found) == "in_vote"
    with pytest.raises(Forbidden, match="只有理事长"):
        close("council")
    # Two of four: a tie does not pass.
    assert close("chair") == "rejected"
    assert scenes.pool(session) == (1_000_000, 0)
    with pytest.raises(Conflict):
        close("chair")


def test_withdrawn_request_ends_the_vote_and_promises_nothing(session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    scenes.vote(session, found, "council", "approve")

    def withdraw(key: str, reason: str) -> None:
        with transaction(session, books=True):
            operations.withdraw_disbursement(session, actor(session, key), found, reason)

    with pytest.raises(Forbidden, match="只有提交人或秘书处"):
        withdraw("council", "不想表决")
    with pytest.raises(Refused, match="请写明原因"):
        withdraw("secretary", " ")
    assert scenes.status_of(session, found) == "in_vote"
    withdraw("secretary", "收款方变了")
    assert scenes.status_of(session, found) == "withdrawn"
    assert scenes.pool(session) == (1_000_000, 0)
    with pytest.raises(Conflict):
        scenes.vote(session, found, "council_2", "approve")
    with pytest.raises(Conflict):
        withdraw("secretary", "再撤一次")


def test_draft_that_is_withdrawn_never_gets_a_number(session: Session) -> None:
    found = scenes.drafted(session)
    with transaction(session, books=True):
        operations.withdraw_disbursement(session, actor(session, "secretary"), found, "不需要了")
    assert scenes.status_of(session, found) == "withdrawn"
    assert operations.queries.disbursement(session, found).number is None
    assert operations.queries.listed(session) == []


def test_cancelled_request_frees_what_was_promised(session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.approved(session)
    assert scenes.pool(session) == (1_000_000, 600_000)
    with pytest.raises(Forbidden), transaction(session, books=True):
        operations.cancel_disbursement(session, actor(session, "council"), found, "不想付了")
    with transaction(session, books=True):
        operations.cancel_disbursement(session, actor(session, "secretary"), found, "活动取消")
    assert scenes.status_of(session, found) == "cancelled"
    assert scenes.pool(session) == (1_000_000, 0)
    again = scenes.approved(session, 1_000_000, project_name="另一个项目")
    assert scenes.status_of(session, again) == "payable"


def test_submitted_text_is_fixed(session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    with pytest.raises(Conflict, match="已经提交，不能再修改"), transaction(session, books=True):
        operations.edit_disbursement(
            session, actor(session, "secretary"), found, scenes.a_draft(session, 999_999)
        )
    assert operations.queries.disbursement(session, found).amount_minor == 600_000


def test_submitting_what_somebody_changed_meanwhile_is_refused(session: Session) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.drafted(session)
    seen = operations.draft_hash(session, operations.queries.disbursement(session, found))
    with transaction(session, books=True):
        operations.edit_disbursement(
            session, actor(session, "chair"), found, scenes.a_draft(session, 700_000)
        )
    with pytest.raises(Conflict, match="有人改过"), transaction(session, books=True):
        operations.submit_disbursement(session, actor(session, "secretary"), found, read_hash=seen)
    assert scenes.status_of(session, found) == "drafted"


def _minutes(session: Session, settings: Settings, disbursement_id: int) -> None:
    attach_file(
        session,
        actor(session, "chair"),
        settings.files_dir,
        subject_type="disbursement",
        subject_id=disbursement_id,
        purpose="minutes",
        name="纪要.pdf",
        content=scenes.PDF,
    )


def test_past_decision_needs_minutes_a_quorum_and_another_person(
    session: Session, settings: Settings
) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session, by="chair")
    day = date(2023, 11, 7)

    def enter(key: str, tally: Tally, on: date = day) -> str:
        with transaction(session, books=True):
            return operations.record_past_decision(session, actor(session, key), found, on, tally).status

    good = Tally(7, quorum_of(7), approve=5, recuse=1)
    with pytest.raises(Refused, match="请先上传会议纪要"):
        enter("council", good)
    with transaction(session):
        _minutes(session, settings, found)
    with pytest.raises(Forbidden, match="请由别人登记"):
        enter("chair", good)
    with pytest.raises(Refused, match="未达到法定人数"):
        enter("council", Tally(7, quorum_of(7), approve=4))
    with pytest.raises(Refused, match="不能多于应到"):
        enter("council", Tally(5, quorum_of(5), approve=6))
    with pytest.raises(Refused, match="不能早于申请日期"):
        enter("council", good, date(2023, 11, 1))
    with pytest.raises(Refused, match="在未来"):
        enter("council", good, date(clock.today().year + 1, 1, 1))
    assert enter("council", good) == "payable"
    assert _matter(session, found).decided_before_on == day
    assert scenes.pool(session) == (1_000_000, 600_000)


def test_past_decision_cannot_overrule_votes_that_were_cast_here(
    session: Session, settings: Settings
) -> None:
    scenes.give(session, 1_000_000)
    found = scenes.submitted(session)
    scenes.vote(session, found, "council_2", "reject", "价格太高")
    with transaction(session):
        _minutes(session, settings, found)
    with pytest.raises(Conflict, match="已有理事在本系统里表决"), transaction(session, books=True):
        operations.record_past_decision(
            session, actor(session, "council"), found, date(2023, 11, 7), Tally(5, 4, approve=5)
        )
