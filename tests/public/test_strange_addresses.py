"""Addresses that nobody links to are answered with a sentence, on either database."""

from __future__ import annotations

import pytest

from tests.public.conftest import Town

STRANGE = (
    "/disbursements?after=%00",
    "/disbursements?after=1999-99",
    "/disbursements/%00",
    "/statements/2023-01?version=" + "9" * 26,
    "/statements/2023-01.json?version=" + "9" * 26,
    "/disbursements/%F0%9F%8C%9E",
    "/sales/a%00b",
    "/sales/" + "x" * 500,
    "/funds/%00",
    "/earmarks/%00",
    "/entries/0",
    "/entries/9007199254740993",
    "/files/99999999999999999999",
    "/files/1",
)


@pytest.mark.parametrize("address", STRANGE)
def test_what_is_not_there_is_not_found(town: Town, address: str) -> None:
    page = town.get(address)
    if address == "/files/1":
        assert page.status in (200, 404)
    else:
        assert page.status == 404
        assert len(page.heading) > 3


@pytest.mark.parametrize(
    "query", ["q=%00", "q=%ED%A0%80", "fund=%00", "kind=%00", "from=%00", "after=-1", "q=" + "%E9%A6%95" * 60]
)
def test_strange_queries_are_answered(town: Town, query: str) -> None:
    for path in ("/ledger", "/ledger.json", "/ledger.csv"):
        assert town.get(f"{path}?{query}").status in (200, 422), path


@pytest.mark.parametrize("number", ["-1", "9" * 19, "9" * 26, "9" * 5000, "x", "%00"])
def test_numbers_that_no_database_holds_page_to_nothing(town: Town, number: str) -> None:
    assert town.get(f"/statements?after={number}").status == 200
