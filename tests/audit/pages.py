"""A workspace shown as pages: a server of its own, and a browser to look at it with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = Path("/usr/bin/chromium")
MISSING = "no chromium at /usr/bin/chromium: apt-get install -y chromium"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


class Markup(HTMLParser):
    """The elements and attributes of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


@contextmanager
def served(workspace: Path) -> Iterator[str]:
    """The command as a process of its own; gives the address that it prints."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SCIENTIST_")}
    command = [sys.executable, "-m", "scientist", "audit", "view", "-w", str(workspace)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=kept
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:"), process.communicate()[1]
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's browser without a screen, or the reason why there is none."""
    if not CHROMIUM.exists():
        pytest.skip(MISSING)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:  # a profile of its own, thrown away afterwards
        started = player.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield started
        started.close()


class Reader:
    """One person at one browser; remembers what the browser complained about."""

    def __init__(self, browser: Browser, address: str, **of: Any) -> None:
        self.address = address
        self.home = address.partition("/?")[0]
        self.complaints: list[str] = []
        self.context: BrowserContext = browser.new_context(**of)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda fault: self.complaints.append(f"error: {fault}"))
        self.page.on("dialog", self._asked)
        self.page.goto(address)

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} at {self.page.url}")

    def _asked(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def go(self, path: str) -> int:
        """Open a page; its status."""
        answer = self.page.goto(self.home + path)
        assert answer is not None
        return answer.status

    def close(self) -> None:
        self.context.close()
