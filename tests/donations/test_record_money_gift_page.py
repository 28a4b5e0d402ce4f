"""Recording a gift of money in the office."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.ledger.models import LedgerRow, Posting
from app.ledger.structure.models import Earmark
from app.parties.models import Consent, Party
from app.people.models import SignInSession
from app.shared import clock
from app.shared.db import transaction
from app.shared.encryption import decrypt
from tests.donations.gifts import BAD_AMOUNTS, BAD_DAYS, MONEY, PERSON, PLACE, books, give
from tests.factories import PASSWORD
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
RECORD = f"{PLACE}/record"


def _latest(session: Session) -> Donation:
    session.rollback()
    return session.scalars(select(Donation).order_by(Donation.id.desc())).first()  # type: ignore[return-value]


def test_closed_month_is_said_beside_the_day(visit: Visit, session: Session) -> None:
    give(session)
    visit("accountant").submit("/office/treasury/months/2023-09/close")
    before = books(session)
    answer = visit("secretary").submit(RECORD, MONEY)
    assert (answer.status, answer.value_of("amount")) == (422, "1,234.50")
    assert answer.error_at("received_on") == "2023-09 已结账，请把日期记在未结账的月份"
    assert books(session) == before


def test_gift_is_in_the_books_and_its_page_says_where(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    answer = secretary.submit(RECORD, MONEY | {"receipt_number": "R-7", "memo": "电话联系过"})
    page = secretary.follow(answer)
    gift = _latest(session)
    assert (gift.amount_minor, gift.method, gift.received_on.isoformat()) == (123_450, "bank", "2023-09-20")
    assert page.notices[0] == f"捐赠已登记，记入第 {gift.entry_number} 号分录"
    assert page.heading == "新疆三为的捐赠"
    for words in (gift.receipt_code, "1,234.50", "2023-09-20", "R-7", "电话联系过", "爱心单位"):
        assert words in page.words
    assert f"/entries/{gift.entry_number}" in page.links()
    row = session.get_one(LedgerRow, (gift.entry_number, False))
    assert (row.party, row.document, row.direction) == ("爱心单位", "R-7", "in")


def test_donor_of_many_words_is_kept_with_consent_and_encrypted_contact(
    visit: Visit, session: Session
) -> None:
    secretary = visit("secretary")
    donor = {"donor": "古丽·买买提", "donor_kind": "person", "contact": "13900001111"}
    consent = {
        "consent_wish": "named",
        "consent_how": "当天在登记表上签字",
        "consent_evidence": "登记表第 3 页",
    }
    page = secretary.follow(secretary.submit(RECORD, MONEY | donor | consent))
    party = session.get_one(Party, _latest(session).party_id)
    assert party.contact is not None
    assert b"13900001111" not in party.contact
    assert decrypt(party.contact) == "13900001111"
    assert party.public_name == "古丽·买买提"
    assert "登记表第 3 页" in page.words


def test_claim_without_evidence_leaves_a_person_masked_and_asks_for_evidence(
    visit: Visit, session: Session
) -> None:
    secretary = visit("secretary")
    claim = {"donor": "古丽", "donor_kind": "person", "consent_wish": "named", "consent_how": "登记表打勾"}
    page = secretary.follow(secretary.submit(RECORD, MONEY | claim))
    assert "捐赠人愿意公开姓名，但还没有证明补上证明之前，公开页面显示“爱心居民”。" in page.notices
    assert session.get_one(Party, _latest(session).party_id).public_name == "爱心居民"
    assert "有 1 位捐赠人愿意公开姓名，还没有证明" in secretary.get("/office/").words
    assert "古丽" in secretary.get(f"{PLACE}/consents").words


def test_way_decides_the_account(visit: Visit, session: Session) -> None:
    for method, code in (("cash", "1001"), ("bank", "1002"), ("wechat", "1009"), ("box", "1001")):
        assert visit("secretary").submit(RECORD, MONEY | {"method": method}).status == 303
        entry = _latest(session).entry_number
        money = session.scalars(
            select(Posting.account_code).where(
                Posting.entry_number == entry, Posting.money_account_id.is_not(None)
            )
        ).all()
        assert money == [code]


def test_accountant_opens_a_new_purpose_with_the_gift(visit: Visit, session: Session) -> None:
    purpose = {"earmark": "new", "name": "路面修缮"}
    accountant = visit("accountant")
    page = accountant.follow(accountant.submit(RECORD, MONEY | purpose))
    earmark = session.get_one(Earmark, _latest(session).earmark_id)
    assert (earmark.name, earmark.restriction, earmark.slug) == (
        "路面修缮",
        "restricted",
        "yimi-yangguang-purpose-1",
    )
    assert "路面修缮" in page.words


def test_secretary_may_not_open_a_purpose(visit: Visit, session: Session) -> None:
    before = books(session)
    answer = visit("secretary").post(RECORD, MONEY | {"earmark": "new", "name": "路面修缮", "once": "k" * 32})
    assert answer.status == 422
    assert "请从列表中选择" in answer.error_at("earmark")
    assert books(session) == before


def test_used_name_of_a_purpose_is_refused_beside_it(visit: Visit, session: Session) -> None:
    purpose = {"earmark": "new", "name": "路面修缮"}
    accountant = visit("accountant")
    assert accountant.submit(RECORD, MONEY | purpose).status == 303
    before = books(session)
    answer = accountant.submit(RECORD, MONEY | purpose)
    assert (answer.status, answer.error_at("name")) == (422, "已有同名的用途")
    assert books(session) == before


def test_double_click_records_one_gift_and_one_purpose(visit: Visit, session: Session) -> None:
    accountant = visit("accountant")
    open_form = accountant.get(RECORD)
    typed = MONEY | {"earmark": "new", "name": "路面修缮"}
    first = accountant.send(open_form, typed, path=RECORD)
    once = books(session)
    second = accountant.send(open_form, typed, path=RECORD)
    assert first.location == second.location
    assert books(session) == once
    assert "没有重复登记" in accountant.follow(second).notices[-1]


def test_known_donor_is_found_without_javascript_and_chosen(visit: Visit, session: Session) -> None:
    first = give(session, 100, PERSON)
    secretary = visit("secretary")
    typed = MONEY | {"donor": "", "donor_kind": "", "donor_search": "古丽"}
    found = secretary.post(RECORD, typed | {"step": "find-donor", "once": "k" * 32})
    assert found.status == 200
    assert not found.error_summary
    assert found.value_of("amount") == "1,234.50"
    assert "古丽·买买提 · 个人 · 捐过 1 笔，最近 2023-09-20 · 公开显示为“爱心居民”" in found.words
    party_id = session.get_one(Donation, first).party_id
    assert secretary.send(found, {"party": str(party_id)}, path=RECORD).status == 303
    assert _latest(session).party_id == party_id


def test_enter_in_the_search_searches(visit: Visit, session: Session) -> None:
    give(session, 100, PERSON)
    before = books(session)
    found = visit("secretary").submit(RECORD, MONEY | {"donor": "", "donor_search": "买买提"})
    assert found.status == 200
    assert "捐过 1 笔" in found.words
    assert books(session) == before


def test_search_says_when_nobody_is_found(visit: Visit) -> None:
    found = visit("secretary").submit(RECORD, {"donor_search": "没有这个人"})
    assert "没有找到“没有这个人”，请作为新的捐赠人填写。" in found.words


def test_htmx_gets_only_the_choice_of_donors(visit: Visit, session: Session) -> None:
    give(session, 100, PERSON)
    part = visit("secretary").post(RECORD, {"donor_search": "古丽", "step": "find-donor"}, HX_Request="true")
    assert part.status == 200
    assert part.html.lstrip().startswith('<div id="donor-choice"')
    assert "<h1" not in part.html


def test_unknown_donor_id_is_refused(visit: Visit, session: Session) -> None:
    before = books(session)
    for party in ("999", str(2**70), "1; DROP TABLE party"):
        answer = visit("secretary").post(RECORD, MONEY | {"party": party, "once": "k" * 32})
        assert answer.status == 422
        assert answer.error_at("party")
    assert books(session) == before


def test_what_is_said_of_a_known_organisation_is_not_dropped_in_silence(
    visit: Visit, session: Session
) -> None:
    secretary = visit("secretary")
    assert secretary.submit(RECORD, MONEY).status == 303
    before = books(session)
    answer = secretary.submit(RECORD, MONEY | {"consent_wish": "not_named", "consent_how": "来电话"})
    assert answer.status == 422
    assert "这个单位已经登记过" in answer.error_at("donor")
    assert "新疆三为 · 单位 · 捐过 1 笔" in answer.words
    assert books(session) == before


def test_organisation_given_again_is_the_same_donor(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    secretary.submit(RECORD, MONEY)
    first = _latest(session).party_id
    secretary.submit(RECORD, MONEY)
    assert _latest(session).party_id == first


def test_gift_at_the_gala_is_its_own_row_of_the_statement(visit: Visit, session: Session) -> None:
    visit("secretary").submit(RECORD, MONEY | {"at_event": "y"})
    lines = session.scalars(
        select(Posting.statement_line).where(Posting.entry_number == _latest(session).entry_number)
    ).all()
    assert "gala_other" in lines


@pytest.mark.parametrize(("typed", "sentence"), BAD_AMOUNTS.values(), ids=BAD_AMOUNTS)
def test_wrong_amount_is_refused_beside_its_field(
    visit: Visit, session: Session, typed: str, sentence: str
) -> None:
    before = books(session)
    answer = visit("secretary").submit(RECORD, MONEY | {"amount": typed})
    assert (answer.status, answer.error_at("amount")) == (422, sentence)
    assert answer.value_of("amount") == typed
    assert answer.value_of("donor") == "新疆三为"
    assert books(session) == before


@pytest.mark.parametrize(("typed", "sentence"), BAD_DAYS.values(), ids=BAD_DAYS)
def test_wrong_day_is_refused_beside_its_field(
    visit: Visit, session: Session, typed: str, sentence: str
) -> None:
    before = books(session)
    answer = visit("secretary").submit(RECORD, MONEY | {"received_on": typed})
    assert (answer.status, answer.error_at("received_on")) == (422, sentence)
    assert answer.value_of("received_on") == typed
    assert books(session) == before


def test_everything_that_is_missing_or_too_long_is_named_at_once(visit: Visit, session: Session) -> None:
    before = books(session)
    long = "长" * 3000
    typed = {"donor": long, "wish": long, "memo": long, "receipt_number": long, "consent_wish": "named"}
    answer = visit("secretary").submit(RECORD, typed)
    assert answer.status == 422
    assert answer.error_at("amount") == "请填写这一项"
    assert answer.error_at("method") == "请填写这一项"
    assert answer.error_at("donor") == "最多 200 个字"
    assert answer.error_at("donor_kind") == "请填写这一项"
    assert answer.error_at("wish") == "最多 500 个字"
    assert answer.error_at("memo") == "最多 2000 个字"
    assert answer.error_at("receipt_number") == "最多 60 个字"
    assert answer.error_at("consent_how") == "请填写这一项"
    assert answer.value_of("donor") == long
    assert books(session) == before


def test_form_without_its_token_is_kept_and_can_be_sent_again(visit: Visit, session: Session) -> None:
    before = books(session)
    secretary = visit("secretary")
    refused = secretary.post(RECORD, MONEY | {"once": "k" * 32, "earmark": "1"}, token=False)
    assert refused.status == 400
    assert books(session) == before
    assert secretary.send(refused).status == 303
    assert _latest(session).amount_minor == 123_450


def test_form_of_an_expired_sign_in_is_kept_through_the_sign_in(visit: Visit, session: Session) -> None:
    secretary = visit("secretary")
    form = secretary.get(RECORD)
    with transaction(session):
        for row in session.scalars(select(SignInSession)):
            row.ended_at = clock.now() - timedelta(minutes=1)
    before = books(session)
    refused = secretary.send(form, MONEY, path=RECORD)
    assert refused.status == 401
    assert books(session) == before
    again = secretary.send(refused, {"email": "secretary@example.org", "password": PASSWORD})
    assert again.status == 200
    assert secretary.send(again).status == 303
    assert _latest(session).amount_minor == 123_450


def test_stranger_and_wrong_offices_record_nothing(visit: Visit, session: Session) -> None:
    before = books(session)
    assert visit().get(RECORD).location.startswith("/office/sign-in")
    assert visit().post(RECORD, MONEY).status == 401
    for key in ("cashier", "council", "supervisor", "auditor", "host", "administrator"):
        assert visit(key).post(RECORD, MONEY | {"once": "k" * 32, "earmark": "1"}).status == 403
    assert visit("secretary").client.delete(RECORD).status_code == 405
    assert books(session) == before


def test_consent_is_recorded_by_whoever_recorded_the_gift(visit: Visit, session: Session) -> None:
    visit("secretary").submit(RECORD, MONEY | {"consent_wish": "named", "consent_how": "登记表"})
    consent = session.scalars(select(Consent)).one()
    assert (consent.wish, consent.how) == ("named", "登记表")
    assert session.get_one(Party, consent.party_id).public_name == "新疆三为"
