"""Why vLLM did not start: what its log says, in words and with the command that mends it.

A message or hint may use the named groups of its pattern; `{serve}` is the command as it was
given, `{serve:flag=value}` the same with one option changed.
"""

from __future__ import annotations

import re
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from scientist.errors import EndpointError
from scientist.llm.serving.wishes import Wish

OFFLINE = (
    "download it where there is a network (hf download {model}) and serve its folder: "
    "scientist model serve FOLDER"
)


@dataclass(frozen=True)
class Reason:
    """A pattern of the log, and what it means."""

    pattern: str
    message: str
    hint: str


REASONS = (
    Reason(
        r"No module named '?vllm'?|Error while finding module specification for 'vllm",
        "vLLM is not installed in this Python",
        "pip install 'scientist[vllm]', or name the Python that has it: {serve:python=PYTHON}",
    ),
    Reason(
        r"libcuda\.so\.1: cannot open shared object|Failed to infer device type"
        r"|No CUDA GPUs are available|Found no NVIDIA driver",
        "this vLLM is built for a graphics card, and there is none that it can use",
        "scientist model serve --backend llamacpp",
    ),
    Reason(
        r"NVIDIA driver on your system is too old(?: \(found version (?P<found>\d+)\))?"
        r"|CUDA driver version is insufficient for CUDA runtime version"
        r"|no kernel image is available for execution on the device"
        r"|the provided PTX was compiled with an unsupported toolchain",
        "the graphics driver is too old for this vLLM, or the card is",
        "nvidia-smi shows the driver: renew it, or install an older vLLM (docs/serving.md)",
    ),
    Reason(
        r"only supported on GPUs with compute capability of at least [\d.]+\. "
        r"Your (?P<card>.+?) GPU has compute capability (?P<has>\d+\.\d+)",
        "{card} (compute capability {has}) cannot calculate in the data type of this model",
        "{serve:more=--dtype float16}",
    ),
    Reason(
        r"Free memory on device.{0,12} \((?P<free>[\d.]+)/(?P<all>[\d.]+) GiB\) on startup"
        r" is less than desired GPU memory utilization",
        "other processes hold the card's memory: {free} of {all} GiB are free",
        "nvidia-smi shows them; or take less: {serve:memory=0.5}",
    ),
    Reason(
        r"max seq len \((?P<asked>\d+)\).*?estimated maximum model length is (?P<most>\d+)",
        "a context of {asked} tokens does not fit into memory beside the weights; {most} does",
        "{serve:context=<most>}",
    ),
    Reason(
        r"Available memory on node \d+ \((?P<free>[\d.]+)/(?P<all>[\d.]+) GiB\).{0,60}"
        r"less than requested memory for kv \((?P<asked>[\d.]+) GiB\)",
        "{free} of {all} GiB of this machine's memory are free, the cache is to have {asked}",
        "VLLM_CPU_KVCACHE_SPACE=1 {serve}",
    ),
    Reason(
        r"No available memory for the cache blocks"
        r"|max seq len \(?\d+\)?.*?larger than the available KV cache memory",
        "the weights leave no memory for the cache",
        "{serve:context=4096}, a smaller model (scientist model list --vllm), or more cards",
    ),
    Reason(
        r"CUDA out of memory|OutOfMemoryError|HIP out of memory|not enough memory"
        r"|Cannot allocate memory|MemoryError|exceeds? the available memory",
        "there is not enough memory for this model",
        "a smaller model (scientist model list --vllm), less context ({serve:context=4096}), "
        "or more cards",
    ),
    Reason(
        r"max_model_len \((?P<asked>\d+)\) is greater than the derived max_model_len "
        r"\(max_position_embeddings=(?P<most>\d+)",
        "the model has a context of {most} tokens, {asked} were asked for",
        "{serve:context=<most>}",
    ),
    Reason(
        r"attention heads \((?P<heads>\d+)\) must be divisible by tensor parallel size "
        r"\((?P<cards>\d+)\)",
        "the model's {heads} attention heads cannot be shared by {cards} cards",
        "{serve:more=--tensor-parallel-size 1}",
    ),
    Reason(
        r"invalid tool call parser: (?P<name>\S+)|invalid reasoning parser: (?P<other>\S+)",
        "this vLLM does not know the parser that the model's family needs",
        "pip install --upgrade vllm, or name one it knows: {serve:more=--tool-call-parser hermes}",
    ),
    Reason(
        r"gated repo|Access to model .{0,80} is restricted|401 Client Error|GatedRepoError",
        "the model's hub page asks for consent and a token first",
        "agree on the page, then: HF_TOKEN=… {serve}",
    ),
    Reason(
        r"LocalEntryNotFoundError|outgoing traffic has been disabled"
        r"|couldn't connect to 'https://|Name or service not known",
        "the weights are not on this machine, and the hub cannot be reached",
        OFFLINE,
    ),
    Reason(
        r"HFValidationError|Repository Not Found|RepositoryNotFoundError|404 Client Error",
        "there is no model of that name, neither in a folder nor on the hub",
        "scientist model list --vllm shows names that fit this machine",
    ),
    Reason(
        r"ensure the presence of a 'config\.json'",
        "the folder holds no model: it has no config.json",
        "scientist model serve FOLDER, with config.json, weights and tokenizer in it",
    ),
    Reason(
        r"SafetensorError|Error while deserializing header|incomplete metadata",
        "the weights are damaged or incomplete",
        "download them again, then: {serve}",
    ),
    Reason(
        r"Model architectures \[(?P<name>.*?)\].*?not supported"
        r"|does not recognize this architecture",
        "this vLLM does not know models of that kind",
        "pip install --upgrade vllm, or another model: scientist model list --vllm",
    ),
    Reason(
        r"custom code which must be executed|(?:pass|set|option).{0,40}trust_remote_code=True",
        "the model brings code of its own, which is not run unless you say so",
        "{serve:more=--trust-remote-code}",
    ),
    Reason(
        r"api_server\.py: error: (?P<said>.+)",
        "vLLM refuses an option: {said}",
        "{serve:more=}",
    ),
)


