"""The rest of a report: beliefs, conflicts, what came to nothing, cost, limits, how to check it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scientist.audit.report.blocks import (
    Block,
    Commands,
    Heading,
    Quote,
    Text,
    bullets,
    text,
)
from scientist.audit.report.collect import Dossier, Refused
from scientist.audit.report.rows import sideways, upright
from scientist.audit.report.tested import quotes
from scientist.records import Conflict, Verdict
from scientist.science.claims import standing

MOST_REASONS = 20
SPENT = (
    *("active seconds", "model seconds", "experiment seconds", "trials", "model calls"),
    *("prompt tokens", "cached tokens", "cached share", "completion tokens"),
    *("budget of rounds", "budget of minutes", "budget of tokens", "budget of trials"),
    *("bytes on the disk", "budget of disk in MB"),
)


def beliefs(dossier: Dossier) -> list[Block]:
    """How credences stood before and after."""
    name, facts = dossier.campaign, dossier.evidence.facts
    before, after = f"credence before {name}", f"credence after {name}"
    moved = [one for one, known in facts.items() if one.startswith("H") and after in known]
    blocks: list[Block] = [Heading(2, "Beliefs")]
    if not moved:
        return [*blocks, text(standing.NO_CREDENCE)]
    rows = [{"hypothesis": one} for one in moved]
    return [
        *blocks,
        text(standing.CREDENCES),
        *upright(dossier.evidence, rows, ("status", "prior", before, after, "credence")),
    ]


def conflicts(dossier: Dossier) -> list[Block]:
    """What excludes each other, why, and how it was mended."""
    blocks: list[Block] = [Heading(2, "Conflicts")]
    if not dossier.conflicts:
        return [*blocks, text(standing.NO_CONFLICT)]
    rows = [{"conflict": one.id} for one in dossier.conflicts]
    blocks += upright(
        dossier.evidence, rows, ("rule", "claims", "kind", "chance", "state", "mended by")
    )
    for conflict in dossier.conflicts:
        blocks += [Heading(3, f"Conflict {conflict.id}", conflict.id)]
        blocks += bullets([*_members(dossier, conflict), *_proof(dossier, conflict)])
    return blocks


def _members(dossier: Dossier, conflict: Conflict) -> Iterable[Text]:
    """Claims that are quoted under an id of their own; a finding's sentence stands above."""
    for name in conflict.members:
        said = dossier.knowledge.said.get(name)
        if said is not None and name in dossier.evidence.words and said.source.kind != "finding":
            yield text("Claim:", Quote(said.text, name))


def _proof(dossier: Dossier, conflict: Conflict) -> Iterable[Text]:
    for step in conflict.proof:
        if step.strip():
            yield text("Because:", Quote(step, conflict.id))
    resolution = dossier.knowledge.resolution(conflict.id)
    if resolution is not None:
        mended = dossier.knowledge.is_mended(conflict)
        label = "Mended:" if mended else "Plan:"
        yield text(label, Quote(resolution.reason, conflict.id))
        for change in resolution.changes:
            if change.reason.strip() and change.reason != resolution.reason:
                yield text("Change:", Quote(change.reason, conflict.id))


def nothing(dossier: Dossier) -> list[Block]:
    """What was infeasible, declined, given up, rejected, or left untested, and why."""
    name = dossier.campaign
    infeasible = [
        text(f"{one.id} on {one.hypothesis}:", Quote(one.judgement.reason, one.id))
        for one in dossier.findings
        if one.judgement.verdict is Verdict.INFEASIBLE
    ]
    given_up = [one for one in dossier.given_up if not dossier.runs_of(one.hypothesis)]
    blocks: list[Block] = [Heading(2, "What came to nothing, and why")]
    blocks += _listed(standing.NO_RUN, infeasible)
    blocks += _listed(standing.GIVEN_UP, _refused(dossier, given_up))
    blocks += _listed(standing.DECLINED, _refused(dossier, dossier.declined))
    shown = dossier.rejected[:MOST_REASONS]
    blocks += _listed(standing.REJECTED, [text(Quote(reason, name)) for reason, _ in shown])
    rejected = ("candidates rejected", "code given up", "hypotheses declined")
    blocks += _listed(
        standing.NOT_TESTED, [_proposal(dossier, v.record.id) for v in dossier.untested]
    )
    blocks += _listed(standing.EXPLAINED, [text(Quote(one, name)) for one in dossier.explained])
    if len(blocks) == 1:
        return [*blocks, text(standing.ALL_WENT)]
    return [*blocks, *sideways(dossier.evidence, "campaign", [name], rejected)]


