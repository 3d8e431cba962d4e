"""What the record says of each id by name: what tables of a report show and `check` looks up.

A campaign's spending, a protocol's fields, where a hypothesis stands, what became of a conflict.
What raw trials give is no fact here but an operation (`science.claims.operations`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scientist.journal import Entry, Fold, Journal, costs, project
from scientist.journal.places import Spell
from scientist.records import Hypothesis, Protocol, Rung, Verdict
from scientist.science import belief
from scientist.science.belief import Belief
from scientist.science.claims.evidence import Value
from scientist.science.consistency.knowledge import Knowledge

Facts = dict[str, dict[str, Value]]
OWN = "own"
COUNTED = {
    "hypothesis_proposed": "hypotheses proposed",
    "candidate_rejected": "candidates rejected",
    "hypothesis_declined": "hypotheses declined",
    "code_given_up": "code given up",
    "protocol_sealed": "protocols sealed",
    "experiment_started": "experiments",
    "finding_recorded": "findings",
    "conflict_found": "conflicts found",
    "model_called": "model calls",
}


def gather(journal: Journal, knowledge: Knowledge) -> Facts:
    """Everything there is to look up, by id."""
    found = _campaigns(journal)
    sealed = {
        entry.data["digest"]: Protocol.model_validate(entry.data["protocol"])
        for entry in journal.entries("protocol_sealed")
    }
    for view in project.experiments(journal):
        if view.protocol_digest in sealed:
            found[view.id] = {
                **_of_protocol(sealed[view.protocol_digest]),
                "protocol": view.protocol_digest,
                "hypothesis": view.hypothesis,
                "campaign": view.campaign,
                "status": view.status,
                "seconds": round(view.seconds, 2),
                "sandbox": view.tier,
            }
    views = project.hypotheses(journal)
    for hypothesis in views:
        found[hypothesis.record.id] = {
            **_of_hypothesis(hypothesis.record),
            "campaign": hypothesis.campaign,
            "status": hypothesis.status,
        }
    _findings(journal, found, sealed, {view.record.id: view.record for view in views})
    _credences(journal, found, [view.record for view in views], sealed)
    for conflict in knowledge.conflicts.values():
        resolution = knowledge.resolution(conflict.id)
        mended = knowledge.is_mended(conflict)
        waits = resolution is not None and knowledge.waits(conflict.id)
        found[conflict.id] = {
            "rule": conflict.rule,
            "claims": " and ".join(conflict.members),
            "kind": "exact" if conflict.hard else "judged by the model",
            "state": "mended" if mended else "waits for a test" if waits else "open",
            "mended by": resolution.how if resolution and (mended or waits) else "",
            **({} if conflict.hard else {"chance": conflict.chance}),
        }
    return found


def code_of(kit: str, rung: Rung) -> str:
    """Who wrote the code of an experiment, in one word."""
    return OWN if not kit and rung is Rung.KIT else str(rung)


def _campaigns(journal: Journal) -> Facts:
    """What the entries of each campaign add up to."""
    told, spells = journal.follow(_CAMPAIGNS), journal.spells()
    return {name: one.facts(spells[name]) for name, one in told.items()}


@dataclass
class _Campaign:
    """What was told of a campaign so far."""

    tally: costs.Tally = field(default_factory=costs.Tally)
    happened: dict[str, Value] = field(default_factory=dict)

    def facts(self, spells: Sequence[Spell]) -> dict[str, Value]:
        """What it adds up to, by the times in which it was driven."""
        took, spent = self.tally.cost_over(spells), self.tally.spent
        counts, verdicts = self.tally.counts, took.verdicts
        found: dict[str, Value] = {"state": "unfinished", "rounds": took.rounds, **self.happened}
        found |= {name: counts[kind] for kind, name in COUNTED.items()}
        found |= {str(verdict): verdicts.get(verdict, 0) for verdict in Verdict}
        found |= {
            "hypotheses tested": took.tested,
            "trials": took.trials,
            "active seconds": round(took.seconds, 1),
            "model seconds": round(took.model_seconds, 1),
            "experiment seconds": round(took.experiment_seconds, 1),
            "prompt tokens": took.usage.prompt,
            "cached tokens": took.usage.cached,
            "completion tokens": took.usage.completion,
        }
        if took.cached_share is not None:
            found["cached share"] = took.cached_share
        if took.grown_bytes is not None:
            found["bytes on the disk"] = took.grown_bytes
        for name, limit in spent.budget:
            if limit is not None:
                found[f"budget of {name.replace('disk_mb', 'disk in MB')}"] = limit
        return found


def _take(told: dict[str, _Campaign], entry: Entry) -> None:
    name = entry.campaign or ""
    if entry.kind == "campaign_opened":
        told.setdefault(name, _Campaign())
    if name in told:
        told[name].tally.add(entry)
        _happened(told[name].happened, entry)


_CAMPAIGNS = Fold[dict[str, _Campaign]](
    tuple(dict.fromkeys((*costs.TOLD, *COUNTED, "question_answered"))), dict, _take
)


def _happened(found: dict[str, Value], entry: Entry) -> None:
    """How a campaign stands, and with what it was made."""
    data = entry.data
    match entry.kind:
        case "campaign_opened":
            found["seed"] = data["seed"]
            found |= {f"version of {one}": str(said) for one, said in data["versions"].items()}
        case "campaign_resumed":
            found["state"] = "unfinished"  # one that had ended goes on with a larger budget
        case "campaign_closed":
            found["state"] = data["outcome"]
        case "question_answered":
            found |= {"answered by": data["finding"], "chance that it answers": data["chance"]}
        case "model_called":
            for name, said in (("model", data["model"]), ("model digest", data["model_digest"])):
                known = str(found.get(name, ""))
                if said and said not in known.split(", "):
                    found[name] = f"{known}, {said}" if known else said


def _of_protocol(sealed: Protocol) -> dict[str, Value]:
    return {
        "stage": str(sealed.stage),
        "kit": sealed.kit,
        "code": code_of(sealed.kit, sealed.rung),
        "treatment": sealed.treatment,
        "control": sealed.control,
        "metric": sealed.metric,
        "direction": str(sealed.direction),
        "smallest effect": sealed.smallest_effect,
        **{f"setting {name}": _plain(value) for name, value in sealed.parameters.items()},
        "planned pairs": len(sealed.seeds),
        "looks after pairs": " ".join(map(str, sealed.looks)),
        "seeds": " ".join(map(str, sealed.seeds)),
        "alpha": sealed.alpha,
        "level": sealed.level,
        "confidence": sealed.confidence,
        "resamples": sealed.resamples,
        "code hash": sealed.code_hash,
        "runner hash": sealed.runner_hash,
        "data hash": sealed.data_hash,
    }


def _of_hypothesis(asked: Hypothesis) -> dict[str, Value]:
    return {
        "kit": asked.kit,
        "code": code_of(asked.kit, asked.rung),
        "treatment": asked.treatment,
        "control": asked.control,
        "metric": asked.metric,
        "direction": str(asked.direction),
        "smallest effect": asked.smallest_effect,
        "builds on": " ".join(asked.builds_on),
        "prior": belief.prior(asked),
    }


def _plain(value: float | int | str | bool) -> Value:
    return str(value) if isinstance(value, bool) else value


def _findings(
    journal: Journal,
    found: Facts,
    sealed: Mapping[str, Protocol],
    asked: Mapping[str, Hypothesis],
) -> None:
    """What each finding is about; its numbers are operations on its run."""
    for view in project.findings(journal):
        record = view.record
        plan = sealed.get(record.protocol_digest)
        about = plan or asked.get(record.hypothesis)
        found[record.id] = {
            "hypothesis": record.hypothesis,
            "experiment": record.experiment,
            "first run": record.first.experiment if record.first else "",
            "campaign": view.campaign,
            "code": code_of(about.kit, about.rung) if about else "",
            "conflicts": " ".join(record.conflicts),
        }


def _credences(
    journal: Journal,
    found: Facts,
    asked: Iterable[Hypothesis],
    sealed: Mapping[str, Protocol],
) -> None:
    """Each credence now, and before and after each campaign that moved it."""
    views = project.findings(journal)
    campaigns = {view.record.id: view.campaign for view in views}
    seeds = {digest: plan.seeds for digest, plan in sealed.items()}
    told: dict[int, dict[str, Value]] = {}  # by the course, which many have in common
    for one in belief.fold(list(asked), [view.record for view in views], seeds):
        if id(one.course) not in told:
            told[id(one.course)] = _moved(one, campaigns)
        found[one.hypothesis] |= {"credence": one.credence, **told[id(one.course)]}


def _moved(one: Belief, campaigns: Mapping[str, str]) -> dict[str, Value]:
    found, before = dict[str, Value](), one.prior
    for step in one.steps:
        campaign = campaigns[step.finding]
        if step.counted:
            found.setdefault(f"credence before {campaign}", before)
            found[f"credence after {campaign}"] = step.credence
        before = step.credence
    return found
