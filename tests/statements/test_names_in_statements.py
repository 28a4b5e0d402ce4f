"""An issued document names organisations that agreed, and no natural person."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from app.parties.operations import PartyDraft
from app.parties.rules import ConsentDraft
from app.shared.db import transaction
from app.shared.periods import Period
from app.statements.queries import statement_figures
from tests.statements.worked_example import Example, gift

DAY = date(2024, 3, 10)
MARCH = Period(date(2024, 3, 1), date(2024, 3, 31))
NAMED = ConsentDraft("named", "签字同意书", "扫描件")


def test_persons_and_traders_appear_without_their_names(session: Session, blank: Example) -> None:
    givers = (
        PartyDraft("person", "张三丰", NAMED),
        PartyDraft("sole_trader", "李记馕铺", NAMED),
        PartyDraft("organisation", "新疆三为公司", ConsentDraft("named", "登记表")),
        PartyDraft("organisation", "不具名公司", ConsentDraft("not_named", "登记表")),
        PartyDraft("unnamed", "辖区职工"),
    )
    with transaction(session, books=True):
        for index, giver in enumerate(givers):
            gift(
                blank,
                str(index),
                DAY,
                100,
                donor=giver,
                description=f"捐款（{giver.name}）" if index == 0 else "捐款",
            )
    rows = statement_figures(session, blank.fund, MARCH).annex
    assert [row.party for row in rows] == ["爱心居民", "爱心商户", "新疆三为公司", "爱心单位", "辖区职工"]
    assert rows[0].description == "捐款（爱心居民）"
