"""What may be read beside the log: published words with their salts, until consent is withdrawn or the text is erased."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.donations import operations as donations
from app.donations.models import Donation
from app.files.operations import attach_file, log_public_files
from app.log import queries as log
from app.log.checks import check_log
from app.log.erasure.operations import erase
from app.log.models import Commitment, Leaf
from app.log.queries import Opening
from app.log.rules import commitment
from app.log.tiles.queries import Tree
from app.parties.operations import PartyDraft
from app.parties.rules import ConsentDraft
from app.public.openings.queries import openings
from app.settings import Settings
from app.shared import clock
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, NotFound, Refused
from app.shared.permissions import Actor
from app.web.database import open_engine
from tests.log.year import NAMED, PRIVATE, Year, every_breach


@pytest.fixture
def year(empty_settings: Settings, tmp_path: Path) -> Iterator[Year]:
    """The year, with real salts."""
    engine = open_engine(empty_settings)
    played = Year(engine, tmp_path / "files")
    played.play()
    yield played
    played.session.close()
    engine.dispose()


def published(session: Session) -> list[Opening]:
    """Everything that may be read now."""
    session.rollback()
    return list(openings(session, 0, log.size(session)))


def entry_leaf(session: Session, number: int) -> Leaf:
    """The leaf of an entry."""
    return session.scalars(select(Leaf).where(Leaf.kind == "entry", Leaf.subject_id == number)).one()


def test_every_published_text_opens_its_commitment(year: Year) -> None:
    found = published(year.session)
    assert len(found) > 60
    assert [(each.position, each.field) for each in found] == sorted(
        {(each.position, each.field) for each in found}
    )
    for each in found:
        leaf = log.leaf(year.session, each.position)
        assert leaf is not None
        assert json.loads(leaf.body)["texts"][each.field] == commitment(each.salt, each.field, each.text)


def test_nothing_private_is_published(year: Year) -> None:
    words = "\n".join(each.text for each in published(year.session))
    assert "修路" in words
    assert "金华小学" not in words, "an organisation is named only when it said so"
    for private in (*PRIVATE, "13800000000", "亲属", "多收的零钱", "V-01", "工程缩减"):
        assert private not in words
    fields = {each.field for each in published(year.session)}
    assert not fields & {"memo", "voucher", "wish", "explanation"}


def test_consent_opens_a_name_and_withdrawal_closes_it_at_once(year: Year) -> None:
    session, number = year.session, 4
    assert entry_leaf(session, number)
    year._with_all_offices(lambda: None)
    consent = ConsentDraft("named", "当面", "签字的同意书")
    with clock.simulated(clock.now()) as now:
        now.set_local(date(2023, 12, 29))
        gift = year.gift(PartyDraft("person", "帕提曼", consent), 500, year.free)
    donation = session.get_one(Donation, gift)
    position = entry_leaf(session, donation.entry_number).position
    assert ("party", "帕提曼") in {
        (each.field, each.text) for each in published(session) if each.position == position
    }
    root = Tree(session).root(position + 1)
    year.do(donations.change_consent, donation.party_id, ConsentDraft("not_named", "电话"), year.fund)
    after = {(each.field, each.text) for each in published(session) if each.position == position}
    assert after == {("description", "捐款")}
    assert "帕提曼" not in "".join(each.text for each in published(session))
    assert Tree(session).root(position + 1) == root
    assert year.broken() == []


def test_description_with_a_masked_name_in_it_stays_closed(year: Year) -> None:
    session = year.session
    assert NAMED in "".join(each.text for each in published(session))
    gift = session.get_one(Donation, year.private_gift)
    position = entry_leaf(session, gift.entry_number).position
    before = {each.field for each in published(session) if each.position == position}
    assert before == {"description", "document"}
    words = f"捐款（{PRIVATE[0]}）"
    with transaction(session):
        salt = b"1" * 32
        _drop(session, "commitment_is_never_changed", "commitment")
        session.execute(
            text(
                "UPDATE commitment SET text = :words, salt = :salt WHERE leaf_position = :at AND field = 'description'"
            ),
            {"words": words, "salt": salt, "at": position},
        )
        session.execute(
            text("UPDATE ledger_row SET description = :words WHERE number = :number"),
            {"words": words, "number": gift.entry_number},
        )
    assert {each.field for each in published(session) if each.position == position} == {"document"}


def _drop(session: Session, guard: str, table: str) -> None:
    on = "" if session.get_bind().dialect.name == "sqlite" else f" ON {table}"
    session.execute(text(f"DROP TRIGGER {guard}{on}"))


def test_erased_text_is_gone_and_the_log_says_so(year: Year) -> None:
    session = year.session
    leaf = entry_leaf(session, 3)
    size, root = log.size(session), Tree(session).root(log.size(session))
    proof = Tree(session).inclusion(leaf.position, size)
    at = year.do(erase, leaf.position, "party", "按本人要求删除")
    session.expire_all()
    assert session.get(Commitment, (leaf.position, "party")) is None
    assert at == size
    (said,) = log.erased(session, leaf.position, leaf.position + 1)
    assert (said.field, said.reason, said.log_position) == ("party", "按本人要求删除", at)
    told = log.leaf(session, at)
    assert told is not None
    body = json.loads(told.body)
    assert (body["type"], body["position"], body["field"], body["on"]) == (
        "erasure",
        leaf.position,
        "party",
        clock.today().isoformat(),
    )
    # The leaf, its proof and the signed root are what they were; the newer tree continues the older.
    assert Tree(session).root(size) == root
    assert Tree(session).inclusion(leaf.position, size) == proof
    assert year.broken() == []
    assert [check.problems for check in check_log(session) if not check.holds] == []
    assert not any(each.position == leaf.position and each.field == "party" for each in published(session))
    with pytest.raises(Conflict):
        year.do(erase, leaf.position, "party", "再删一次")


def test_erasure_asks_for_a_right_a_reason_and_a_text(year: Year) -> None:
    session = year.session
    position = entry_leaf(session, 3).position
    with pytest.raises(NotFound):
        year.do(erase, position, "no-such-field", "原因")
    with pytest.raises(NotFound):
        year.do(erase, 10**6, "party", "原因")
    for reason in ("", "  ", "字" * 2001, f"{NAMED} 的要求"):
        with pytest.raises(Refused):
            year.do(erase, position, "party", reason)
    with pytest.raises(Forbidden), transaction(session, books=True):
        erase(session, Actor(1, "无岗位"), position, "party", "原因")
    assert session.get(Commitment, (position, "party")) is not None


def test_database_lets_no_commitment_go_without_an_erasure(year: Year) -> None:
    session = year.session
    position = entry_leaf(session, 3).position
    for statement, guard in (
        ("DELETE FROM commitment WHERE leaf_position = :at", "commitment_goes_by_erasure"),
        ("UPDATE commitment SET text = '别的' WHERE leaf_position = :at", "commitment_is_never_changed"),
        ("UPDATE erasure SET field = 'party'", "erasure_is_append_only"),
        ("DELETE FROM leaf WHERE position = :at", "leaf_is_append_only"),
    ):
        values = {"at": position} if ":at" in statement else {}
        with pytest.raises(DBAPIError, match=guard), transaction(session):
            session.execute(text(statement), values)


def test_reason_of_an_erasure_is_public_and_can_be_erased_itself(year: Year) -> None:
    session = year.session
    at = year.do(erase, entry_leaf(session, 3).position, "party", "写错了的原因")
    assert "写错了的原因" in "".join(each.text for each in published(session))
    year.do(erase, at, "reason", "原因里有不该写的话")
    words = "".join(each.text for each in published(session))
    assert "写错了的原因" not in words
    (said,) = log.erased(session, entry_leaf(session, 3).position, entry_leaf(session, 3).position + 1)
    assert said.reason is None
    assert year.broken() == []


def test_public_file_of_a_public_request_has_one_leaf_however_late(year: Year, tmp_path: Path) -> None:
    file = year.do(
        attach_file,
        tmp_path / "files",
        subject_type="disbursement",
        subject_id=1,
        purpose="photo",
        name="late.pdf",
        content=b"%PDF-1.4\n",
        is_public=True,
    ).id
    assert every_breach(year.session) == [
        f"file_leaves_equal_the_records: file {file} is in the records but not in the log"
    ]
    for _ in range(2):
        with transaction(year.session, books=True):
            log_public_files(year.session, "disbursement", 1)
    assert every_breach(year.session) == []
    leaves = year.session.scalars(select(Leaf.subject_id).where(Leaf.kind == "file")).all()
    assert leaves.count(file) == 1
    assert len(leaves) == len(set(leaves))
