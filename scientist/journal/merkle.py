"""The Merkle tree over the lines of the journal, as RFC 6962 hashes it.

A leaf is SHA-256(0x00 || line without its line break), a node SHA-256(0x01 || left || right). A
`Tree` keeps the roots of whole subtrees alone (its peaks), so it grows at the cost of a hash or two
a line and can go on from a checkpoint. Proofs need the leaves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

EMPTY = hashlib.sha256().digest()
CHUNK_BITS = 8  # so many lines are put together at once, which is faster than one by one
CHUNK = 1 << CHUNK_BITS


def leaf(line: bytes) -> bytes:
    """The hash of a line, with or without its line break."""
    return hashlib.sha256(b"\0" + line.removesuffix(b"\n")).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """A tree that grows leaf by leaf and knows its root at any moment."""

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        """An empty tree, or one that goes on from the peaks it had at a size."""
        levels = [level for level in range(size.bit_length()) if size >> level & 1][::-1]
        if len(levels) != len(peaks):
            raise ValueError(f"a tree of {size} leaves has {len(levels)} peaks, not {len(peaks)}")
        self._peaks = list(zip(levels, peaks, strict=True))
        self._waiting: list[bytes] = []
        self._base = size

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._base + len(self._waiting)

    def add(self, found: bytes) -> None:
        """One more leaf, given by its hash."""
        self._waiting.append(found)
        if not (self._base + len(self._waiting)) % CHUNK:
            self._settle()

    def peaks(self) -> list[bytes]:
        """The roots of the whole subtrees, the largest first."""
        self._settle()
        return [hashed for _, hashed in self._peaks]

    def root(self) -> str:
        """The root, in hexadecimal digits."""
        hashes = self.peaks()
        found = hashes.pop() if hashes else EMPTY
        while hashes:
            found = node(hashes.pop(), found)
        return found.hex()

    def _settle(self) -> None:
        """Put what waits into peaks."""
        waiting, self._waiting = self._waiting, []
        self._base += len(waiting)
        if len(waiting) == CHUNK:  # whole and in its place: the base is a multiple of it
            self._push(CHUNK_BITS, _whole(waiting))
            return
        for hashed in waiting:
            self._push(0, hashed)

    def _push(self, level: int, hashed: bytes) -> None:
        while self._peaks and self._peaks[-1][0] == level:
            hashed = node(self._peaks.pop()[1], hashed)
            level += 1
        self._peaks.append((level, hashed))


def root(leaves: Iterable[bytes]) -> str:
    """The root of a tree with these leaves."""
    tree = Tree()
    for one in leaves:
        tree.add(one)
    return tree.root()


def leaves(folder: Path, size: int | None = None) -> list[bytes]:
    """The leaves of a journal, or its first ones."""
    from scientist.journal.store import lines

    found: list[bytes] = []
    for line in lines(folder):
        if size is not None and len(found) >= size:
            break
        found.append(leaf(line))
    return found


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of a leaf, counted from 0, in the tree of all these leaves."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"there is no leaf {index} among {len(leaves)}")
    path: list[bytes] = []
    begin, end = 0, len(leaves)
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append(_hash(leaves, middle, end))
            end = middle
        else:
            path.append(_hash(leaves, begin, middle))
            begin = middle
    return path[::-1]


def consistency(leaves: Sequence[bytes], before: int) -> list[bytes]:
    """The proof that the tree of the first `before` leaves is the beginning of this one."""
    if not 0 < before <= len(leaves):
        raise ValueError(f"no tree of {before} leaves is the beginning of one of {len(leaves)}")
    proof: list[bytes] = []
    begin, end, whole = 0, len(leaves), True
    while before != end - begin:
        middle = _split(end - begin)
        if before <= middle:
            proof.append(_hash(leaves, begin + middle, end))
            end = begin + middle
        else:
            proof.append(_hash(leaves, begin, begin + middle))
            begin, before, whole = begin + middle, before - middle, False
    if not whole:
        proof.append(_hash(leaves, begin, end))
    return proof[::-1]


def _whole(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    sha, level = hashlib.sha256, list(hashes)
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [sha(b"\1" + left + right).digest() for left, right in pairs]
    return level[0]


def _hash(leaves: Sequence[bytes], begin: int, end: int) -> bytes:
    return bytes.fromhex(root(leaves[begin:end]))


def _split(count: int) -> int:
    """The largest power of two below a count."""
    return 1 << ((count - 1).bit_length() - 1)
