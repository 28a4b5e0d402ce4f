"""A stranger follows a request from application to payment; drafts are nobody's business."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.disbursements.models import Disbursement
from app.disbursements.payments.operations import reverse_payment
from app.files.models import Attachment
from app.files.operations import attach_file
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction
from tests import factories
from tests.disbursements import scenes
from tests.public import reading
from tests.public.conftest import Town
from tests.visitor import Seen, Visitor


def _story(seen: Seen) -> list[str]:
    return [" ".join(each.text_content().split()) for each in seen.tree.xpath("//ol[@class='story']/li")]


def _number(session: Session, found: int) -> str:
    session.rollback()
    return session.scalars(select(Disbursement.number).where(Disbursement.id == found)).one() or ""


def test_decision_made_before_this_system_says_so(town: Town) -> None:
    page = town.get("/disbursements/2023-02")
    assert page.status == 200
    assert page.heading.startswith("辖区孤寡老人冬季慰问")
    assert reading.figures(page) == {
        "申请金额": "6,000.00",
        "表决，赞成 : 反对": "5 : 0",
        "已经支付": "6,000.00",
    }
    assert reading.notes(page)["表决，赞成 : 反对"] == (
        "7 席，法定人数 5，到会 6（回避 1）：赞成 5，反对 0，弃权 0 → 通过"
    )
    story = _story(page)
    assert "金华社区提出申请" in story[0]
    assert "本系统启用前的决议" in story[1]
    assert "赞成 5 票，反对 0 票，弃权 0 票，回避 1 人" in story[1]
    assert "出纳付款 6,000.00 元" in story[2]
    assert "银付-0015" in story[2]
    facts = reading.facts(page)
    assert (facts["收款单位"], facts["支出类别"]) == ("社区超市", "物资采购")
    gifts = page.tree.xpath("//table[caption='这笔申请用到的捐款']/tbody/tr")
    assert [[cell.text_content() for cell in row] for row in gifts] == [
        ["新疆三为城市生态环境科技服务有限公司", "5,000.00"],
        ["慈善晚会义卖义拍4 笔", "1,000.00"],
    ]


def test_list_shows_requests_by_state(
    session: Session, visit: Callable[..., Visitor], settings: Settings
) -> None:
    with clock.simulated(factories.simulated_start()) as moment:
        moment.set_local(date(2023, 11, 6))
        scenes.give(session, 1_000_000)
        drafted = scenes.drafted(session, 10_000, project_name="草稿项目")
        voting = scenes.submitted(session, 20_000, project_name="表决项目")
        waiting = scenes.approved(session, 30_000, project_name="待付项目")
        paid = scenes.approved(session, 40_000, project_name="已付项目")
        scenes.pay(session, settings.files_dir, paid, 40_000)
        rejected = scenes.submitted(session, 50_000, project_name="否决项目")
        for member in scenes.MEMBERS[:4]:
            scenes.vote(session, rejected, member, "reject", "太贵")
    stranger = visit()

    def listed(query: str = "") -> list[str]:
        return [
            each.text_content() for each in stranger.get(f"/disbursements{query}").tree.xpath("//td[2]//a")
        ]

    assert listed() == ["否决项目", "已付项目", "待付项目", "表决项目"]
    assert listed("?state=voting") == ["表决项目"]
    assert listed("?state=to-pay") == ["待付项目"]
    assert listed("?state=paid") == ["已付项目"]
    assert listed("?state=ended") == ["否决项目"]
    assert stranger.get("/disbursements?state=nonsense").status == 404
    assert stranger.get("/disbursements?after=1999-99").status == 404
    assert _number(session, drafted) == ""
    for each in (voting, waiting, paid, rejected):
        assert stranger.get(f"/disbursements/{_number(session, each)}").status == 200


def test_votes_are_shown_by_seat_once_the_council_has_decided(
    session: Session, visit: Callable[..., Visitor]
) -> None:
    with clock.simulated(factories.simulated_start()) as moment:
        moment.set_local(date(2023, 11, 6))
        scenes.give(session, 1_000_000)
        found = scenes.submitted(session, 20_000)
        scenes.vote(session, found, "chair", "approve")
        scenes.vote(session, found, "council", "recuse", "收款方是我的亲戚马某某")
        number = _number(session, found)
        stranger = visit()
        open_page = stranger.get(f"/disbursements/{number}")
        assert reading.notes(open_page)["表决，赞成 : 反对"] == ("5 席，法定人数 4，已有 2 席参加 → 表决中")
        assert not open_page.tree.xpath("//ul[@class='votes']/li")
        for member in scenes.MEMBERS[2:4]:
            scenes.vote(session, found, member, "approve")
    decided = stranger.get(f"/disbursements/{number}")
    votes = [" ".join(each.text_content().split()) for each in decided.tree.xpath("//ul[@class='votes']/li")]
    assert votes == ["理事一 赞成", "理事二 回避", "理事三 赞成", "理事四 赞成"]
    assert reading.figures(decided)["表决，赞成 : 反对"] == "3 : 0"
    for private in ("理事己", "理事长戊", "马某某"):
        assert private not in open_page.html + decided.html


def test_part_payment_and_its_reversal_are_both_told(
    session: Session, visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    with clock.simulated(factories.simulated_start()) as moment:
        moment.set_local(date(2023, 11, 6))
        scenes.give(session, 1_000_000)
        found = scenes.approved(session, 100_000)
        entry = scenes.pay(session, tmp_path, found, 60_000)
        number = _number(session, found)
        stranger = visit()
        page = stranger.get(f"/disbursements/{number}")
        assert reading.figures(page)["已经支付"] == "600.00"
        assert reading.notes(page)["已经支付"] == "还有 400.00 元待付"
        assert "等待出纳付款 400.00 元" in _story(page)[-1]
        with transaction(session, books=True):
            reverse_payment(session, factories.actor(session, "accountant"), entry, "付错账户")
    page = stranger.get(f"/disbursements/{number}")
    assert reading.figures(page)["已经支付"] == "0.00"
    assert any("出纳付款 600.00 元 已冲销" in each for each in _story(page))
    assert not page.tree.xpath("//caption[text()='这笔申请用到的捐款']")


def test_only_public_files_of_public_requests_can_be_opened(
    session: Session, visit: Callable[..., Visitor], settings: Settings
) -> None:
    with clock.simulated(factories.simulated_start()) as moment:
        moment.set_local(date(2023, 11, 6))
        scenes.give(session, 1_000_000)
        requests = {"draft": scenes.drafted(session, 1_000), "sent": scenes.submitted(session, 2_000)}
        for subject in requests.values():
            for is_public in (True, False):
                with transaction(session, books=True):
                    attach_file(
                        session,
                        factories.actor(session, "secretary"),
                        settings.files_dir,
                        subject_type="disbursement",
                        subject_id=subject,
                        purpose="paper",
                        name=f"{'公开' if is_public else '内部'}.pdf",
                        content=scenes.PDF,
                        is_public=is_public,
                    )
    stranger = visit()
    answers = {
        (each.subject_id, each.is_public): stranger.get(f"/files/{each.id}").status
        for each in session.scalars(select(Attachment))
    }
    assert answers == {
        (requests["draft"], True): 404,
        (requests["draft"], False): 404,
        (requests["sent"], True): 200,
        (requests["sent"], False): 404,
    }
    page = stranger.get(f"/disbursements/{_number(session, requests['sent'])}")
    assert "公开.pdf" in page.words
    assert "内部.pdf" not in page.html
