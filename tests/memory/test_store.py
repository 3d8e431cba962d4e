"""The store mirrors the journal, whatever happens to it or around it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from scientist.errors import WorkspaceError
from scientist.journal import Journal
from scientist.memory import Store, rebuild
from scientist.memory.embedding import Vector
from scientist.memory.folder import Folder
from scientist.settings import Settings
from scientist.workspace import Workspace

from .conftest import CATS, SHIPS, add_essay, add_finding
from .words import Words

PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from words import Words
from scientist.journal import Journal
from scientist.memory import Store
from scientist.settings import Settings
from scientist.workspace import Workspace
workspace = Workspace(Path(sys.argv[2]))
"""


def child(workspace: Workspace, program: str) -> subprocess.Popen[str]:
    """Another process that uses the same workspace."""
    command = [sys.executable, "-c", PROGRAM + program, str(Path(__file__).parent)]
    return subprocess.Popen(
        [*command, str(workspace.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_what_the_journal_holds_is_found_by_meaning(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words
) -> None:
    with Store(workspace, settings, embedding=words) as store:
        assert store.sync(journal) == 7
        best = store.search_passages("the storm sank a ship", 2)
        assert [hit.address for hit in best] == ["E2:2", "E2:1"]
        assert best[0].text == "The storm sank another ship."
        assert best[0].metadata == {
            "essay": "E2",
            "title": "Essay E2",
            "number": 2,
            "paragraph": 1,
        }
        assert 0 <= best[0].distance < best[1].distance <= 1
        assert store.search_passages(CATS[0], 1)[0].distance == pytest.approx(0, abs=1e-5)
        only = store.search_passages("the storm sank a ship", 9, essays=["E1"])
        assert {hit.metadata["essay"] for hit in only} == {"E1"}
        assert len(only) == 3
        assert store.search_findings("sleep of the cat")[0].metadata["verdict"] == "supported"
        assert store.nearest_hypotheses("Feeding a cat raises its sleep.")[0].address == "H1"


def test_an_empty_store_finds_nothing_and_embeds_nothing(
    workspace: Workspace, settings: Settings, words: Words
) -> None:
    with Store(workspace, settings, embedding=words) as store:
        assert store.search_passages("anything") == []
        assert store.search_findings("anything") == []
        assert store.nearest_hypotheses("anything") == []
    assert words.embedded == 0


def test_syncing_again_adds_and_embeds_nothing(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words
) -> None:
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)
    with Store(workspace, settings, embedding=words) as store:
        before = words.embedded
        assert store.sync(journal) == 0
        add_finding(journal, "F2", "Hunger lowered the sleep of the cat.")
        assert store.sync(journal) == 1
        assert words.embedded == before + 1
        assert store.count("findings") == 2


def test_a_store_made_with_another_embedding_is_refused_and_rebuild_mends_it(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words
) -> None:
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)
    other = Words("other-words", 32)
    with pytest.raises(WorkspaceError, match=r"hashed-words.*other-words") as refused:
        Store(workspace, settings, embedding=other)
    assert "scientist rebuild" in refused.value.hint
    assert rebuild(journal, workspace, settings, embedding=other) == 7
    with Store(workspace, settings, embedding=other) as store:
        assert store.search_passages(CATS[1], 1)[0].text == CATS[1]


def test_a_store_that_follows_another_journal_is_refused(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words, tmp_path: Path
) -> None:
    with (
        Store(workspace, settings, embedding=words) as store,
        Journal(tmp_path / "other", write=True) as other,
    ):
        store.sync(journal)
        with pytest.raises(WorkspaceError, match="another journal") as refused:
            store.sync(other)
        assert refused.value.hint == "scientist rebuild"
        for number in range(5):
            add_essay(other, f"E{number + 1}", ("Something else is written here.",))
        with pytest.raises(WorkspaceError, match="another journal"):
            store.sync(other)
        assert store.count("passages") == 5


def test_documents_that_got_lost_are_put_back(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words
) -> None:
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)
        store._collections["passages"].delete(ids=["E1:2", "E2:1"])
    with Store(workspace, settings, embedding=words) as store:
        assert store.sync(journal) == 2
        assert store.search_passages(CATS[1], 1)[0].address == "E1:2"


