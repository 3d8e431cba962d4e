"""From a hypothesis to its finding: what was proposed, sealed, measured and judged."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from scientist.records import Finding, Hypothesis, JsonObject, Judgement, Protocol, Record, Rung


class HypothesisProposed(Record):
    """A candidate passed every check and may be tested."""

    kind: Literal["hypothesis_proposed"] = "hypothesis_proposed"
    hypothesis: Hypothesis


class CandidateRejected(Record):
    """What the model proposed did not pass the checks."""

    kind: Literal["candidate_rejected"] = "candidate_rejected"
    phase: str
    reason: str
    candidate: JsonObject


class HypothesisSelected(Record):
    """One of the candidates is tested next, with the score that decided."""

    kind: Literal["hypothesis_selected"] = "hypothesis_selected"
    hypothesis: str
    reason: str
    scores: dict[str, float]


class HypothesisDeclined(Record):
    """The user was shown the plan and the code, and did not want it run."""

    kind: Literal["hypothesis_declined"] = "hypothesis_declined"
    hypothesis: str
    reason: str


class CodeWritten(Record):
    """Code for a hypothesis passed every check; what the review has to say of it goes along.

    A free experiment's smallest effect of interest cannot be known before its smoke run.
    """

    kind: Literal["code_written"] = "code_written"
    hypothesis: str
    rung: Rung
    code_hash: str
    tries: int
    review: tuple[str, ...] = ()
    smallest_effect: float | None = None


class CodeGivenUp(Record):
    """No code for a hypothesis passed the checks; the same is not tried again."""

    kind: Literal["code_given_up"] = "code_given_up"
    hypothesis: str
    rung: Rung
    reason: str
    tries: int


class ProtocolSealed(Record):
    """The plan of an experiment, fixed before the first measured trial."""

    kind: Literal["protocol_sealed"] = "protocol_sealed"
    protocol: Protocol
    digest: str
    code_blob: str


class ExperimentStarted(Record):
    """An attempt at a sealed protocol was launched."""

    kind: Literal["experiment_started"] = "experiment_started"
    experiment: str
    hypothesis: str
    protocol_digest: str
    run_folder: str
    tier: str
    limits: JsonObject


class Looked(Record):
    """The rule was applied to what an experiment had measured so far."""

    kind: Literal["looked"] = "looked"
    experiment: str
    protocol_digest: str
    pairs: int
    stop: str
    trials_blob: str | None


class ExperimentFinished(Record):
    """An attempt ended, in whatever way."""

    kind: Literal["experiment_finished"] = "experiment_finished"
    experiment: str
    protocol_digest: str
    status: Literal["done", "failed", "timeout", "killed", "lost"]
    reason: str
    trials: int
    trials_blob: str | None
    output_blob: str | None
    environment: JsonObject
    seconds: float
    code_hash: str = ""
    runner_hash: str = ""
    parameters: JsonObject | None = None
    tier: str = ""
    limits: JsonObject = Field(default_factory=dict)
    restarts: int = 0


class Judged(Record):
    """The rule was applied to a sealed protocol for good; no stream of tests forgets it."""

    kind: Literal["judged"] = "judged"
    experiment: str
    protocol_digest: str
    judgement: Judgement


class ExperimentReproduced(Record):
    """A recorded experiment was run again from the record and compared, number by number."""

    kind: Literal["experiment_reproduced"] = "experiment_reproduced"
    experiment: str
    protocol_digest: str
    identical: bool
    trials: int
    numbers: int
    drifted: int
    missing: int
    appeared: int
    largest_absolute: float | None
    largest_relative: float | None
    causes: tuple[str, ...]
    verdict_before: str
    verdict_after: str
    status: str
    reason: str
    trials_blob: str | None
    environment: JsonObject
    runner_hash: str
    tier: str
    limits: JsonObject


class Swept(Record):
    """A kit was measured along a parameter, on seeds that can never count; it decides nothing."""

    kind: Literal["swept"] = "swept"
    kit: str
    code_hash: str
    over: str
    levels: tuple[float, ...]
    parameters: JsonObject
    seeds: tuple[int, ...]
    tier: str
    trials_blobs: tuple[str, ...]


class FindingRecorded(Record):
    """A verdict entered the record."""

    kind: Literal["finding_recorded"] = "finding_recorded"
    finding: Finding
