"""The server: one process, one loopback address, until the user stops it."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from importlib.util import find_spec
from types import FrameType

from scientist.errors import UsageError
from scientist.workspace import Workspace

ADDRESS = "127.0.0.1"
GRACE_SECONDS = 2


def require() -> None:
    """Refuse to go on without the server's libraries."""
    for name in ("starlette", "uvicorn"):
        if find_spec(name) is None:
            raise UsageError(
                f"scientist audit view needs the library {name}", "pip install 'scientist[view]'"
            )


def bound(port: int) -> socket.socket:
    """A socket on the loopback address; port 0 takes any that is free."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((ADDRESS, port))
        listening.listen(64)
    except OSError as fault:
        listening.close()
        raise UsageError(
            f"port {port} cannot be used: {fault.strerror or fault}", "scientist audit view"
        ) from fault
    return listening


def serve(
    place: Workspace, port: int, ready: Callable[[str], None], told: Callable[[int], None]
) -> None:
    """Show a workspace until the process is told to stop; `ready` hears the address."""
    import uvicorn

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            record.ending.set()  # whoever waits for events need not wait any more
            super().handle_exit(sig, frame)

    from scientist.audit.view.application import application
    from scientist.audit.view.guard import TOKEN, Guard
    from scientist.audit.view.record import Record

    listening = bound(port)
    record = Record(place, told)
    try:
        record.quick.open()  # a long journal is indexed before anybody waits for a page
        port = listening.getsockname()[1]
        token = secrets.token_urlsafe(32)
        guarded = Guard(application(record), token, port)
        server = Server(
            uvicorn.Config(
                guarded,
                log_config=None,
                access_log=False,  # an address holds the token
                server_header=False,
                lifespan="off",
                ws="none",
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        ready(f"http://{ADDRESS}:{port}/?{TOKEN}={token}")
        server.run(sockets=[listening])
    finally:
        record.ending.set()
        record.close()
        listening.close()