def test_a_repair_that_is_cut_short_is_finished_by_the_next(
    journal: Journal,
    workspace: Workspace,
    settings: Settings,
    words: Words,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scientist.memory.store.BATCH", 1)
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)
        store._collections["passages"].delete(ids=["E1:2", "E2:1", "E2:2"])
    with Store(workspace, settings, embedding=words) as store:
        embed, calls = words.embed, iter(range(9))

        def break_down(texts: Sequence[str]) -> list[Vector]:
            if next(calls) == 1:
                raise KeyboardInterrupt
            return embed(texts)

        monkeypatch.setattr(words, "embed", break_down)
        with pytest.raises(KeyboardInterrupt):
            store.sync(journal)
        monkeypatch.setattr(words, "embed", embed)
        assert store.count("passages") == 3
        assert store.sync(journal) == 2
        assert store.sync(journal) == 0
        assert store.search_passages(SHIPS[0], 1)[0].address == "E2:1"


@pytest.mark.parametrize("damage", ["garbage", "cut", "gone", "pointer", "state", "collections"])
def test_a_damaged_folder_is_named_and_rebuild_mends_it(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words, damage: str
) -> None:
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)
    generation = workspace.chroma / str(Folder(workspace.chroma).current())
    database = generation / "chroma.sqlite3"
    if damage == "garbage":
        database.write_bytes(b"garbage" * 1000)
    elif damage == "cut":
        database.write_bytes(database.read_bytes()[:60_000])
    elif damage == "gone":
        shutil.rmtree(generation)
    elif damage == "pointer":
        (workspace.chroma / "current").write_bytes(b"../../elsewhere\n")
    elif damage == "state":
        (generation / "projection.json").write_text("{")
    else:
        database.write_bytes(b"")
    with pytest.raises(WorkspaceError, match=r"vector store in .* is damaged") as refused:
        Store(workspace, settings, embedding=words)
    assert refused.value.hint == "scientist rebuild"
    assert rebuild(journal, workspace, settings, embedding=words) == 7
    with Store(workspace, settings, embedding=words) as store:
        assert store.search_passages(CATS[0], 1)[0].text == CATS[0]


def test_a_rebuild_that_fails_leaves_the_old_store(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words
) -> None:
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)

    class Broken(Words):
        def _one(self, text: str) -> list[float]:
            raise RuntimeError(f"no power for {text}")

    with pytest.raises(RuntimeError, match="no power"):
        rebuild(journal, workspace, settings, embedding=Broken())
    assert len(list(workspace.chroma.glob("generation-*"))) == 1
    with Store(workspace, settings, embedding=words) as store:
        assert store.sync(journal) == 0
        assert store.search_passages(CATS[0], 1)[0].text == CATS[0]


def test_a_rebuild_killed_half_way_leaves_the_old_store(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words
) -> None:
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)
    process = child(
        workspace,
        """
import time
from scientist.memory import rebuild
class Slow(Words):
    def embed(self, texts):
        print("embedding", flush=True)
        time.sleep(60)
rebuild(Journal(workspace.journal), workspace, Settings(), embedding=Slow())
""",
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "embedding\n"
        with pytest.raises(WorkspaceError, match="is being rebuilt"):
            Store(workspace, settings, embedding=words)
        process.send_signal(signal.SIGKILL)
    with Store(workspace, settings, embedding=words) as store:
        assert store.sync(journal) == 0
        assert store.count("passages") == 5
    assert rebuild(journal, workspace, settings, embedding=words) == 7
    assert len(list(workspace.chroma.glob("generation-*"))) == 1


def test_an_open_store_is_not_rebuilt_under_its_feet(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words
) -> None:
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)
        with pytest.raises(WorkspaceError, match="in use by another command"):
            rebuild(journal, workspace, settings, embedding=words)
        assert store.search_passages(CATS[0], 1)[0].text == CATS[0]


def test_what_another_process_adds_is_found_without_reopening(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words
) -> None:
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)
        assert store.search_passages("violet umbrellas everywhere", 1)[0].address != "E3:1"
        add_essay(journal, "E3", ("Violet umbrellas are everywhere.",))
        process = child(
            workspace,
            """
with Store(workspace, Settings(), embedding=Words()) as store:
    print(store.sync(Journal(workspace.journal)))
""",
        )
        assert process.communicate(timeout=240)[0] == "1\n"
        assert store.search_passages("violet umbrellas everywhere", 1)[0].address == "E3:1"
        assert store.sync(journal) == 0


