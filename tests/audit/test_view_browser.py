"""The pages in a real browser: numbers lead to traces, keys work, what is planted stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scientist.events import Event, PhaseFinished, PhaseStarted, Reasoned
from scientist.journal import Journal

from . import planted, traced
from .pages import Reader, chromium, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
MANY = 10_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("view") / "workspace"
    traced.build(folder)
    return folder


@pytest.fixture(scope="module")
def address(workspace: Path) -> Iterator[str]:
    with served(workspace) as url:
        yield url


@pytest.fixture
def reader(browser: Browser, address: str) -> Iterator[Reader]:
    opened = Reader(browser, address)
    yield opened
    complaints = opened.complaints
    opened.close()
    assert not complaints


def test_a_click_on_a_number_shows_its_trace_and_without_a_script_its_page(
    reader: Reader, browser: Browser, address: str
) -> None:
    assert "token" not in reader.page.url
    reader.go("/F1")
    link = reader.page.locator("a.number-link").nth(1)
    shown = link.inner_text()
    link.click()
    drawer = reader.page.locator("#drawer[open]")
    drawer.locator(".steps").wait_for()
    assert shown in drawer.locator("summary").first.inner_text()
    assert re.search(r"[0-9a-f]{64}", drawer.inner_text())
    reader.page.keyboard.press("Escape")
    assert not drawer.is_visible()

    plain = Reader(browser, address, java_script_enabled=False)
    plain.go("/F1")
    plain.page.locator("a.number-link").nth(1).click()
    assert "/trace/F1/" in plain.page.url
    assert plain.page.locator(".steps").is_visible()
    plain.close()


def test_keys_move_search_and_open(reader: Reader) -> None:
    page = reader.page
    reader.go("/c/C1")
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("k")
    page.keyboard.press("j")
    assert page.locator(".row.here").count() == 1
    second = page.locator(".row").nth(1)
    assert "here" in (second.get_attribute("class") or "")
    number = second.get_attribute("data-seq")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/event/{number}")
    page.go_back()
    page.keyboard.press("g")
    page.wait_for_url("**/c/C1/graph")
    page.keyboard.press("t")
    page.wait_for_url("**/c/C1")
    page.keyboard.press("?")
    assert page.locator("#help[open]").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("stable cue")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=stable+cue")
    assert page.locator(".list a.id", has_text="E1:2").is_visible()


def test_the_colours_follow_the_system_and_the_reader(browser: Browser, address: str) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    light, dark = Reader(browser, address), Reader(browser, address, color_scheme="dark")
    assert light.page.evaluate(ground) != dark.page.evaluate(ground)
    dark.page.keyboard.press("d")
    assert dark.page.evaluate(ground) == light.page.evaluate(ground)
    dark.go("/beliefs")
    assert dark.page.evaluate(ground) == light.page.evaluate(ground)
    assert not [*light.complaints, *dark.complaints]
    light.close()
    dark.close()


def test_a_new_event_appears_while_the_page_is_open(reader: Reader, workspace: Path) -> None:
    reader.go("/c/C1?before=999999")
    before = reader.page.locator(".row").count()
    with Journal(workspace / "journal", write=True) as journal:
        for number in range(3):
            text = f"it goes on, {number} of 3 <b>told</b>"
            new = journal.append(Reasoned(phase="survey", source="model", text=text), "C1")
    reader.page.locator(f"#e{new.seq}").wait_for(timeout=10_000)
    assert reader.page.locator(".row").count() == before + 3
    assert "<b>told</b>" in (reader.page.locator(f"#e{new.seq}").text_content() or "")
    seen = [int(one.get_attribute("data-seq") or 0) for one in reader.page.locator(".row").all()]
    assert seen == sorted(set(seen))


def test_no_page_is_wider_than_a_phone(browser: Browser, address: str) -> None:
    phone = Reader(browser, address, viewport={"width": 390, "height": 844})
    for path in planted.pages():
        phone.go(path)
        wide = phone.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, (path, wide)
    assert not phone.complaints
    phone.close()


def test_what_is_planted_in_every_field_never_runs(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted.build(tmp_path / "workspace", monkeypatch)
    with served(tmp_path / "workspace") as url:
        reader = Reader(browser, url)
        for path in planted.pages():
            assert reader.go(path) == 200, path
            assert reader.page.evaluate("window.pwned") is None, path
            for link in reader.page.locator("a.number-link").all()[: path == "/F1"]:
                link.click()
                reader.page.locator("#drawer h1").wait_for()
                assert reader.page.evaluate("window.pwned") is None, path
                reader.page.keyboard.press("Escape")
        assert reader.page.evaluate("document.cookie") == ""
        assert not reader.complaints
        report = reader.page.request.get(reader.home + "/c/C1/report").text()
        alone = tmp_path / "report.html"
        alone.write_text(report)
        reader.page.goto(alone.as_uri())
        assert reader.page.evaluate("window.pwned") is None
        assert reader.page.locator("h1").is_visible()
        ground = reader.page.evaluate("getComputedStyle(document.body).maxWidth")
        assert ground == "1216px"  # its one style is allowed by its own policy
        assert not reader.complaints
        reader.close()


def test_ten_thousand_events_are_read_as_they_come_into_sight(
    browser: Browser, tmp_path: Path
) -> None:
    traced.build(tmp_path / "workspace")
    with Journal(tmp_path / "workspace" / "journal", write=True) as journal:
        events: list[Event] = [PhaseStarted(phase="survey", round=3)]
        for number in range(MANY):
            events.append(Reasoned(phase="survey", source="model", text=f"thought {number}"))
        events.append(PhaseFinished(phase="survey", round=3, seconds=1.0))
        journal.append_all(events, "C1")
    with served(tmp_path / "workspace") as url:
        reader = Reader(browser, url)
        reader.go("/c/C1")
        first = reader.page.locator(".row").count()
        assert first < 200
        for _ in range(3):
            reader.page.evaluate("scrollTo(0, document.body.scrollHeight)")
            reader.page.locator(".row").nth(first).wait_for(state="attached")
            first = reader.page.locator(".row").count()
        assert first < 1000
        reader.go("/c/C1?text=thought+9999")
        reader.page.locator(".row", has_text="thought 9999").wait_for(timeout=20_000)
        reader.go("/c/C1?before=9999999")
        assert "thought 9999" in (reader.page.locator(".row").last.text_content() or "")
        assert not reader.complaints
        reader.close()
