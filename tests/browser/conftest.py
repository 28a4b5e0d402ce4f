"""A real server with the example fund, and a real browser in front of it.

`site` is the running server (one for each worker of the suite), `open_page` opens a page of a chosen width, with
JavaScript or without, and `page` does so for every combination that a visitor may come with. A page that logs an
error, breaks the content security policy or asks another host for anything fails its test.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    ViewportSize,
    sync_playwright,
)

from tests.running import Site

WIDTHS: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "desktop": {"width": 1280, "height": 900},
}

MILLISECONDS_TO_ACT = 15_000

# Without these Chromium looks for its maker's servers at every start.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


# Without JavaScript a page's promises never settle, and axe-core waits for one.
without_javascript: WeakSet[BrowserContext] = WeakSet()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve the example fund from a data folder of its own."""
    served = Site(tmp_path_factory.mktemp("site"))
    served.sunledger("init")
    served.sunledger("example", "load")
    with served.served():
        yield served


def chromium() -> str:
    """The system's Chromium, or the one that CHROMIUM names."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.fail("These tests need Chromium: install the package `chromium`.", pytrace=False)
    return program


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield started
        started.close()


@dataclass
class Complaints:
    """What the pages of one test did that no page may do."""

    site: str
    allowed: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """Listen to every page of `context`."""
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.found.append(f"script error: {error.error}"))
        context.on("request", self._on_request)

    def allow(self, text: str) -> None:
        """Expect console errors that contain `text`, such as the "422" of a refused form."""
        self.allowed.append(text)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(text in message.text for text in self.allowed):
            self.found.append(f"console: {message.text}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self.site, "data:", "blob:")):
            self.found.append(f"request to another host: {request.url}")


OpenPage = Callable[..., Page]


@pytest.fixture
def complaints(site: Site) -> Iterator[Complaints]:
    """Collect what pages complain of, and fail the test when it ends if there is any."""
    collected = Complaints(site.url)
    yield collected
    assert collected.found == []


@pytest.fixture
def open_page(browser: Browser, site: Site, complaints: Complaints) -> Iterator[OpenPage]:
    """Return `open_page(width, javascript=True, locale="zh-CN", **context_options)`: a page in a browser of its own.

    Addresses may be relative: `open_page("phone").goto("/ledger")`.
    """
    contexts: list[BrowserContext] = []

    def open_one(
        width: str = "desktop", *, javascript: bool = True, locale: str = "zh-CN", **more: Any
    ) -> Page:
        context = browser.new_context(
            base_url=site.url,
            viewport=WIDTHS[width],
            java_script_enabled=javascript,
            locale=locale,
            has_touch=width == "phone",
            is_mobile=width == "phone",
            device_scale_factor=2 if width == "phone" else 1,
            reduced_motion="reduce",
            **{"timezone_id": "Asia/Shanghai"} | more,
        )
        context.set_default_timeout(MILLISECONDS_TO_ACT)
        contexts.append(context)
        if not javascript:
            without_javascript.add(context)
        complaints.watch(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


VIEWS = [(width, javascript) for width in WIDTHS for javascript in (True, False)]
NAMES = [f"{width}{'' if javascript else ' without JavaScript'}" for width, javascript in VIEWS]


@pytest.fixture(params=VIEWS, ids=NAMES)
def page(request: pytest.FixtureRequest, open_page: OpenPage) -> Page:
    """Open a page as each kind of visitor: phone and desktop, with JavaScript and without."""
    width, javascript = request.param
    return open_page(width, javascript=javascript)


@pytest.fixture(scope="session")
def find_barriers() -> Callable[[Page], list[str]]:
    """Return a function that names what on a page keeps people out, by axe-core's rules."""
    axe = Axe()

    def on(page: Page) -> list[str]:
        assert page.context not in without_javascript, "axe-core needs JavaScript: open this page with it"
        violations = axe.run(page).response["violations"]
        return [
            f"{violation['id']} ({violation['impact']}): {node['html'][:200]}"
            for violation in violations
            for node in violation["nodes"]
        ]

    return on


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example fund on data of its own, for tests that write."""
    served = Site(tmp_path_factory.mktemp("night"))
    served.sunledger("init")
    served.sunledger("example", "load")
    with served.served():
        yield served


@pytest.fixture
def open_screen(browser: Browser, night: Site) -> Iterator[Callable[[str], Page]]:
    """Open a page of that site in a browser of its own."""
    contexts = []

    def open_one(width: str) -> Page:
        context = browser.new_context(base_url=night.url, viewport=WIDTHS[width], locale="zh-CN")
        context.set_default_timeout(MILLISECONDS_TO_ACT)
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()
