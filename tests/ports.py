"""Ports for servers that must know theirs before they start."""

from __future__ import annotations

import random
import socket

CHOICE = range(15_000, 32_000)  # below those that the system gives away by itself
_chance = random.SystemRandom()


def free_port() -> int:
    """A port that nobody listens on, and that no connection is given in the meantime."""
    while True:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", _chance.choice(CHOICE)))
            except OSError:
                continue
            return int(probe.getsockname()[1])