def test_processes_that_write_and_search_at_once_lose_nothing(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words
) -> None:
    for number in range(3, 43):
        add_essay(journal, f"E{number}", tuple(f"Word{number} and thing{n}." for n in range(8)))
    writer = """
with Store(workspace, Settings(), embedding=Words()) as store:
    journal = Journal(workspace.journal)
    print(sum(store.sync(journal) for _ in range(3)))
"""
    searcher = """
with Store(workspace, Settings(), embedding=Words()) as store:
    for _ in range(30):
        assert len(store.search_passages("A cat sat on the mat.", 3)) in (0, 3)
    print(0)
"""
    running = [child(workspace, program) for program in (writer, writer, searcher)]
    answers = [process.communicate(timeout=240)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert sum(map(int, answers)) == 40 * 8 + 7
    with Store(workspace, settings, embedding=words) as store:
        assert store.count("passages") == 40 * 8 + 5
        for number in (3, 20, 42):
            sentence = f"Word{number} and thing5."
            assert store.search_passages(sentence, 1)[0].distance == pytest.approx(0, abs=1e-5)


def test_a_writer_that_is_killed_is_made_good_at_the_next_sync(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words
) -> None:
    for number in range(3, 103):
        add_essay(journal, f"E{number}", tuple(f"Word{number} and thing{n}." for n in range(8)))
    total = 100 * 8 + 7
    for delay in (0.0, 0.03, 0.08):
        process = child(
            workspace,
            """
with Store(workspace, Settings(), embedding=Words()) as store:
    print("open", flush=True)
    store.sync(Journal(workspace.journal))
""",
        )
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)
        names = ("passages", "findings", "hypotheses")
        assert sum(store.count(name) for name in names) == total
        for number in (3, 50, 102):
            sentence = f"Word{number} and thing5."
            assert store.search_passages(sentence, 1)[0].distance == pytest.approx(0, abs=1e-5)


def test_a_folder_that_cannot_be_written_is_named(settings: Settings, words: Words) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "workspace").mkdir(mode=0o555)
        folder.chmod(0o755)
        as_root = os.geteuid() == 0
        if as_root:
            os.seteuid(65534)
        try:
            with pytest.raises(WorkspaceError, match="cannot be written") as refused:
                Store(Workspace(folder / "workspace"), settings, embedding=words)
        finally:
            if as_root:
                os.seteuid(0)
    assert "--workspace" in refused.value.hint


def test_a_store_that_became_read_only_is_named(
    journal: Journal, settings: Settings, words: Words
) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        workspace = Workspace(root)
        with Store(workspace, settings, embedding=words) as store:
            store.sync(journal)
        as_root = os.geteuid() == 0
        for path in [root, *root.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        if as_root:
            os.seteuid(65534)
        try:
            with pytest.raises(WorkspaceError, match="cannot be written"):
                Store(workspace, settings, embedding=words)
        finally:
            if as_root:
                os.seteuid(0)
            for path in [root, *root.rglob("*")]:
                path.chmod(0o755)


def test_a_file_in_the_place_of_the_folder_is_named(
    workspace: Workspace, settings: Settings, words: Words
) -> None:
    workspace.chroma.write_text("not a folder")
    with pytest.raises(WorkspaceError, match="a file stands where") as refused:
        Store(workspace, settings, embedding=words)
    assert refused.value.hint.startswith("mv ")


def test_opening_and_searching_needs_no_network_and_no_default_embedding(
    journal: Journal, workspace: Workspace, settings: Settings, words: Words
) -> None:
    with Store(workspace, settings, embedding=words) as store:
        store.sync(journal)
    process = child(
        workspace,
        """
import socket
def refuse(*_):
    raise SystemExit("the network was asked for")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
from chromadb.utils.embedding_functions.onnx_mini_lm_l6_v2 import ONNXMiniLM_L6_V2
ONNXMiniLM_L6_V2.__call__ = refuse
ONNXMiniLM_L6_V2.__init__ = refuse
with Store(workspace, Settings(), embedding=Words()) as store:
    print(store.search_passages("A cat sat on the mat.", 1)[0].address)
""",
    )
    assert process.communicate(timeout=240)[0] == "E1:1\n"
