"""A donor comes in without a password: by a receipt, or by a link in a mail. Nobody comes in by trying."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.donors.visiting.models import DonorLink, DonorVisit, DonorVisitParty
from app.donors.visiting.operations import FORGET
from app.jobs.operations import enqueue
from app.jobs.work.operations import run_due
from app.parties.operations import PartyDraft
from app.people.rules import window_start
from app.settings import Settings
from app.shared import clock
from app.shared.codes import new_receipt_code, receipt_code_in
from app.shared.db import transaction
from tests.donations.gifts import give, give_goods
from tests.jobs.mailbox import Mailbox, mail_server, with_mail
from tests.visitor import Seen, Visitor

Visit = Callable[..., Visitor]
WRONG = "没有找到这张收据：请核对追踪码和金额"
GULI = PartyDraft("person", "古丽·买买提", contact="电话 13999990000 / Guli@Example.org")


@pytest.fixture(autouse=True)
def early_in_a_window() -> Iterator[None]:
    """Tries are counted in windows of a quarter of an hour: no test shall begin in one and end in the next."""
    with clock.simulated(window_start(clock.now()) + timedelta(seconds=1)):
        yield


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as opened:
        yield opened


@pytest.fixture
def mailing(app: Flask, engine: Engine, settings: Settings, box: Mailbox) -> Callable[[], int]:
    """The site with a mail server. Return what does the jobs that are due."""
    with_server = with_mail(settings, box)
    app.extensions["sunledger_settings"] = with_server
    return partial(run_due, engine, with_server)


def code_of(session: Session, gift: int) -> str:
    session.rollback()
    return session.get_one(Donation, gift).receipt_code


def come_in(browser: Visitor, code: str, amount: str) -> Seen:
    return browser.send(browser.get("/mine/"), {"code": code, "amount": amount})


def ask(browser: Visitor, email: str) -> Seen:
    return browser.send(browser.get("/mine/"), {"email": email}, form=1)


def link_in(box: Mailbox) -> str:
    found = re.search(r"https://fund\.example\.org(/mine/link/\S+)", box.arrived[-1].get_content())
    assert found is not None
    return found[1]


def test_a_receipt_opens_all_gifts_of_its_donor_and_nobody_elses(session: Session, visit: Visit) -> None:
    first = give(session, 10_000, GULI)
    party = session.get_one(Donation, first).party_id
    give(session, 2_550, party)
    other = give(session, 77_700, PartyDraft("person", "艾力·库尔班"))
    browser = visit()
    entrance = browser.get(f"/mine/?code={code_of(session, first).lower()}")
    assert entrance.value_of("code") == code_of(session, first).lower()
    answer = come_in(browser, code_of(session, first).lower().replace("-", " "), "100")
    assert answer.headers["Cache-Control"] == "no-store"
    page = browser.follow(answer)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "125.50" in page.words
    assert "777.00" not in page.words
    assert "古丽" not in page.html
    assert {f"/trace/{code_of(session, each)}" for each in (first,)} <= page.links()
    assert f"/trace/{code_of(session, other)}" not in page.links()
    assert browser.get("/mine/").location == "/mine/gifts"


def test_goods_open_by_their_value(session: Session, visit: Visit) -> None:
    code = code_of(session, give_goods(session))
    browser = visit()
    page = browser.follow(come_in(browser, code, "1100"))
    assert "1,100.00" in page.words


def test_wrong_amount_and_unknown_code_look_the_same(session: Session, visit: Visit) -> None:
    code = code_of(session, give(session, 10_000))
    tries = [
        come_in(visit(), code, "100.01"),
        come_in(visit(), new_receipt_code(), "100.00"),
        come_in(visit(), "ABCD", "100.00"),
    ]
    assert {each.status for each in tries} == {422}
    assert all(WRONG in each.words for each in tries)
    assert tries[0].value_of("code") == code
    assert session.scalar(select(func.count()).select_from(DonorVisit)) == 0


def test_amounts_cannot_be_tried_for_one_code(session: Session, visit: Visit) -> None:
    code = code_of(session, give(session, 10_000))
    for tenths in range(10):
        assert come_in(visit(), code, f"99.{tenths}").status == 422
    refused = come_in(visit(), code, "100.00")
    assert refused.status == 429
    assert "分钟后再试" in refused.words
    with clock.simulated(clock.now() + timedelta(minutes=16)):
        browser = visit()
        assert come_in(browser, code, "100.00").location == "/mine/gifts"


def test_one_address_cannot_try_many_codes(session: Session, visit: Visit) -> None:
    code = code_of(session, give(session, 10_000))
    answers = [come_in(visit(), new_receipt_code(), "100.00").status for _ in range(31)]
    assert answers == [422] * 30 + [429]
    assert come_in(visit(), code, "100.00").status == 429


def test_a_visit_ends_by_itself_and_by_leaving(session: Session, visit: Visit) -> None:
    code = code_of(session, give(session, 10_000))
    browser = visit()
    come_in(browser, code, "100")
    copied = visit()
    with browser.client.session_transaction() as cookie:
        secret = cookie["donor"]
    with copied.client.session_transaction() as cookie:
        cookie["donor"] = secret
    assert copied.get("/mine/gifts").status == 200
    with clock.simulated(clock.now() + timedelta(minutes=30)):
        assert browser.get("/mine/gifts").location == "/mine/"
    assert browser.send(browser.get("/mine/gifts")).location == "/mine/"
    assert copied.get("/mine/gifts").location == "/mine/"
    assert session.scalar(select(func.count()).select_from(DonorVisitParty)) == 0


def test_a_link_opens_every_gift_recorded_with_the_address_once(
    session: Session, visit: Visit, box: Mailbox, mailing: Callable[[], int]
) -> None:
    give(session, 10_000, GULI)
    give(session, 2_550, PartyDraft("person", "古丽", contact="guli@example.org"))
    give(session, 77_700, PartyDraft("person", "艾力", contact="aili@example.org"))
    browser = visit()
    ids = browser.get("/mine/").tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    said = ask(browser, "GULI@example.org").words
    assert "如果有捐赠人登记过这个邮箱" in said
    mailing()
    (mail,) = box.arrived
    assert mail["To"].lower() == "guli@example.org"
    assert "古丽" not in mail.as_string()
    link = link_in(box)
    for _ in range(3):  # a mail program looks, too
        assert browser.get(link).heading == "我的捐赠"
    answer = browser.send(browser.get(link), path=link)
    assert answer.location == "/mine/gifts"
    page = browser.follow(answer)
    assert "125.50" in page.words
    assert "777.00" not in page.words
    used = visit().get(link)
    unknown = visit().get("/mine/link/" + "x" * 43)
    assert (used.status, used.words) == (unknown.status, unknown.words) == (404, used.words)
    again = visit()
    assert again.post(link).location == ""
    row = session.scalars(select(DonorLink)).one()
    assert row.address is None


def test_a_link_is_over_after_ten_minutes(
    session: Session, visit: Visit, box: Mailbox, mailing: Callable[[], int]
) -> None:
    give(session, 10_000, GULI)
    ask(visit(), "guli@example.org")
    mailing()
    link = link_in(box)
    browser = visit()
    opened = browser.get(link)
    with clock.simulated(clock.now() + timedelta(minutes=10)):
        late = browser.send(opened, path=link)
        assert (late.status, late.heading) == (404, "链接不能用了")
        assert late.words == browser.get("/mine/link/nothing").words


def test_nobody_learns_which_address_is_on_record(
    session: Session, visit: Visit, box: Mailbox, mailing: Callable[[], int]
) -> None:
    give(session, 10_000, GULI)
    known, unknown = ask(visit(), "guli@example.org"), ask(visit(), "nobody@example.org")
    assert (known.status, known.words) == (unknown.status, unknown.words)
    mailing()
    assert [each["To"].lower() for each in box.arrived] == ["guli@example.org"]
    assert all(each.address is None for each in session.scalars(select(DonorLink)))
    wrong = ask(visit(), "guli@")
    assert (wrong.status, wrong.value_of("email")) == (422, "guli@")
    assert "这不是有效的电子邮箱地址" in wrong.error_at("email")


def test_nobody_is_flooded_with_mail(session: Session, visit: Visit, mailing: Callable[[], int]) -> None:
    assert [ask(visit(), "guli@example.org").status for _ in range(4)] == [200, 200, 200, 429]
    assert session.scalar(select(func.count()).select_from(DonorLink)) == 3
    mailing()


def test_without_a_mail_server_the_receipt_is_the_way(visit: Visit) -> None:
    page = visit().get("/mine/")
    assert "这个网站现在不发邮件，请用收据进入" in page.words
    assert len(page.forms()) == 1
    assert visit().post("/mine/mail", {"email": "guli@example.org"}).words.startswith("我的捐赠")


def test_links_and_visits_are_forgotten(
    session: Session, visit: Visit, box: Mailbox, mailing: Callable[[], int]
) -> None:
    code = code_of(session, give(session, 10_000, GULI))
    come_in(visit(), code, "100")
    ask(visit(), "guli@example.org")
    mailing()
    with clock.simulated(clock.now() + timedelta(days=2)):
        with transaction(session):
            enqueue(session, FORGET, {}, key="now")
        mailing()
    session.rollback()
    for table in (DonorLink, DonorVisit, DonorVisitParty):
        assert session.scalar(select(func.count()).select_from(table)) == 0


def test_gifts_are_paged(session: Session, visit: Visit) -> None:
    first = give(session, 100, GULI)
    party = session.get_one(Donation, first).party_id
    for fen in range(101, 122):
        give(session, fen, party)
    browser = visit()
    page = browser.follow(come_in(browser, code_of(session, first), "1.00"))
    (older,) = [each for each in page.links() if "before=" in each]
    assert len(page.tree.xpath("//tbody/tr")) == 20
    rest = browser.get(older)
    assert len(rest.tree.xpath("//tbody/tr")) == 2
    assert "/mine/gifts" in rest.links()


@pytest.mark.parametrize("typed", ["abcd2345efgh6789jklm2345", "ＡＢＣＤ-2345 EFGH–6789—JKLM-2345"])
def test_codes_are_read_as_people_type_them(typed: str) -> None:
    assert receipt_code_in(typed) == "ABCD-2345-EFGH-6789-JKLM-2345"
    assert receipt_code_in(typed + "7") is None
