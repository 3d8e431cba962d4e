"""What an address tells by itself."""

from __future__ import annotations

from urllib.parse import urlsplit


def local(url: str) -> bool:
    """Whether a URL leads to this very machine, which no proxy can reach for us."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host == "::1" or host.startswith("127.")
