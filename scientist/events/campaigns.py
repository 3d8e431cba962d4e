"""A campaign and what happens in it: phases, reasoning, calls of model and tools, effects."""

from __future__ import annotations

from typing import Any, Literal

from scientist.records import Budget, JsonObject, Record, Usage


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
    disk_bytes: int | None = None  # of the workspace, when it began
    typed: bool = False  # whether an option of the command named the model


class CampaignResumed(Record):
    """An interrupted run was taken up again."""

    kind: Literal["campaign_resumed"] = "campaign_resumed"
    next_phase: str
    seconds_used: float
    changed: tuple[str, ...] = ()
    budget: Budget | None = None  # if it was raised: what holds from now on
    settings: JsonObject | None = None  # those that are others from now on
    typed: bool = False  # as above


class CampaignClosed(Record):
    """An autonomous run ended; no other event may mean that. A raised budget opens it again."""

    kind: Literal["campaign_closed"] = "campaign_closed"
    outcome: Literal["completed", "budget", "exhausted", "failed"]
    reason: str
    rounds: int
    findings: tuple[str, ...]
    grown_bytes: int | None = None  # what the workspace has grown by


class CampaignPaused(Record):
    """A run stopped before its end and can be resumed."""

    kind: Literal["campaign_paused"] = "campaign_paused"
    reason: str


class BudgetWarned(Record):
    """Most of a budget is spent; said once for each."""

    kind: Literal["budget_warned"] = "budget_warned"
    what: str
    spent: float
    limit: float


class QuestionAnswered(Record):
    """A finding settles what the campaign was asked, in the model's reading of it."""

    kind: Literal["question_answered"] = "question_answered"
    finding: str
    chance: float


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
    about: str = ""  # the hypothesis that a question was read as


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


class ModelProbed(Record):
    """Whether a model is able to do something, as measured."""

    kind: Literal["model_probed"] = "model_probed"
    model: str
    model_digest: str
    ability: Literal["code"]
    able: bool
    detail: str


class ToolCalled(Record):
    """The agent used a tool."""

    kind: Literal["tool_called"] = "tool_called"
    tool: str
    arguments: JsonObject
    outcome: Literal["done", "refused", "failed"]
    summary: str
    seconds: float


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


class Failed(Record):
    """A command ended with an error the user was shown."""

    kind: Literal["failed"] = "failed"
    error: str
    message: str
    hint: str
