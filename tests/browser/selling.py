"""A sale night as the office sets it up in a browser."""

from __future__ import annotations

import re

from playwright.sync_api import Page

FREE = re.compile(r"可供义卖 (\d+)")
PASSWORD = "sunledger-example"


def sign_in(page: Page, role: str = "secretary") -> None:
    """Sign in as one of the example fund's people."""
    page.goto("/office/sign-in")
    page.fill("input[name=email]", f"{role}@yimi-yangguang.example")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/office/")


def set_up_event(page: Page, slug: str, name: str = "秋日义卖") -> str:
    """Set up an event of today; returns its number in the addresses of the office."""
    page.goto("/office/sales/add")
    page.fill("input[name=name]", name)
    page.fill("input[name=slug]", slug)
    page.click("main button[type=submit]")
    page.wait_for_url("**/office/sales/*")
    return page.url.rsplit("/", 1)[-1].partition("?")[0]


def add_lot(page: Page, event: str, *, quantity: int = 1, price: str = "12.5") -> str:
    """Put goods on sale of which there are most; returns the number of the lot."""
    page.goto(f"/office/sales/{event}/lots/choose")
    free = [int(FREE.findall(row)[0]) for row in page.locator("main tbody tr").all_inner_texts()]
    assert max(free) >= quantity, f"the example has only {free} pieces left to sell"
    page.locator("main tbody tr").nth(free.index(max(free))).locator("a").first.click()
    number = page.input_value("input[name=number]")
    page.fill("input[name=units_per_item]", "1")
    page.fill("input[name=quantity]", str(quantity))
    page.fill("input[name=price]", price)
    page.click("main button[type=submit]")
    if page.locator(".error-summary").count():  # the name says how many a pack holds: confirm
        page.click("main button[type=submit]")
    page.wait_for_url("**/lots/choose")
    return number
