"""A real browser that looks at pages, and writes down all that they try."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, Route, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def launched() -> Iterator[Browser]:
    """Run a headless Chromium, as long as the block lasts."""
    path = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.fail("the tests need Chromium: run tests/support/install-chromium", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """One page that is open, and what it did.

    Attributes:
        page: The page.
        requests: Addresses it asked for, its own included, but for those that its policy forbade.
        blocked: Those that its policy forbade.
        messages: What it wrote to the console, errors of scripts included.
        dialogs: Texts of the dialogs that it opened.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.blocked: list[str] = []
        self.messages: list[str] = []
        self.dialogs: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("requestfailed", self._failed)
        page.on("console", lambda message: self.messages.append(message.text))
        page.on("pageerror", lambda error: self.messages.append(str(error)))
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))

    def _failed(self, request: Request) -> None:
        if request.failure == "csp":
            self.requests.remove(request.url)
            self.blocked.append(request.url)

    @property
    def overflow(self) -> int:
        """How many pixels it is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


@contextmanager
def visiting(browser: Browser, file: Path, **options: Any) -> Iterator[Visit]:
    """Open a file by its file:// address; the network is refused.

    Args:
        browser: As `launched` gives it.
        file: What to open.
        options: Of the browser's context: viewport, color_scheme, java_script_enabled …
    """
    context = browser.new_context(offline=True, **options)
    try:
        visit = Visit(context.new_page())
        visit.page.goto(file.as_uri())
        yield visit
    finally:
        context.close()


@contextmanager
def served(browser: Browser, file: Path, headers: dict[str, str], **options: Any) -> Iterator[Visit]:
    """Open a file as a web server would deliver it, with headers; nothing else is answered."""
    address = "http://reports.example/report.html"

    def answer(route: Route) -> None:
        if route.request.url == address:
            route.fulfill(body=file.read_text(), headers={"Content-Type": "text/html", **headers})
        else:
            route.abort()

    context = browser.new_context(**options)
    try:
        context.route("**/*", answer)
        visit = Visit(context.new_page())
        visit.page.goto(address)
        yield visit
    finally:
        context.close()
