"""Whether the executor that is set can work here, asked before a campaign depends on it.

Looks, and loads nothing heavy: libraries are there, an address answers, sbatch can be found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scientist.lab.executors import Placement, ray_cluster, slurm_queue

if TYPE_CHECKING:
    from scientist.settings import Settings


def check(settings: Settings) -> str:
    """Refuse an executor that cannot work; what is in force, in words."""
    placement = Placement.of(settings)
    room = f"{placement.jobs} trials at once" if placement.jobs else "as many trials as have room"
    if settings.executor == "ray":
        ray_cluster.require()
        if settings.ray_address:
            ray_cluster.port_open(settings.ray_address)
        where = settings.ray_address or "a cluster of this machine alone"
        return f"ray: {where}, {room}"
    if settings.executor == "slurm":
        slurm_queue.require(settings.slurm_cluster)
        partition = settings.slurm_partition or "the default partition"
        jobs = f"{placement.jobs or slurm_queue.AT_ONCE} jobs at once"
        return f"slurm: {partition}, {jobs}"
    return f"local: {room}"
