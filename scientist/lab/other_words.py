"""What people call a kit's arms and metrics who have never heard of it, and what they ask.

`tools/kits/NAME.toml` says it beside the kit, as plain data. It only helps to understand a
question; what an experiment does and measures is said by the kit alone.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, ValidationError

from scientist.errors import ScientistError
from scientist.resources import bundled

Phrases = tuple[str, ...]


class OtherWords(BaseModel):
    """Questions that a kit answers, and phrases for each of its arms and metrics."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    questions: Phrases = ()
    arms: dict[str, Phrases] = {}
    metrics: dict[str, Phrases] = {}


@lru_cache(maxsize=256)
def of(kit: str) -> OtherWords:
    """The other words for a kit; none where nobody wrote any."""
    path = bundled("tools") / "kits" / f"{kit}.toml"
    try:
        return OtherWords.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return OtherWords()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as fault:
        raise ScientistError(f"{path.name} is wrong: {fault}", "see tools/README.md") from fault
