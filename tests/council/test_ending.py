"""A purpose that is used up is ended, a fund by its council's resolution: nothing new comes, the history stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy.orm import Session

from app.donations import operations as donations
from app.donations.rules import DonationDraft
from app.funds.models import Fund
from app.ledger.queries import earmark
from app.ledger.treasury.operations import close_earmark
from app.parties.operations import PartyDraft
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, InputRefused, Refused
from tests.council import proposals
from tests.disbursements import scenes
from tests.factories import actor
from tests.visitor import Visitor

Visit = Callable[..., Visitor]


def _close(session: Session, earmark_id: int, by: str = "accountant") -> None:
    with transaction(session, books=True):
        close_earmark(session, actor(session, by), earmark_id)


def _give(session: Session, earmark_id: int) -> None:
    draft = DonationDraft(
        scenes.fund_id(session),
        date(2023, 9, 20),
        "bank",
        PartyDraft("organisation", "某单位"),
        earmark_id,
        amount_minor=100,
    )
    with transaction(session, books=True):
        donations.record_donations(session, actor(session, "secretary"), [draft])


def test_used_purpose_is_ended_once_and_takes_nothing_more(session: Session, settings: Settings) -> None:
    road = scenes.make_road(session)
    scenes.give(session, 600_000, earmark_id=road)
    waiting = scenes.drafted(session, 100, earmark_id=road)
    with pytest.raises(Refused, match=r"还有 6,000.00 元没有用完"):
        _close(session, road)
    found = scenes.approved(session, earmark_id=road)
    scenes.pay(session, settings.files_dir, found, 600_000)
    with pytest.raises(Forbidden):
        _close(session, road, by="cashier")
    _close(session, road)
    with pytest.raises(Conflict, match="已经结束"):
        _close(session, road)
    with pytest.raises(Refused, match="非限定用途不能结束"):
        _close(session, scenes.unrestricted(session))
    for act in (
        lambda: scenes.drafted(session, 100, earmark_id=road),
        lambda: scenes.operations.submit_disbursement(session, actor(session, "secretary"), waiting),
        lambda: _give(session, road),
    ):
        with pytest.raises((Refused, InputRefused), match=r"已在 .* 结束，请选择别的用途"):
            act()
        session.rollback()


def test_accountant_ends_a_purpose_by_the_page(visit: Visit, session: Session) -> None:
    road = scenes.make_road(session)
    accountant = visit("accountant")
    address = f"/office/treasury/purposes/{road}/close"
    assert address in accountant.get("/office/treasury/purposes").links()
    assert visit("cashier").post(address).status == 403
    assert "以前的账照旧公开" in accountant.get(address).words
    assert accountant.submit(address).status == 303
    page = accountant.get("/office/treasury/purposes")
    assert f"{clock.today():%Y-%m-%d} 结束" in page.words
    assert address not in page.links()
    assert accountant.submit(address).status == 409
    draft = visit("secretary").get("/office/disbursements/draft")
    assert str(road) not in draft.tree.xpath("//select[@name='earmark']/option/@value")
    for address in ("/office/donations/record", "/office/donations/record-goods"):
        offered = visit("secretary").get(address).tree.xpath("//select[@name='earmark']/option/@value")
        assert offered
        assert str(road) not in offered
    ended = f"已于 {clock.today():%Y-%m-%d} 结束"
    slug = earmark(session, road).slug
    assert f"这个用途{ended}" in visit().get(f"/earmarks/{slug}").words
    assert ended in visit().get("/").words


def test_fund_is_ended_by_its_council_when_nothing_is_left(
    visit: Visit, session: Session, settings: Settings
) -> None:
    scenes.give(session, 600_000)
    ending = proposals.drafted(session, "ending", title="终止基金", text="任务已经完成")
    with pytest.raises(Refused, match=r"基金还有 6,000.00 元"):
        proposals.submit(session, ending)
    scenes.pay(session, settings.files_dir, scenes.approved(session), 600_000)
    proposals.submit(session, ending)
    assert proposals.approve(session, ending) == "approved"
    session.rollback()
    session.expire_all()
    assert session.get_one(Fund, scenes.fund_id(session)).closed_on == clock.today()
    with pytest.raises((Refused, InputRefused), match=r"这个基金已在 .* 终止"):
        _give(session, scenes.unrestricted(session))
    with pytest.raises((Refused, InputRefused), match=r"这个基金已在 .* 终止"):
        scenes.drafted(session, 100)
    session.rollback()
    slug = session.get_one(Fund, scenes.fund_id(session)).slug
    purpose = earmark(session, scenes.unrestricted(session)).slug
    for address in ("/", f"/funds/{slug}", f"/earmarks/{purpose}"):
        assert f"这个基金已于 {clock.today():%Y-%m-%d} 结束" in visit().get(address).words
