"""The report of a sale event: frozen figures that tie, a PDF that says them, no natural person in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.documents.models import IssuedDocument
from app.sales import queries as sales
from app.sales.closing.operations import Count, record_late_sale, reverse_lot_entry
from app.shared.db import transaction
from app.shared.errors import Conflict, Forbidden, Refused
from app.statements.events.operations import issue_sale_report
from app.statements.events.queries import report_of, sales_line
from tests.factories import actor
from tests.sales import scenes
from tests.visitor import Visitor

Visit = Callable[..., Visitor]


def _closed(session: Session) -> tuple[int, int]:
    """A closed event of 6.00, counted 6.50; returns it and its lot."""
    event = scenes.make_event(session)
    lot = scenes.make_lot(session, event, scenes.give_goods(session))
    scenes.sell(session, lot, 2, 600)
    scenes.close(session, event, Count("cash", 650, "不要找零"))
    return event, lot


def _issue(session: Session, event: int, note: str = "", who: str = "secretary") -> IssuedDocument:
    with transaction(session, books=True):
        return issue_sale_report(session, actor(session, who), event, correction_note=note).document


def test_figures_tie_and_the_net_line_is_theirs(session: Session) -> None:
    event, _ = _closed(session)
    report = report_of(session, sales.event(session, event))
    assert (report.lots_minor, report.box_minor, report.difference_minor) == (600, 0, 50)
    assert report.amount_minor == report.lots_minor + report.box_minor + report.difference_minor
    assert report.used_minor + report.left_minor == report.amount_minor
    assert (report.cost_minor, report.net_minor) == (600, 50)
    line = sales_line(session, scenes.fund_id(session))
    assert (line.events, line.amount_minor, line.cost_minor) == (1, 600, 600)


def test_goods_that_came_back_cost_nothing(session: Session) -> None:
    event, _ = _closed(session)
    number = sales.event(session, event).first_entry_number or 0
    with transaction(session, books=True):
        reverse_lot_entry(session, actor(session, "accountant"), number, "记错了")
    assert sales_line(session, scenes.fund_id(session)).cost_minor == 0
    assert report_of(session, sales.event(session, event)).cost_minor == 0


def test_issued_once_and_again_only_with_a_note(session: Session) -> None:
    event, lot = _closed(session)
    first = _issue(session, event)
    assert _issue(session, event).id == first.id
    with transaction(session, books=True):
        record_late_sale(
            session,
            actor(session, "secretary"),
            lot,
            quantity=1,
            amount_minor=300,
            method="wechat",
            received_on=scenes.DAY,
        )
    with pytest.raises(Refused) as refused:
        _issue(session, event)
    assert refused.value.field == "correction_note"
    second = _issue(session, event, "补记一笔微信收款")
    assert (second.number, second.version) == (first.number, 2)


def test_two_events_of_one_day_have_reports_of_their_own(session: Session) -> None:
    event, _ = _closed(session)
    other = scenes.make_event(session, "market-2023")
    scenes.sell(session, scenes.make_lot(session, other, scenes.give_goods(session)), 1, 300)
    scenes.close(session, other)
    assert _issue(session, event).number != _issue(session, other).number


def test_no_report_of_an_open_event_nor_by_anybody(session: Session) -> None:
    event = scenes.make_event(session)
    with pytest.raises(Conflict):
        _issue(session, event)
    with pytest.raises(Forbidden):
        _issue(session, event, who="cashier")


def test_secretary_issues_it_and_everybody_reads_it(visit: Visit, session: Session) -> None:
    event, _ = _closed(session)
    place, secretary, stranger = f"/office/statements/sales/{event}", visit("secretary"), visit()
    assert "报告还没有签发" in secretary.get("/office/").words
    done = secretary.submit(place)
    session.rollback()
    number = session.scalars(select(IssuedDocument.number)).one()
    assert done.location == f"/statements/{number}"
    assert "没有变化" in secretary.get(place).words
    assert "报告还没有签发" not in secretary.get("/office/").words
    page = stranger.get(f"/statements/{number}")
    for words in ("一米阳光慈善晚会", "A01", "爱心单位", "6.50", "清点差额", "0.50"):
        assert words in page.words, words
    figures = json.loads(stranger.get(f"/statements/{number}.json").content)
    assert (figures["amount_minor"], figures["lots"][0]["proceeds_minor"]) == (650, 600)
    assert number in stranger.get("/sales/gala-2023").words
    assert "义卖义拍活动报告" in stranger.get("/statements").words
    for language, heading in (("zh_Hans", "义卖义拍活动报告"), ("en", "Report of a charity sale")):
        printed = stranger.get(f"/statements/{number}.pdf?lang={language}")
        assert printed.response.mimetype == "application/pdf"
        text = "".join(each.extract_text() for each in PdfReader(BytesIO(printed.content)).pages)
        for words in (heading, "A01", "6.50", number):
            assert words in text, (language, words)
