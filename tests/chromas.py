"""A real Chroma server on this machine, for tests of a store that workspaces share."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from ports import free_port
from waiting import until


class Chroma:
    """Started and ended as a test likes; its data stays."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self._process is not None:
            return
        program = Path(sys.executable).with_name("chroma")
        command = [program, "run", "--path", self.folder, "--port", str(self._port)]
        self._process = subprocess.Popen(
            [*map(str, command), "--host", "127.0.0.1"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until(self._answers, 120)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "Chroma ended at its start"
        try:
            urllib.request.urlopen(f"{self.url}/api/v2/heartbeat", timeout=5).close()
        except OSError:
            return False
        return True

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def names(self) -> set[str]:
        """The generations that it holds."""
        asked = f"{self.url}/api/v2/tenants/default_tenant/databases/default_database/collections"
        with urllib.request.urlopen(asked) as answer:
            names = [one["name"] for one in json.load(answer)]
        return {name.split("-")[1] for name in names}
