"""Five hundred private names wherever the office writes, then all that a stranger can open is read: none is there."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from urllib.parse import quote

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.donations.operations import change_consent, correct_words, record_donations
from app.donations.rules import DonationDraft
from app.files.operations import attach_file
from app.ledger import queries as ledger
from app.parties.operations import PartyDraft
from app.parties.rules import ConsentDraft
from app.sales import operations as sales
from app.sales.models import Lot, SaleEvent
from app.sales.paddles.operations import change_paddle
from app.shared import clock
from app.shared.db import transaction
from tests.disbursements import scenes
from tests.factories import actor, simulated_start
from tests.house.conftest import House
from tests.house.samples import ALSO
from tests.visitor import Seen

# Stands inside of every planted name and nowhere else: whoever reads a planted name reads it.
MARK = "黯"
PLANTED = 500
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
LINK = re.compile(rb'(?:href|action|hx-get|src)="(/[^"#]*)"')
ALIAS_SHOWN = "一位老朋友"


@dataclass
class Names:
    """Names that nobody agreed to publish, given out one after another."""

    given: list[str] = field(default_factory=list)

    def __call__(self) -> str:
        number = len(self.given)
        self.given.append(f"{SURNAMES[number % 20]}{MARK}{chr(0x4E00 + 31 * number)}")
        return self.given[-1]


@dataclass(frozen=True)
class Planted:
    """The house with the names in it."""

    house: House
    names: list[str]
    gifts: list[int]


def _said(names: Names, number: int) -> ConsentDraft | None:
    """A wish that shows nothing of a name, or not this name; with other people's names in its words."""
    if number % 7 == 0:
        return None
    words = f"{names()}在场时说的"
    if number % 7 == 1:
        return ConsentDraft("not_named", words, f"{names()}代签")
    if number % 7 == 2:
        return ConsentDraft("named", words)
    if number % 7 == 3:
        return ConsentDraft("masked", words)
    if number % 7 == 4:
        return ConsentDraft("alias", words, "", ALIAS_SHOWN)
    child = ConsentDraft(
        "alias", words, f"{names()}代签", ALIAS_SHOWN, is_minor=True, guardian=f"母亲{names()}"
    )
    return child if number % 7 == 5 else replace(child, wish="masked", display_name="")


def _gifts(session: Session, names: Names) -> list[int]:
    fund_id, earmark_id = scenes.fund_id(session), scenes.unrestricted(session)
    drafts = []
    with transaction(session, books=True):
        bank = ledger.money_account_of_kind(session, fund_id, "bank")
        for number in range(105):
            kind = ("person", "sole_trader")[number % 2]
            donor = PartyDraft(kind, names(), _said(names, number), contact=f"{names()} 13999990000")
            if number % 10 == 9:
                donor = PartyDraft("organisation", f"{names()}商贸", ConsentDraft("not_named", "来函"))
            drafts.append(
                DonationDraft(
                    fund_id=fund_id,
                    received_on=date(2023, 11, 20),
                    method="bank",
                    donor=donor,
                    earmark_id=earmark_id,
                    amount_minor=10_000 + number,
                    money_account_id=bank.id,
                    wish=f"希望{names()}收到",
                    memo=f"{names()}代交",
                )
            )
        found = record_donations(session, actor(session, "secretary"), drafts)
    with transaction(session, books=True):
        correct_words(
            session, actor(session, "secretary"), found[0], f"{names()}说错了", memo=f"{names()}转交"
        )
    return found


def _papers(session: Session, names: Names, files: Path, gifts: list[int]) -> None:
    with transaction(session, books=True):
        for gift_id in gifts[:20]:
            attach_file(
                session,
                actor(session, "secretary"),
                files,
                subject_type="party",
                subject_id=session.get_one(Donation, gift_id).party_id,
                purpose="consent",
                name=f"{names()}的同意书.pdf",
                content=f"%PDF-1.4 {names()}".encode(),
            )


def _requests(session: Session, names: Names, files: Path) -> None:
    for number in range(4):
        people = {
            "applicant": PartyDraft("person", names(), contact=names()),
            "payee": PartyDraft(("person", "sole_trader")[number % 2], names(), contact=names()),
        }
        if number == 0:
            scenes.pay(session, files, scenes.approved(session, 10_000, **people), 10_000)
        elif number == 1:
            scenes.in_notice(session, 10_000, **people)
        elif number == 2:
            scenes.submitted(session, 10_000, **people)
        else:
            scenes.drafted(session, 10_000, **people)


