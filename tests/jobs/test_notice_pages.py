"""The office reads its notices, copies them, and repeats what failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from app.jobs.models import OutboxMessage
from app.jobs.operations import enqueue
from app.jobs.registry import Work, job
from app.jobs.rules import GiveUp
from app.settings import Settings
from app.shared.db import transaction
from app.shared.errors import N_
from tests.jobs.conftest import Post
from tests.jobs.conftest import Work as Worker
from tests.jobs.mailbox import mail_server, with_mail
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
PAGE = "/office/notices/"


def test_notice_is_there_to_be_copied_with_its_link(visit: Visit, post: Post) -> None:
    message_id = post(None)
    seen = visit("secretary").get(f"{PAGE}{message_id}")
    (text,) = seen.tree.xpath("//textarea[@readonly]")
    assert text.text.splitlines() == [
        "【有一项表决等您】",
        "文化路修路款 350,000.00 元，请在周五前表决。",
        "http://localhost/office/disbursements/",
    ]
    assert "这条通知不发邮件" in seen.words


def test_everybody_reads_the_own_ones_and_three_offices_read_all(visit: Visit, post: Post) -> None:
    own, group = post("council", title="给理事己"), post(None, title="给群里")
    for key in ("secretary", "chair", "administrator"):
        words = visit(key).get(PAGE).words
        assert "给理事己" in words
        assert "给群里" in words
        assert "发给理事己" in words
    words = visit("council").get(PAGE).words
    assert "给理事己" in words
    assert "给群里" not in words
    assert visit("council").get(f"{PAGE}{group}").status == 404
    for key in ("council_2", "cashier", "host"):
        assert "还没有通知" in visit(key).get(PAGE).words
        assert visit(key).get(f"{PAGE}{own}").status == 404
        assert visit(key).post(f"{PAGE}{own}/send").status == 404


def test_no_page_shows_the_address(visit: Visit, post: Post) -> None:
    message_id = post("council_2")
    secretary = visit("secretary")
    for path in (PAGE, f"{PAGE}{message_id}"):
        assert "council-2@example.org" not in secretary.get(path).html


def test_failed_mail_is_listed_and_sent_again_once(
    visit: Visit, session: Session, settings: Settings, work: Worker, post: Post
) -> None:
    message_id = post("council")
    secretary = visit("secretary")
    with mail_server() as box:
        box.answer_to_address = "550 no such mailbox"
        work(with_mail(settings, box))
        assert "邮件服务器拒收这个收件地址" in secretary.get(f"{PAGE}?state=failed").words
        box.answer_to_address = ""
        page = f"{PAGE}{message_id}"
        sent = secretary.submit(page)
        assert "邮件会重新发送" in secretary.follow(sent).words
        assert secretary.post(f"{page}/send").status == 409
        work(with_mail(settings, box))
        assert len(box.arrived) == 1
    assert "没有发送失败的邮件" in secretary.get(f"{PAGE}?state=failed").words
    session.rollback()
    row = session.get(OutboxMessage, message_id)
    assert row is not None
    assert row.state == "sent"


def test_administrator_sees_a_failed_job_and_tries_it_again(
    visit: Visit, session: Session, work: Worker
) -> None:
    obstacle = [True]

    @job("blocked")
    def blocked(_work: Work, _payload: dict[str, Any]) -> None:
        if obstacle:
            raise GiveUp(N_("连接不上邮件服务器"))

    with transaction(session):
        job_id = enqueue(session, "blocked", {}, key="blocked")
    work()
    administrator = visit("administrator")
    assert "连接不上邮件服务器" in administrator.get(f"{PAGE}jobs").words
    assert visit("secretary").get(f"{PAGE}jobs").status == 403
    assert visit("secretary").post(f"{PAGE}jobs/{job_id}/retry").status == 403
    obstacle.clear()
    again = administrator.submit(f"{PAGE}jobs")
    assert "任务会重新执行" in administrator.follow(again).words
    assert administrator.post(f"{PAGE}jobs/{job_id}/retry").status == 409
    work()
    assert "没有失败的任务" in administrator.get(f"{PAGE}jobs").words


def test_long_list_goes_on_on_the_next_page(visit: Visit, post: Post) -> None:
    for number in range(31):
        post("council", event=f"vote/{number}", title=f"第 {number} 项")
    secretary = visit("secretary")
    first = secretary.get(PAGE)
    assert "第 30 项" in first.words
    assert "第 0 项" not in first.words
    (older,) = [each for each in first.links() if "before=" in each]
    assert "第 0 项" in secretary.get(older).words
