"""Signed checkpoints: what the tree of the record was, at whose word, and how many campaigns.

One is written when a campaign opens and when it ends, and at the end of every command that wrote.
It carries the peaks of its tree, so that the next one reads only what came since; whoever verifies
computes all of it again from the lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scientist.events import CheckpointSigned
from scientist.journal import anchors, signing
from scientist.journal.anchors import Anchor
from scientist.journal.chain import decode
from scientist.journal.merkle import Tree, leaf

if TYPE_CHECKING:
    from scientist.journal.store import Journal

KIND = "checkpoint_signed"


def message(data: Mapping[str, Any]) -> bytes:
    """What is signed."""
    fields = (data["size"], data["root"], data["opened"], data["closed"])
    return "\n".join(("scientist checkpoint", *map(str, fields), "")).encode()


def sign(journal: Journal, reason: str) -> Anchor | None:
    """The anchor of all that is on record, after a checkpoint over what is new; None if damaged."""
    with journal.locked():
        line, tree = _grown(journal)
        if not tree.size or tree.size != journal.head[0]:
            return None  # empty, or damaged: `audit verify` says where
        if line is not None and decode(line).seq == tree.size:
            return Anchor(tree.size, tree.root())
        said: dict[str, Any] = {
            "size": tree.size,
            "root": tree.root(),
            "opened": journal.count("campaign_opened"),
            "closed": journal.count("campaign_closed"),
        }
        key, signature = signing.sign(message(said))
        peaks = tuple(one.hex() for one in tree.peaks())
        event = CheckpointSigned(**said, peaks=peaks, reason=reason, key=key, signature=signature)
        journal.append(event, sync=True)
        line, _ = journal.behind(KIND)
        tree.add(leaf(line or b""))
        anchor = Anchor(tree.size, tree.root())
        anchors.keep(journal.folder, anchor)
    return anchor


def _grown(journal: Journal) -> tuple[bytes | None, Tree]:
    """The last checkpoint's line, and the tree over everything."""
    line, rest = journal.behind(KIND)
    tree = Tree()
    if line is not None:
        data = decode(line).data
        try:
            tree = Tree(data["size"], [bytes.fromhex(one) for one in data["peaks"]])
            tree.add(leaf(line))
        except (ValueError, KeyError, TypeError):  # not one of ours: count from the beginning
            tree, rest = Tree(), journal.raw()
    for one in rest:
        tree.add(leaf(one))
    return line, tree
