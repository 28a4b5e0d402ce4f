"""A change of purpose in the office, page by page: plan, answers, notice, filing, move; and what its public page tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.files.models import Attachment
from app.ledger.treasury.operations import create_earmark
from app.parties.models import Party
from app.parties.operations import PartyDraft
from app.shared import clock
from app.shared.db import transaction
from tests.council import proposals
from tests.disbursements import scenes
from tests.donations import gifts
from tests.factories import actor, simulated_start
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
PLACE = "/office/council/motions"
WIDOW = "阿依古丽·买买提"


@pytest.fixture(autouse=True)
def moment() -> Iterator[clock.SimulatedClock]:
    with clock.simulated(simulated_start()) as found:
        found.set_local(date(2023, 11, 6))
        yield found


@pytest.fixture
def earmarks(session: Session) -> tuple[int, int]:
    """A road with the gift of a company and the gift of a person, and lamps without money."""
    road = scenes.make_road(session)
    with transaction(session, books=True):
        lamps = create_earmark(
            session, actor(session, "accountant"), scenes.fund_id(session), "lamps", "路灯", "restricted"
        ).id
    gifts.give(session, 30_000, donor=PartyDraft("organisation", "新疆三为"), earmark_id=road)
    gifts.give(session, 20_000, donor=PartyDraft("person", WIDOW), earmark_id=road)
    return road, lamps


def _form(road: int, target: int) -> dict[str, str]:
    return {
        "from_earmark": str(road),
        "to_earmark": str(target),
        "amount": "500",
        "title": "修路余款改装路灯",
        "background": "二〇二三年为修路收的。",
        "used": "路修完了，还剩 500 元。",
        "change": "装四盏路灯，年底前用完。",
        "filing": "yes",
    }


def _party(session: Session, name: str) -> int:
    session.rollback()
    return session.scalars(select(Party.id).where(Party.name == name)).one()


def test_plan_is_written_in_its_parts_and_read_by_anyone(
    visit: Visit, session: Session, earmarks: tuple[int, int]
) -> None:
    road, lamps = earmarks
    secretary, form = visit("secretary"), _form(road, lamps)
    too_much = secretary.submit(f"{PLACE}/purpose", {**form, "amount": "500.01"})
    assert "只有 500.00 元" in too_much.error_at("amount")
    same = secretary.submit(f"{PLACE}/purpose", {**form, "to_earmark": str(road)})
    assert "不能和原用途相同" in same.error_at("to_earmark")
    bare = secretary.submit(f"{PLACE}/purpose", {**form, "used": "", "filing": ""})
    assert bare.error_at("used")
    assert bare.error_at("filing")
    assert bare.value_of("title") == form["title"]
    done = secretary.submit(f"{PLACE}/purpose", form)
    found = int(done.location.rpartition("/")[2])
    assert "每位捐赠人同意" in secretary.follow(done).words
    changed = secretary.submit(f"{PLACE}/purpose/{found}", {"change": "装五盏路灯。"})
    assert "装五盏路灯。" in secretary.follow(changed).words
    secretary.submit(f"{PLACE}/{found}/submit")
    assert proposals.motion(session, found).status == "in_vote"
    assert secretary.get(f"{PLACE}/{found}/change").status == 404
    page = visit().get(f"/motions/{proposals.motion(session, found).number}")
    for words in ("背景和原用途", "路修完了，还剩 500 元。", "装五盏路灯。"):
        assert words in page.words


def test_office_goes_from_answers_to_the_move(
    visit: Visit, session: Session, earmarks: tuple[int, int], moment: clock.SimulatedClock
) -> None:
    secretary, accountant, chair = visit("secretary"), visit("accountant"), visit("chair")
    made = secretary.submit(f"{PLACE}/purpose", _form(*earmarks))
    found = int(made.location.rpartition("/")[2])
    secretary.submit(f"{PLACE}/{found}/submit")
    assert proposals.approve(session, found) == "approved"
    number = proposals.motion(session, found).number
    place = f"{PLACE}/{found}/change"
    assert "还有 2 位捐赠人没有答复" in secretary.get("/office/").words
    assert "变更要报民政备案" in chair.get("/office/").words
    assert WIDOW in secretary.get(place).words
    assert WIDOW not in chair.get(place).html
    company = f"{place}/donors/{_party(session, '新疆三为')}"
    said = {"answer": "consented", "answered_on": "2023-11-06", "way": "letter"}
    assert "请上传凭据" in secretary.submit(company, said).error_at("papers")
    secretary.submit(company, {**said, "papers": (scenes.PDF, "同意书.pdf")})
    widow = f"{place}/donors/{_party(session, WIDOW)}"
    secretary.submit(
        widow, {**said, "answer": "unreachable", "way": "call", "papers": (scenes.PDF, "通话.pdf")}
    )
    assert "先公示 60 天" in accountant.post(f"{place}/move").words
    opened = chair.follow(chair.submit(f"{place}/notice"))
    assert "2024-01-05" in opened.words
    filed = chair.submit(f"{place}/filing", {"number": "民慈备 2023-118", "filed_on": "2023-11-06"})
    assert "民慈备 2023-118" in chair.follow(filed).words
    public = visit().get(f"/motions/{number}")
    assert "联系不上" in public.words
    assert "民慈备 2023-118" in public.words
    assert WIDOW not in public.html
    moment.set_local(clock.today() + timedelta(days=61))
    accountant, secretary = visit("accountant"), visit("secretary")
    assert "待划转" in accountant.get("/office/").words
    assert secretary.get(f"{place}/move").status == 403
    confirm = accountant.get(f"{place}/move")
    assert "500.00 元" in confirm.words
    moved = accountant.follow(accountant.submit(f"{place}/move"))
    assert "已划到新用途 500.00 元" in moved.words
    assert accountant.get(f"{place}/move").status == 303
    assert "已划到新用途 500.00 元" in visit().get(f"/motions/{number}").words
    assert scenes.pool(session, earmarks[1]) == (50_000, 0)
    evidence = session.scalars(select(Attachment.id).where(Attachment.purpose == "donor_answer")).all()
    assert len(evidence) == 2
    for file_id in evidence:
        assert secretary.get(f"/office/files/{file_id}").status == 200
        assert visit("council").get(f"/office/files/{file_id}").status in (403, 404)
        assert visit().get(f"/files/{file_id}").status == 404


def test_change_is_given_up_with_a_public_reason(
    visit: Visit, session: Session, earmarks: tuple[int, int]
) -> None:
    secretary = visit("secretary")
    made = secretary.submit(f"{PLACE}/purpose", {**_form(*earmarks), "filing": "no"})
    found = int(made.location.rpartition("/")[2])
    secretary.submit(f"{PLACE}/{found}/submit")
    assert proposals.approve(session, found) == "approved"
    place = f"{PLACE}/{found}/change/give-up"
    assert secretary.submit(place, {"reason": " "}).error_at("reason")
    done = secretary.submit(place, {"reason": "路又坏了，钱还要修路。"})
    assert "已放弃变更" in secretary.follow(done).words
    assert secretary.get(place).status == 303
    assert "路又坏了" in visit().get(f"/motions/{proposals.motion(session, found).number}").words
    assert visit("council").get(place).status == 403
