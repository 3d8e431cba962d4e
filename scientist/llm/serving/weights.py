"""What vLLM is to load: a folder, a name on the hub, or GGUF weights converted once."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from scientist.artifacts import Progress, alone
from scientist.catalog import MODELS
from scientist.errors import UsageError, WeightsError
from scientist.llm.embedded import Weights
from scientist.llm.endpoint import resolve
from scientist.settings import Settings

SCRIPT = Path(__file__).with_name("convert.py")


@dataclass(frozen=True)
class Source:
    """What to load and the name to serve it under."""

    place: str
    name: str


def find(model: str, python: str, settings: Settings, progress: Progress) -> Source:
    """The source that a name means."""
    if model in MODELS or model.lower().endswith(".gguf"):
        weights = resolve(settings.model_copy(update={"model": model, "context": 2048}), progress)
        return Source(str(converted(weights, python, settings.cache_dir, progress)), weights.name)
    folder = Path(model).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise UsageError(
                f"{model} holds no model: it has no config.json",
                "scientist model serve FOLDER, with config.json, weights and tokenizer in it",
            )
        return Source(str(folder.absolute()), folder.absolute().name)
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", model):
        raise UsageError(
            f"{model!r} is no folder, no .gguf file and no name on the hub (OWNER/NAME)",
            "scientist model list --vllm",
        )
    return Source(model, model)


def converted(weights: Weights, python: str, cache: Path, progress: Progress) -> Path:
    """The folder with GGUF weights as safetensors, made once for weights and script."""
    made_by = hashlib.sha256(SCRIPT.read_bytes()).hexdigest()[:8]
    target = cache / "safetensors" / f"{weights.name}-{weights.digest[:16]}-{made_by}"
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    say = f"converting {weights.name} for vLLM"
    with alone(target.with_suffix(".lock"), lambda: progress(say, 0, 0)):
        if target.is_dir():
            return target
        progress(say, 0, 0)
        part = target.with_name(f"{target.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        _convert(weights, python, part)
        part.replace(target)
    return target


def _convert(weights: Weights, python: str, target: Path) -> None:
    command = [python, "-P", str(SCRIPT), str(weights.path.parent), weights.path.name, str(target)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
    except OSError as fault:
        raise WeightsError(
            f"{python} cannot be started: {fault.strerror}", "scientist model serve --python PYTHON"
        ) from fault
    if done.returncode:
        shutil.rmtree(target, ignore_errors=True)
        lines = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise WeightsError(
            f"{weights.path.name} cannot be converted for vLLM: {lines[-1][:300]}",
            f"{shlex.quote(python)} -m pip install transformers gguf accelerate; "
            "or serve the model's own folder or hub name",
        )
