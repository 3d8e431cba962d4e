"""Finds the bundled tools/ and prompts/: inside a wheel, or beside the package in a checkout.

Nothing else may be loaded as a tool or a prompt: a folder that sandboxed code
or the user's project could have written is never looked at.
"""

from __future__ import annotations

from pathlib import Path

from scientist.errors import ScientistError

PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """The folder `name` ("tools" or "prompts") that belongs to this installation."""
    in_wheel = PACKAGE / "_bundled" / name
    if in_wheel.is_dir():
        return in_wheel
    checkout = PACKAGE.parent
    beside = checkout / name
    if beside.is_dir() and (checkout / "pyproject.toml").is_file():
        return beside
    raise ScientistError(
        f"this installation has no {name}/ folder",
        "pip install --force-reinstall scientist",
    )


def sample_essays() -> Path | None:
    """The sample essays of a checkout or a wheel, if they are there."""
    for folder in (PACKAGE / "_bundled" / "essays", PACKAGE.parent / "workspace" / "essays"):
        if folder.is_dir():
            return folder
    return None
