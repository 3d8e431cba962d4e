"""Graphics processors are shown to an experiment only where it was asked for, in every sandbox.

There need be none here: another device node stands in for theirs, and what is tested is that a
node and the folders that describe it get in, not that a driver works with them.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scientist.lab import gpus, sandbox
from scientist.lab.sandbox import Limits
from scientist.lab.tiers import Tier

CODE = """
import glob, json, os, sys
def opens(path):
    try:
        os.close(os.open(path, os.O_RDWR))
    except OSError:
        return False
    return True
patterns = ["/dev/nvidia*", "/dev/dri/*", "/dev/kfd", "/dev/dxg"]
print(json.dumps({
    "graphics": [path for pattern in patterns for path in glob.glob(pattern) if opens(path)],
    "node": opens(sys.argv[1]),
    "facts": os.path.isdir("/sys/bus/pci") and os.access("/sys/bus/pci", os.R_OK)
        and bool(glob.glob("/sys/bus/pci/*")),
}))
"""


def seen(folder: Path, tier: Tier, node: str, **how: bool) -> dict[str, object]:
    """What can be used inside."""
    line = [sandbox.python(), "-P", "-S", "-c", CODE, node]
    limits = Limits(20, 20, 512, 32, 64, 64)
    with sandbox.start(folder, limits, line, tier.box, **how) as child:
        stdout, stderr = child.communicate(timeout=20)
        sandbox.end(child, tier.box)
    assert child.returncode == 0, stderr
    found: dict[str, object] = json.loads(stdout)
    return found


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A node named like that of a graphics processor, which leads to /dev/null."""
    folder = Path(tempfile.mkdtemp(prefix="lab-", dir="/var/tmp"))
    folder.chmod(0o755)
    node = folder / "nvidia0"
    try:
        os.mknod(node, 0o20666, os.makedev(1, 3))
        node.chmod(0o666)
        node.open("wb").close()
    except PermissionError:
        pytest.skip("this user may not make device nodes")
    else:
        monkeypatch.setattr(gpus, "DEVICES", folder)
        yield str(node)
    finally:
        shutil.rmtree(folder)


def test_no_graphics_are_seen_unless_asked_for(tmp_path: Path, each_tier: Tier) -> None:
    found = seen(tmp_path, each_tier, "/dev/fuse")
    assert found == {"graphics": [], "node": False, "facts": False}


def test_a_device_node_is_shown_when_asked_for(
    tmp_path: Path, each_tier: Tier, stand_in: str
) -> None:
    assert gpus.nodes() == [stand_in]
    assert seen(tmp_path, each_tier, stand_in, gpus=True)["node"] is True
    assert seen(tmp_path, each_tier, stand_in, gpus=False)["node"] is False


def test_memory_is_not_limited_by_addresses_where_graphics_are(tmp_path: Path) -> None:
    limits = Limits(20, 20, 512, 32, 64, 64)
    assert "RLIMIT_AS" in limits.of_a_process(contained=True)
    assert "RLIMIT_AS" not in limits.of_a_process(contained=True, gpus=True)
