"""Reading what the public site says: figures of a strip, lines of a ledger table, files."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

from tests.visitor import Seen


def figures(seen: Seen) -> dict[str, str]:
    """The figures of the strip by their labels, without unit."""
    found = {}
    for each in seen.tree.xpath("//dl[contains(@class, 'figures')]/div"):
        value = each.xpath("./dd[contains(@class, 'value')]")[0]
        small = "".join(value.xpath("./small/text()"))
        text = "".join(value.itertext()).removesuffix(small).strip()
        found["".join(each.xpath("./dt/text()")).strip()] = text
    return found


def notes(seen: Seen) -> dict[str, str]:
    """The notes under the figures by their labels."""
    return {
        "".join(each.xpath("./dt/text()")).strip(): " ".join(
            "".join(each.xpath("./dd[contains(@class, 'note')]")[0].itertext()).split()
        )
        for each in seen.tree.xpath("//dl[contains(@class, 'figures')]/div[dd[contains(@class, 'note')]]")
    }


def facts(seen: Seen) -> dict[str, str]:
    """The facts in the margin by their terms."""
    return {
        each.xpath("./dt")[0].text_content().strip(): " ".join(
            " ".join(one.text_content() for one in each.xpath("./dd")).split()
        )
        for each in seen.tree.xpath("//dl[contains(@class, 'facts')]/div")
    }


def lines(seen: Seen) -> list[tuple[str, str, str]]:
    """(day, title, amount with its sign) of each row of the page's ledger tables."""
    found = []
    for row in seen.tree.xpath("//table[contains(@class, 'ledger')]/tbody/tr"):
        day, what, amount = (" ".join(each.text_content().split()) for each in row.xpath("./td")[:3])
        title = " ".join(row.xpath("./td[2]//a")[0].text_content().split())
        assert title in what
        found.append((day, title, amount))
    return found


def numbers(seen: Seen) -> list[int]:
    """Entry numbers that the rows of the ledger table lead to."""
    links = seen.tree.xpath("//table[contains(@class, 'ledger')]/tbody/tr/td[2]//a/@href")
    return [int(link.rpartition("/")[2]) for link in links]


def totals(seen: Seen) -> str:
    """The line above the ledger table."""
    return " ".join(seen.tree.xpath("//p[contains(@class, 'totals')]")[0].text_content().split())


def csv_rows(seen: Seen) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    assert seen.content.startswith(b"\xef\xbb\xbf"), "Excel reads UTF-8 only with its mark"
    return list(csv.DictReader(io.StringIO(seen.content.decode("utf-8-sig"))))


def json_of(seen: Seen) -> dict[str, Any]:
    """The answer as JSON."""
    assert seen.response.mimetype == "application/json"
    import json

    return json.loads(seen.content)  # type: ignore[no-any-return]


def sum_of(rows: list[dict[str, str]], direction: str) -> Decimal:
    """Money in one direction of CSV rows, what undoes counted against it."""
    return sum(
        (Decimal(row["amount"]) * int(row["sign"]) for row in rows if row["direction"] == direction),
        Decimal(0),
    )
