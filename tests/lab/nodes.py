"""A Ray cluster of several nodes on this machine: `python -m tests.lab.nodes NODES`.

That many beside the head. Prints its address, then obeys `remove NUMBER`, and ends with its input.
A process of its own, because Ray leaves threads, sockets and warnings behind; everything it writes
lies below RAY_TMPDIR, also the note of which cluster is this machine's.
"""

from __future__ import annotations

import sys

from ray.cluster_utils import Cluster

STORE = 80 * 2**20


def main(count: int) -> None:
    """Start the nodes and do as told."""
    head = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = [cluster.add_node(num_cpus=1, object_store_memory=STORE) for _ in range(count)]
    print(cluster.address, flush=True)
    try:
        for line in sys.stdin:
            cluster.remove_node(nodes[int(line.split()[1])], allow_graceful=False)
            print("done", flush=True)
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]))
