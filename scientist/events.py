"""Everything that can happen, as one discriminated union with a schema version.

A new field needs a default; a new meaning needs a new SCHEMA and a reader for the old.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from scientist.records import (
    Assertion,
    Budget,
    Conflict,
    Finding,
    Hypothesis,
    JsonObject,
    Judgement,
    Protocol,
    Record,
    Relation,
    Resolution,
    Usage,
)

SCHEMA = 1


class EssayAdded(Record):
    """A source text entered the corpus."""

    kind: Literal["essay_added"] = "essay_added"
    essay: str
    title: str
    source: str
    format: str
    themes: tuple[str, ...] = ()
    source_blob: str
    text_blob: str
    passages_blob: str
    sentences: int


class CampaignOpened(Record):
    """An autonomous run began."""

    kind: Literal["campaign_opened"] = "campaign_opened"
    question: str | None
    essays: tuple[str, ...]
    budget: Budget
    seed: int
    settings: JsonObject
    versions: dict[str, str]
    hypothesis: str | None = None


class CampaignResumed(Record):
    """An interrupted run was taken up again."""

    kind: Literal["campaign_resumed"] = "campaign_resumed"
    next_phase: str
    seconds_used: float
    changed: tuple[str, ...] = ()


class CampaignClosed(Record):
    """An autonomous run ended; no other event may mean that."""

    kind: Literal["campaign_closed"] = "campaign_closed"
    outcome: Literal["completed", "budget", "exhausted", "failed"]
    reason: str
    rounds: int
    findings: tuple[str, ...]


class CampaignPaused(Record):
    """A run stopped before its end and can be resumed."""

    kind: Literal["campaign_paused"] = "campaign_paused"
    reason: str


class PhaseStarted(Record):
    """A node of the research graph began its work."""

    kind: Literal["phase_started"] = "phase_started"
    phase: str
    round: int


class PhaseFinished(Record):
    """A node of the research graph ended its work."""

    kind: Literal["phase_finished"] = "phase_finished"
    phase: str
    round: int
    seconds: float
    summary: str = ""


class Reasoned(Record):
    """A line of reasoning by the model or an explanation by the code."""

    kind: Literal["reasoned"] = "reasoned"
    phase: str
    source: Literal["model", "code"]
    text: str


class ModelCalled(Record):
    """One request to the model and what came back, byte for byte."""

    kind: Literal["model_called"] = "model_called"
    prompt: str
    prompt_version: int
    prompt_hash: str
    model: str
    model_digest: str = ""
    endpoint: str
    attempt: int
    outcome: Literal["valid", "invalid", "fault", "empty"]
    problem: str = ""
    seed: int | None
    temperature: float
    usage: Usage
    seconds: float
    first_token_seconds: float | None = None
    request_blob: str
    response_blob: str
    reasoning: str = ""


class ToolCalled(Record):
    """The agent used a tool."""

    kind: Literal["tool_called"] = "tool_called"
    tool: str
    arguments: JsonObject
    outcome: Literal["done", "refused", "failed"]
    summary: str
    seconds: float


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


class AssertionMade(Record):
    """Somebody said something that is to be held against all else."""

    kind: Literal["assertion_made"] = "assertion_made"
    assertion: Assertion


class AssertionPinned(Record):
    """The user decides that an assertion stands, or takes that back."""

    kind: Literal["assertion_pinned"] = "assertion_pinned"
    assertion: str
    pinned: bool


class RelationJudged(Record):
    """A model read two sentences, in both orders; what it said before and after calibration."""

    kind: Literal["relation_judged"] = "relation_judged"
    first: str
    second: str
    forward: Relation
    backward: Relation
    relation: Relation
    model: str
    model_digest: str
    calibration: str


class ConflictFound(Record):
    """Assertions were found that cannot all hold."""

    kind: Literal["conflict_found"] = "conflict_found"
    conflict: Conflict


class ConflictResolved(Record):
    """A conflict was mended, or it was decided what will."""

    kind: Literal["conflict_resolved"] = "conflict_resolved"
    resolution: Resolution


class EffectIntended(Record):
    """A side effect is about to happen."""

    kind: Literal["effect_intended"] = "effect_intended"
    key: str
    phase: str
    task: str


class EffectDone(Record):
    """A side effect happened; the same key never runs again."""

    kind: Literal["effect_done"] = "effect_done"
    key: str
    result: Any


class Degraded(Record):
    """Something weaker than intended is in use."""

    kind: Literal["degraded"] = "degraded"
    what: str
    reason: str


class TornTailRecovered(Record):
    """A crash left half a line; it is kept as a blob and the chain goes on before it."""

    kind: Literal["torn_tail_recovered"] = "torn_tail_recovered"
    segment: str
    size: int
    blob: str


class Failed(Record):
    """A command ended with an error the user was shown."""

    kind: Literal["failed"] = "failed"
    error: str
    message: str
    hint: str


Event = Annotated[
    EssayAdded
    | CampaignOpened
    | CampaignResumed
    | CampaignClosed
    | CampaignPaused
    | PhaseStarted
    | PhaseFinished
    | Reasoned
    | ModelCalled
    | ToolCalled
    | HypothesisProposed
    | CandidateRejected
    | HypothesisSelected
    | ProtocolSealed
    | ExperimentStarted
    | Looked
    | ExperimentFinished
    | Judged
    | ExperimentReproduced
    | Swept
    | FindingRecorded
    | AssertionMade
    | AssertionPinned
    | RelationJudged
    | ConflictFound
    | ConflictResolved
    | EffectIntended
    | EffectDone
    | Degraded
    | TornTailRecovered
    | Failed,
    Field(discriminator="kind"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
