"""Holds the limits of an experiment over all its workers together."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from scientist.lab import process, sandbox
from scientist.lab.executors import Ended, Job

SCRATCH_FILES = 20_000
OWN_PROCESSES = 2  # of a box: bubblewrap outside and inside


def exceeded(
    job: Job,
    children: Sequence[subprocess.Popen[bytes]],
    used: dict[int, float],
    own: dict[tuple[int, int], float],
    thorough: bool,
) -> Ended | None:
    """Which limit is broken, if any, by what runs in these boxes.

    `used` keeps the processor seconds of each box, also of those that are over: bubblewrap does
    not pass on what ran inside it.
    """
    if ended := job.over():
        return ended
    limits = job.limits
    # with no box around it what is left behind comes to the supervisor itself
    roots = [child.pid for child in children] if job.box.contained else [os.getpid()]
    families = process.trees(roots, thorough)
    members = [member for family in families.values() for member in family]
    members = [member for member in members if member.pid != os.getpid()]
    together = f" ({len(children)} workers)" if len(children) > 1 else ""
    if len(members) > limits.processes + OWN_PROCESSES * len(children):
        return Ended("killed", f"more than {limits.processes} processes{together}")
    memory = limits.memory_mb * 2**20
    if process.memory(members, memory) > memory:
        return Ended("killed", f"more than {limits.memory_mb} MB of memory in all{together}")
    for root, family in families.items():
        if job.box.contained:
            process.give_way(family)
        seconds = sum(member.processor_seconds for member in family)
        used[root] = max(used.get(root, 0.0), seconds)
        for member in family:  # nobody may wait for it: then its time vanishes with it
            key = (member.pid, member.began)
            own[key] = max(own.get(key, 0.0), member.own_seconds)
    if max(sum(used.values()), sum(own.values())) > limits.cpu_seconds:
        return Ended("killed", f"more than {limits.cpu_seconds} s of processor time in all")
    size, files = _scratch(job, children, families)
    if size > limits.disk_mb * 2**20:
        return Ended("killed", f"more than {limits.disk_mb} MB of disk")
    if files > SCRATCH_FILES:
        return Ended("killed", f"more than {SCRATCH_FILES} files")
    return None


def _scratch(
    job: Job,
    children: Sequence[subprocess.Popen[bytes]],
    families: dict[int, list[process.Member]],
) -> tuple[int, int]:
    """Bytes and files in scratch space, as far as the boxes do not limit them themselves."""
    size = files = 0
    for child in children if job.box.contained else ():
        pids = [member.pid for member in families[child.pid]]
        if job.box.own_processes:  # each file system has the size of what all may use together
            inside = len(pids) > OWN_PROCESSES
            used = process.scratch_held(max(pids), sandbox.SCRATCH) if inside else (0, 0)
        else:
            most = job.limits.of_a_process(contained=True)["RLIMIT_FSIZE"]
            used = sandbox.scratch_used(child, pids, most)
        size, files = size + used[0], files + used[1]
    return size, files
