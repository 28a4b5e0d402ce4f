"""A real server with the example fund, and a real browser in front of it.

`site` is the running server, `open_page` opens a page of a chosen width, with JavaScript or without, and `page` does
so for every combination that a visitor may come with. A page that logs an error, breaks the content security policy
or asks another host for anything fails its test.
"""

import os
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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

WIDTHS: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "desktop": {"width": 1280, "height": 900},
}

SETTINGS = [
    f"SUNLEDGER_{name}"
    for name in (
        "DATABASE_URL",
        "REPLICA_URL",
        "SECRET_KEY",
        "PUBLIC_URL",
        "DEFAULT_LOCALE",
        "LOG_KEY_FILE",
        "LOG_ORIGIN",
        "DATA_KEY_FILE",
        "SMTP_URL",
    )
]
SECONDS_TO_START = 60
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the browser tests on one worker, where they share one server and one browser."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.xdist_group("browser"))


@dataclass(frozen=True)
class Site:
    """A running server. `loaded` is what loading the example fund printed, its sign-ins among it."""

    url: str
    data_dir: Path
    environment: dict[str, str]
    loaded: str
    log: Path

    def sunledger(self, *arguments: str, text: str | None = None) -> str:
        """Run a command of the console script against this server's data and return what it printed."""
        return _sunledger(self.environment, *arguments, text=text)


def _sunledger(environment: dict[str, str], *arguments: str, text: str | None = None) -> str:
    program = Path(sys.executable).with_name("sunledger")
    done = subprocess.run([program, *arguments], env=environment, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.fail(f"sunledger {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}", pytrace=False)
    return done.stdout


def _free_port() -> int:
    # Chromium refuses some of the lower ports.
    while True:
        port = random.randint(20_000, 59_999)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve the example fund from a data folder of its own."""
    data_dir = tmp_path_factory.mktemp("site")
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SUNLEDGER_")}
    environment |= dict.fromkeys(SETTINGS, "")  # set, so that a developer's .env does not fill them
    environment |= {"SUNLEDGER_ENV": "development", "SUNLEDGER_DATA_DIR": str(data_dir)}
    _sunledger(environment, "init")
    loaded = _sunledger(environment, "example", "load")
    log = data_dir / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [Path(sys.executable).with_name("sunledger"), "serve", "--port", str(port), "--workers", "1"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        _wait_until_ready(server, f"{url}/readyz", log)
        yield Site(url, data_dir, environment, loaded, log)
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_ready(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"The server did not get ready:\n{log.read_text(errors='replace')}", pytrace=False)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start the system's Chromium, or the one that CHROMIUM names."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.fail("These tests need Chromium: install the package `chromium`.", pytrace=False)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=FLAGS)
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
            timezone_id="Asia/Shanghai",
            has_touch=width == "phone",
            is_mobile=width == "phone",
            device_scale_factor=2 if width == "phone" else 1,
            reduced_motion="reduce",
            **more,
        )
        context.set_default_timeout(MILLISECONDS_TO_ACT)
        contexts.append(context)
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
        violations = axe.run(page).response["violations"]
        return [
            f"{violation['id']} ({violation['impact']}): {node['html'][:200]}"
            for violation in violations
            for node in violation["nodes"]
        ]

    return on
