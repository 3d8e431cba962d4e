"""Each sealed protocol against what it was planned from: hypothesis, settings, the kit's code.

Nothing in a plan is free: arms, metric, direction, smallest effect and parameters are the
hypothesis's, alpha and the number of pairs the campaign's, all else follows by rule.
"""

from __future__ import annotations

from typing import Any

from scientist.audit.verifying.outcome import Audit, Broken
from scientist.journal import Entry, project
from scientist.lab import kits
from scientist.records import Hypothesis, Protocol, Rung
from scientist.science import protocol as protocols

FOLLOWS = (
    *("kit", "rung", "stage", "treatment", "control", "arms", "contrasts", "metric", "direction"),
    *("smallest_effect", "parameters", "looks", "confidence", "resamples", "stopping_rule"),
)


def check(audit: Audit) -> None:
    """Every protocol of this version's test."""
    asked: dict[str, Hypothesis] = {}
    settings: dict[str, dict[str, Any]] = {}
    sizes: dict[str, int] = {}
    sizing: dict[str, str] = {}
    pairs: dict[str, int] = {}  # by digest: a confirmation is as large as what it confirms
    kinds = ("campaign_opened", "hypothesis_proposed", "code_written", "protocol_sealed")
    for entry in audit.journal.entries(*kinds, "effect_intended", "effect_done"):
        data, campaign = entry.data, str(entry.campaign)
        match entry.kind:
            case "campaign_opened":
                settings[campaign] = data["settings"]
            case "hypothesis_proposed":
                one = Hypothesis.model_validate(data["hypothesis"])
                asked[one.id] = one
            case "code_written":
                asked[data["hypothesis"]] = project.with_code(asked[data["hypothesis"]], data)
            case "effect_intended" if (data["phase"], data["task"]) == ("seal", "size"):
                sizing[data["key"]] = campaign
            case "effect_done" if data["key"] in sizing:
                sizes[campaign] = data["result"]
            case "protocol_sealed":
                protocol = Protocol.model_validate(data["protocol"])
                if protocol.test == protocols.TEST:
                    hypothesis = asked[protocol.hypothesis]
                    _follows(entry, protocol, hypothesis)
                    chosen = settings.get(campaign, {})
                    wanted = chosen.get("pairs") or sizes.get(campaign)
                    _settled(entry, protocol, chosen, pairs.get(protocol.confirms, wanted))
                    _of_kit(audit, entry, protocol)
                    audit.count("plans")
                pairs[data["digest"]] = len(protocol.seeds)


def _follows(entry: Entry, protocol: Protocol, hypothesis: Hypothesis) -> None:
    """Planned again, it is the same plan."""
    again = protocols.plan(
        hypothesis,
        pairs=len(protocol.seeds),
        alpha=protocol.alpha,
        level=1.0,
        code_hash=protocol.code_hash,
        runner_hash=protocol.runner_hash,
        data_hash=protocol.data_hash,
        arms=protocol.arms,
        confirms=protocol.confirms,
    )
    wrong = [name for name in FOLLOWS if getattr(again, name) != getattr(protocol, name)]
    if wrong:
        raise _otherwise(entry, f"not what {hypothesis.id} gives: {', '.join(wrong)}")
    for name in ("code_hash", "data_hash"):
        given = getattr(hypothesis, name)
        if given and given != getattr(protocol, name):
            raise _otherwise(entry, f"not what {hypothesis.id} was proposed with: {name}")


def _settled(
    entry: Entry, protocol: Protocol, settings: dict[str, Any], wanted: int | None
) -> None:
    """Alpha and the number of pairs are those that the campaign began with."""
    if "alpha" in settings and settings["alpha"] != protocol.alpha:
        raise _otherwise(
            entry,
            f"sealed with alpha {protocol.alpha}, campaign {entry.campaign} began with "
            f"{settings['alpha']}",
        )
    if wanted is not None:
        due = max(wanted, protocols.least_pairs(protocol.level))
        if due != len(protocol.seeds):
            raise _otherwise(
                entry, f"sealed with {len(protocol.seeds)} pairs, {due} were to be measured"
            )


def _of_kit(audit: Audit, entry: Entry, protocol: Protocol) -> None:
    """What a kit calls too small to matter stands in the code that was sealed."""
    if not protocol.kit or protocol.rung is Rung.FREE:
        return
    metrics = kits.constant(audit.journal.get(entry.data["code_blob"]).decode(), "METRICS")
    if not isinstance(metrics, dict) or protocol.metric not in metrics:
        raise _otherwise(entry, f"on {protocol.metric}, which kit {protocol.kit} does not measure")
    smallest = metrics[protocol.metric]["smallest_effect"]
    if smallest != protocol.smallest_effect:
        raise _otherwise(
            entry,
            f"sealed with a smallest effect of {protocol.smallest_effect}, kit {protocol.kit} "
            f"says {smallest}",
        )


def _otherwise(entry: Entry, how: str) -> Broken:
    digest, name = entry.data["digest"], entry.data["protocol"]["hypothesis"]
    return Broken(f"the protocol {digest[:12]} for {name} is {how}", f"event {entry.seq}", {digest})
