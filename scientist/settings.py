"""Settings and where each value came from.

flag > environment SCIENTIST_* > its usual name elsewhere, such as OPENAI_API_KEY >
workspace/scientist.toml > user file > served model > default.
Neither file can be written from inside a sandbox.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from scientist.errors import UsageError

PREFIX = "SCIENTIST_"
FOREIGN_NAMES = {
    "endpoint": "OPENAI_BASE_URL",
    "api_key": "OPENAI_API_KEY",
    "ray_address": "RAY_ADDRESS",
}
SECRET = {"api_key", "embedding_api_key", "chroma_token", "checkpoints"}  # the last: its password
_SECRETS = re.compile(r"(?:^|_)(?:API_?KEY|ACCESS_KEY|TOKEN|SECRET|PASSWORD)$")
_LEAST_SECRET = 12  # characters; what is shorter may stand anywhere
SERVED = "served model"  # the origin of what `scientist model serve` decides
EMBEDDED = "embedded"  # the endpoint that is none: the model runs here
LIBRARIES = ("numpy", "scipy", "sklearn", "networkx", "matplotlib", "torch")
_WANTED = {  # what pydantic calls a fault, and what is wanted instead
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt:g}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt:g}",
    "literal_error": "must be {expected}",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "bool_parsing": "must be true or false",
}
Whole = Annotated[int, Field(le=2**53)]  # what JSON can hold without loss


class Settings(BaseModel):
    """Every value a user can set; names are the same in files, environment and flags."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    endpoint: str | None = Field(
        None,
        description="URL of an OpenAI-compatible server; unset, or the word embedded: the embedded "
        "server",
    )
    api_key: str | None = Field(None, description="key for that server")
    model: str | None = Field(
        None, description="model name at the server, or name or path of embedded weights"
    )
    vllm_python: str | None = Field(
        None, description="Python whose vLLM `model serve` starts; unset: the one that runs this"
    )
    context: Whole = Field(8192, ge=2048, description="context of the embedded model, in tokens")
    temperature: float = Field(0.7, ge=0, le=2, description="sampling temperature")
    max_output: Whole = Field(900, ge=64, description="most tokens of one answer")
    request_timeout: float = Field(
        600, gt=0, description="seconds without a byte from the model before a retry"
    )
    connect_timeout: float = Field(5, gt=0, description="seconds to reach the endpoint")
    retries: Whole = Field(3, ge=0, description="retries after a transport fault")
    repairs: Whole = Field(2, ge=0, description="repair turns after an invalid answer")
    concurrency: Whole = Field(
        0,
        ge=0,
        le=256,
        description="most requests at once to the model server; 0: as many as it is good for",
    )
    idle_seconds: float = Field(
        600, gt=0, description="the embedded server ends after this long without a user"
    )
    threads: Whole = Field(
        0, ge=0, description="threads of the embedded server; 0: all cores but one, at least two"
    )
    cache_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir("scientist")),
        description="weights and other downloads",
    )
    embedding: Literal["minilm", "wordllama", "served"] = Field(
        "minilm", description="embedding model of the vector store; served: that of a server"
    )
    embedding_endpoint: str | None = Field(
        None,
        description="URL of the server that embeds, up to /v1; unset: the one of `model "
        "serve --embedding`",
    )
    embedding_model: str | None = Field(None, description="name of the embedding model there")
    embedding_api_key: str | None = Field(None, description="key for that server")
    chroma: str | None = Field(
        None, description="URL of a Chroma server for the vector store; unset: in the workspace"
    )
    chroma_token: str | None = Field(None, description="token for that server")
    checkpoints: str | None = Field(
        None,
        description="postgresql:// address for the checkpoints of campaigns; unset: in the "
        "workspace",
    )
    rounds: Whole = Field(3, ge=1, description="rounds of a campaign")
    minutes: float = Field(60, gt=0, description="wall-clock budget of a campaign")
    tokens: Whole = Field(200_000, ge=1, description="token budget of a campaign")
    trials: Whole | None = Field(
        None, ge=1, description="trials a campaign may measure, smoke runs included; unset: any"
    )
    disk_mb: Whole | None = Field(
        None, ge=1, description="what the workspace may grow by since a campaign opened; unset: any"
    )
    seed: Whole = Field(1, ge=0, description="seed of a campaign's choices and sampling")
    pairs: Whole | None = Field(
        None, ge=6, description="seeds of an experiment; unset: as many as its smoke run suggests"
    )
    most_pairs: Whole = Field(48, ge=6, description="most seeds that a smoke run may suggest")
    alpha: float = Field(
        0.05, gt=0, lt=1, description="rate of false discoveries over all tests of a workspace"
    )
    judgements: Whole = Field(
        4, ge=0, description="sentences that a model compares a new claim with; 0: none"
    )
    at_once: Whole = Field(2, ge=1, le=16, description="hypotheses that a round tests side by side")
    draws: Whole = Field(
        1,
        ge=1,
        le=16,
        description="answers with hypotheses that a round asks the model for, all at once where "
        "its server can",
    )
    rung: Literal["auto", "kit", "adapted", "free"] = Field(
        "auto",
        description="how much experiment code a model may write: none, an arm of a kit, all of it; "
        "auto: what it is able to",
    )
    approve: bool = Field(False, description="show plan and code before each launch, and ask")
    libraries: tuple[str, ...] = Field(
        LIBRARIES, description="what experiment code may import, besides Python's own mathematics"
    )
    unsafe_no_sandbox: bool = Field(
        False, description="run experiment code without a sandbox (flag only)"
    )
    sandbox_wall_seconds: float = Field(300, gt=0, description="longest run of one experiment")
    sandbox_cpu_seconds: Whole = Field(600, gt=0, description="processor seconds of one experiment")
    sandbox_memory_mb: Whole = Field(2048, gt=0, description="memory of the whole process tree")
    sandbox_processes: Whole = Field(64, gt=0, description="processes of one experiment")
    sandbox_disk_mb: Whole = Field(256, gt=0, description="disk an experiment may fill")
    sandbox_output_kb: Whole = Field(1024, gt=0, description="captured output of one experiment")
    jobs: Whole = Field(
        0, ge=0, description="trials of an experiment that run at once; 0: as many as processors"
    )
    executor: Literal["local", "ray", "slurm"] = Field(
        "local", description="where trials run: this machine, a Ray cluster, a Slurm queue"
    )
    trial_cpus: float = Field(
        1, gt=0, description="processors of a cluster that are set aside for one trial"
    )
    ray_address: str | None = Field(
        None, description="HOST:PORT of a Ray cluster, or auto; unset: one on this machine"
    )
    slurm_partition: str | None = Field(None, description="partition of the Slurm queue")
    slurm_cluster: Literal["slurm", "local"] = Field(
        "slurm", description="submitit's cluster; local: its stand-in on this machine"
    )
    sandbox_gpus: bool = Field(
        False, description="let experiments that are scripts use graphics processors"
    )
    sandbox_file_mb: Whole = Field(
        0, ge=0, description="largest file of an experiment; 0: as sandbox_disk_mb"
    )

    @field_validator("endpoint", mode="before")
    @classmethod
    def _no_server(cls, value: Any) -> Any:
        return None if value in (EMBEDDED, "") else value

    @field_validator("libraries", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @field_validator("libraries")
    @classmethod
    def _no_way_out(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not name.isidentifier():
                raise ValueError(f"{name!r} is not the name of a library")
            if name == "scientist" or name in sys.stdlib_module_names:
                raise ValueError(f"{name} leads out of an experiment and cannot be allowed")
        return value

    @field_validator("chroma")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise ValueError("an address is wanted, such as http://HOST:8000")
        if parts.username or parts.password:
            raise ValueError("a secret does not belong into it: set SCIENTIST_CHROMA_TOKEN")
        return value

    @field_validator("checkpoints")
    @classmethod
    def _database(cls, value: str | None) -> str | None:
        if value is not None and urlsplit(value).scheme not in ("postgres", "postgresql"):
            raise ValueError("an address is wanted, such as postgresql://USER:PASSWORD@HOST/NAME")
        return value

    @field_validator("cache_dir")
    @classmethod
    def _whole_path(cls, value: Path) -> Path:
        return value.expanduser().absolute()


FLAG_ONLY = {"unsafe_no_sandbox"}


class Resolved(BaseModel):
    """The settings in force, with the origin of every value."""

    model_config = ConfigDict(frozen=True)

    values: Settings
    origins: dict[str, str]

    def shown(self) -> list[tuple[str, Any, str]]:
        """Name, value (secrets masked) and origin of every setting."""
        rows = []
        for name in Settings.model_fields:
            value = getattr(self.values, name)
            if name in SECRET and value:
                value = "********"
            rows.append((name, value, self.origins[name]))
        return rows

    def public(self) -> dict[str, Any]:
        """The values without secrets, for the journal."""
        values = self.values.model_dump(mode="json")
        return {k: ("********" if k in SECRET and v else v) for k, v in values.items()}


def secrets(environment: Mapping[str, str] | None = None) -> list[str]:
    """Values of the environment that no record may hold, by what their variables are called."""
    environment = os.environ if environment is None else environment
    return [
        value
        for name, value in environment.items()
        if _SECRETS.search(name.upper())
        and len(value) >= _LEAST_SECRET
        and not value.startswith(("/", "http://", "https://"))
        and not any(character.isspace() for character in value)
    ]


def user_file() -> Path:
    """The settings file of this user."""
    return Path(platformdirs.user_config_dir("scientist")) / "scientist.toml"


def load(
    workspace: Path | None,
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    user: Path | None = None,
    command: str = "scientist run",
) -> Resolved:
    """Resolve every setting and remember where it came from; `command` has the flags."""
    environment = os.environ if environment is None else environment
    layers: list[tuple[str, dict[str, Any]]] = []
    user = user_file() if user is None else user
    layers.append((str(user), _read(user)))
    if workspace is not None:
        file = workspace / "scientist.toml"
        layers.append((str(file), _read(file)))
    layers.append(("environment", _from_environment(environment)))
    layers.append(("flag", {k: v for k, v in (flags or {}).items() if v is not None}))

    merged: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.model_fields, "default")
    for origin, layer in layers:
        for name, value in layer.items():
            if name not in Settings.model_fields:
                raise UsageError(
                    f"unknown setting {name!r} in {origin}",
                    "take it out; from elsewhere, scientist config show lists all there are",
                )
            if name in FLAG_ONLY and origin != "flag":
                raise UsageError(
                    f"{name} cannot be set in {origin}: it must be typed each time",
                    f"scientist run --{name.replace('_', '-')}",
                )
            merged[name] = value
            origins[name] = (
                f"environment {_variable(name, environment)}" if origin == "environment" else origin
            )
    try:
        return Resolved(values=Settings(**merged), origins=origins)
    except ValidationError as invalid:
        raise _refused(invalid.errors()[0], origins, command) from invalid


def _refused(error: Any, origins: Mapping[str, str], command: str) -> UsageError:
    """A value that cannot be, in plain words, and where to change it."""
    name = str(error["loc"][0])
    origin = origins[name]
    if origin == "flag":
        what, hint = f"--{name.replace('_', '-')}", f"{command} --help"
    elif origin.startswith("environment "):
        what = origin.removeprefix("environment ")
        hint = f"set it to something else, or: unset {what}"
    else:
        what, hint = f"setting {name} in {origin}", f"mend or remove the line {name} = … there"
    secret = name in SECRET or "@" in str(error["input"])
    got = "********" if secret else error["input"]
    if error["type"] in _WANTED:
        return UsageError(f"{what} {wanted(error)}, not {got}", hint)
    return UsageError(f"{what} cannot be {got}: {wanted(error)}", hint)


def wanted(error: Any) -> str:
    """What pydantic finds wrong with a value, in plain words: what it must be, else its reason."""
    about = error.get("ctx", {})
    if error["type"] in _WANTED:
        return _WANTED[error["type"]].format(**about)
    return str(about.get("error", error["msg"]))


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise UsageError(
            f"cannot read settings file {file}: {fault}", "mend or remove that file"
        ) from fault


def _variable(name: str, environment: Mapping[str, str]) -> str:
    own = PREFIX + name.upper()
    return own if environment.get(own) else FOREIGN_NAMES[name]


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, foreign in FOREIGN_NAMES.items():
        if environment.get(foreign):
            found[name] = environment[foreign]
    for name in Settings.model_fields:
        if value := environment.get(PREFIX + name.upper()):
            found[name] = value
    return found
