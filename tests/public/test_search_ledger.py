"""A stranger looks for something in Chinese."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from urllib.parse import quote

import pytest
from sqlalchemy.orm import Session

from app.donations.operations import change_consent
from app.parties.operations import PartyDraft
from app.parties.rules import ConsentDraft
from app.shared import clock
from app.shared.db import transaction
from tests import factories
from tests.donations import gifts
from tests.public import reading
from tests.public.conftest import Town
from tests.visitor import Visitor

FOUND = {
    "体育馆": ["金龙体育馆门前破损路面修缮", "中国石油克拉玛依石化有限责任公司"],
    "體育館": ["金龙体育馆门前破损路面修缮", "中国石油克拉玛依石化有限责任公司"],
    "馕": ["慈善晚会义卖义拍", "爱心商户"],
    "晚会": ["慈善晚会微信收款提现", "慈善晚会现金缴存", "慈善晚会义卖义拍"],
    "围巾": ["慈善晚会义卖义拍", "爱心居民"],
    "2023-02": ["辖区孤寡老人冬季慰问"],
    "孤寡 超市": ["辖区孤寡老人冬季慰问"],
    "三为": ["新疆三为城市生态环境科技服务有限公司"],
    "孤寡 体育馆": [],
    "——": [],
    "'; DROP TABLE": [],
    '" OR *': [],
}


@pytest.mark.parametrize("words", FOUND)
def test_words_find_what_is_displayed(town: Town, words: str) -> None:
    page = town.get(f"/ledger?q={quote(words)}")
    assert page.status == 200
    assert [title for _, title, _ in reading.lines(page)] == FOUND[words]
    if not FOUND[words]:
        assert "没有符合条件的记录" in page.words
    part = town.get(f"/ledger.json?q={quote(words)}")
    assert len(reading.json_of(part)["entries"]) == len(FOUND[words])


def test_name_is_shown_and_found_only_while_its_owner_consents(
    session: Session, visit: Callable[..., Visitor]
) -> None:
    with clock.simulated(factories.simulated_start()) as moment:
        moment.set_local(date(2023, 9, 21))
        given = gifts.gift(session, gifts.give(session, 5_000, PartyDraft("person", "古丽·买买提")))
        stranger = visit()

        def seen() -> tuple[list[str], int]:
            shown = [title for _, title, _ in reading.lines(stranger.get("/ledger"))]
            return shown, len(reading.lines(stranger.get("/ledger?q=古丽")))

        def say(wish: str, evidence: str) -> None:
            with transaction(session, books=True):
                draft = ConsentDraft(wish, "当面", evidence)
                actor = factories.actor(session, "secretary")
                change_consent(session, actor, given.party_id, draft, given.fund_id)

        assert seen() == (["爱心居民"], 0)
        say("named", "签字的同意书")
        assert seen() == (["古丽·买买提"], 1)
        say("not_named", "")
        assert seen() == (["爱心居民"], 0)
