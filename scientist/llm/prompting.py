"""Prompts are files: front matter and two Jinja sections, `## system` and `## user`.

The system section is the stable prefix that a server's prefix cache serves: it may use
only the variables the front matter lists as `stable`. What varies comes last. What several
prompts begin with stands in parts/ and is included; a prompt's hash covers it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from pathlib import Path
from typing import Any

from scientist.errors import ScientistError
from scientist.resources import bundled
from scientist.settings import Settings

REQUIRED = ("name", "version", "schema")
OPTIONAL = ("stable", "temperature", "max_tokens")
USUAL_OUTPUT: int = Settings.model_fields["max_output"].default


@dataclass(frozen=True)
class Rendered:
    """A prompt with its variables filled in, ready to send."""

    name: str
    version: int
    hash: str
    schema: str
    messages: tuple[dict[str, str], ...]
    temperature: float | None
    max_tokens: int | None


@dataclass(frozen=True)
class Prompt:
    """One prompt file."""

    name: str
    version: int
    schema: str
    hash: str
    system: str
    user: str
    folder: Path
    temperature: float | None
    max_tokens: int | None

    def render(self, **variables: Any) -> Rendered:
        """Fill both sections; a variable that is missing is an error, never an empty string."""
        return Rendered(
            name=self.name,
            version=self.version,
            hash=self.hash,
            schema=self.schema,
            messages=(
                {"role": "system", "content": self._fill(self.system, variables)},
                {"role": "user", "content": self._fill(self.user, variables)},
            ),
            temperature=self.temperature,
            max_tokens=self.max_tokens,
        )

    def instructions(self) -> str:
        """The system section alone, where it is the same for every call."""
        return self._fill(self.system, {})

    def _fill(self, section: str, variables: dict[str, Any]) -> str:
        from jinja2 import TemplateError

        try:
            return str(_template(self.folder, section).render(**variables)).strip()
        except TemplateError as fault:
            raise ScientistError(
                f"prompt {self.name}: {fault.message}", f"see prompts/{self.name}.md"
            ) from fault


def longest(prompt: Prompt | Rendered, most: int) -> int:
    """Tokens of an answer under the setting max_output.

    What a prompt says itself is meant for the usual setting, and grows with it.
    """
    if prompt.max_tokens is None:
        return most
    return ceil(prompt.max_tokens * max(1, most / USUAL_OUTPUT))


@lru_cache(maxsize=256)
def load(name: str, folder: Path | None = None) -> Prompt:
    """Read and check the prompt of that name."""
    folder = folder or bundled("prompts")
    path = folder / f"{name}.md"
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise ScientistError(f"there is no prompt {name!r}", f"expected {path.name}") from fault
    return _parse(name, content, folder)


def _parse(name: str, content: bytes, folder: Path) -> Prompt:
    import yaml
    from jinja2 import TemplateSyntaxError, meta

    text = content.decode("utf-8")
    parts = text.split("---\n", 2)
    if len(parts) != 3 or parts[0]:
        raise ScientistError(f"prompt {name} has no front matter between --- lines")
    try:
        front = yaml.safe_load(parts[1])
    except yaml.YAMLError as fault:
        raise ScientistError(f"prompt {name}: its front matter is no YAML: {fault}") from fault
    if not isinstance(front, dict):
        raise ScientistError(f"prompt {name}: its front matter is no mapping")
    for key in REQUIRED:
        if key not in front:
            raise ScientistError(f"prompt {name}: its front matter has no {key}")
    if unknown := sorted(set(front) - set(REQUIRED) - set(OPTIONAL)):
        raise ScientistError(f"prompt {name}: its front matter has an unknown {unknown[0]}")
    if front["name"] != name:
        raise ScientistError(f"prompt {name}: its front matter calls it {front['name']!r}")
    system, mark, user = parts[2].partition("\n## user\n")
    before, first, system = system.partition("## system\n")
    if before.strip() or not first or not mark:
        raise ScientistError(f"prompt {name} needs the sections ## system and ## user")
    environment = _environment(folder)
    included: dict[str, str] = {}
    try:
        used = meta.find_undeclared_variables(environment.parse(system))
        for section in (system, user):
            for part in meta.find_referenced_templates(environment.parse(section)):
                text = (folder / "parts" / str(part)).read_text(encoding="utf-8")
                names = meta.find_undeclared_variables(environment.parse(text))
                used |= names if section is system else set()
                included[str(part)] = text
    except TemplateSyntaxError as fault:
        raise ScientistError(f"prompt {name}, line {fault.lineno}: {fault.message}") from fault
    except OSError as fault:
        raise ScientistError(f"prompt {name} includes what is not there: {fault}") from fault
    if loose := sorted(used - set(front.get("stable", []))):
        raise ScientistError(
            f"prompt {name}: its system section uses {loose[0]}, which is not listed as stable"
        )
    return Prompt(
        name=name,
        version=int(front["version"]),
        schema=str(front["schema"]),
        hash=hashlib.sha256(content + "".join(included.values()).encode()).hexdigest(),
        system=system,
        user=user,
        folder=folder,
        temperature=front.get("temperature"),
        max_tokens=front.get("max_tokens"),
    )


@lru_cache(maxsize=256)
def _template(folder: Path, section: str) -> Any:
    return _environment(folder).from_string(section)


@lru_cache(maxsize=8)
def _environment(folder: Path) -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folder / "parts"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
