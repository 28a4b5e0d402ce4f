"""Pieces of public pages are made once and shown on many: whatever they depend on is in their names."""

from __future__ import annotations

from flask import Flask

from app.settings import LOCALES
from tests.house.conftest import House
from tests.house.samples import ALSO

FURTHER = (
    "/?text=large",
    "/ledger?text=large&lang=en",
    "/ledger?after=3",
    "/ledger?after=3&kind=donation",
    "/ledger?q=%E9%A6%95&after=2",
    "/ledger?from=2023-09-01&to=x",
    "/ledger?after=x",
    "/ledger?q=nothing-is-called-so",
    "/no-such-page",
)


def _forget(app: Flask, *kinds: str) -> None:
    for kind in kinds:
        app.extensions[f"sunledger_kept_{kind}"].clear()


def test_no_page_shows_a_piece_that_another_page_made_differently(house: House) -> None:
    rules = [
        rule
        for rule in house.rules()
        if house.access(rule).kind == "public" and "GET" in (rule.methods or ())
    ]
    asked = [
        (address, {"Accept_Language": locale.replace("_", "-"), **more})
        for address in (*(house.address(rule) for rule in rules), *ALSO, *FURTHER)
        for locale in LOCALES
        for more in ({}, {"HX_Request": "true"})
    ]

    def answer(address: str, headers: dict[str, str]) -> bytes | None:
        seen = house.visit().get(address, **headers)
        return seen.content if seen.response.mimetype == "text/html" else None

    anew = []
    for address, headers in asked:
        _forget(house.app, "pages", "facts", "rows")
        anew.append(answer(address, headers))
    assert sum(each is not None for each in anew) > 100
    for order in (asked, asked[::-1]):  # a piece is shown to pages before and after the one that made it
        _forget(house.app, "pages")
        for address, headers in order:
            assert answer(address, headers) == anew[asked.index((address, headers))], (address, headers)
