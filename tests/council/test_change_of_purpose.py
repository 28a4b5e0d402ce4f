"""A change of purpose: the council resolves, donors agree or 60 days of notice stand in, it is filed, then money moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.council.motions.queries import leaves_of
from app.council.notice import operations as notice
from app.council.notice.models import PublicNotice
from app.council.notice.queries import notice_of
from app.council.queries import matter_of
from app.council.repurposing import operations, queries
from app.council.repurposing.checks import check_changes_of_purpose
from app.council.repurposing.models import Repurposing, RepurposingAnswer
from app.council.repurposing.operations import AnswerDraft
from app.donations.models import Donation
from app.ledger.checks import check_ledger
from app.ledger.models import JournalEntry
from app.ledger.treasury.operations import create_earmark
from app.parties.models import Party
from app.parties.operations import PartyDraft
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

Visit = Callable[..., Visitor]
OFFICE = "/office/council/motions"
COMPANY, WIDOW, SHOP = "独山子百货公司", "阿依古丽·买买提", "老马馕店"


@pytest.fixture(autouse=True)
def moment() -> Iterator[clock.SimulatedClock]:
    with clock.simulated(simulated_start()) as found:
        found.set_local(date(2023, 11, 6))
        yield found


def _road_and_lamps(session: Session) -> tuple[int, int]:
    with transaction(session, books=True):
        made = [
            create_earmark(
                session, actor(session, "accountant"), scenes.fund_id(session), slug, name, "restricted"
            ).id
            for slug, name in (("road", "路面修缮"), ("lamps", "路灯"))
        ]
    return made[0], made[1]


def _gift(session: Session, minor: int, earmark: int, donor: PartyDraft) -> int:
    return gifts.give(session, minor, donor=donor, earmark_id=earmark)


def _company(name: str = COMPANY) -> PartyDraft:
    return PartyDraft("organisation", name)


def _passed(session: Session, minor: int, road: int, target: int, *, filing: bool = False) -> int:
    plan = replace(proposals.PLAN, needs_filing=filing)
    found = proposals.submit(session, proposals.purpose_drafted(session, minor, road, target, plan))
    status = proposals.approve(session, found)
    assert status in ("approved", "endorsing")
    return found


def _party(session: Session, name: str) -> int:
    session.rollback()
    return session.scalars(select(Party.id).where(Party.name == name)).one()


def _answer(
    session: Session, folder: Path, motion: int, name: str, said: str = "consented", by: str = "secretary"
) -> int:
    party = _party(session, name)
    with transaction(session, books=True):
        draft = AnswerDraft(party, said, clock.today(), "letter", [("同意书.pdf", scenes.PDF)])
        return operations.record_answer(session, actor(session, by), folder, motion, draft).id


def _open_notice(session: Session, motion: int) -> None:
    with transaction(session, books=True):
        operations.open_donor_notice(session, actor(session, "secretary"), motion)


def _move(session: Session, motion: int) -> int:
    with transaction(session, books=True):
        return operations.carry_out(session, actor(session, "accountant"), motion).moved_minor or 0


def _broken(session: Session) -> list[str]:
    session.rollback()
    return [
        f"{check.name}: {problem}"
        for check in (*check_changes_of_purpose(session), *check_ledger(session))
        for problem in check.problems
    ]


def _view(session: Session, motion: int) -> queries.ChangeView:
    session.rollback()
    session.expire_all()
    return queries.view_of(session, queries.change(session, motion))


def test_what_is_left_of_a_road_becomes_lamps_and_its_donor_can_read_it(
    session: Session, settings: Settings, visit: Visit, moment: clock.SimulatedClock
) -> None:
    road, lamps = _road_and_lamps(session)
    gift = _gift(session, 35_000_000, road, _company())
    for place, minor in enumerate((10_000_000, 10_000_000, 10_000_000, 1_000_000)):
        section = f"文化路第 {place + 1} 段"
        payee = PartyDraft("organisation", f"筑路公司{place + 1}")
        request = scenes.approved(session, minor, earmark_id=road, project_name=section, payee=payee)
        scenes.pay(session, settings.files_dir, request, minor)
    motion = _passed(session, 4_000_000, road, lamps)
    matter = matter_of(session, "motion", motion)
    assert matter is not None
    assert (matter.topic, matter.majority) == ("purpose", "special")
    assert scenes.pool(session, road) == (4_000_000, 0)  # the resolution alone moves nothing
    assert _view(session, motion).waits_for == ("answer",)
    with pytest.raises(Conflict, match="还有捐赠人没有答复"):
        _move(session, motion)
    _answer(session, settings.files_dir, motion, COMPANY)
    assert _view(session, motion).is_ready
    assert _move(session, motion) == 4_000_000
    assert _move(session, motion) == 4_000_000  # a second click moves nothing
    assert (scenes.pool(session, road)[0], scenes.pool(session, lamps)[0]) == (0, 4_000_000)
    entries = session.scalars(select(JournalEntry.number).where(JournalEntry.kind == "purpose_change")).all()
    assert len(entries) == 1
    assert _broken(session) == []
    code = session.get_one(Donation, gift).receipt_code
    found = trace_of(session, code)
    assert (found.used_minor, found.left_minor, found.returned_minor) == (31_000_000, 4_000_000, 0)
    (moved,) = found.moves
    assert (moved.kind, moved.amount_minor, moved.number) == ("purpose_change", 4_000_000, entries[0])
    page = visit().get(f"/trace/{code}")
    assert "路面修缮" in page.words
    assert "路灯" in page.words
    assert "40,000.00" in page.words
    assert {leaf.kind for leaf in leaves_of(session, motion)} >= {"purpose_answer", "purpose_moved"}


def test_donor_who_cannot_be_reached_is_looked_for_in_public_for_sixty_days(
    session: Session, settings: Settings, moment: clock.SimulatedClock
) -> None:
    road, lamps = _road_and_lamps(session)
    _gift(session, 90_000, road, PartyDraft("person", WIDOW))
    motion = _passed(session, 40_000, road, lamps)
    with pytest.raises(Conflict, match="不需要公示"):
        _open_notice(session, motion)
    _answer(session, settings.files_dir, motion, WIDOW, "unreachable")
    assert _view(session, motion).waits_for == ("no_notice",)
    with pytest.raises(Conflict, match="公示 60 天"):
        _move(session, motion)
    _open_notice(session, motion)
    with pytest.raises(Conflict, match="已经公示"):
        _open_notice(session, motion)
    opened = clock.today()
    session.rollback()
    stood = notice_of(session, "motion", motion)
    assert stood is not None
    assert stood.ends_on == opened + timedelta(days=60)
    moment.set_local(opened + timedelta(days=60))
    with pytest.raises(Conflict, match="没有满 60 天"):
        _move(session, motion)
    assert scenes.pool(session, lamps) == (0, 0)
    moment.set_local(opened + timedelta(days=61))
    assert _move(session, motion) == 40_000
    assert _broken(session) == []


def test_objection_stops_the_move_until_it_is_answered(
    session: Session, settings: Settings, moment: clock.SimulatedClock
) -> None:
    road, lamps = _road_and_lamps(session)
    _gift(session, 90_000, road, PartyDraft("person", WIDOW))
    motion = _passed(session, 40_000, road, lamps)
    _answer(session, settings.files_dir, motion, WIDOW, "unreachable")
    _open_notice(session, motion)
    with transaction(session, books=True):
        stood = notice_of(session, "motion", motion)
        assert stood is not None
        number = notice.object_to(
            session, stood, ground="purpose", words="我捐来修路的。", contact="13900000000"
        ).number
    moment.set_local(clock.today() + timedelta(days=61))
    with pytest.raises(Conflict, match="有异议还没有答复"):
        _move(session, motion)
    with pytest.raises(DBAPIError), transaction(session, books=True):
        session.execute(_BY_HAND, {"motion": motion, "minor": 40_000, "day": "2024-12-31"})
    session.rollback()
    with transaction(session, books=True):
        notice.answer_objection(session, actor(session, "secretary"), number, "路已修完，余款装灯。")
    assert _move(session, motion) == 40_000


def test_no_one_shortens_the_notice(session: Session, settings: Settings) -> None:
    road, lamps = _road_and_lamps(session)
    _gift(session, 90_000, road, PartyDraft("person", WIDOW))
    motion = _passed(session, 40_000, road, lamps)
    _answer(session, settings.files_dir, motion, WIDOW, "unreachable")
    matter = matter_of(session, "motion", motion)
    assert matter is not None
    with pytest.raises(DBAPIError, match="purpose_notice_is_sixty_days"), transaction(session, books=True):
        notice.open_notice(
            session, actor(session, "secretary"), matter, ends_on=clock.today() + timedelta(days=59)
        )
    session.rollback()
    _open_notice(session, motion)
    session.rollback()
    with pytest.raises(DBAPIError, match="purpose_notice_is_sixty_days"), transaction(session, books=True):
        session.execute(update(PublicNotice).values(ends_on=clock.today() + timedelta(days=59)))


_BY_HAND = text(
    "UPDATE repurposing SET moved_at = '2024-12-31 00:00:00', moved_on = :day, moved_minor = :minor WHERE motion_id = :motion"
)


def test_of_three_donors_one_agrees_one_refuses_and_one_is_not_found(
    session: Session, settings: Settings, moment: clock.SimulatedClock, visit: Visit
) -> None:
    road, lamps = _road_and_lamps(session)
    for minor, donor in (
        (10_000, _company()),
        (20_000, PartyDraft("person", WIDOW)),
        (30_000, PartyDraft("sole_trader", SHOP)),
    ):
        _gift(session, minor, road, donor)
    motion = _passed(session, 60_000, road, lamps)
    _answer(session, settings.files_dir, motion, COMPANY)
    _answer(session, settings.files_dir, motion, WIDOW, "unreachable")
    _answer(session, settings.files_dir, motion, SHOP, "consented")
    _answer(session, settings.files_dir, motion, SHOP, "refused")  # the later word counts
    _open_notice(session, motion)
    moment.set_local(clock.today() + timedelta(days=61))
    with pytest.raises(DBAPIError, match="donors_let_the_money_move"), transaction(session, books=True):
        session.execute(_BY_HAND, {"motion": motion, "minor": 60_000, "day": clock.today()})
    session.rollback()
    assert _move(session, motion) == 30_000
    assert (scenes.pool(session, road)[0], scenes.pool(session, lamps)[0]) == (30_000, 30_000)
    view = _view(session, motion)
    assert (view.consented, view.refused, view.unreachable, view.silent) == (1, 1, 1, 0)
    assert (view.moved_minor, view.refused_minor) == (30_000, 30_000)
    assert _broken(session) == []
    page = visit().get(f"/motions/{proposals.motion(session, motion).number}")
    assert "已划到新用途 300.00 元" in page.words
    assert "比决议少 300.00 元" in page.words
    assert WIDOW not in page.html
    assert SHOP not in page.html


def test_only_the_donor_frees_money_from_its_purpose(
    session: Session, settings: Settings, moment: clock.SimulatedClock
) -> None:
    road, _lamps = _road_and_lamps(session)
    free = scenes.unrestricted(session)
    _gift(session, 10_000, road, _company())
    _gift(session, 20_000, road, PartyDraft("person", WIDOW))
    motion = _passed(session, 30_000, road, free)
    _answer(session, settings.files_dir, motion, COMPANY)
    _answer(session, settings.files_dir, motion, WIDOW, "unreachable")
    with pytest.raises(Conflict, match="公示代替不了"):
        _open_notice(session, motion)
    assert _move(session, motion) == 10_000
    assert scenes.pool(session, free) == (10_000, 0)
    assert _broken(session) == []


def test_money_without_a_recorded_donor_needs_the_notice(
    session: Session, moment: clock.SimulatedClock
) -> None:
    road, lamps = _road_and_lamps(session)
    scenes.give(session, 50_000, earmark_id=road)
    motion = _passed(session, 50_000, road, lamps)
    assert _view(session, motion).waits_for == ("no_notice",)
    _open_notice(session, motion)
    moment.set_local(clock.today() + timedelta(days=61))
    assert _move(session, motion) == 50_000


def test_money_that_no_donor_bound_moves_by_the_resolution(session: Session) -> None:
    road, free = scenes.make_road(session), scenes.unrestricted(session)
    scenes.give(session, 90_000)
    motion = _passed(session, 50_000, free, road)
    assert scenes.pool(session, road) == (0, 0)
    assert _move(session, motion) == 50_000
    assert scenes.pool(session, road) == (50_000, 0)
    assert _broken(session) == []


def test_filing_comes_before_the_money(session: Session, settings: Settings) -> None:
    road, lamps = _road_and_lamps(session)
    _gift(session, 90_000, road, _company())
    motion = _passed(session, 40_000, road, lamps, filing=True)
    _answer(session, settings.files_dir, motion, COMPANY)
    assert _view(session, motion).filing_due_on == clock.today() + timedelta(days=10)
    with pytest.raises(Conflict, match="备案"):
        _move(session, motion)
    with (
        pytest.raises(DBAPIError, match="change_of_purpose_is_filed_first"),
        transaction(session, books=True),
    ):
        session.execute(_BY_HAND, {"motion": motion, "minor": 40_000, "day": clock.today()})
    session.rollback()
    secretary = actor(session, "secretary")
    with pytest.raises(InputRefused), transaction(session, books=True):
        operations.record_filing(session, secretary, motion, " ", clock.today() - timedelta(days=1))
    with transaction(session, books=True):
        operations.record_filing(session, secretary, motion, "民慈备 2023-118", clock.today())
    with pytest.raises(Conflict), transaction(session, books=True):
        operations.record_filing(session, secretary, motion, "民慈备 2023-119", clock.today())
    assert _move(session, motion) == 40_000
    assert _broken(session) == []


def test_less_free_money_than_was_resolved_is_refused(session: Session, settings: Settings) -> None:
    road, lamps = _road_and_lamps(session)
    _gift(session, 90_000, road, _company())
    draft = proposals.submit(session, proposals.purpose_drafted(session, 50_000, road, lamps))
    with pytest.raises(Refused, match="只有"):
        proposals.purpose_drafted(session, 90_001, road, lamps)
    scenes.in_notice(session, 60_000, earmark_id=road)
    with pytest.raises(Refused, match=r"未被预留的余额只有 300.00 元"):
        proposals.approve(session, draft)
    assert proposals.motion(session, draft).status == "in_vote"
    passed = _passed(session, 30_000, road, lamps)
    _answer(session, settings.files_dir, passed, COMPANY)
    scenes.in_notice(session, 20_000, earmark_id=road)
    with pytest.raises(Refused, match=r"现在只剩 100.00 元"):
        _move(session, passed)
    session.rollback()
    assert scenes.pool(session, lamps) == (0, 0)
    assert _view(session, passed).moved_on is None


def test_who_records_the_answers_does_not_move_and_neither_does_a_stranger(
    session: Session, settings: Settings
) -> None:
    road, lamps = _road_and_lamps(session)
    _gift(session, 90_000, road, _company())
    motion = _passed(session, 40_000, road, lamps)
    for stranger in ("cashier", "chair", "council", "accountant"):
        with pytest.raises(Forbidden):
            _answer(session, settings.files_dir, motion, COMPANY, by=stranger)
    _answer(session, settings.files_dir, motion, COMPANY)
    for stranger in ("secretary", "chair", "cashier"):
        with pytest.raises(Forbidden), transaction(session, books=True):
            operations.carry_out(session, actor(session, stranger), motion)
    recorder = actor(session, "secretary")
    both = replace(recorder, offices=(*recorder.offices, *actor(session, "accountant").offices))
    with pytest.raises(Forbidden, match="不能自己划转"), transaction(session, books=True):
        operations.carry_out(session, both, motion)


def test_answer_needs_evidence_counts_once_and_comes_before_the_move(
    session: Session, settings: Settings
) -> None:
    road, lamps = _road_and_lamps(session)
    _gift(session, 90_000, road, _company())
    motion = _passed(session, 40_000, road, lamps)
    party, secretary = _party(session, COMPANY), actor(session, "secretary")
    bare = AnswerDraft(party, "maybe", clock.today() + timedelta(days=1), "dream", [])
    with pytest.raises(InputRefused) as refused, transaction(session, books=True):
        operations.record_answer(session, secretary, settings.files_dir, motion, bare)
    assert {each.field for each in refused.value.refusals} == {"answer", "way", "answered_on", "papers"}
    draft = AnswerDraft(
        party, "consented", clock.today(), "letter", [("同意书.pdf", scenes.PDF)], idempotency_key="k" * 16
    )
    for _click in range(2):
        with transaction(session, books=True):
            operations.record_answer(session, secretary, settings.files_dir, motion, draft)
    assert len(session.scalars(select(RepurposingAnswer)).all()) == 1
    _move(session, motion)
    with pytest.raises(Conflict, match="已经划到"):
        _answer(session, settings.files_dir, motion, COMPANY, "refused")


def test_change_that_everybody_refuses_is_given_up_and_stays_so(session: Session, settings: Settings) -> None:
    road, lamps = _road_and_lamps(session)
    _gift(session, 90_000, road, _company())
    motion = _passed(session, 40_000, road, lamps)
    _answer(session, settings.files_dir, motion, COMPANY, "refused")
    with pytest.raises(Refused, match="没有钱可以划转"):
        _move(session, motion)
    with pytest.raises(Refused), transaction(session, books=True):
        operations.give_up_change(session, actor(session, "secretary"), motion, " ")
    with transaction(session, books=True):
        operations.give_up_change(session, actor(session, "chair"), motion, "捐赠人不同意。")
    with pytest.raises(Conflict, match="已经放弃"):
        _move(session, motion)
    session.rollback()
    assert session.get_one(Repurposing, motion).moved_at is None
    assert _broken(session) == []


def test_move_without_a_donors_word_is_found_by_the_check(session: Session, settings: Settings) -> None:
    road, lamps = _road_and_lamps(session)
    _gift(session, 90_000, road, _company())
    motion = _passed(session, 40_000, road, lamps)
    _answer(session, settings.files_dir, motion, COMPANY)
    _move(session, motion)
    tamper(session, "UPDATE repurposing_answer SET answer = 'refused'")
    problems = " ".join(_broken(session))
    assert "bound_money_moves_as_its_donors_said" in problems
    assert "purpose_answer" in problems
