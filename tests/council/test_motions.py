"""Motions: votes bind to the text, rules come into force by resolution alone, who proposes takes back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from app.council.consents.checks import check_consents
from app.council.consents.operations import give_word
from app.council.interests.operations import InterestDraft, declare_interest
from app.council.motions import operations, queries
from app.council.motions.checks import check_motions
from app.council.queries import conflict_of, matter_of, matters_of, rules_of
from app.council.rulebook.queries import rules_in_force, versions
from app.council.rulebook.rules import DEFAULT, PROPOSED, Rulebook, Tier
from app.disbursements.queries import disbursement
from app.donations.operations import record_donation
from app.donations.rules import DonationDraft
from app.ledger import queries as ledger
from app.parties.operations import PartyDraft
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, InputRefused, Refused
from tests.council import proposals
from tests.disbursements import scenes
from tests.factories import actor


def test_approved_rules_are_in_force_at_once_and_what_was_submitted_before_keeps_the_old_ones(
    session: Session,
) -> None:
    scenes.give(session, 5_000_000)
    before = scenes.submitted(session, 150_000)
    proposals.adopt(session, PROPOSED)
    after = scenes.submitted(session, 150_000, project_name="夏季慰问")
    session.rollback()
    fund_id = scenes.fund_id(session)
    assert rules_in_force(session, fund_id).book == PROPOSED
    assert [each.number for each in versions(session, fund_id)] == [1, 0]
    old, new = matter_of(session, "disbursement", before), matter_of(session, "disbursement", after)
    assert old is not None
    assert new is not None
    assert (rules_of(session, old).number, old.decided_by) == (0, "council")
    assert (rules_of(session, new).number, new.decided_by, new.officers_needed) == (1, "officers", 1)
    for member in proposals.MEMBERS[1:]:
        scenes.vote(session, before, member, "approve")
    assert disbursement(session, before).status == "in_notice"


def test_two_of_five_against_stop_a_change_of_rules_and_nothing_changes(session: Session) -> None:
    found = proposals.submit(session, proposals.rules_drafted(session))
    said = proposals.vote(
        session,
        found,
        dict(zip(proposals.MEMBERS, ("approve", "approve", "approve", "reject", "reject"), strict=True)),
    )
    assert said == "rejected"
    assert proposals.motion(session, found).status == "rejected"
    assert rules_in_force(session, scenes.fund_id(session)).number == 0


def test_member_who_proposes_waits_for_the_secretary_and_does_not_vote(session: Session) -> None:
    found = proposals.submit(session, proposals.drafted(session, by="council"), by="council")
    assert proposals.motion(session, found).status == "submitted"
    with pytest.raises(Forbidden), transaction(session, books=True):
        operations.open_vote(session, actor(session, "council_2"), found)
    with transaction(session, books=True):
        operations.open_vote(session, actor(session, "secretary"), found)
    with pytest.raises(Forbidden):
        proposals.vote(session, found, {"council": "approve"})
    assert proposals.vote(
        session, found, dict.fromkeys(("chair", "council_2", "council_3", "council_4"), "approve")
    )
    assert proposals.motion(session, found).status == "approved"


def test_text_changes_only_after_it_is_given_back_and_the_votes_on_it_are_void(session: Session) -> None:
    found = proposals.submit(session, proposals.drafted(session))
    proposals.vote(session, found, {"chair": "approve", "council": "approve"})
    draft = proposals.MotionDraft(scenes.fund_id(session), "other", "借用活动室", "期限三天。")
    with pytest.raises(Conflict), transaction(session, books=True):
        operations.edit_motion(session, actor(session, "secretary"), found, draft)
    with transaction(session, books=True):
        operations.return_motion(session, actor(session, "chair"), found, "写明期限")
    with transaction(session, books=True):
        operations.edit_motion(session, actor(session, "secretary"), found, draft)
    proposals.submit(session, found)
    session.rollback()
    first, second = matters_of(session, "motion", found)
    assert (first.status, second.status) == ("voided", "open")
    assert first.text_hash != second.text_hash
    with pytest.raises(Conflict), transaction(session, books=True):
        proposals.council.cast_vote(
            session, actor(session, "council"), second, "approve", "", first.text_hash
        )
    assert proposals.approve(session, found) == "approved"
    assert [each.title for each in queries.texts_of(session, found)] == ["借用社区活动室", "借用活动室"]


def test_submitting_a_draft_that_somebody_changed_meanwhile_is_refused(session: Session) -> None:
    found = proposals.drafted(session)
    read = operations.draft_hash(session, queries.motion(session, found))
    with transaction(session, books=True):
        operations.edit_motion(
            session,
            actor(session, "secretary"),
            found,
            proposals.MotionDraft(0, "other", "别的标题", "别的内容。"),
        )
    with pytest.raises(Conflict), transaction(session, books=True):
        operations.submit_motion(session, actor(session, "secretary"), found, read_hash=read)


def test_two_changes_of_the_rules_are_voted_on_one_after_the_other(session: Session) -> None:
    other = replace(DEFAULT, notice_days=5)
    second = proposals.rules_drafted(session, other)
    first = proposals.submit(session, proposals.rules_drafted(session))
    with pytest.raises(Conflict):
        proposals.submit(session, second)
    proposals.approve(session, first)
    with pytest.raises(Conflict, match="改过"):  # it was written for the rules before
        proposals.submit(session, second)
    with pytest.raises(Refused, match="完全一样"):
        proposals.submit(session, proposals.rules_drafted(session, PROPOSED))


def test_unsound_rules_never_become_a_motion(session: Session) -> None:
    weak = Rulebook(tiers=(Tier(None, "officers", officers=1),))
    with pytest.raises(InputRefused):
        proposals.rules_drafted(session, weak)


def test_only_its_author_or_the_secretary_takes_a_motion_back(session: Session) -> None:
    found = proposals.submit(session, proposals.drafted(session))
    with pytest.raises(Forbidden), transaction(session, books=True):
        operations.withdraw_motion(session, actor(session, "council"), found, "不提了")
    with pytest.raises(Refused), transaction(session, books=True):
        operations.withdraw_motion(session, actor(session, "secretary"), found, " ")
    with transaction(session, books=True):
        operations.withdraw_motion(session, actor(session, "secretary"), found, "不提了")
    with pytest.raises(Conflict), transaction(session, books=True):
        operations.withdraw_motion(session, actor(session, "secretary"), found, "不提了")
    assert proposals.motion(session, found).status == "withdrawn"


def test_word_about_ones_name_is_given_once_and_only_by_a_seat(session: Session) -> None:
    fund_id, member = scenes.fund_id(session), actor(session, "council")
    with pytest.raises(Conflict), transaction(session, books=True):
        give_word(session, member, fund_id, is_given=False)
    with transaction(session, books=True):
        give_word(session, member, fund_id, is_given=True)
    with pytest.raises(Conflict), transaction(session, books=True):
        give_word(session, member, fund_id, is_given=True)
    with pytest.raises(Forbidden), transaction(session, books=True):
        give_word(session, actor(session, "secretary"), fund_id, is_given=True)


def test_records_and_log_say_the_same(session: Session) -> None:
    proposals.adopt(session, proposals.NAMED)
    taken_back = proposals.submit(session, proposals.drafted(session, "related_party", amount_minor=30_000))
    with transaction(session, books=True):
        operations.withdraw_motion(session, actor(session, "secretary"), taken_back, "不提了")
    with transaction(session, books=True):
        give_word(session, actor(session, "chair"), scenes.fund_id(session), is_given=True)
    checks = [*check_motions(session), *check_consents(session)]
    assert [problem for check in checks for problem in check.problems] == []
    assert sum(check.examined for check in checks) == 4


def test_member_tied_to_the_donor_is_out_of_a_change_of_that_donors_purpose(session: Session) -> None:
    road, free, fund_id = scenes.make_road(session), scenes.unrestricted(session), scenes.fund_id(session)
    with transaction(session, books=True):
        record_donation(
            session,
            actor(session, "secretary"),
            DonationDraft(
                fund_id=fund_id,
                received_on=scenes.FIRST_DAY,
                method="bank",
                donor=PartyDraft("organisation", "独山子百货公司"),
                earmark_id=road,
                amount_minor=90_000,
                money_account_id=ledger.money_account_of_kind(session, fund_id, "bank").id,
            ),
        )
    member = actor(session, "council_3")
    assert member.user_id is not None
    with transaction(session, books=True):
        declare_interest(
            session, member, InterestDraft(fund_id, member.user_id, "employer", "独山子百货公司", "职工")
        )
    found = proposals.submit(session, proposals.purpose_drafted(session, 50_000, road, free))
    matter = matter_of(session, "motion", found)
    assert matter is not None
    assert conflict_of(session, matter.id, member.user_id) == "employer"
    with pytest.raises(Forbidden):
        proposals.vote(session, found, {"council_3": "approve"})
