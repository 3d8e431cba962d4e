"""The graphics cards of this machine, as the driver's own tool tells them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

TOOL = "nvidia-smi"
DRIVER = Path("/proc/driver/nvidia/version")
SECONDS = 20
FIELDS = ("name", "memory.total", "memory.free", "compute_cap", "driver_version")


@dataclass(frozen=True)
class Card:
    """One card; memory in megabytes as the driver counts them (1024 x 1024 bytes)."""

    name: str
    megabytes: int
    free: int
    capability: tuple[int, int]
    driver: str


class NoAnswer(Exception):
    """There is a driver, but nothing tells which cards there are."""


def cards() -> list[Card]:
    """The cards, none where there is no driver; NoAnswer says why they cannot be told."""
    tool = shutil.which(TOOL)
    if tool is None:
        if DRIVER.exists():
            raise NoAnswer(f"there is a driver, but no {TOOL}")
        return []
    query = [f"--query-gpu={','.join(FIELDS)}", "--format=csv,noheader,nounits"]
    try:
        seen = subprocess.run([tool, *query], capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise NoAnswer(f"{TOOL} does not answer: {fault}") from fault
    if seen.returncode:
        told = (seen.stderr.strip() or seen.stdout.strip())[:160]
        raise NoAnswer(f"{TOOL} fails: {told}")
    try:
        return [_card(line) for line in seen.stdout.splitlines() if line.strip()]
    except ValueError as fault:
        raise NoAnswer(f"{TOOL} says what is not understood: {seen.stdout[:160]!r}") from fault


def _card(line: str) -> Card:
    name, total, free, capability, driver = (part.strip() for part in line.rsplit(",", 4))
    major, _, minor = capability.partition(".")
    return Card(name, int(total), int(free), (int(major), int(minor)), driver)
