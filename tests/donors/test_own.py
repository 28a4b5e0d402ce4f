"""What a donor does once they came in: how they are shown, at once; a statement; a receipt once more."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from pypdf import PdfReader
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.donors.visiting.models import DonorVisit
from app.parties.models import Consent, Party
from app.parties.operations import PartyDraft
from app.parties.rules import ConsentDraft
from app.shared.db import transaction
from tests.donations.gifts import give
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
GULI = PartyDraft("person", "古丽·买买提")


def come_in(session: Session, browser: Visitor, gift: int, *, how: str = "code") -> int:
    """Let a browser come in by the receipt of a gift (or, as if, by a mail); returns the donor's id."""
    session.rollback()
    found = session.get_one(Donation, gift)
    party_id = found.party_id
    entrance = browser.get("/mine/")
    sent = {"code": found.receipt_code, "amount": f"{found.amount_minor / 100:.2f}"}
    assert browser.send(entrance, sent).location == "/mine/gifts"
    if how == "mail":
        with transaction(session):
            session.query(DonorVisit).update({"how": "mail"})
    session.rollback()
    return party_id


def shown(session: Session, party_id: int) -> str:
    session.rollback()
    return session.get_one(Party, party_id).public_name


def test_by_mail_a_donor_names_themselves_and_takes_it_back(session: Session, visit: Visit) -> None:
    gift = give(session, 12_300, GULI)
    browser = visit()
    party = come_in(session, browser, gift, how="mail")
    place = f"/mine/name/{party}"
    assert place in browser.get("/mine/gifts").links()
    page = browser.follow(browser.send(browser.get(place), {"wish": "named"}, form=1, path=place))
    assert "公开页面从现在起显示“古丽·买买提”" in page.words, page.html
    entry = session.get_one(Donation, gift).entry_number
    assert "古丽·买买提" in visit().get(f"/entries/{entry}").words
    browser.send(browser.get(place), {"wish": "masked"}, form=1, path=place)
    assert shown(session, party) == "古**"
    browser.send(browser.get(place), {"wish": "alias", "display_name": "一位老师"}, form=1, path=place)
    assert shown(session, party) == "一位老师"
    assert "一位老师" in visit().get(f"/entries/{entry}").words
    browser.send(browser.get(place), {"wish": "not_named"}, form=1, path=place)
    assert shown(session, party) == "爱心居民"
    assert "一位老师" not in visit().get(f"/entries/{entry}").html
    said = session.query(Consent).filter_by(party_id=party).all()
    assert [each.wish for each in said][-4:] == ["named", "masked", "alias", "not_named"]
    assert all("用邮箱进入" in each.how for each in said[-4:])


def test_by_a_receipt_a_name_waits_for_the_office_but_taking_back_does_not(
    session: Session, visit: Visit
) -> None:
    consent = ConsentDraft("named", "当面", "签字登记表第 3 页")
    gift = give(session, 12_300, PartyDraft("person", "古丽·买买提", consent))
    browser = visit()
    party = come_in(session, browser, gift)
    place = f"/mine/name/{party}"
    assert shown(session, party) == "古丽·买买提"
    browser.send(browser.get(place), {"wish": "not_named"}, form=1, path=place)
    assert shown(session, party) == "爱心居民"
    page = browser.follow(browser.send(browser.get(place), {"wish": "named"}, form=1, path=place))
    assert "办公室核实是您本人以后才会公开" in page.html
    assert shown(session, party) == "爱心居民"
    assert "古丽" not in page.html


def test_a_wish_that_nobody_can_follow_is_refused_beside_its_field(session: Session, visit: Visit) -> None:
    browser = visit()
    party = come_in(session, browser, give(session, 100, GULI), how="mail")
    place = f"/mine/name/{party}"
    refused = browser.send(
        browser.get(place), {"wish": "alias", "display_name": "红十字会"}, form=1, path=place
    )
    assert refused.status == 422
    assert "不能像一个单位的名称" in refused.error_at("display_name")
    assert refused.tree.xpath("//input[@name='display_name']/@value") == ["红十字会"]


