"""Workspaces share a Chroma server: nothing mixes, nothing is lost when it goes."""

from __future__ import annotations

import http.server
import os
import shutil
import signal
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from chromas import Chroma

from scientist.errors import UsageError, WorkspaceError
from scientist.journal import Journal
from scientist.memory import Store, contents, rebuild
from scientist.memory.server import Server
from scientist.settings import Settings, load
from scientist.workspace import Workspace

from .conftest import CATS, add_essay, add_finding
from .words import Words


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chroma]:
    server = Chroma(tmp_path_factory.mktemp("shared") / "server")
    yield server
    server.kill()


@pytest.fixture
def chroma(shared: Chroma) -> Chroma:
    """The server of this module, running; a test may have ended it, and left its data."""
    shared.start()
    return shared


@pytest.fixture
def settings(chroma: Chroma, tmp_path: Path) -> Settings:
    return Settings(cache_dir=tmp_path / "cache", chroma=chroma.url, connect_timeout=20)


def test_what_the_journal_holds_is_found_on_the_server_and_not_in_the_workspace(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words
) -> None:
    with Store(workspace, settings, embedding=words) as store:
        assert store.sync(journal) == 7
        assert store.search_passages(CATS[1], 1)[0].address == "E1:2"
    with Store(workspace, settings, embedding=words) as store:
        assert store.sync(journal) == 0
        add_finding(journal, "F2", "Hunger lowered the sleep of the cat.")
        assert store.sync(journal) == 1
        assert store.search_findings("hunger lowered sleep", 1)[0].address == "F2"
    assert contents.compare(workspace, settings, journal) == contents.Compared(8)
    assert not list(workspace.chroma.rglob("chroma.sqlite3"))


def test_two_workspaces_on_one_server_do_not_meet(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words, tmp_path: Path
) -> None:
    other = Workspace(tmp_path / "other")
    other.root.mkdir()
    with (
        Journal(other.journal, write=True) as its,
        Store(workspace, settings, embedding=words) as store,
        Store(other, settings, embedding=words) as second,
    ):
        add_essay(its, "E1", ("Violet umbrellas are everywhere.",))
        assert (store.sync(journal), second.sync(its)) == (7, 1)
        assert [hit.text for hit in second.search_passages(CATS[0], 9)] == [
            "Violet umbrellas are everywhere."
        ]
        assert store.count("passages") == 5
        assert store.search_passages("violet umbrellas", 9)[-1].address != "E1:6"


def test_a_server_that_is_gone_is_named_and_what_it_missed_is_added_when_it_is_back(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words, chroma: Chroma
) -> None:
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)
        chroma.kill()
        add_finding(journal, "F2", "Hunger lowered the sleep of the cat.")
        with pytest.raises(WorkspaceError, match="cannot be reached") as refused:
            store.sync(journal)
        assert "chroma run" in refused.value.hint
        with pytest.raises(WorkspaceError, match="cannot be reached"):
            store.search_findings("hunger")
        chroma.start()
        assert store.sync(journal) == 1
        assert store.search_findings("hunger lowered sleep", 1)[0].address == "F2"


def test_a_server_that_was_not_there_at_the_start_is_named(
    workspace: Workspace, settings: Settings, words: Words, chroma: Chroma
) -> None:
    chroma.kill()
    with pytest.raises(WorkspaceError, match=r"127.0.0.1:\d+ cannot be reached: .*refused"):
        Store(workspace, settings, embedding=words)


def test_a_server_that_hangs_is_not_waited_for_without_end(
    journal: Journal,
    workspace: Workspace,
    settings: Settings,
    words: Words,
    chroma: Chroma,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scientist.memory.server.ANSWER_SECONDS", 4)
    settings = settings.model_copy(update={"connect_timeout": 4})
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)
        chroma.send(signal.SIGSTOP)
        try:
            with pytest.raises(WorkspaceError, match=r"cannot be reached: .*timed out"):
                store.search_passages(CATS[0])
            with pytest.raises(WorkspaceError, match=r"cannot be reached: .*timed out"):
                Store(workspace, settings, embedding=words)
        finally:
            chroma.send(signal.SIGCONT)
        assert store.search_passages(CATS[0], 1)[0].address == "E1:1"


def test_a_server_that_lost_its_data_is_named_and_rebuild_mends_it(
    journal: Journal,
    workspace: Workspace,
    settings: Settings,
    words: Words,
    chroma: Chroma,
) -> None:
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)
    chroma.kill()
    shutil.rmtree(chroma.folder)
    chroma.start()
    with pytest.raises(WorkspaceError, match="is damaged") as refused:
        Store(workspace, settings, embedding=words)
    assert refused.value.hint == "scientist rebuild"
    assert rebuild(journal, workspace, settings, embedding=words) == 7
    with Store(workspace, settings, embedding=words) as store:
        assert store.search_passages(CATS[0], 1)[0].text == CATS[0]


def test_a_rebuild_switches_and_leaves_one_generation_also_after_one_that_was_killed(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words, chroma: Chroma
) -> None:
    others = chroma.names()
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)
        with pytest.raises(WorkspaceError, match="in use by another command"):
            rebuild(journal, workspace, settings, embedding=words)
    (before,) = chroma.names() - others
    child = os.fork()
    if child == 0:

        class Deadly(Words):
            def embed(self, texts: object) -> list[list[float]]:
                os._exit(9)

        rebuild(journal, workspace, settings, embedding=Deadly())
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert len(chroma.names() - others) == 2
    with Store(workspace, settings, embedding=words) as store:
        assert store.sync(journal) == 0
    assert rebuild(journal, workspace, settings, embedding=words) == 7
    (after,) = chroma.names() - others
    assert after != before


