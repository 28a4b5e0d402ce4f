"""Every posting rule, written once as a table in docs/postings.md, made from the rules themselves."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.ledger import rules
from app.ledger.accounts import ACCOUNT_NAMES, PAYMENT_LINES, RECEIPT_LINES
from app.ledger.rules import PostingDraft

DOCUMENT = Path(__file__).parents[2] / "docs" / "postings.md"
BANK: Any = SimpleNamespace(id=1, account_code="1002")
WECHAT: Any = SimpleNamespace(id=2, account_code="1009")
FREE: Any = SimpleNamespace(id=1, is_restricted=False)
ROAD: Any = SimpleNamespace(id=2, is_restricted=True)
HEAD = """# Posting rules

Every event of the books as debits and credits. This table is made from `app/ledger/rules.py` by a test that fails when
it is out of date (`SUNLEDGER_UPDATE=1 pytest tests/ledger/test_posting_rules.py` writes it anew). Codes: the chart of
accounts in `app/ledger/accounts.py`. The last column is the row of the receipts-and-payments statement that the money
side feeds.

| event | kind | debit | credit | statement row |
|---|---|---|---|---|
"""

EVENTS: list[tuple[str, str, list[PostingDraft]]] = [
    ("money that was there before this system", "opening", rules.opening_postings(BANK, FREE, 100)),
    ("the same, restricted", "opening", rules.opening_postings(BANK, ROAD, 100)),
    ("gift of money", "donation", rules.donation_postings(BANK, FREE, 100)),
    ("gift of money for a purpose", "donation", rules.donation_postings(BANK, ROAD, 100)),
    (
        "gift at a gala",
        "donation",
        rules.donation_postings(WECHAT, FREE, 100, rules.donation_line(FREE, at_event=True)),
    ),
    ("donation box", "box", rules.donation_postings(BANK, FREE, 100, "donation_box")),
    ("gift in kind, at its valuation", "goods_received", rules.goods_received_postings(FREE, 100)),
    (
        "donated goods sold at a fixed price",
        "sale",
        rules.sale_postings(WECHAT, FREE, 120, 100, "charity_sale"),
    ),
    ("donated goods auctioned", "sale", rules.sale_postings(WECHAT, FREE, 80, 100, "charity_auction")),
    ("interest", "interest", rules.interest_postings(BANK, FREE, 100)),
    ("government subsidy", "subsidy", rules.subsidy_postings(BANK, ROAD, 100)),
    ("charge of a bank or wallet", "fee", rules.fee_postings(BANK, FREE, 100)),
    *[
        (
            f"payment, {kind}, {'accepted' if accepted else 'not yet accepted'}",
            "payment",
            rules.payment_postings(BANK, FREE, 100, kind, accepted=accepted, project_id=None),
        )
        for kind in ("project_works", "goods_purchase", "fundraising_cost", "management", "asset_purchase")
        for accepted in (True, False)
    ],
    (
        "work accepted after payment",
        "acceptance",
        rules.acceptance_postings(FREE, 100, "project_works", None),
    ),
    (
        "purchased goods handed out after payment",
        "acceptance",
        rules.acceptance_postings(FREE, 100, "goods_purchase", None),
    ),
    (
        "money back from a payee, after acceptance",
        "refund",
        rules.refund_postings(BANK, FREE, 100, "project_works", accepted=True, project_id=None),
    ),
    (
        "gift or remainder given back to its donor",
        "gift_returned",
        rules.gift_returned_postings(BANK, ROAD, 100),
    ),
    ("move between money accounts", "money_transfer", rules.transfer_postings(WECHAT, BANK, FREE, 100)),
    (
        "remainder moved to a new purpose",
        "purpose_change",
        rules.purpose_change_postings(BANK, ROAD, FREE, 100),
    ),
    ("donated goods given to beneficiaries", "stock_out", rules.stock_out_postings(FREE, 100)),
    ("donated goods lost or spoilt", "stock_out", rules.stock_out_postings(FREE, 100, lost=True)),
    ("donated goods found by a count", "goods_received", rules.stock_found_postings(FREE, 100)),
]


def side(postings: list[PostingDraft], column: str) -> str:
    return "<br>".join(
        f"{posting.account_code} {ACCOUNT_NAMES[posting.account_code]}"
        + (
            " (old purpose)"
            if posting.earmark_id == 2 and len({each.earmark_id for each in postings}) == 2
            else ""
        )
        for posting in postings
        if getattr(posting, column)
    )


def table() -> str:
    names = {**RECEIPT_LINES, **PAYMENT_LINES, "opening": "期初结余", "purpose_change": "资金划转"}
    rows = []
    for event, kind, postings in EVENTS:
        lines = sorted({names[posting.statement_line] for posting in postings if posting.statement_line})
        rows.append(
            f"| {event} | {kind} | {side(postings, 'debit_minor')} | {side(postings, 'credit_minor')} | {'、'.join(lines)} |"
        )
    return HEAD + "\n".join(rows) + "\n"


def test_the_table_in_the_docs_is_what_the_rules_do(request: pytest.FixtureRequest) -> None:
    import os

    if os.environ.get("SUNLEDGER_UPDATE"):
        DOCUMENT.write_text(table(), encoding="utf-8")
    assert DOCUMENT.read_text(encoding="utf-8") == table()


@pytest.mark.parametrize(("event", "kind", "postings"), EVENTS)
def test_every_rule_balances_by_purpose(event: str, kind: str, postings: list[PostingDraft]) -> None:
    for earmark in {posting.earmark_id for posting in postings}:
        mine = [posting for posting in postings if posting.earmark_id == earmark]
        assert sum(posting.debit_minor for posting in mine) == sum(
            posting.credit_minor for posting in mine
        ), event


@pytest.mark.parametrize(("event", "kind", "postings"), EVENTS)
def test_money_always_names_its_account_and_only_transfers_feed_no_row(
    event: str, kind: str, postings: list[PostingDraft]
) -> None:
    for posting in postings:
        assert (posting.money_account_id is not None) == (posting.account_code in ("1001", "1002", "1009")), (
            event
        )
        fed = posting.money_account_id is not None and kind != "money_transfer"
        assert (posting.statement_line is not None) == fed, event