def test_a_child_can_only_take_back(session: Session, visit: Visit) -> None:
    consent = ConsentDraft("named", "当面", "监护人签字", is_minor=True, guardian="母亲 热依汗")
    gift = give(session, 100, PartyDraft("person", "小古丽", consent))
    browser = visit()
    party = come_in(session, browser, gift, how="mail")
    place = f"/mine/name/{party}"
    page = browser.get(place)
    assert page.tree.xpath("//input[@name='wish']/@value") == ["not_named"]
    assert browser.post(place, {"wish": "named"}).status == 422
    assert shown(session, party) == "小古丽"
    browser.send(page, {"wish": "not_named"}, form=1, path=place)
    assert shown(session, party) == "爱心居民"


@pytest.mark.parametrize("how", ["code", "mail"])
def test_a_statement_names_the_donor_only_by_mail(session: Session, visit: Visit, how: str) -> None:
    browser = visit()
    come_in(session, browser, give(session, 12_300, GULI), how=how)
    asked = browser.get("/mine/statement?first=2023-01-01&last=2023-12-31")
    assert "123.00" in asked.words
    (csv,) = [each for each in asked.links() if ".csv" in each]
    (pdf,) = [each for each in asked.links() if ".pdf" in each]
    table = browser.get(csv)
    assert "123.00" in table.content.decode("utf-8-sig")
    assert ("古丽" in table.content.decode("utf-8-sig")) == (how == "mail")
    paper = browser.get(pdf)
    assert paper.headers["Cache-Control"] == "no-store"
    words = "".join(page.extract_text() for page in PdfReader(io.BytesIO(paper.content)).pages)
    assert "123.00" in words
    assert ("古丽" in words) == (how == "mail")
    assert visit().get(pdf).location == "/mine/"
    empty = browser.get("/mine/statement?first=2020-01-01&last=2020-12-31")
    assert "这个期间以前还没有捐赠" in empty.words
    assert browser.get("/mine/statement.pdf?first=x").status == 404


def test_a_receipt_is_printed_again_for_who_came_by_mail(session: Session, visit: Visit) -> None:
    gift, other = give(session, 12_300, GULI), give(session, 100, PartyDraft("person", "艾力"))
    browser = visit()
    come_in(session, browser, gift)
    assert browser.get(f"/mine/receipts/{gift}.pdf").status == 404
    with transaction(session):
        session.query(DonorVisit).update({"how": "mail"})
    paper = browser.get(f"/mine/receipts/{gift}.pdf")
    assert paper.headers["Cache-Control"] == "no-store"
    assert "壹佰贰拾叁元" in PdfReader(io.BytesIO(paper.content)).pages[0].extract_text()
    assert browser.get(f"/mine/receipts/{other}.pdf").status == 404
    assert visit().get(f"/mine/receipts/{gift}.pdf").location == "/mine/"


def test_nobody_reaches_another_donors_name(session: Session, visit: Visit) -> None:
    gift, other = give(session, 12_300, GULI), give(session, 100, PartyDraft("person", "艾力"))
    browser = visit()
    come_in(session, browser, gift, how="mail")
    stranger = session.get_one(Donation, other).party_id
    assert browser.get(f"/mine/name/{stranger}").status == 404
    assert visit().get(f"/mine/name/{stranger}").location == "/mine/"


def test_requests_are_asked_from_here_and_listed(session: Session, visit: Visit) -> None:
    gift = give(session, 12_300, GULI)
    browser = visit()
    come_in(session, browser, gift)
    (correct,) = [each for each in browser.get("/mine/gifts").links() if each.endswith("kind=correction")]
    answer = browser.send(browser.get(correct), {"words": "姓名写错了"}, path=correct)
    assert answer.status == 303
    page = browser.get("/mine/gifts")
    assert answer.location in page.links()
    assert "更正我的信息" in page.words
