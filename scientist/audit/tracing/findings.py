"""From a finding down: its numbers, the runs they were computed from, plan, code, hypothesis.

Everything is read from the events that name it. What is computed here (a number of a claim, the
extremes of an arm) comes from the raw trials.
"""

from __future__ import annotations

from collections.abc import Sequence

from scientist.audit import evidence as evidences
from scientist.audit.tracing import code, conflicts, sources
from scientist.audit.tracing.node import Node
from scientist.audit.tracing.trail import Trail, record, unfit, value
from scientist.journal import Entry, project
from scientist.journal.project import FindingView
from scientist.records import Address, Finding, Hypothesis, Protocol, Trial, clean
from scientist.science.claims.evidence import Evidence
from scientist.science.claims.operations import NotBound, compute
from scientist.science.claims.render import spell, write

MOST_VALUES = 12  # of an arm that are told one by one; of more, the extremes
MOST_SEEDS = 12
STEPS = (
    *("experiment_started", "looked", "experiment_finished", "judged"),
    "experiment_reproduced",
)
SEALED = ("parameter", "alpha", "level", "smallest effect", "planned pairs")
AS_JUDGED = (
    *("interval low", "interval high", "confidence", "interval method"),
    *("p", "adjusted p", "overall p", "e"),
)
JUDGED = (*AS_JUDGED, "verdict", "reason", "pairs")


def finding(trail: Trail, entry: Entry, numbers: bool = True) -> Node:
    """A finding with all it rests on."""
    found = record(Finding, value(entry.data, entry, "finding"), entry)
    said = f"{found.id} {found.judgement.verdict}: {clean(found.statement)}"
    node = trail.step("finding", said, entry)
    if trail.again(found.id):
        node.text += " (above)"
        return node
    node.blobs = trail.blob("trials", found.trials_blob)
    end = trail.last(found.experiment, "experiment_finished") if found.experiment else None
    if end is not None and end.data.get("trials_blob") != found.trials_blob:
        node.lines = (f"ITS TRIALS ARE NOT those with which {found.experiment} ended",)
    if numbers and found.claim is not None and found.experiment:
        gives = evidence(trail, entry)
        for name, address in found.claim.addresses.items():
            node.children.append(number(trail, address, gives, name))
    for one in (found.experiment, found.first.experiment if found.first else ""):
        if one:
            node.children.append(experiment(trail, one, (found.treatment, found.control)))
    node.children.append(hypothesis(trail, found.hypothesis))
    node.children += conflicts.of(trail, found.id)
    node.children += [trail.step("deviation", clean(one), entry) for one in found.deviations]
    node.children += [trail.step("degraded", clean(one), entry) for one in found.degradations]
    return node


def evidence(trail: Trail, entry: Entry) -> Evidence:
    """What a finding may claim, and nothing of any other."""
    found = record(Finding, value(entry.data, entry, "finding"), entry)
    view = FindingView(found, entry.campaign or "", entry.time)
    sealed: evidences.Sealed = {}
    for digest in (found.protocol_digest, found.first.protocol_digest if found.first else ""):
        if digest and (seal := trail.first(digest, "protocol_sealed")):
            sealed[digest] = (seal.data["protocol"], seal.data["code_blob"])
    asked = proposed(trail, found.hypothesis)
    if asked is None:
        raise unfit(entry, f"its hypothesis {found.hypothesis} is not on record")
    try:
        runs = evidences.runs_of(trail.journal, sealed, view, asked)
    except ValueError as fault:  # trials or code that are none
        raise unfit(entry, str(fault).splitlines()[0]) from fault
    quotes = {quote.address: quote.text for quote in found.quotes}
    ids = frozenset({found.hypothesis, *(quote.essay for quote in found.quotes)})
    return Evidence(tuple(runs), quotes=quotes, ids=ids)


