"""Who may write to a workspace: every process of one machine, and of no other one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scientist import locks, sharing
from scientist.errors import UsageError, WorkspaceError
from scientist.workspace import Workspace

PROGRAM = """
import sys
from pathlib import Path
from scientist import sharing
from scientist.workspace import Workspace
sharing.MOUNTS, sharing.BOOT = Path(sys.argv[1]), Path(sys.argv[2])
with sharing.held(Workspace(Path(sys.argv[3]))):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "w").mkdir()
    return Workspace(tmp_path / "w")


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table that says that everything below tmp_path is on NFS."""
    table = tmp_path / "mountinfo"
    table.write_text(
        "22 1 0:1 / / rw - overlay overlay rw\n"
        f"23 22 0:2 / {tmp_path} rw,relatime shared:1 - nfs4 store:/lab rw,vers=4.2\n"
    )
    monkeypatch.setattr(sharing, "MOUNTS", table)
    return table


def boot(folder: Path, name: str) -> Path:
    file = folder / name
    file.write_text(f"{name}\n")
    return file


def process(mounts: Path, machine: Path, workspace: Workspace) -> subprocess.Popen[str]:
    """A command on some machine that has the workspace until its stdin is closed."""
    begun = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(mounts), str(machine), str(workspace.root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert begun.stdout is not None
    assert begun.stdout.readline() == "held\n"
    return begun


def refuse(workspace: Workspace) -> None:
    with sharing.held(workspace):
        raise AssertionError("it was not refused")


def test_the_deepest_and_last_mount_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mountinfo"
    monkeypatch.setattr(sharing, "MOUNTS", table)
    spaced = tmp_path / "our disk"
    written = str(spaced).replace(" ", "\\040")
    table.write_text(
        f"24 22 0:2 / {written} rw - ext4 /dev/a rw\n"
        "22 1 0:1 / / rw - overlay overlay rw\n"
        f"25 24 0:3 / {written}/sub rw master:1 - fuse.sshfs lab: rw\n"
        f"26 24 0:4 / {written}/sub rw - lustre mds:/lab rw,flock\n"
    )
    assert sharing.filesystem(tmp_path) == "overlay"
    assert sharing.filesystem(spaced / "w") == "ext4"
    assert sharing.filesystem(tmp_path / "our disk too") == "overlay"
    assert sharing.filesystem(spaced / "sub" / "w") == "lustre"
    table.unlink()
    assert sharing.filesystem(spaced) == ""


def test_on_a_local_disk_nothing_is_left_behind(workspace: Workspace) -> None:
    assert sharing.filesystem(workspace.root) in sharing.LOCAL
    with sharing.held(workspace):
        assert list(workspace.locks.iterdir()) == []


def test_another_machine_is_refused_and_told_which_one_writes(
    tmp_path: Path, workspace: Workspace, mounts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with process(mounts, boot(tmp_path, "first"), workspace) as writer:
        monkeypatch.setattr(sharing, "BOOT", boot(tmp_path, "second"))
        with pytest.raises(UsageError, match="one machine at a time") as refused:
            refuse(workspace)
        with pytest.raises(UsageError, match="one machine at a time"):
            sharing.check(workspace)
        assert f"process {writer.pid}" in refused.value.message
        assert os.uname().nodename in refused.value.message
        assert "nfs4" in refused.value.message
        assert "--workspace DIR" in refused.value.hint
        writer.communicate("")
    assert not (workspace.locks / "machine").exists()
    with sharing.held(workspace):
        sharing.check(workspace)
        assert json.loads((workspace.locks / "machine").read_text())["boot"] == "second"


def test_processes_of_one_machine_share_it_and_the_last_gives_it_back(
    tmp_path: Path, workspace: Workspace, mounts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = boot(tmp_path, "first")
    monkeypatch.setattr(sharing, "BOOT", machine)
    lease = workspace.locks / "machine"
    with sharing.held(workspace):
        with process(mounts, machine, workspace) as second:
            second.communicate("")
        assert lease.exists()
    assert not lease.exists()
    with process(mounts, machine, workspace) as second:
        with sharing.held(workspace):
            pass
        assert lease.exists()
        second.communicate("")
    assert not lease.exists()


def test_what_a_killed_process_left_is_taken_over_on_its_machine_and_nowhere_else(
    tmp_path: Path, workspace: Workspace, mounts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = boot(tmp_path, "first")
    with process(mounts, first, workspace) as killed:
        killed.send_signal(signal.SIGKILL)
    monkeypatch.setattr(sharing, "BOOT", boot(tmp_path, "second"))
    with pytest.raises(UsageError, match=f"process {killed.pid}") as refused:
        refuse(workspace)
    assert f"rm {workspace.locks / 'machine'}" in refused.value.hint
    monkeypatch.setattr(sharing, "BOOT", first)
    with sharing.held(workspace):
        assert json.loads((workspace.locks / "machine").read_text())["process"] == os.getpid()
    assert not (workspace.locks / "machine").exists()


def test_a_machine_that_was_cut_off_before_it_said_its_name_keeps_others_out(
    workspace: Workspace, mounts: Path
) -> None:
    workspace.locks.mkdir()
    (workspace.locks / "machine").touch()
    with pytest.raises(UsageError, match="did not say its name"):
        refuse(workspace)


@pytest.mark.parametrize("stand_in", ["fcntl.flock = lambda *_: None", "fcntl.flock = broken"])
def test_locks_that_do_not_exclude_are_noticed_by_the_command_that_would_write(
    workspace: Workspace, stand_in: str
) -> None:
    program = f"""
import fcntl, sys
def broken(*_): raise OSError(38, "Function not implemented")
{stand_in}
from scientist.cli import main
main(["kit", "run", "prior_or_scale", "-w", sys.argv[1]])
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(workspace.root)], capture_output=True, text=True
    )
    assert done.returncode == 1, done.stderr
    assert "locks do not work on the file system" in done.stderr
    assert "hint: scientist run --workspace DIR" in done.stderr
    assert not workspace.journal.exists()


def test_whoever_is_refused_a_name_hears_who_has_it(tmp_path: Path) -> None:
    taken = UsageError("campaign C1 is running in another process", "scientist run")
    with locks.only(tmp_path, "C1", taken):
        with pytest.raises(UsageError, match=rf"process {os.getpid()} on \S+\)$") as refused:
            locks.only(tmp_path, "C1", taken).__enter__()
        assert refused.value.hint == "scientist run"
    with locks.only(tmp_path, "C1", taken):
        pass


def test_a_folder_without_room_for_locks_is_named(workspace: Workspace) -> None:
    workspace.locks.write_text("a file")
    with pytest.raises(WorkspaceError, match="locks"):
        refuse(workspace)