def explain(log: str, ended: int | None, wish: Wish, file: Path) -> EndpointError:
    """The error for a server that ended while it started."""
    if re.search(r"\[Errno 98\]|[Aa]ddress already in use", log):
        return port_taken(wish)
    for reason in REASONS:
        if found := re.search(reason.pattern, log, re.DOTALL):
            groups = {k: v for k, v in found.groupdict().items() if v}
            return EndpointError(
                _filled(reason.message, groups, wish),
                f"{_filled(reason.hint, groups, wish)} (log: {file})",
            )
    if ended == -signal.SIGKILL:
        return EndpointError(
            "vLLM was killed, most likely for want of memory",
            f"a smaller model (scientist model list --vllm), or {wish.command(context=4096)}",
        )
    what = "the embedding server" if wish.embedding else "vLLM"
    return EndpointError(f"{what} did not start: {_last(log, ended)}", f"see {file}")


def port_taken(wish: Wish, fault: OSError | None = None) -> EndpointError:
    """Somebody listens there already; the hint names a port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    port = wish.place[1]
    use = "SCIENTIST_EMBEDDING_ENDPOINT=" if wish.embedding else "scientist run --endpoint "
    what = "is taken" if fault is None or fault.errno == 98 else f"cannot be used: {fault.strerror}"
    return EndpointError(
        f"port {port} {what}",
        f"{wish.command(port=free)}; or use what is there: {use}http://127.0.0.1:{port}/v1",
    )


def _filled(text: str, groups: dict[str, str], wish: Wish) -> str:
    """A template with its groups, and with the command as given or with one option changed."""

    def command(found: re.Match[str]) -> str:
        name, value = found["name"], found["value"]
        if not name:
            return wish.command()
        value = re.sub(r"<(\w+)>", lambda group: groups.get(group[1], ""), value)
        changes = {"more": tuple(value.split())} if name == "more" else {name: value}
        return wish.command(**changes)

    text = re.sub(r"\{serve(?::(?P<name>\w+)=(?P<value>[^}]*))?\}", command, text)
    known = {**groups, "model": wish.model or "MODEL"}
    return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], "some"), text)


def _last(log: str, ended: int | None) -> str:
    """The line of a log that says most."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    if not lines:
        return f"it ended with {ended}"
    telling = (line for line in reversed(lines) if re.search(r"\b\w*(?:Error|error)\b: ", line))
    return next(telling, lines[-1])[-300:]
