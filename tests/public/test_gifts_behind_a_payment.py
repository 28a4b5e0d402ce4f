"""Every gift behind a payment is read page by page: by name with consent, else counted under the mask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.disbursements.models import Disbursement, Payment
from app.ledger.entry import queries
from app.ledger.entry.queries import Givers, givers_of_entry, givers_of_source
from app.parties.operations import PartyDraft
from app.parties.rules import ConsentDraft
from app.settings import Settings
from tests.disbursements import scenes
from tests.donations.gifts import give
from tests.visitor import Seen, Visitor

Visit = Callable[..., Visitor]
AGREED = ConsentDraft("named", "当面", "签字登记表第 3 页")


@pytest.fixture
def paid(session: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> tuple[str, int]:
    """A payment of 700.00 out of seven gifts of 100.00, every other donor named, read three at a time: (request, entry)."""
    monkeypatch.setattr(queries, "GIFTS_SHOWN", 3)
    for place in range(7):
        donor = PartyDraft("person", f"捐赠人{place}", AGREED if place % 2 else None)
        give(session, 10_000, donor, received_on=date(2023, 9, 1 + place))
    found = scenes.approved(session, 70_000)
    scenes.pay(session, settings.files_dir, found, 70_000)
    session.rollback()
    number = session.scalars(select(Disbursement.number).where(Disbursement.id == found)).one()
    entry = session.scalars(select(Payment.entry_number).where(Payment.disbursement_id == found)).one()
    return number or "", entry


def _rows(seen: Seen) -> list[tuple[str, str]]:
    cells = seen.tree.xpath("//div[@id='givers']//tbody/tr")
    return [tuple(" ".join(cell.text_content().split()) for cell in row) for row in cells]  # type: ignore[misc]


def _next(seen: Seen) -> str:
    found = seen.tree.xpath("//div[@id='givers']//a[@rel='next']/@href")
    return str(found[0]) if found else ""


def test_named_gifts_are_read_page_by_page_and_the_others_are_counted(
    visit: Visit, paid: tuple[str, int]
) -> None:
    number, entry = paid
    for address in (f"/disbursements/{number}", f"/entries/{entry}"):
        pages, at = [], address
        while at:
            seen = visit().get(at)
            assert seen.status == 200
            pages.append(_rows(seen))
            at = _next(seen)
        assert pages == [
            [("爱心居民2 笔", "200.00"), ("捐赠人1", "100.00")],
            [("捐赠人3", "100.00"), ("爱心居民", "100.00"), ("捐赠人5", "100.00")],
            [("爱心居民", "100.00")],
        ]


def test_part_alone_is_what_htmx_swaps_in(visit: Visit, paid: tuple[str, int]) -> None:
    _, entry = paid
    part = visit().get(_next(visit().get(f"/entries/{entry}")), HX_Request="true")
    assert part.html.lstrip().startswith('<div id="givers"')
    assert "捐赠人3" in part.html


@pytest.mark.parametrize("wrong", ["abc", "-1", "9" * 40, "", "1.5"])
def test_strange_places_show_a_page(visit: Visit, paid: tuple[str, int], wrong: str) -> None:
    number, entry = paid
    for address in (f"/disbursements/{number}", f"/entries/{entry}"):
        assert visit().get(f"{address}?gifts_after={wrong}").status == 200


def test_pages_add_up_to_the_payment(session: Session, paid: tuple[str, int]) -> None:
    number, entry = paid
    request = session.scalars(select(Disbursement.id).where(Disbursement.number == number)).one()

    def all_of(read: Callable[[int], Givers]) -> list[int]:
        found, after = [], 0
        while True:
            page = read(after)
            found += [giver.amount_minor for giver in page.shown]
            if page.next_after is None:
                return found
            after = page.next_after

    assert sum(all_of(lambda after: givers_of_entry(session, entry, after))) == 70_000
    assert sum(all_of(lambda after: givers_of_source(session, "disbursement", request, after))) == 70_000


def test_a_page_reads_its_own_gifts_in_the_order_of_an_index(
    session: Session, paid: tuple[str, int], engine_kind: str
) -> None:
    if engine_kind != "sqlite":
        session.connection().exec_driver_sql("SET enable_seqscan = off")
        session.connection().exec_driver_sql("SET enable_bitmapscan = off")
        session.connection().exec_driver_sql("SET enable_sort = off")
        session.connection().exec_driver_sql("SET enable_hashagg = off")
    said: list[str] = []

    def explain(connection, cursor, statement, parameters, context, executemany) -> None:  # type: ignore[no-untyped-def]
        if "tranche_movement" in statement and not statement.startswith("EXPLAIN"):
            how = "EXPLAIN QUERY PLAN " if engine_kind == "sqlite" else "EXPLAIN "
            said.extend(str(row) for row in connection.exec_driver_sql(how + statement, parameters))

    event.listen(session.connection(), "after_cursor_execute", explain)
    givers_of_entry(session, paid[1])
    givers_of_source(session, "disbursement", 1)
    plan = "\n".join(said)
    assert "ix_tranche_movement_entry" in plan
    assert "ix_tranche_movement_source" in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan.replace("Incremental Sort", "Sort") or engine_kind == "sqlite"