def proposed(trail: Trail, name: str) -> Hypothesis | None:
    """A hypothesis as it is tested: with the code that was written for it."""
    entry = trail.first(name, "hypothesis_proposed")
    if entry is None:
        return None
    found = record(Hypothesis, value(entry.data, entry, "hypothesis"), entry)
    for written in trail.about(name, "code_written"):
        found = project.with_code(found, written.data)
    return found


def number(trail: Trail, address: Address, gives: Evidence, name: str = "") -> Node:
    """What an address gives, with the trials it is computed from."""
    finished = trail.last(address.experiment, "experiment_finished")
    try:
        given = compute(gives, address)
    except NotBound as fault:
        return trail.step("number", f"{spell(address)}: there is none, for {fault}", finished)
    shown = write(given, address.form)
    exact = "" if isinstance(given, str) or shown == f"{given:.17g}" else f" = {given!r}"
    operation = trail.step(
        "operation", f"{clean(shown)}{exact}  {clean(spell(address))}{name and f' ({name})'}"
    )
    operation.entry = finished
    if address.operation in JUDGED:
        operation.entry = trail.last(address.experiment, "judged") or finished
        if address.operation in AS_JUDGED:
            operation.lines = ("as judged; audit verify --deep computes it again",)
    elif address.operation in SEALED:
        run = gives.run(address.experiment)
        digest = finished.data.get("protocol_digest", "") if finished and run else ""
        operation.entry = trail.first(str(digest), "protocol_sealed") or finished
    elif finished is not None:
        operation.blobs = trail.blob("trials", finished.data.get("trials_blob"))
    return operation


def experiment(trail: Trail, name: str, arms: Sequence[str] = ()) -> Node:
    """An attempt at a protocol: its trials, its code, its plan, looks and judgement."""
    steps = trail.about(name, *STEPS)
    if not steps:
        return trail.step("experiment", f"{clean(name)} is not on record")
    ends = [one for one in steps if one.kind == "experiment_finished"]
    node = trail.step("experiment", _ran(name, ends[-1] if ends else None), steps[0])
    if trail.again(name):
        node.text += " (above)"
        return node
    digest = str(value(steps[0].data, steps[0], "protocol_digest"))
    seal = trail.first(digest, "protocol_sealed")
    plan = record(Protocol, seal.data["protocol"], seal) if seal else None
    told = list(arms) or ([plan.treatment, plan.control] if plan else [])
    for end in ends:
        node.children.append(_trials(trail, end, plan, told))
    if seal is not None:
        node.children += [code.node(trail, seal, told), protocol(trail, seal)]
    for one in steps:
        if one.kind == "looked":
            stop = one.data.get("stop") or "goes on"
            said = f"after {one.data.get('pairs')} pairs: {clean(str(stop))}"
            node.children.append(
                trail.step("look", said, one, trail.blob("trials", one.data.get("trials_blob")))
            )
        elif one.kind == "judged":
            judged = value(one.data, one, "judgement")
            said = f"{judged.get('verdict')}: {clean(str(judged.get('reason')))}"
            node.children.append(trail.step("judged", said, one))
        elif one.kind == "experiment_reproduced":
            same = "identical" if one.data.get("identical") else "not identical"
            said = f"run again, {same}: {one.data.get('drifted')} of {one.data.get('numbers')}"
            node.children.append(trail.step("run again", f"{said} numbers differ", one))
    return node


def protocol(trail: Trail, seal: Entry) -> Node:
    """The sealed plan: what was fixed before the first measured trial."""
    plan = record(Protocol, value(seal.data, seal, "protocol"), seal)
    looks = ", ".join(map(str, plan.looks)) or "at the end only"
    seeds = " ".join(map(str, plan.seeds[:MOST_SEEDS]))
    seeds += f" and {len(plan.seeds) - MOST_SEEDS} more" * (len(plan.seeds) > MOST_SEEDS)
    settings = ", ".join(f"{name} = {one}" for name, one in sorted(plan.parameters.items()))
    node = trail.step(
        "protocol",
        f"{seal.data.get('digest')}: {clean(plan.treatment)} against {clean(plan.control)} on "
        f"{clean(plan.metric)}, expected to {plan.direction}",
        seal,
        lines=(
            f"looks after pairs: {looks}; alpha {plan.alpha:g}, level {plan.level:.4g}, "
            f"smallest effect {plan.smallest_effect:g}, confidence {plan.confidence:g}",
            f"{len(plan.seeds)} seeds: {seeds}",
            f"settings: {clean(settings)}",
        ),
    )
    if plan.confirms:
        node.lines += (f"to confirm {plan.confirms}",)
    return node


