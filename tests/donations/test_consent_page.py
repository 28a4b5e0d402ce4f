"""Whose name the public reads: consent, its evidence, and a donor's name put right."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.donations.operations import record_own_consent
from app.ledger.models import LedgerRow
from app.parties.models import Consent, Party
from app.parties.operations import PartyDraft
from app.parties.rules import ConsentDraft
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import Refused
from tests.donations.gifts import PERSON, PLACE, books, gift, give
from tests.files import pictures
from tests.visitor import Visitor

Visit = Callable[..., Visitor]
PHOTO = pictures.png()
NAMED = {"wish": "named", "how": "当天在登记表上签字"}


def _public(session: Session, gift_id: int) -> str:
    number = gift(session, gift_id).entry_number
    return session.get_one(LedgerRow, (number, False)).party


def test_person_is_named_only_with_evidence(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    secretary = visit("secretary")
    path = f"{PLACE}/{gift_id}/consent"
    page = secretary.follow(secretary.submit(path, NAMED))
    assert page.notices[0] == "已登记，公开页面上现在显示“爱心居民”"
    assert _public(session, gift_id) == "爱心居民"
    assert "愿意公开，待证明" in page.words
    page = secretary.follow(secretary.submit(path, NAMED | {"evidence": "登记表第 3 页"}))
    assert page.notices[0] == "已登记，公开页面上现在显示“古丽·买买提”"
    assert _public(session, gift_id) == "古丽·买买提"


def test_organisation_is_named_on_its_word_and_masked_on_its_word(visit: Visit, session: Session) -> None:
    gift_id = give(session, donor=PartyDraft("organisation", "新疆三为"))
    path = f"{PLACE}/{gift_id}/consent"
    assert _public(session, gift_id) == "爱心单位"
    visit("secretary").submit(path, NAMED)
    assert _public(session, gift_id) == "新疆三为"
    visit("secretary").submit(path, {"wish": "not_named", "how": "来函"})
    assert _public(session, gift_id) == "爱心单位"
    assert session.scalars(select(Consent.wish).order_by(Consent.id)).all() == ["named", "not_named"]


def test_photo_is_evidence_for_those_who_may_read_it(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    secretary = visit("secretary")
    page = secretary.follow(
        secretary.submit(f"{PLACE}/{gift_id}/consent", NAMED | {"file": (PHOTO, "签字.png")})
    )
    assert _public(session, gift_id) == "古丽·买买提"
    assert "签字.png" in page.words
    (link,) = {each for each in page.links() if each.startswith("/office/files/")}
    assert visit("auditor").get(link).status == 200
    assert visit("council").get(link).status == 404
    assert visit().get(link).location.startswith("/office/sign-in")


def test_file_that_is_no_picture_or_document_is_refused_beside_its_field(
    visit: Visit, session: Session
) -> None:
    gift_id = give(session)
    before = books(session)
    answer = visit("secretary").submit(
        f"{PLACE}/{gift_id}/consent", NAMED | {"file": (b"\x00\x01MZ program", "签字.png")}
    )
    assert answer.status == 422
    assert "不能接受文件“签字.png”" in answer.error_at("file")
    assert answer.value_of("how") == NAMED["how"]
    assert books(session) == before


def test_second_click_records_one_consent(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    secretary = visit("secretary")
    path = f"{PLACE}/{gift_id}/consent"
    form = secretary.get(path)
    for _ in range(2):
        assert secretary.send(form, NAMED | {"evidence": "第 3 页"}, path=path).status == 303
    assert len(session.scalars(select(Consent)).all()) == 1


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"how": "签字"}, "wish", "请从列表中选择"),
        ({"wish": "named"}, "how", "请填写这一项"),
        ({"wish": "named", "how": "长" * 300}, "how", "最多 200 个字"),
        ({"wish": "named", "how": "签字", "evidence": "长" * 1100}, "evidence", "最多 1000 个字"),
    ],
)
def test_what_is_missing_or_too_long_is_refused(
    visit: Visit, session: Session, typed: dict[str, str], field: str, sentence: str
) -> None:
    gift_id = give(session)
    before = books(session)
    answer = visit("secretary").submit(f"{PLACE}/{gift_id}/consent", typed)
    assert (answer.status, answer.error_at(field)) == (422, sentence)
    assert books(session) == before


def test_donor_put_right_changes_every_public_row(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    other_id = give(session, donor=gift(session, gift_id).party_id)
    secretary = visit("secretary")
    path = f"{PLACE}/{gift_id}/donor"
    page = secretary.follow(secretary.submit(path, {"donor": "古丽馕店", "donor_kind": "sole_trader"}))
    assert page.heading == "古丽馕店的捐赠"
    party = session.get_one(Party, gift(session, gift_id).party_id)
    assert (party.name, party.kind, party.public_name) == ("古丽馕店", "sole_trader", "爱心商户")
    assert {_public(session, gift_id), _public(session, other_id)} == {"爱心商户"}
    assert "古丽馕店" in secretary.get(f"{PLACE}/?q=馕店").words
    assert "没有符合条件的捐赠" in secretary.get(f"{PLACE}/?q=买买提").words


def test_contact_is_put_right_and_can_be_taken_out(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    secretary = visit("secretary")
    path = f"{PLACE}/{gift_id}/donor"
    page = secretary.follow(secretary.submit(path, {"contact": " 13900002222 "}))
    assert "13900002222" in page.words
    assert secretary.get(path).value_of("contact") == "13900002222"
    party = session.get_one(Party, gift(session, gift_id).party_id)
    assert party.contact is not None
    assert b"13900002222" not in party.contact
    assert party.name == PERSON.name
    answer = secretary.submit(path, {"contact": "1" * 201})
    assert (answer.status, answer.error_at("contact")) == (422, "最多 200 个字")
    assert "13900002222" not in secretary.follow(secretary.submit(path, {"contact": ""})).words


def test_donor_needs_a_name_of_bearable_length(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    path = f"{PLACE}/{gift_id}/donor"
    for name, sentence in ((" ", "请填写这一项"), ("长" * 201, "最多 200 个字")):
        answer = visit("secretary").submit(path, {"donor": name})
        assert (answer.status, answer.error_at("donor")) == (422, sentence)
    assert session.get_one(Party, gift(session, gift_id).party_id).name == PERSON.name


def test_who_may_record_consent_and_put_a_donor_right(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    before = books(session)
    for act in ("consent", "donor"):
        path = f"{PLACE}/{gift_id}/{act}"
        assert visit().get(path).location.startswith("/office/sign-in")
        assert visit().post(path, NAMED).status == 401
        for key in ("cashier", "council", "supervisor", "auditor"):
            assert visit(key).post(path, NAMED).status == 403
        assert visit("secretary").client.put(path).status_code == 405
    assert visit("accountant").post(f"{PLACE}/{gift_id}/consent", NAMED).status == 403
    assert visit("cashier").get(f"{PLACE}/consents").status == 403
    assert books(session) == before


ALIAS = {"wish": "alias", "display_name": "一米阳光的朋友", "how": "电话", "evidence": "录音"}


def test_donor_is_shown_by_a_chosen_name_or_by_surname_and_takes_it_back(
    visit: Visit, session: Session
) -> None:
    gift_id = give(session)
    secretary, path = visit("secretary"), f"{PLACE}/{gift_id}/consent"
    stranger = visit()
    address = f"/entries/{gift(session, gift_id).entry_number}"
    for said, shown in (
        (ALIAS | {"given_on": "2023-09-20"}, "一米阳光的朋友"),
        ({"wish": "masked", "how": "电话", "evidence": "录音", "display_name": ""}, "古**"),
        ({"wish": "not_named", "how": "电话", "display_name": ""}, "爱心居民"),
    ):
        page = secretary.follow(secretary.submit(path, said))
        assert page.notices[0] == f"已登记，公开页面上现在显示“{shown}”"
        for public in (address, "/ledger", "/ledger.csv", "/ledger.json"):
            assert shown in stranger.get(public).content.decode()
            assert PERSON.name not in stranger.get(public).content.decode()
    assert "一米阳光的朋友" not in stranger.get("/ledger").content.decode()
    assert "2023-09-20" in page.words


def test_alias_of_somebody_else_is_refused_beside_its_field(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    give(session, donor=PartyDraft("organisation", "新疆三为"))
    give(session, donor=PartyDraft("person", "阿依古丽"))
    before = books(session)
    path = f"{PLACE}/{gift_id}/consent"
    for name in ("新疆三为", "阿依古丽"):
        answer = visit("secretary").submit(path, ALIAS | {"display_name": name})
        assert (answer.status, answer.error_at("display_name")) == (422, "这个称呼是别人的名称，请换一个")
        assert answer.value_of("how") == "电话"
    assert books(session) == before


def test_child_needs_a_guardian_whose_name_is_kept_encrypted(visit: Visit, session: Session) -> None:
    gift_id = give(session)
    secretary, path = visit("secretary"), f"{PLACE}/{gift_id}/consent"
    child = NAMED | {"evidence": "第 3 页", "is_minor": "y"}
    answer = secretary.submit(path, child)
    assert answer.error_at("guardian") == "不满十四周岁的捐赠人，要由监护人同意；请写明监护人"
    secretary.submit(path, child | {"guardian": "母亲帕提古丽"})
    assert _public(session, gift_id) == PERSON.name
    kept = session.scalars(select(Consent)).one()
    assert kept.is_minor
    assert kept.guardian is not None
    assert "帕提古丽".encode() not in kept.guardian
    assert secretary.get(path).value_of("guardian") == "母亲帕提古丽"


def test_database_keeps_a_child_from_being_shown_without_a_guardian(session: Session) -> None:
    gift_id = give(session)
    party_id = gift(session, gift_id).party_id
    row = {"party_id": party_id, "how": "电话", "evidence": "录音", "recorded_at": clock.now()}
    for wrong in ({"wish": "masked", "is_minor": True}, {"wish": "alias"}, {"wish": "whispered"}):
        with pytest.raises(IntegrityError), transaction(session, books=True):
            session.add(Consent(**row | wrong))
        session.rollback()


def test_donor_says_it_without_an_office_and_takes_it_back(session: Session) -> None:
    gift_id = give(session)
    give(session, donor=PartyDraft("person", "阿依古丽"))
    give(session, donor=PartyDraft("organisation", "新疆三为"))
    party_id = gift(session, gift_id).party_id
    page = {"how": "在捐赠人页面选择", "evidence": "凭收据码"}

    def say(wish: str, name: str = "") -> int:
        with transaction(session, books=True):
            return record_own_consent(session, party_id, ConsentDraft(wish, "", "", name), **page)

    assert (say("masked"), _public(session, gift_id)) == (1, "古**")
    assert say("masked") == 0
    with pytest.raises(Refused):
        say("alias", "新疆三为")
    assert (say("alias", "阿依古丽"), _public(session, gift_id)) == (
        1,
        "阿依古丽",
    )  # who else gave stays unsaid
    assert (say("not_named"), _public(session, gift_id)) == (1, "爱心居民")
    assert set(session.scalars(select(Consent.recorded_by_id))) == {None}


def test_new_donor_is_recorded_with_a_chosen_name(visit: Visit, session: Session) -> None:
    typed = {"amount": "10.00", "received_on": "2023-09-20", "method": "bank", "donor": "阿依古丽"}
    typed |= {"donor_kind": "person", "consent_wish": "alias", "consent_how": "当面"}
    secretary = visit("secretary")
    answer = secretary.submit(f"{PLACE}/record", typed)
    assert answer.error_at("consent_display_name") == "请填写公开显示的称呼"
    secretary.submit(
        f"{PLACE}/record", typed | {"consent_display_name": "月亮", "consent_evidence": "登记表第 1 页"}
    )
    assert session.scalars(select(Party.public_name)).one() == "月亮"