def _listed(said: str, items: Sequence[Text]) -> list[Block]:
    return [text(said), *bullets(items)] if items else []


def _refused(dossier: Dossier, refused: Iterable[Refused]) -> list[Text]:
    return [
        Text(
            (
                *_proposal(dossier, one.hypothesis).pieces,
                "Reason:",
                Quote(one.reason, one.hypothesis),
            )
        )
        for one in refused
    ]


def _proposal(dossier: Dossier, name: str) -> Text:
    """A hypothesis in short: its statement and what it cites."""
    views = {view.record.id: view.record for view in dossier.hypotheses}
    if name not in views:
        return text(f"{name}:")
    cited = [piece for one in quotes(dossier, views[name]) for piece in ("after", *one.pieces)]
    return text(f"{name}:", Quote(views[name].statement, name), *cited)


def cost(dossier: Dossier) -> list[Block]:
    """What the campaign spent of what it might spend."""
    calls = dossier.evidence.facts[dossier.campaign]["model calls"]
    return [
        Heading(2, "Cost"),
        *sideways(dossier.evidence, "campaign", [dossier.campaign], SPENT),
        text(standing.COST),
        *([] if calls else [text(standing.NO_COST)]),
    ]


def limits(dossier: Dossier) -> list[Block]:
    """What such findings cannot show, and what they were made with."""
    worlds: dict[str, Text] = {}
    silent = False
    for run in dossier.measured.values():
        if run.kit is None:
            silent = True
        else:
            said = (Quote(run.kit.title, run.view.id), Quote(run.kit.limits, run.view.id))
            worlds.setdefault(f"{run.kit.name} {run.kit.limits}", text(*said))
    name, evidence = dossier.campaign, dossier.evidence
    versions = [one for one in evidence.facts[name] if one.startswith("version of ")]
    fixed = [standing.SMALL_WORLDS, standing.EXCHANGEABLE, standing.SANDBOX]
    if not dossier.given:
        fixed += [standing.WORDING, standing.SEARCHED, standing.MODEL]
    return [
        Heading(2, "Limits"),
        *bullets([text(one) for one in fixed]),
        *bullets(list(worlds.values())),
        *([text(standing.NO_LIMITS_STATED)] if silent else []),
        *_listed(standing.WEAKER, [text(Quote(one, name)) for one in dossier.degraded]),
        *([] if dossier.degraded else [text(standing.NOTHING_WEAKER)]),
        *sideways(evidence, "campaign", [name], ("model", "model digest", "seed", *versions)),
    ]


def verify(dossier: Dossier) -> list[Block]:
    """The commands that test all this."""
    name = dossier.campaign
    runs = list(dossier.measured)[-1:]
    lines = (
        "scientist audit verify --deep -w WORKSPACE",
        "scientist check -w WORKSPACE",
        *(f"scientist experiment reproduce {one} -w WORKSPACE" for one in runs),
        f"scientist audit show {name} -w WORKSPACE",
        "scientist check - -w WORKSPACE < REPORT.md",
        f"scientist audit report {name} -w WORKSPACE",
    )
    return [Heading(2, "How to verify this"), text(standing.VERIFY), Commands(lines)]
