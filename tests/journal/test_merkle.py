"""The tree gives what RFC 6962 gives, however it grew, and its proofs prove nothing else."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from scientist.errors import UsageError
from scientist.events import CampaignClosed, CampaignOpened, Reasoned
from scientist.journal import Journal, anchors, checkpoints, merkle, proofs, signing, verify
from scientist.journal.merkle import Tree
from scientist.records import Budget

# the test vectors of the certificate-transparency reference implementation
INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
          "606162636465666768696a6b6c6d6e6f")  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def of(count: int) -> list[bytes]:
    return [merkle.leaf(b"line %d\n" % number) for number in range(count)]


def test_roots_are_those_of_the_reference_vectors() -> None:
    leaves = [merkle.leaf(bytes.fromhex(one)) for one in INPUTS]
    assert tuple(merkle.root(leaves[: n + 1]) for n in range(len(leaves))) == ROOTS
    assert merkle.root([]) == hashlib.sha256().hexdigest()


def test_a_tree_is_the_same_however_it_grew() -> None:
    leaves = of(1300)
    whole = Tree()
    for number, one in enumerate(leaves, 1):
        whole.add(one)
        if number in (1, 2, 3, 255, 256, 257, 511, 700, 1024, 1300):
            plain = _plainly(leaves[:number])
            assert whole.root() == plain.hex()
            further = Tree(number, whole.peaks())
            for later in leaves[number:]:
                further.add(later)
            assert further.root() == merkle.root(leaves)
    with pytest.raises(ValueError, match="peaks"):
        Tree(3, leaves[:1])


def _plainly(leaves: list[bytes]) -> bytes:
    """The definition in RFC 6962, section 2.1, as it stands there."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + _plainly(leaves[:k]) + _plainly(leaves[k:])).digest()


def test_every_leaf_has_a_proof_and_no_other_leaf_fits_it() -> None:
    leaves = of(23)
    for size in range(1, 24):
        root = bytes.fromhex(merkle.root(leaves[:size]))
        for index in range(size):
            path = merkle.inclusion(leaves[:size], index)
            assert proofs.included(leaves[index], index, size, path, root)
            assert not proofs.included(leaves[index - 1], index, size, path, root) or size == 1
            assert not proofs.included(leaves[index], index, size, [*path, root], root)
            assert not path or not proofs.included(leaves[index], index, size, path[1:], root)


def test_a_tree_proves_that_it_begins_with_an_earlier_one() -> None:
    leaves = of(23)
    for after in range(1, 24):
        second = bytes.fromhex(merkle.root(leaves[:after]))
        for before in range(1, after + 1):
            first = bytes.fromhex(merkle.root(leaves[:before]))
            proof = merkle.consistency(leaves[:after], before)
            assert proofs.consistent(before, after, proof, first, second)
            if before < after:
                assert not proofs.consistent(before, after, proof, second, second)
                assert not proofs.consistent(before, after, proof, first, first)


def fill(journal: Journal, count: int) -> None:
    for number in range(count):
        journal.append(Reasoned(phase="x", source="code", text=f"line {number}"))


def test_checkpoints_go_on_from_one_another_and_from_process_to_process(tmp_path: Path) -> None:
    for turn in range(4):
        with Journal(tmp_path / "j", write=True) as journal:
            fill(journal, 100 * turn + 3)
            signed = checkpoints.sign(journal, "a test")
            assert signed == anchors.now(journal.folder)
            assert checkpoints.sign(journal, "again") == signed, "there is nothing new"
    found = verify(tmp_path / "j", anchors=[one.anchor for one in anchors.kept(tmp_path / "j")])
    assert found.passed, found.problem
    assert (found.checkpoints, found.anchored, found.keys) == (4, 4, [signing.public()])
    assert oct(signing.key_file().stat().st_mode & 0o777) == "0o600"


def test_a_checkpoint_counts_the_campaigns_that_opened_and_ended(journal: Journal) -> None:
    budget = Budget(rounds=1, minutes=1, tokens=1)
    opened = CampaignOpened(
        question=None, essays=(), budget=budget, seed=1, settings={}, versions={}
    )
    closed = CampaignClosed(outcome="failed", reason="x", rounds=0, findings=())
    journal.append(opened, "C1")
    checkpoints.sign(journal, "C1 opened")
    journal.append_all([closed], "C1")
    journal.append(opened, "C2")
    checkpoints.sign(journal, "C2 opened")
    said = [(one.data["opened"], one.data["closed"]) for one in journal.entries(checkpoints.KIND)]
    assert said == [(1, 0), (2, 1)]
    assert verify(journal.folder).passed


def test_where_no_key_can_be_kept_a_checkpoint_is_signed_by_nobody(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "file"))
    fill(journal, 3)
    assert checkpoints.sign(journal, "a test") is not None
    found = verify(journal.folder)
    assert found.passed
    assert (found.checkpoints, found.unsigned, found.keys) == (1, 1, [])


def test_a_proof_of_an_event_stands_by_itself_and_fails_for_another_line(journal: Journal) -> None:
    fill(journal, 9)
    proof = proofs.prove(journal.folder, 4)
    assert not proof.problem()
    assert anchors.Anchor(proof.size, proof.root) == anchors.now(journal.folder)
    assert "does not lead" in proof.model_copy(update={"line": proof.line + " "}).problem()
    assert proof.model_copy(update={"event": 5}).problem()
    assert proof.model_copy(update={"path": proof.path[1:]}).problem()


def test_anchors_are_read_out_of_any_text(tmp_path: Path) -> None:
    root = "ab" * 32
    file = tmp_path / "letter"
    file.write_text(f"Dear colleague, 12:{root} it was,\nand 7:{root[:-1]} is none; 13:{root}.\n")
    assert anchors.given(str(file)) == [anchors.Anchor(12, root), anchors.Anchor(13, root)]
    assert anchors.given(f" 12:{root} ") == [anchors.Anchor(12, root)]
    for nonsense in ("12:ab", str(tmp_path / "none")):
        with pytest.raises(UsageError, match="neither an anchor"):
            anchors.given(nonsense)
