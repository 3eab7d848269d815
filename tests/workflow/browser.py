"""A real browser without a window, for tests of what people look at."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SCREENSHOTS = Path(__file__).parents[2] / ".test" / "screenshots"
"""What the tests saw, for a person to look at; not committed."""


@contextmanager
def browser():
    """Headless Chromium; the test is skipped where there is none, or nothing to drive it with."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed, which drives the browser")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(f"no Chromium found: none of {', '.join(NAMES)} is on PATH, and CHROMIUM is not set")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    # Chromium's own sandbox needs rights that containers lack; the pages are ours.
    with api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def open_page(chromium, address, *, width):
    """A page and the list of its complaints: console errors, exceptions, requests that failed or left the machine."""
    page = chromium.new_page(viewport={"width": width, "height": 900})
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    local = ("file:", "data:", "blob:", "http://127.0.0.1:")
    page.on("request", lambda request: None if request.url.startswith(local) else complaints.append(request.url))
    page.goto(address)
    return page, complaints