def _buyers(session: Session, names: Names) -> None:
    """Buyers at a sale and the holder of a paddle."""
    secretary = actor(session, "secretary")
    event = session.scalars(select(SaleEvent).where(SaleEvent.slug == "autumn-2023")).one()
    lot = session.scalars(select(Lot).where(Lot.event_id == event.id, Lot.number == "A01")).one()
    for _ in range(6):
        with transaction(session, books=True):
            sales.record_sale(
                session, secretary, lot.id, quantity=1, amount_minor=300, method="cash", buyer=names()
            )
    with transaction(session, books=True):
        change_paddle(session, secretary, 3, name=names(), contact=names(), blocked=False)


@pytest.fixture(scope="module")
def planted(house: House, tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """The names, in everything that takes words."""
    names = Names()
    files = house.app.extensions["sunledger_settings"].files_dir
    with Session(house.engine, expire_on_commit=False) as session, clock.simulated(simulated_start()) as now:
        now.set_local(date(2024, 1, 5))
        gifts = _gifts(session, names)
        _papers(session, names, files, gifts)
        _requests(session, names, files)
        _buyers(session, names)
    return Planted(house, names.given, gifts)


def _texts(seen: Seen) -> Iterator[str]:
    """All that a reader can get out of an answer: its bytes, and what is packed inside of them."""
    yield seen.content.decode("utf-8", "replace")
    yield str(seen.headers)
    if seen.content.startswith(b"%PDF"):
        reader = PdfReader(io.BytesIO(seen.content))
        yield str(reader.metadata)
        yield "".join("".join(page.extract_text().split()) for page in reader.pages)
    if seen.content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(seen.content)) as packed:
            for each in packed.namelist():
                yield each + packed.read(each).decode("utf-8", "replace")


def _holds(seen: Seen, words: str) -> bool:
    forms = (words, json.dumps(words)[1:-1], quote(words), "".join(f"&#{ord(each)};" for each in words))
    return any(form in text for text in _texts(seen) for form in forms)


def _open_to_all(house: House) -> Iterator[tuple[str, Seen]]:
    """Every public route, every page that one leads to, and pages that there are none of."""
    rules = [
        rule
        for rule in house.rules()
        if house.access(rule).kind == "public" and "GET" in (rule.methods or ())
    ]
    waiting = [*(house.address(rule) for rule in rules), *ALSO, "/ledger?lang=en", "/ledger?lang=zh_Hant"]
    waiting += [house.address(rule, existing=False) for rule in rules if rule.arguments]
    seen = set(waiting)
    stranger = house.visit()
    while waiting:
        address = waiting.pop()
        answer = stranger.get(address)
        yield address, answer
        for found in LINK.findall(answer.content):
            link = found.decode().replace("&amp;", "&")
            if link not in seen and not link.startswith(("/static/", "/office")) and len(seen) < 700:
                seen.add(link)
                waiting.append(link)


def test_nothing_that_a_stranger_can_open_holds_a_planted_name(planted: Planted) -> None:
    assert len(set(planted.names)) >= PLANTED
    kinds = set()
    opened = 0
    for address, answer in _open_to_all(planted.house):
        assert not _holds(answer, MARK), address
        assert not _holds(answer, "13999990000"), address
        kinds.add((answer.response.mimetype or "").partition(";")[0])
        opened += answer.status == 200
    assert opened > 150
    assert {"text/html", "application/pdf", "text/csv", "application/json"} <= kinds


def test_name_with_consent_is_where_its_gift_is_and_gone_when_it_is_taken_back(planted: Planted) -> None:
    with Session(planted.house.engine, expire_on_commit=False) as session:
        found = session.get_one(Donation, planted.gifts[0])

        def say(draft: ConsentDraft) -> None:
            with transaction(session, books=True):
                change_consent(session, actor(session, "secretary"), found.party_id, draft, found.fund_id)

        say(ConsentDraft("named", "当面", "签字的同意书"))
        holding = {address for address, answer in _open_to_all(planted.house) if _holds(answer, MARK)}
        assert f"/entries/{found.entry_number}" in holding
        assert any(address.startswith("/ledger.csv") for address in holding)
        assert any(address.startswith("/ledger.json") for address in holding)
        assert not any(
            address.startswith(("/statements", "/disbursements", "/council")) for address in holding
        )
        say(ConsentDraft("not_named", "电话"))
        for address in sorted(holding):
            assert not _holds(planted.house.visit().get(address), MARK), address