@pytest.mark.parametrize("ending", ["", ".left"])
def test_a_note_that_is_damaged_is_mended_by_a_rebuild(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words, ending: str
) -> None:
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)
    (note,) = workspace.chroma.glob("server-*")
    note.with_name(note.name + ending).write_bytes(b"../../elsewhere\n")
    if not ending:
        with pytest.raises(WorkspaceError, match="is damaged") as refused:
            Store(workspace, settings, embedding=words)
        assert refused.value.hint == "scientist rebuild"
    assert rebuild(journal, workspace, settings, embedding=words) == 7
    with Store(workspace, settings, embedding=words) as store:
        assert store.sync(journal) == 0


def test_a_rebuild_killed_right_after_it_switched_is_not_undone_by_the_next(
    journal: Journal,
    workspace: Workspace,
    settings: Settings,
    words: Words,
    chroma: Chroma,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)
    others = chroma.names()

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Server, "discard", die)
        with pytest.raises(KeyboardInterrupt):
            rebuild(journal, workspace, settings, embedding=words)

    class Broken(Words):
        def embed(self, texts: object) -> list[list[float]]:
            raise RuntimeError("no power")

    with pytest.raises(RuntimeError, match="no power"):
        rebuild(journal, workspace, settings, embedding=Broken())
    with Store(workspace, settings, embedding=words) as store:
        assert store.sync(journal) == 0
        assert store.search_passages(CATS[0], 1)[0].address == "E1:1"
    assert len(chroma.names()) == len(others)


def test_a_copy_that_goes_its_own_way_is_noticed_and_gets_its_own(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words, tmp_path: Path
) -> None:
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)
    copy = Workspace(tmp_path / "copy")
    shutil.copytree(workspace.root, copy.root)
    with Journal(copy.journal, write=True) as its:
        add_finding(journal, "F2", "Hunger lowered the sleep of the cat.")
        add_finding(its, "F2", "Noise lowered the sleep of the cat.")
        with Store(workspace, settings, embedding=words) as store:
            store.sync(journal)
        with (
            Store(copy, settings, embedding=words) as second,
            pytest.raises(WorkspaceError, match="follows another journal") as refused,
        ):
            second.sync(its)
        assert refused.value.hint == "scientist rebuild"
        assert rebuild(its, copy, settings, embedding=words) == 8
        with (
            Store(workspace, settings, embedding=words) as store,
            Store(copy, settings, embedding=words) as second,
        ):
            assert (store.sync(journal), second.sync(its)) == (0, 0)
            assert "Hunger" in store.search_findings("lowered the sleep", 1)[0].text
            assert "Noise" in second.search_findings("lowered the sleep", 1)[0].text


class Guard(http.server.BaseHTTPRequestHandler):
    """What stands before a Chroma server and wants a token."""

    protocol_version = "HTTP/1.1"
    behind = ""

    def _pass(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        status, content = 401, b'{"error":"who are you?"}'
        if self.headers.get("Authorization") == "Bearer sesame-0123456789":
            asked = urllib.request.Request(
                self.behind + self.path, body or None, method=self.command
            )
            asked.add_header("Content-Type", "application/json")
            try:
                with urllib.request.urlopen(asked) as answer:
                    status, content = answer.status, answer.read()
            except urllib.error.HTTPError as fault:
                status, content = fault.code, fault.read()
                fault.close()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        self._pass()

    def do_POST(self) -> None:
        self._pass()

    def do_PUT(self) -> None:
        self._pass()

    def log_message(self, *_: object) -> None: ...


@contextmanager
def guarded(chroma: Chroma) -> Iterator[str]:
    handler = type("Its", (Guard,), {"behind": chroma.url})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy:
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{proxy.server_address[1]}"
        proxy.shutdown()
        thread.join()


def test_a_token_is_shown_to_the_server_and_kept_out_of_the_record(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words, chroma: Chroma
) -> None:
    with guarded(chroma) as url:
        without = settings.model_copy(update={"chroma": url})
        with pytest.raises(WorkspaceError, match="asks for a token") as refused:
            Store(workspace, without, embedding=words)
        assert "SCIENTIST_CHROMA_TOKEN" in refused.value.hint
        known = without.model_copy(update={"chroma_token": "sesame-0123456789"})
        with Store(workspace, known, embedding=words) as store:
            assert store.sync(journal) == 7
            assert store.search_passages(CATS[0], 1)[0].address == "E1:1"
        add_finding(journal, "F2", "It said sesame-0123456789 to the cat.")
        assert "sesame-0123456789" not in str([entry.data for entry in journal.entries()])


def test_what_is_no_chroma_server_is_named(workspace: Workspace, tmp_path: Path) -> None:
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404 if "missing" in self.path else 200)
            self.end_headers()
            self.wfile.write(b"<html>")

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        for address in (url, f"{url}/missing"):
            with pytest.raises(WorkspaceError, match="no Chroma server of version 1"):
                Server(workspace.chroma, address, None, 20).reach()
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host", "http://", "http://u:pass99@h"])
def test_an_address_that_is_none_is_refused_and_no_password_is_repeated(
    url: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="--chroma cannot be") as refused:
        load(None, {"chroma": url}, {}, tmp_path / "none.toml")
    assert "pass99" not in refused.value.message
