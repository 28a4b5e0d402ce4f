"""The names that every fund's books begin with are said in the reader's language, in the office as in public."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.donations.gifts import give
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
OURS = ("非限定", "银行", "现金", "捐款")
PLACES = (
    "/office/journal/",
    "/office/treasury/",
    "/office/treasury/accounts/1",
    "/office/treasury/purposes",
    "/office/treasury/interest",
    "/office/donations/{gift}",
)


@pytest.mark.parametrize("place", PLACES)
def test_office_reads_the_books_in_english(visit: Visit, session: Session, place: str) -> None:
    address = place.format(gift=give(session))
    page = visit("accountant").get(address, Accept_Language="en")
    assert page.status == 200
    assert [word for word in OURS if word in page.words] == []
    assert "Unrestricted" in page.words or "Bank" in page.words


def test_names_that_an_office_gave_stay_as_they_were_written(visit: Visit, session: Session) -> None:
    accountant = visit("accountant")
    accountant.submit("/office/treasury/accounts/add", {"kind": "bank", "name": "农商行 <尾号 6211>"})
    page = accountant.get("/office/treasury/", Accept_Language="en")
    assert "农商行 <尾号 6211>" in page.words


def test_form_for_a_gift_offers_purposes_in_english(visit: Visit) -> None:
    for kind in ("record", "record-goods"):
        page = visit("secretary").get(f"/office/donations/{kind}", Accept_Language="en")
        assert page.tree.xpath("//select[@name='earmark']/option")[0].text_content() == "Unrestricted"


def test_unit_of_goods_is_no_organisation(visit: Visit) -> None:
    page = visit("secretary").get("/office/donations/record-goods", Accept_Language="en")
    (label,) = page.tree.xpath("//label[@for='goods-0-unit']")
    assert label.text_content() == "Unit"


def test_refusal_names_the_account_in_english(visit: Visit, session: Session) -> None:
    give(session)
    typed = {"source": "1", "target": "2", "amount": "99999", "occurred_on": "2023-10-08"}
    answer = visit("cashier").submit("/office/treasury/transfer", typed, Accept_Language="en")
    assert answer.status == 422
    assert answer.error_at("amount") == "Error:“Bank” holds only 1,234.50 yuan"