def hypothesis(trail: Trail, name: str) -> Node:
    """What was asked, whose words it came from, and the calls that wrote it and its code."""
    entry = trail.first(name, "hypothesis_proposed")
    if entry is None:
        return trail.step("hypothesis", f"{clean(name)} is not on record")
    found = record(Hypothesis, value(entry.data, entry, "hypothesis"), entry)
    node = trail.step("hypothesis", f"{found.id}: {clean(found.statement)}", entry)
    if trail.again(found.id):
        node.text += " (above)"
        return node
    said = [f"prior {found.prior:g}"] if found.prior is not None else []
    said += [f"{word}: {clean(told)}" for word, told in (("idea", found.idea),) if told]
    said += [f"rationale: {clean(found.rationale)}"] if found.rationale else []
    node.lines = (*said, *(f"builds on {one}" for one in found.builds_on))
    node.children += [sources.quote(trail, one) for one in found.quotes]
    node.children += sources.calls(trail, entry)
    for kind in ("code_written", "code_given_up", "hypothesis_declined"):
        for one in trail.about(name, kind):
            node.children.append(_coded(trail, one))
    return node


def _coded(trail: Trail, entry: Entry) -> Node:
    """Code that was written for a hypothesis, or why there is none, with the calls behind it."""
    data = entry.data
    if entry.kind == "code_written":
        said = f"passed every check in try {data.get('tries')}"
        made = trail.step("code written", said, entry, trail.blob("code", data.get("code_hash")))
    else:
        what = "no code" if entry.kind == "code_given_up" else "declined"
        made = trail.step(what, clean(str(data.get("reason", ""))), entry)
    if entry.kind != "hypothesis_declined":
        made.children = sources.calls(trail, entry)
    return made


def _trials(trail: Trail, end: Entry, plan: Protocol | None, arms: Sequence[str]) -> Node:
    """The raw trials of a run: all of an arm where they are few, else the extremes."""
    digest = end.data.get("trials_blob")
    measured = trail.trials(digest, end)
    metric = plan.metric if plan else ""
    node = trail.step(
        "trials", f"{len(measured)}, {_seeds(measured)} seeds", end, trail.blob("trials", digest)
    )
    for arm in arms:
        mine = sorted(
            (one.metrics[metric], one.seed)
            for one in measured
            if one.arm == arm and metric in one.metrics
        )
        if not mine:
            continue
        told = trail.step("arm", f"{clean(arm)}, {len(mine)} values of {clean(metric)}", end)
        if len(mine) <= MOST_VALUES:
            told.lines = tuple(f"seed {seed}: {one:.12g}" for one, seed in mine)
        else:
            (low, first), (high, last) = mine[0], mine[-1]
            told.lines = (f"lowest {low:.12g} (seed {first}), highest {high:.12g} (seed {last})",)
        node.children.append(told)
    return node


def _ran(name: str, end: Entry | None) -> str:
    if end is None:
        return f"{clean(name)} has no end on record"
    data = end.data
    reason = f" ({clean(str(data.get('reason')))})" if data.get("reason") else ""
    return (
        f"{clean(name)} {data.get('status')}: {data.get('trials')} trials in "
        f"{data.get('seconds', 0):.1f} s, sandbox {data.get('tier') or 'unknown'}{reason}"
    )


def _seeds(trials: Sequence[Trial]) -> int:
    return len({one.seed for one in trials})
