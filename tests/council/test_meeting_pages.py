"""A meeting in the office, page by page, and its minutes in public: called, attended, written, issued, printed."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.council.meetings import pdf
from app.council.meetings.queries import agenda_of
from app.documents.queries import document
from app.shared import clock
from tests.council import meetings
from tests.disbursements import scenes
from tests.factories import CAST
from tests.visitor import Seen, Visitor

Visit = Callable[..., Visitor]
FORM = {
    "held_on": "2099-03-01",
    "held_time": "10:00",
    "place": "社区会议室",
    "plain_items": "听取报告\n改选\n",
}


def test_secretary_calls_a_meeting_from_the_proposed_agenda(visit: Visit, session: Session) -> None:
    scenes.give(session, 1_000_000)
    scenes.submitted(session, 80_000)
    secretary = visit("secretary")
    page = secretary.get("/office/meetings/call")
    assert "孤寡老人冬季慰问，800.00 元" in page.words
    shown = secretary.follow(secretary.send(page, FORM, path="/office/meetings/call"))
    assert "会议已召集" in shown.notices
    for words in ("2099-03-01 10:00", "社区会议室", "孤寡老人冬季慰问", "听取报告", "改选", "理事长戊"):
        assert words in shown.words
    notice = shown.tree.xpath("//textarea[@id='copy-text']")[0].text
    assert "2099-03-01 10:00" in notice
    assert "2. 听取报告" in notice
    assert "2099-03-01" in visit("council").get("/office/").words


def test_refused_call_keeps_what_was_typed(visit: Visit, session: Session) -> None:
    answer = visit("secretary").submit("/office/meetings/call", {**FORM, "held_on": "2020-01-01"})
    assert answer.status == 422
    assert answer.error_at("held_on") == "开会时间已经过去，请核对"
    assert answer.value_of("place") == "社区会议室"
    assert "改选" in answer.value_of("plain_items")
    empty = visit("secretary").submit("/office/meetings/call", {**FORM, "plain_items": "", "held_time": "25"})
    assert empty.error_at("held_time") == "请填写时间，例如 18:30"


def test_double_click_calls_one_meeting(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    page = secretary.get("/office/meetings/call")

    def send() -> Seen:
        return secretary.send(page, FORM, path="/office/meetings/call")

    assert send().location == send().location


def test_below_the_quorum_the_meeting_is_not_held_and_the_choices_stay(
    visit: Visit, session: Session
) -> None:
    with clock.simulated(meetings.CALLED_AT):
        found = meetings.called(session)
    secretary = visit("secretary")
    assert "登记到会" in secretary.get("/office/").words
    noted = {
        f"presence_{user_id}": presence
        for user_id, presence in meetings.presences(session, found, meetings.SEATS[:3]).items()
    }
    path = f"/office/meetings/{found}/attendance"
    missing = secretary.submit(path)
    assert missing.error_at(next(iter(noted))) == "请填写这一项"
    answer = secretary.submit(path, noted)
    assert answer.status == 422
    assert "应到 5 席，到会 3 人，未达到法定人数 4 人" in answer.error_summary
    assert {name: answer.value_of(name) for name in noted} == noted


def test_minutes_are_written_saved_and_issued(visit: Visit, session: Session) -> None:
    found = meetings.held(session)
    (view,) = agenda_of(session, found)
    secretary = visit("secretary")
    assert "写纪要" in secretary.get("/office/").words
    path = f"/office/meetings/{found}/minutes"
    fields = {
        "minutes": "理事长主持会议。",
        f"discussion_{view.item.id}": "秘书处汇报。\n无异议。",
        f"outcome_{view.item.id}": "同意",
    }
    draft = secretary.follow(secretary.submit(path, {**fields, "then": "stay"}))
    assert draft.value_of(f"discussion_{view.item.id}") == "秘书处汇报。\n无异议。"
    check = secretary.follow(secretary.submit(path, {"then": "issue"}))
    assert check.heading == "签发会议纪要"
    assert "无异议" in check.words
    shown = secretary.follow(secretary.send(check))
    (address,) = [link for link in shown.links() if link.startswith("/statements/")]
    public = visit().get(address)
    for words in ("法定人数 4", "理事长主持会议。", "无异议。", "同意", "席位 3", "监督员"):
        assert words in public.words
    for member in CAST:
        assert member.name not in public.html
    assert address in {link.partition("?")[0] for link in visit().get("/statements").links()}
    assert "写纪要" not in secretary.get("/office/").words


def test_a_name_in_the_minutes_is_shown_beside_its_field(visit: Visit, session: Session) -> None:
    found = meetings.held(session)
    meetings.write(session, found, meetings.notes(session, found, minutes="理事己主持会议"))
    answer = visit("secretary").submit(f"/office/meetings/{found}/issue")
    assert answer.status == 422
    assert answer.heading == "写会议纪要"
    assert "理事己" in answer.error_at("minutes")
    assert answer.value_of("minutes") == "理事己主持会议"


def test_second_of_two_writers_gets_a_409_and_keeps_the_words(visit: Visit, session: Session) -> None:
    found = meetings.held(session)
    path = f"/office/meetings/{found}/minutes"
    chair, secretary = visit("chair"), visit("secretary")
    page = chair.get(path)
    assert secretary.submit(path, {"minutes": "秘书写的", "then": "stay"}).status == 303
    answer = chair.send(page, {"minutes": "理事长写的", "then": "stay"})
    assert answer.status == 409
    assert "刚刚被别人改过" in answer.error_summary
    assert answer.value_of("minutes") == "理事长写的"


def test_chair_leaves_issuing_to_the_secretary(visit: Visit, session: Session) -> None:
    found = meetings.held(session)
    meetings.write(session, found)
    chair = visit("chair")
    assert "纪要由秘书处核对后签发" in chair.follow(chair.get(f"/office/meetings/{found}/issue")).html


def test_a_meeting_is_changed_and_cancelled(visit: Visit, session: Session) -> None:
    with clock.simulated(meetings.CALLED_AT):
        found = meetings.called(session)
    secretary = visit("secretary")
    path = f"/office/meetings/{found}"
    change = secretary.get(f"{path}/change")
    assert change.value_of("held_on") == "2023-11-20"
    assert change.value_of("held_time") == "10:00"
    assert (
        secretary.send(change, {"held_on": "2099-01-02", "place": "线上"}, path=f"{path}/change").status
        == 303
    )
    assert "2099-01-02 10:00" in secretary.get(f"/office/meetings/{found}").words
    cancel = secretary.get(f"{path}/cancel")
    assert secretary.send(cancel, {"reason": " "}, path=f"{path}/cancel").error_at("reason") == "请填写这一项"
    shown = secretary.follow(secretary.send(cancel, {"reason": "暴雪"}, path=f"{path}/cancel"))
    assert "已取消" in shown.heading
    assert "暴雪" in shown.words
    assert secretary.send(cancel, {"reason": "暴雪"}, path=f"{path}/cancel").status == 409


def test_reminder_comes_five_months_after_the_last_meeting(visit: Visit, session: Session) -> None:
    words = "该召集理事会会议了"
    assert words in visit("secretary").get("/office/").words  # founded in 2023, none ever held
    assert words in visit("chair").get("/office/").words
    assert words not in visit("council").get("/office/").words
    with clock.simulated(clock.now() - timedelta(days=30)) as now:
        meetings.hold(session, now, held_at=clock.now() + timedelta(days=5))
    assert words not in visit("secretary").get("/office/").words


def test_a_meeting_on_the_way_ends_the_reminder(visit: Visit, session: Session) -> None:
    meetings.called(session, held_at=clock.now() + timedelta(days=5))
    assert "该召集理事会会议了" not in visit("chair").get("/office/").words


@pytest.mark.parametrize("engine_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("locale", "title"), [("zh_Hans", "会议纪要"), ("en", "Minutes")])
def test_printed_minutes_say_what_the_page_says(
    app: Flask, session: Session, locale: str, title: str
) -> None:
    scenes.give(session, 1_000_000)
    scenes.submitted(session, 80_000)
    found = meetings.held(session, meetings.SEATS[:4])
    meetings.write(session, found)
    number = meetings.issue(session, found).number
    with app.app_context():
        path = pdf.minutes_file(document(session, number), locale)
    words = subprocess.run(
        ["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True, text=True
    ).stdout
    flat = re.sub(r"\s+", "", words)
    assert title in words
    for part in (number, "2023-11-20", "孤寡老人冬季慰问，800.00元", meetings.WORDS, "听取三季度收支报告"):
        assert part in flat
    assert document(session, number).figures_sha256 in flat
    for member in CAST:
        assert member.name not in words


def test_minutes_are_served_as_pdf_and_as_the_frozen_bytes(visit: Visit, session: Session) -> None:
    found = meetings.held(session)
    meetings.write(session, found)
    issued = meetings.issue(session, found)
    answer = visit().get(f"/statements/{issued.number}.pdf")
    assert answer.status == 200
    assert answer.content.startswith(b"%PDF")
    assert visit().get(f"/statements/{issued.number}.json").content.decode() == issued.figures
