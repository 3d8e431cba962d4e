"""Pages of the record: who may read them, what they let a browser do, what they say."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from scientist.audit.view import graph, guard, listing, pages, serving, tail
from scientist.audit.view.application import application
from scientist.audit.view.guard import Guard
from scientist.audit.view.record import Record
from scientist.errors import UsageError
from scientist.events import Reasoned
from scientist.journal import Journal
from scientist.workspace import Workspace

from . import planted, traced
from .pages import Markup

TOKEN, PORT = "a-token-of-this-test", 8765
HOME = f"http://127.0.0.1:{PORT}"


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    folder = tmp_path_factory.mktemp("view") / "workspace"
    traced.build(folder)
    opened = Record(Workspace(folder))
    yield opened
    opened.close()


@pytest.fixture
def stranger(record: Record) -> TestClient:
    return TestClient(Guard(application(record), TOKEN, PORT), HOME, follow_redirects=False)


@pytest.fixture
def reader(stranger: TestClient) -> TestClient:
    assert stranger.get(f"/?token={TOKEN}").status_code == 303
    return stranger


def test_nothing_is_shown_without_the_token(stranger: TestClient) -> None:
    for path in ("/", "/c/C1", "/static/view.js", "/blob/" + "0" * 64, "/c/C1/live", "/nothing"):
        assert stranger.get(path).status_code == 403
    assert stranger.get("/?token=").status_code == 403
    assert stranger.get(f"/?token={TOKEN[:-1]}").status_code == 403
    assert stranger.get(f"/?token={TOKEN}&token=other").status_code == 403
    assert stranger.get("/?token=%C3%A9").status_code == 403
    stranger.cookies.set(f"scientist_{PORT}", "another")
    assert stranger.get("/").status_code == 403


def test_the_token_leaves_the_address_and_becomes_a_cookie_no_script_can_read(
    stranger: TestClient,
) -> None:
    entered = stranger.get(f"/c/C1?text=a+b&token={TOKEN}")
    assert entered.status_code == 303
    assert entered.headers["location"] == "/c/C1?text=a+b"
    kept = entered.headers["set-cookie"].lower()
    assert "httponly" in kept
    assert "samesite=strict" in kept
    assert stranger.get("/").status_code == 200


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "/%5Cevil.example", "///x"])
def test_the_token_never_leads_to_another_host(stranger: TestClient, path: str) -> None:
    entered = stranger.get(f"{HOME}{path}?token={TOKEN}")
    assert re.match(r"/(?![/\\])", entered.headers["location"])


@pytest.mark.parametrize(
    "host",
    ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:1", "", f"0.0.0.0:{PORT}"],
)
def test_a_name_bent_to_this_machine_is_refused(reader: TestClient, host: str) -> None:
    assert reader.get("/", headers={"Host": host}).status_code == 403
    assert reader.get(f"/?token={TOKEN}", headers={"Host": host}).status_code == 403


def test_other_sites_may_not_ask_even_with_the_cookie(reader: TestClient) -> None:
    for site in ("cross-site", "same-site"):
        assert reader.get("/", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert reader.get("/", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_nothing_can_be_changed(reader: TestClient) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
        assert reader.request(method, "/").status_code == 405
    assert reader.head("/").status_code == 200


def test_every_answer_says_what_a_browser_may_do_with_it(
    reader: TestClient, record: Record
) -> None:
    other = TestClient(Guard(application(record), TOKEN, PORT), HOME)
    answers = [reader.get(path) for path in ("/", "/c/C1", "/F1", "/nothing", "/static/view.css")]
    for answer in (*answers, other.get("/")):
        assert answer.headers["content-security-policy"] == guard.POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
    assert "unsafe" not in guard.POLICY
    report = reader.get("/c/C1/report").headers["content-security-policy"]
    assert report.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in report


def test_what_is_not_on_record_is_said_to_be_missing(reader: TestClient) -> None:
    for path in (
        *("/F99", "/H99", "/X99", "/E99", "/A99", "/K99", "/C99", "/c/C99", "/c/C99/graph"),
        *("/event/999999", "/blob/0", "/blob/..%2F..%2Fetc", "/static/..%2Fguard.py"),
        *("/list/nothing", "/nothing", "/trace?what=0.123456789", "/trace/F1/nothing"),
        *("/c/C1?kind=nothing", "/c/C1?since=never", "/c/C99/live", "/c//", "/favicon.ico"),
    ):
        assert reader.get(path).status_code == 404, path
    lost = reader.get("/blob/" + "0" * 64)  # a hash that is named must have its bytes
    assert lost.status_code == 500
    assert "scientist audit verify" in lost.text


def test_a_number_of_a_sentence_leads_to_its_trials(reader: TestClient) -> None:
    page = reader.get("/F1").text
    links = re.findall(r'class="number-link" href="(/trace/F1/[a-z_0-9]+)">([^<]+)<', page)
    assert len(links) >= 4
    for address, shown in links:
        found = Markup(reader.get(address).text)
        assert "operation" in found.text
        assert shown in found.text
        assert "finding" in found.text
    trace = reader.get("/trace/F1/effect").text
    digest = re.search(r"/blob/([0-9a-f]{64})", trace)
    assert digest
    trials = reader.get(f"/blob/{digest[1]}")
    assert trials.headers["content-type"].startswith("text/plain")
    assert '"arm":"stable"' in trials.text


def test_a_trace_shows_the_exact_words_of_the_model(reader: TestClient) -> None:
    found = Markup(reader.get("/trace?what=H7").text).text
    assert "You write code." in found
    assert "let me think" in found
    assert "stands there word for word" in found


def test_a_repair_shows_what_it_changed(reader: TestClient) -> None:
    rows = reader.get("/c/C1?kind=model_called").text
    last = re.findall(r'href="/event/(\d+)"', rows)[-1]
    page = reader.get(f"/event/{last}").text
    assert '<span class="removed">-    return 1</span>' in page
    assert '<span class="added">+    return 2</span>' in page


def test_filters_are_those_of_the_command_line(reader: TestClient) -> None:
    for path, flags in (
        ("kind=finding_recorded", ["--kind", "finding_recorded"]),
        ("phase=write_code", ["--phase", "write_code"]),
        ("text=waive", ["--text", "waive"]),
        ("since=2020-01-01", ["--since", "2020-01-01"]),
    ):
        page = reader.get(f"/c/C1?{path}").text
        shown = [int(one) for one in re.findall(r'data-seq="(\d+)"', page)]
        told = traced.command("show", "C1", *flags, "-w", _folder(reader)).stdout
        said = [int(one) for one in re.findall(r"^ *(\d+) \d\d:\d\d:\d\d ", told, re.MULTILINE)]
        assert shown == said, path
        assert shown


def _folder(reader: TestClient) -> Path:
    page = reader.get("/event/1").text
    found = re.search(r"(/\S+)/journal/000001.jsonl", page)
    assert found
    return Path(found[1])


def test_nothing_that_somebody_wrote_becomes_markup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted.build(tmp_path / "workspace", monkeypatch)
    record = Record(Workspace(tmp_path / "workspace"))
    client = TestClient(Guard(application(record), TOKEN, PORT), HOME)
    client.get(f"/?token={TOKEN}")
    seen = 0
    try:
        for path in planted.pages():
            answer = client.get(path)
            assert answer.status_code == 200, path
            page = Markup(answer.text)
            assert not {"iframe", "img", "textarea"} & set(page.tags), path
            sources = {value for tag, name, value in page.attributes if tag == "script"}
            assert all(one.startswith("/static/") for one in sources - {""}), path
            for tag, name, value in page.attributes:
                assert not name.startswith("on"), (path, tag, name)
                assert name not in ("style", "srcdoc", "http-equiv") or "report" in path
                if name in ("href", "src", "action"):
                    assert re.match(r"/(?!/)|#|data:,$", value), (path, value)
            assert not re.search("[\u202e\u2066\u200b]", answer.text), path
            assert "49" not in re.findall(r"\{\{ 7 \* 7 \}\}|>49<", answer.text)
            seen += "window.pwned" in page.text
    finally:
        record.close()
    assert seen > len(planted.pages()) // 2  # it is told, as text


def test_a_sentence_that_its_trials_do_not_give_is_marked(tmp_path: Path) -> None:
    from . import reported

    folder = tmp_path / "workspace"
    folder.mkdir()
    with Journal(folder / "journal", write=True) as journal:
        reported.open_campaign(journal, question=None)
        found = reported.lie(journal)
    record = Record(Workspace(folder))
    client = TestClient(Guard(application(record), TOKEN, PORT), HOME)
    client.get(f"/?token={TOKEN}")
    try:
        page = Markup(client.get("/F2").text).text
        assert "0.777" in page
        assert f"by the raw trials it would be: {found.statement}" in page
        assert "by the raw trials" not in client.get("/F1").text
    finally:
        record.close()


def test_whoever_watches_is_told_of_new_events(tmp_path: Path) -> None:
    folder = tmp_path / "workspace"
    traced.build(folder)
    record = Record(Workspace(folder))

    async def still_there() -> bool:
        return False

    async def next_word(told: AsyncIterator[str]) -> str:
        return await anext(one async for one in told if "data: {" in one)

    async def watch() -> list[int]:
        begun = await record.quick.ask(lambda opened: tail.head(opened, "C1"))
        with Journal(folder / "journal", write=True) as journal:
            between = journal.append(Reasoned(phase="survey", source="model", text="so"), "C1")
            told = tail.follow(record, "C1", begun, still_there)
            words = [await next_word(told), await next_word(told)]
            new = journal.append(Reasoned(phase="survey", source="model", text="new"), "C1")
        words.append(await next_word(told))
        record.ending.set()
        assert not [one async for one in told]
        last = [int(one.partition('"last": ')[2].partition(",")[0]) for one in words]
        assert last == [begun["last"], between.seq, new.seq]
        return last

    try:
        assert asyncio.run(watch())
    finally:
        record.close()


def test_a_port_that_is_taken_is_named_with_the_command_that_works() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="cannot be used") as refused:
            serving.bound(taken.getsockname()[1])
    assert refused.value.hint == "scientist audit view"


def test_without_its_libraries_the_command_says_which_extra_has_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="starlette") as refused:
        serving.require()
    assert refused.value.hint == "pip install 'scientist[view]'"


def test_ctrl_c_ends_it_well_even_while_somebody_watches(tmp_path: Path) -> None:
    import json
    import signal
    import urllib.request

    traced.build(tmp_path / "workspace")
    command = [sys.executable, "-m", "scientist", "audit", "view", "--json", "-w"]
    with subprocess.Popen(
        [*command, str(tmp_path / "workspace")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        opener.open(url).close()
        with opener.open(url.partition("/?")[0] + "/c/C1/live") as stream:
            assert stream.readline().startswith(b"retry")
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        output, errors = process.communicate()
    assert output == ""
    assert "Traceback" not in errors
    assert "token" not in errors


def test_a_long_graph_goes_on_another_page_and_nothing_is_drawn_twice(
    reader: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn(page: str) -> set[str]:
        return set(re.findall(r'data-id="(\w+)"', page))

    whole = drawn(reader.get("/c/C1/graph").text)
    hypotheses = sorted(name for name in whole if name.startswith("H"))
    assert len(hypotheses) > 1
    monkeypatch.setattr(graph, "HYPOTHESES", 1)
    address, seen = "/c/C1/graph", list[set[str]]()
    while True:
        page = reader.get(address).text
        seen.append({name for name in drawn(page) if name[0] in "HX"})
        further = re.search(r'data-key="later" href="([^"]+)"', page)
        if further is None:
            break
        address = further[1]
    assert [sorted(one)[0] for one in seen] == hypotheses
    assert sum(map(len, seen)) == len(set().union(*seen))
    assert set().union(*seen) == {name for name in whole if name[0] in "HX"}


def test_beliefs_go_on_another_page_and_a_long_course_is_shortened(
    reader: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown(page: str) -> list[str]:
        return re.findall(r'<li><a class="id" href="/(H\d+)">', page)

    whole = reader.get("/beliefs").text
    every, steps = shown(whole), whole.count("×")
    assert len(every) > 1
    assert steps
    assert " earlier run" not in whole
    monkeypatch.setattr(listing, "PAGE", 1)
    address, seen = "/beliefs", list[str]()
    while address:
        page = reader.get(address).text
        seen += shown(page)
        further = re.search(r'href="(/beliefs\?before=\d+)"', page)
        address = further[1] if further else ""
    assert seen == every
    monkeypatch.setattr(listing, "PAGE", 50)
    monkeypatch.setattr(pages, "MOST_STEPS", 0)
    bare = reader.get("/beliefs").text
    assert "×" not in bare
    assert sum(map(int, re.findall(r"after (\d+) earlier runs?", bare))) == steps
    assert "scientist belief show H1" in bare
