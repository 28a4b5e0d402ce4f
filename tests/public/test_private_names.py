"""Thirty names that nobody agreed to publish, everywhere the office writes names; then every public page is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.donations.models import Donation
from app.donations.operations import change_consent, correct_donor, correct_money, reverse_donation
from app.goods.models import GoodsLine
from app.goods.operations import GoodsDraft
from app.parties.operations import PartyDraft
from app.parties.rules import ConsentDraft
from app.sales import operations as sales
from app.sales.closing.operations import Count, close_event
from app.sales.rules import LotDraft
from app.shared import clock
from app.shared.db import transaction
from tests import factories
from tests.disbursements import scenes
from tests.donations import gifts
from tests.visitor import Seen, Visitor

SURNAMES = "买提江阿依古丽热合曼吐尔逊努尔别克欧阳司马上官诸葛慕容"
NAMES = [f"{SURNAMES[place]}隐{SURNAMES[place + 1]}{chr(0x4E00 + 97 * place)}" for place in range(25)]
"""Of persons; five more are shops and buyers."""
SHOPS = ["隐记馕店", "隐月商行", "隐山小吃"]
BUYERS = ["隐买家甲号", "隐买家乙号"]
LINK = re.compile(rb'(?:href|action|hx-get)="(/[^"#]*)"')


def _fill(session: Session, folder: Path) -> None:
    names = iter(NAMES)
    told = iter(["not_named", "named"] * 20)

    def person() -> PartyDraft:
        # Half of them ticked "public" in a register: a claim without evidence.
        return PartyDraft("person", next(names), ConsentDraft(next(told), "登记表"), contact="13999990000")

    moment = clock.simulated(factories.simulated_start())
    with moment as now:
        now.set_local(date(2023, 9, 20))
        for minor in range(100, 108):
            gifts.give(session, minor * 1_000, person(), memo=f"{NAMES[0]}代交", receipt_number=f"S-{minor}")
        gifts.give(session, 9_900, PartyDraft("sole_trader", SHOPS[0], ConsentDraft("named", "登记表")))
        goods = [
            GoodsDraft("馕", 300, "个", 90_000, "", False),
            GoodsDraft("衣帽", 15, "件", 30_000, "估计", True),
        ]
        gifts.give(session, 0, PartyDraft("sole_trader", SHOPS[1]), goods=goods)
        gifts.give(session, 0, person(), goods=[GoodsDraft("鞋子", 6, "双", 18_000, "", False)])
        accountant, secretary = factories.actor(session, "accountant"), factories.actor(session, "secretary")
        fund = scenes.fund_id(session)
        given = session.scalars(select(Donation).order_by(Donation.id)).all()
        with transaction(session, books=True):
            correct_money(session, accountant, given[0].id, f"{NAMES[1]}记错了", amount_minor=150_000)
        with transaction(session, books=True):
            reverse_donation(session, accountant, given[1].id, f"{NAMES[2]}重复")
        with transaction(session, books=True):
            correct_donor(session, secretary, given[2].party_id, next(names), "person", fund)
        with transaction(session, books=True):
            draft = ConsentDraft("named", "当面", "同意书")
            change_consent(session, secretary, given[3].party_id, draft, fund)
        with transaction(session, books=True):
            change_consent(session, secretary, given[3].party_id, ConsentDraft("not_named", "电话"), fund)
        now.set_local(date(2023, 9, 28))
        with transaction(session, books=True):
            event = sales.create_event(
                session, secretary, fund_id=fund, slug="gala", name="慈善晚会", held_on=date(2023, 9, 28)
            ).id
            naan = session.scalars(select(GoodsLine.id).where(GoodsLine.item == "馕")).one()
            for number, mode, buyer in (("A01", "fixed_price", BUYERS[0]), ("A02", "auction", BUYERS[1])):
                lot = sales.add_lot(session, secretary, event, LotDraft(number, "馕", mode, naan, 10, 300)).id
                sales.record_sale(
                    session, secretary, lot, quantity=10, amount_minor=3_000, method="cash", buyer=buyer
                )
            close_event(session, secretary, event, [Count("cash", 6_100, f"{NAMES[3]}多付一元")])
        now.set_local(date(2023, 11, 6))
        scenes.give(session, 1_000_000)
        for minor in (10_000, 20_000, 30_000):
            found = scenes.approved(session, minor, applicant=person(), payee=person())
            scenes.pay(session, folder, found, minor)
        scenes.submitted(session, 5_000, applicant=person(), payee=PartyDraft("sole_trader", SHOPS[2]))
        scenes.drafted(session, 5_000, applicant=person(), payee=person())


def _crawl(stranger: Visitor, start: list[str]) -> Iterator[tuple[str, Seen]]:
    seen, waiting = set(start), list(start)
    while waiting:
        address = waiting.pop()
        answer = stranger.get(address)
        yield address, answer
        for found in LINK.findall(answer.content):
            link = found.decode().replace("&amp;", "&")
            if link not in seen and not link.startswith(("/static/", "/office")) and len(seen) < 600:
                seen.add(link)
                waiting.append(link)


def test_no_public_page_or_file_holds_a_name_without_consent(
    session: Session, visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    _fill(session, tmp_path)
    private = [*NAMES, *SHOPS, *BUYERS]
    assert len(private) == 30
    start = ["/", "/ledger", "/ledger.csv", "/ledger.json", "/disbursements", "/sales", "/sales/gala"]
    start += [f"/entries/{number}" for number in range(1, 30)]
    start += ["/?lang=en", "/ledger?lang=zh_Hant"]
    visited = 0
    for address, answer in _crawl(visit(), start):
        text = answer.content.decode("utf-8", "replace")
        for name in private:
            assert name not in text, f"{name} at {address}"
            assert name.encode("unicode_escape").decode() not in text, f"{name} at {address}"
        assert "13999990000" not in text, address
        visited += answer.status == 200
    assert visited > 60


def test_no_name_without_consent_can_be_searched_for(
    session: Session, visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    _fill(session, tmp_path)
    stranger = visit()
    assert '"entries":[]' not in stranger.get("/ledger.json?q=馕").content.decode()
    for name in ("隐", *NAMES, *SHOPS, *BUYERS):
        assert '"entries":[]' in stranger.get(f"/ledger.json?q={quote(name)}").content.decode(), name
