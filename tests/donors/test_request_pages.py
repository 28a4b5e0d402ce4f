"""A donor asks on the page of the gift, the office answers with papers, and only the code leads to them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.donors.requests.models import DonorRequest
from app.donors.requests.operations import answer
from app.shared import clock
from app.shared.codes import new_receipt_code
from app.shared.db import transaction
from tests.disbursements import scenes
from tests.donations import gifts
from tests.donors.test_requests import MAIL, WORDS, asked
from tests.factories import actor
from tests.visitor import Visitor

on_one_database = pytest.mark.parametrize("engine_kind", ["sqlite"], indirect=True)
Visit = Callable[..., Visitor]
FORM = {"kind": "question", "words": WORDS, "contact": MAIL}


def _code(session: Session, gift: int) -> str:
    session.rollback()
    return session.get_one(Donation, gift).receipt_code


def test_a_question_gets_a_number_a_day_and_an_answer(session: Session, visit: Visit) -> None:
    code = _code(session, gifts.give(session))
    donor, office = visit(), visit("secretary")
    assert f"/trace/{code}/ask" in donor.get(f"/trace/{code}").html
    sent = donor.submit(f"/trace/{code}/ask", FORM)
    assert sent.status == 303
    page = donor.get(sent.location)
    number = sent.location.rpartition("/")[2]
    assert number in page.heading
    assert WORDS in page.words
    assert MAIL not in page.html
    assert page.response.headers["Cache-Control"] == "no-store"
    assert number in donor.get(f"/trace/{code}").words
    queue = office.get("/office/requests/")
    assert number in queue.words
    assert number in office.get("/office/").words
    shown = office.get(f"/office/requests/{number}")
    assert MAIL in shown.words
    assert gifts.PERSON.name in shown.words
    refused = office.submit(f"/office/requests/{number}/answer", {"answer": ""})
    assert refused.status == 422
    done = office.submit(f"/office/requests/{number}/answer", {"answer": "超市按批价送货，见附件。"})
    assert done.status == 303
    answered = donor.get(f"/trace/{code}/asked/{number}")
    assert "超市按批价送货" in answered.words
    assert "超市按批价送货" in donor.get(f"/trace/{code}").words
    assert donor.get(f"/trace/{code}/asked/{number}/bundle.zip").status == 404
    assert number not in office.get("/office/requests/").words
    assert number in office.get("/office/requests/?status=all").words


def test_only_the_code_of_the_gift_leads_to_it(session: Session, visit: Visit) -> None:
    gift, other = gifts.give(session), gifts.give(session, 100)
    number = asked(session, gift).number
    stranger = visit()
    assert stranger.get(f"/trace/{_code(session, other)}/asked/{number}").status == 404
    nowhere = stranger.get(f"/trace/{new_receipt_code()}/ask")
    assert nowhere.status == 404
    assert nowhere.words == stranger.get(f"/trace/{new_receipt_code()}").words
    assert visit("council").get(f"/office/requests/{number}").status == 403
    assert visit("supervisor").get(f"/office/requests/{number}").status == 200
    assert visit("supervisor").get(f"/office/requests/{number}/answer").status == 403
    tried = [stranger.get(f"/trace/{new_receipt_code()}/ask").status for _ in range(130)]
    assert tried[-1] == 429


@on_one_database
def test_a_form_sent_twice_is_one_request_and_too_many_wait(session: Session, visit: Visit) -> None:
    code = _code(session, gifts.give(session))
    donor = visit()
    empty = donor.submit(f"/trace/{code}/ask", {"kind": "records", "words": " "})
    assert empty.status == 422
    robot = donor.submit(f"/trace/{code}/ask", {**FORM, "homepage": "http://x"})
    assert robot.status == 422
    assert "程序自动填写" in robot.words
    once = {**FORM, "once": "0123456789abcdef0123"}
    first = donor.submit(f"/trace/{code}/ask", once)
    second = donor.submit(f"/trace/{code}/ask", once)
    assert first.location == second.location
    session.rollback()
    assert session.query(DonorRequest).count() == 1
    answers = [donor.submit(f"/trace/{code}/ask", FORM) for _ in range(8)]
    assert answers[-1].status == 429
    assert WORDS in answers[-1].html
    session.rollback()
    assert session.query(DonorRequest).count() <= 5


@on_one_database
def test_an_answer_carries_its_papers_for_ninety_days(session: Session, visit: Visit, tmp_path: Path) -> None:
    gift = gifts.give(session)
    with scenes.before_the_notice():
        request = scenes.approved(session, 30_000)
    scenes.advance(session, request)
    scenes.pay(session, tmp_path, request, 30_000)
    code = _code(session, gift)
    number = asked(session, gift, kind="records").number
    office, donor = visit("secretary"), visit()
    ticked = {"answer": "资料附上。", "statement": "y", "receipts": "y", "dossiers": "y", "files": "y"}
    assert office.submit(f"/office/requests/{number}/answer", ticked).status == 303
    place = f"/trace/{code}/asked/{number}"
    assert f"{place}/bundle.zip" in donor.get(place).html
    taken = donor.get(f"{place}/bundle.zip")
    assert (taken.status, taken.response.mimetype) == (200, "application/zip")
    assert taken.response.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(taken.response.data)) as archive:
        names = archive.namelist()
        (dossiers,) = [name for name in names if name.startswith("公示档案")]
        (receipts,) = [name for name in names if name.startswith("捐赠接收确认单")]
        (slip,) = PdfReader(io.BytesIO(archive.read(receipts))).pages
        assert "非税前扣除凭证" in slip.extract_text()
        text = "".join(
            "".join(page.extract_text().split())
            for page in PdfReader(io.BytesIO(archive.read(dossiers))).pages
        )
        assert "孤寡老人冬季慰问" in text
        assert "社区超市" in text
        assert gifts.PERSON.name not in text
        assert sum(name.endswith(".csv") for name in names) == 1
        assert "校验码" in archive.read("说明.txt").decode("utf-8-sig")
    assert office.get(f"/office/requests/{number}/bundle.zip").response.data == taken.response.data
    with clock.simulated(clock.now() + timedelta(days=91)):
        assert visit().get(f"{place}/bundle.zip").status == 404


@on_one_database
def test_the_office_notes_a_call_and_says_why_not(session: Session, visit: Visit) -> None:
    gift = gifts.give(session)
    code, office = _code(session, gift), visit("secretary")
    assert f"/office/requests/record/{gift}" in office.get(f"/office/donations/{gift}").html
    sent = office.submit(
        f"/office/requests/record/{gift}", {"came": "phone", "kind": "erasure", "words": "把我的名字删掉"}
    )
    assert sent.status == 303
    number = sent.location.partition("?")[0].rpartition("/")[2]
    assert office.submit(f"/office/requests/{number}/refuse", {"answer": "账目依法保留。"}).status == 303
    assert "账目依法保留" in visit().get(f"/trace/{code}/asked/{number}").words
    later = asked(session, gift).number
    assert office.submit(f"/office/requests/{later}/withdraw", {"answer": "来电说不用了"}).status == 303
    assert "来电说不用了" not in visit().get(f"/trace/{code}/asked/{later}").html
    assert office.get(f"/office/requests/{later}/answer").status in (302, 303)


@on_one_database
def test_what_is_late_is_marked(session: Session, visit: Visit) -> None:
    with clock.simulated(clock.now() - timedelta(days=40)):
        number = asked(session, gifts.give(session)).number
    seen = visit("secretary").get("/office/requests/")
    assert number in seen.words
    assert "答复逾期" in seen.words
    with transaction(session, books=True):
        answer(session, actor(session, "secretary"), number, "已办")
    assert "答复逾期" not in visit("secretary").get("/office/requests/").words
