"""Everything that can happen, as one discriminated union with a schema version.

A new field needs a default; a new meaning needs a new SCHEMA and a reader for the old.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter

from scientist.events.campaigns import (
    BudgetWarned,
    CampaignClosed,
    CampaignOpened,
    CampaignPaused,
    CampaignResumed,
    Degraded,
    EffectDone,
    EffectIntended,
    Failed,
    ModelCalled,
    ModelProbed,
    PhaseFinished,
    PhaseStarted,
    QuestionAnswered,
    Reasoned,
    ToolCalled,
)
from scientist.events.chats import (
    ActionDecided,
    ThreadCompacted,
    TurnAnswered,
    TurnAsked,
    TurnStopped,
    TurnUndone,
)
from scientist.events.claims import (
    AssertionMade,
    AssertionPinned,
    ConflictFound,
    ConflictResolved,
    RelationJudged,
)
from scientist.events.experiments import (
    CandidateRejected,
    CodeGivenUp,
    CodeWritten,
    ExperimentFinished,
    ExperimentReproduced,
    ExperimentStarted,
    FindingRecorded,
    HypothesisDeclined,
    HypothesisProposed,
    HypothesisSelected,
    Judged,
    Looked,
    ProtocolSealed,
    Swept,
)
from scientist.events.record import CheckpointSigned, EssayAdded, ReportWritten, TornTailRecovered

__all__ = [
    "EVENT",
    "SCHEMA",
    "ActionDecided",
    "AssertionMade",
    "AssertionPinned",
    "BudgetWarned",
    "CampaignClosed",
    "CampaignOpened",
    "CampaignPaused",
    "CampaignResumed",
    "CandidateRejected",
    "CheckpointSigned",
    "CodeGivenUp",
    "CodeWritten",
    "ConflictFound",
    "ConflictResolved",
    "Degraded",
    "EffectDone",
    "EffectIntended",
    "EssayAdded",
    "Event",
    "ExperimentFinished",
    "ExperimentReproduced",
    "ExperimentStarted",
    "Failed",
    "FindingRecorded",
    "HypothesisDeclined",
    "HypothesisProposed",
    "HypothesisSelected",
    "Judged",
    "Looked",
    "ModelCalled",
    "ModelProbed",
    "PhaseFinished",
    "PhaseStarted",
    "ProtocolSealed",
    "QuestionAnswered",
    "Reasoned",
    "RelationJudged",
    "ReportWritten",
    "Swept",
    "ThreadCompacted",
    "ToolCalled",
    "TornTailRecovered",
    "TurnAnswered",
    "TurnAsked",
    "TurnStopped",
    "TurnUndone",
]

SCHEMA = 1

Event = Annotated[
    EssayAdded
    | CampaignOpened
    | CampaignResumed
    | CampaignClosed
    | CampaignPaused
    | BudgetWarned
    | QuestionAnswered
    | PhaseStarted
    | PhaseFinished
    | Reasoned
    | ModelCalled
    | ModelProbed
    | ToolCalled
    | HypothesisProposed
    | CandidateRejected
    | HypothesisSelected
    | HypothesisDeclined
    | CodeWritten
    | CodeGivenUp
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
    | TurnAsked
    | ActionDecided
    | TurnAnswered
    | TurnStopped
    | TurnUndone
    | ThreadCompacted
    | EffectIntended
    | EffectDone
    | Degraded
    | ReportWritten
    | CheckpointSigned
    | TornTailRecovered
    | Failed,
    Field(discriminator="kind"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
