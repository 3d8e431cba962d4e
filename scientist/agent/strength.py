"""How much code a model may be trusted to write: the top rung of its ladder.

A model that nobody knows is measured once for a workspace: it writes one whole experiment whose
outcome is known, and that must pass every check, with one repair at most, and come out right. The
embedded models are known to be small: they write an arm, not an experiment.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from scientist import catalog
from scientist.agent import coding
from scientist.errors import BudgetError, EndpointError, ModelOutputError
from scientist.events import ModelProbed
from scientist.records import Direction, Hypothesis, Rung

if TYPE_CHECKING:
    from scientist.agent.bench import Bench
    from scientist.llm.client import Client
    from scientist.llm.endpoint import Endpoint

KNOWN = Hypothesis(
    id="H0",
    statement="With few samples, shrunken lowers test_error compared with plain.",
    quotes=(),
    kit="",
    factor="how linear regression is fitted when samples are hardly more than features",
    treatment="shrunken",
    control="plain",
    metric="test_error",
    direction=Direction.DECREASE,
    smallest_effect=1.0,
    rung=Rung.FREE,
    idea="shrunken: ridge regression; plain: ordinary least squares; "
    "test_error: mean squared error on fresh data of the same world",
)


def small(endpoint: Endpoint) -> bool:
    """Whether a model is one of ours, which are known to be small."""
    return endpoint.model_digest in {model.artifact.sha256 for model in catalog.MODELS.values()}


def top(bench: Bench) -> Rung:
    """The highest rung that this campaign's model starts from."""
    wanted = bench.settings.rung
    if bench.client is None or wanted != "auto":
        return Rung.KIT if bench.client is None else Rung(wanted)
    endpoint = bench.client.endpoint
    if small(endpoint):
        return Rung.ADAPTED
    for entry in bench.journal.entries("model_probed"):
        same = (entry.data["model"], entry.data["model_digest"])
        if entry.data["ability"] == "code" and same == (endpoint.model, endpoint.model_digest):
            return Rung.FREE if entry.data["able"] else Rung.ADAPTED
    able, detail = _measured(bench, bench.client)
    bench.note(
        ModelProbed(
            model=endpoint.model,
            model_digest=endpoint.model_digest,
            ability="code",
            able=able,
            detail=detail,
        )
    )
    return Rung.FREE if able else Rung.ADAPTED


def _measured(bench: Bench, client: Client) -> tuple[bool, str]:
    key = bench.effects.key("probe", 0, "code")
    try:
        written = coding.attempt(
            *(bench, client, key, KNOWN, bench.settings.seed, Lock()), starts=1, on_text=bench.hear
        )
    except (BudgetError, EndpointError):
        raise
    except ModelOutputError as fault:
        return False, fault.message
    if written.problem:
        return False, written.problem
    values = {
        arm: [t.metrics[KNOWN.metric] for t in written.trials if t.arm == arm]
        for arm in (KNOWN.treatment, KNOWN.control)
    }
    means = {arm: sum(found) / len(found) for arm, found in values.items()}
    right = means[KNOWN.treatment] < means[KNOWN.control]
    return right, f"its experiment came out {'right' if right else 'wrong'}"
