"""Check the record from the first byte to the last, in one pass, trusting nothing but the bytes.

Line by line: its hash, the chain, batches, the schema, the blobs it names; at each checkpoint the
tree, the signature and the count of campaigns; at each anchor the root. What the events mean is for
`audit.verifying`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from scientist.events import EVENT, SCHEMA
from scientist.journal import blobs, checkpoints, signing
from scientist.journal.anchors import Anchor
from scientist.journal.chain import GENESIS, MORE, TAIL_LENGTH, split
from scientist.journal.merkle import Tree
from scientist.journal.places import WIDTH, Places, Told, segments

_ADDRESS = re.compile(rb'"([a-z_]+_blob|blob|output)":"([0-9a-f]{64})"')
_LISTED = re.compile(rb'"(trials_blobs)":\[([0-9a-f",]*)\]')
_HASH = re.compile(rb"[0-9a-f]{64}")
_WITHOUT_BLOBS = frozenset(("phase_started", "phase_finished", "effect_intended", "reasoned"))
_COUNTED = frozenset(("campaign_opened", "campaign_closed", "phase_started", checkpoints.KIND))
TOGETHER = 256  # lines whose places are kept at once
_sha256, _validate = hashlib.sha256, EVENT.validator.validate_python  # used for every line


@dataclass
class Verification:
    """What was checked, and the first thing that is wrong."""

    events: int = 0
    blobs: int = 0
    head: str = GENESIS
    root: str = ""
    torn_bytes: int = 0
    checkpoints: int = 0
    covered: int = 0  # events that the last checkpoint covers
    anchored: int = 0  # anchors that were held against it
    keys: list[str] = field(default_factory=list)
    unsigned: int = 0
    problem: str = ""
    place: str = ""
    invalid_from: int | None = None
    bad_blob: str = ""
    began: dict[str, int] = field(default_factory=dict)  # first event of a campaign or thread
    rounds: dict[int, int] = field(default_factory=dict)  # before an event that ends a campaign
    notes: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.problem


def verify(
    folder: Path,
    check_blobs: bool = True,
    anchors: Iterable[Anchor] = (),
    keys: Collection[str] = (),
    places: Places | None = None,
) -> Verification:
    """Look at every line and every blob; stop at the first bad place and name it.

    With `keys`, only checkpoints signed by one of them are good. `places` are filled on the way,
    so that whoever asks next what the events mean need not look for them.
    """
    return _Pass(folder, check_blobs, anchors, keys, places or Places(folder)).run()


class _Bad(Exception):
    """What is wrong, and with which blob."""

    def __init__(self, problem: str, blob: str = "", since: int | None = None) -> None:
        super().__init__(problem)
        self.blob = blob
        self.since = since


class _Pass:
    """One reading of a journal."""

    def __init__(
        self,
        folder: Path,
        check_blobs: bool,
        anchors: Iterable[Anchor],
        keys: Collection[str],
        places: Places,
    ) -> None:
        self.found = Verification()
        self._folder = folder
        self._blobs = folder / "blobs" if check_blobs else None
        self._wanted = sorted(set(anchors), reverse=True)
        self._keys = keys
        self._places = places
        self._waiting: list[Told] = []
        self._begin = 0  # of the next line, as places count
        self._rounds: dict[str | None, int] = {}
        self._tree = Tree()
        self._seen: set[bytes] = set()
        self._batch: tuple[str, str | None] | None = None
        self._time = ""
        self._backwards = 0
        self._opened = self._closed = 0
        self._sure = 0  # events that an anchor or a checkpoint has borne out
        self._anchored = 0  # events that an anchor has borne out
        self._next = self._wanted[-1].size if self._wanted else -1

    def run(self) -> Verification:
        """All of it."""
        found, files = self.found, segments(self._folder)
        name, number, unfinished, line = "", 0, 0, b""
        try:
            for count, file in enumerate(files, 1):
                name, number = f"{count:06d}.jsonl", 0
                if file.name != name:
                    raise _Bad(f"segment {name} is missing")
                with file.open("rb") as stream:
                    self._begin = (count - 1) * WIDTH
                    self._places.begin(count - 1, stream.fileno())
                    for line in stream:
                        number += 1
                        if line.endswith(b"\n"):
                            self._line(line)
                            unfinished = unfinished + 1 if self._batch else 0
                        elif file is not files[-1]:
                            raise _Bad("a line is cut off")
                        else:
                            found.torn_bytes = len(line)
                            said = f"{len(line)} bytes of an unfinished line at the end"
                            found.notes.append(said)
                if file is not files[-1] and not self._batch:
                    self._file(line)  # of the last segment, the places read what is left
            name, number = "the end", 0
            self._end()
        except _Bad as bad:
            found.problem, found.bad_blob = str(bad), bad.blob
            found.place = f"{name}:{number}" if number else name
            found.invalid_from = bad.since or found.events + 1
        if unfinished and found.passed:
            found.notes.append(f"{unfinished} events of an unfinished batch at the end")
        found.root = self._tree.root()
        return found

    def _line(self, line: bytes) -> None:
        found = self.found
        stored = _sha256(line[:-TAIL_LENGTH]).hexdigest()
        if not line.endswith(b',"hash":"%b"}\n' % stored.encode()) or len(line) == TAIL_LENGTH:
            if split(line) is None:
                raise _Bad("a line has no hash")
            raise _Bad("a line was altered: its hash does not match its bytes")
        try:
            raw = orjson.loads(line)
            seq, time, kind, campaign = raw["seq"], raw["time"], raw["kind"], raw["campaign"]
            previous, data = raw["previous"], {"kind": kind, **raw["data"]}
            late, backwards = raw["schema"] > SCHEMA, time < self._time
            begin = orjson.dumps(
                {
                    "seq": seq,
                    "time": time,
                    "kind": kind,
                    "campaign": campaign,
                    "schema": raw["schema"],
                }
            )
        except (ValueError, KeyError, TypeError) as fault:
            raise _Bad("a line is no event") from fault
        if previous != found.head:
            raise _Bad(
                "the chain is broken: a line was removed, inserted or reordered before this one"
            )
        if seq != found.events + 1:
            raise _Bad(f"event {found.events + 1} is missing")
        more = line.startswith(MORE)
        if not line.startswith(begin[1:-1], len(MORE) if more else 1):
            raise _Bad("a line is not written as the journal writes it")  # readers could differ
        if late:
            raise _Bad("an event is of a later version: use a newer scientist")
        try:
            _validate(data)
        except ValueError as invalid:
            said = str(invalid).splitlines()[0]
            raise _Bad(f"an event does not fit its schema: {said}") from invalid
        if campaign and campaign not in found.began:
            found.began[campaign] = seq
        self._backwards += backwards
        self._time = time
        if self._batch and self._batch != (time, campaign):
            raise _Bad("a batch of events that belong together was cut in two")
        self._batch = (time, campaign) if more else None
        if kind in _COUNTED:
            self._count(seq, campaign, kind, data)
        if self._blobs is not None and kind not in _WITHOUT_BLOBS:
            self._check_blobs(line)
        self._tree.add(_sha256(b"\0" + line[:-1]).digest())
        found.events = seq
        found.head = stored
        self._waiting.append((kind, self._begin, len(line), seq, time, campaign))
        self._begin += len(line)
        if not more and len(self._waiting) >= TOGETHER:
            self._file(line)
        if seq == self._next:
            self._anchors()

    def _file(self, last: bytes) -> None:
        """Where the lines of whole batches lie, up to this one."""
        if self._waiting:
            self._places.take(self._waiting, self._begin % WIDTH, last)
            self._waiting.clear()

    def _count(self, seq: int, campaign: str | None, kind: str, data: Mapping[str, Any]) -> None:
        if kind == "phase_started":
            self._rounds[campaign] = max(self._rounds.get(campaign, 0), data["round"])
        elif kind == checkpoints.KIND:
            self._checkpoint(data)
        elif kind == "campaign_opened":
            self._opened += 1
        else:
            self._closed += 1
            self.found.rounds[seq] = self._rounds.get(campaign, 0)

    def _checkpoint(self, data: Mapping[str, Any]) -> None:
        """A checkpoint against the tree so far, its signature, its count of campaigns."""
        found, before = self.found, self.found.events
        since = self._sure + 1
        root = self._tree.root()
        peaks = [one.hex() for one in self._tree.peaks()]
        if (data["size"], data["root"], list(data["peaks"])) != (before, root, peaks):
            raise _Bad(
                f"the checkpoint does not fit the {before} events before it: one of them was "
                "removed, inserted or rewritten",
                since=since,
            )
        for what, said, count in (
            ("opened", data["opened"], self._opened),
            ("ended", data["closed"], self._closed),
        ):
            if said != count:
                raise _Bad(
                    f"the ledger does not hold: the checkpoint counts {said} campaigns {what}, "
                    f"the record has {count}",
                    since=since,
                )
        key = data["key"]
        if not key:
            found.unsigned += 1
        elif not signing.holds(key, data["signature"], checkpoints.message(data)):
            raise _Bad("the signature of the checkpoint is wrong", since=since)
        elif key not in found.keys:
            found.keys.append(key)
        if self._keys and key not in self._keys:
            who = f"the key {key[:16]}…, which is none of those you named" if key else "no key"
            raise _Bad(f"the checkpoint is signed by {who}", since=since)
        found.checkpoints += 1
        found.covered = before
        self._sure = before

    def _check_blobs(self, line: bytes) -> None:
        if b"blob" not in line and b'"output":"' not in line:
            return
        for key, address in addresses(line):
            if address in self._seen:
                continue
            self._seen.add(address)
            assert self._blobs is not None
            name = address.decode()
            if problem := check_blob(self._blobs, name):
                raise _Bad(f"{problem} ({key.decode()})", name)
            self.found.blobs += 1

    def _anchors(self) -> None:
        """Hold the root against the anchors of this size."""
        root = self._tree.root()
        while self._wanted and self._wanted[-1].size == self.found.events:
            anchor = self._wanted.pop()
            if anchor.root != root:
                raise _Bad(
                    f"an anchor says that the first {anchor.size} events were others: the record "
                    "was rewritten",
                    since=self._anchored + 1,  # checkpoints since may have been signed anew
                )
            self.found.anchored += 1
            self._anchored = anchor.size
        self._sure = self.found.events
        self._next = self._wanted[-1].size if self._wanted else -1

    def _end(self) -> None:
        """What only shows at the end: anchors further on, and what is worth a note."""
        found = self.found
        if self._wanted:
            size = self._wanted[0].size
            raise _Bad(
                f"the record was cut off: an anchor knows {size} events, {found.events} are left",
                since=self._anchored + 1,
            )
        if self._keys and not found.checkpoints and found.events:
            raise _Bad("there is no checkpoint, so nothing is signed by a key you named", since=1)
        if self._backwards:
            found.notes.append(f"the clock went back {self._backwards} times between events")
        if found.unsigned:
            found.notes.append(f"{found.unsigned} checkpoints are signed by nobody")


def addresses(line: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The blobs that a line names, each with the member that names it."""
    yield from _ADDRESS.findall(line)
    for key, listed in _LISTED.findall(line):
        yield from ((key, one) for one in _HASH.findall(listed))


def check_blob(folder: Path, address: str) -> str:
    """What is wrong with a blob; empty if nothing is."""
    try:
        content = blobs.path(folder, address).read_bytes()
    except OSError:
        return f"blob {address[:12]} is missing"
    if hashlib.sha256(content).hexdigest() != address:
        return f"blob {address[:12]} was altered"
    return ""
