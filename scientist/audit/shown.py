"""What is on record about one thing, as lines: a finding, a hypothesis, an experiment, a kit.

The command line prints them, tools tell them to a model; nothing is computed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scientist.audit import answering
from scientist.journal import project
from scientist.lab.kits import setting
from scientist.records import one_line

if TYPE_CHECKING:
    from scientist.journal import Journal
    from scientist.journal.project import ExperimentView, FindingView, HypothesisView
    from scientist.lab.kits import Kit
    from scientist.records import Hypothesis, Protocol, Quote


def finding(journal: Journal, view: FindingView) -> list[str]:
    """A finding as a reader wants it first: verdict, numbers, hypothesis, quotes."""
    record, judged = view.record, view.record.judgement
    hypothesis = project.hypothesis(journal, record.hypothesis).record
    lines = [f"{record.id}  {judged.verdict.upper()}", f"  {record.statement}"]
    lines += [f"  meaning     {record.meaning}"] if record.meaning else []
    if judged.effect is not None and judged.interval is not None and judged.p_value is not None:
        interval = judged.interval
        lines += [
            f"  effect      {judged.effect:+.6g} ({record.treatment} {judged.treatment_mean:.6g}, "
            f"{record.control} {judged.control_mean:.6g})",
            f"  interval    {interval.low:+.6g} to {interval.high:+.6g} "
            f"({interval.confidence * 100:g}% {interval.method})",
            f"  test        one-sided sign-flip p = {judged.p_value:.3g} over {judged.pairs} "
            "pairs, "
            + ("" if judged.e_value is None else f"e-value {judged.e_value:.3g}, ")
            + f"smallest effect of interest {record.smallest_effect:g}",
        ]
    if record.first is not None:
        before = record.first.judgement
        lines.append(
            f"  first run   {record.first.experiment}: effect {before.effect:+.6g} over "
            f"{before.pairs} pairs, p = {before.p_value:.3g}; the above is from fresh seeds"
        )
    lines.append(f"  hypothesis  {hypothesis.id}: {hypothesis.statement}")
    lines += _quotes(journal, record.quotes)
    lines += [
        f"  exploratory {one.treatment} against {one.control} on {one.metric}: {one.effect:+.6g} "
        f"({one.interval.low:+.6g} to {one.interval.high:+.6g}), p = {one.p_value:.3g}, "
        f"{one.adjusted_p:.3g} after correction"
        for one in judged.explored
    ]
    lines += [f"  deviation   {deviation}" for deviation in record.deviations]
    lines += [f"  degraded    {degradation}" for degradation in record.degradations]
    return lines


def sources(journal: Journal, view: FindingView) -> list[str]:
    """Where each number comes from, by address."""
    record = view.record
    lines = _rationale(journal, project.hypothesis(journal, record.hypothesis))
    if record.experiment:
        experiment = project.experiment(journal, record.experiment)
        protocol = project.protocol(journal, record.protocol_digest)
        budget = [
            f"  budget      p of at most {protocol.level:.3g}, so that no more than "
            f"{protocol.alpha * 100:g}% of all discoveries here are expected to be false"
        ] * (record.judgement.overall_p is not None)
        origin = f"kit {protocol.kit}" if protocol.kit else "own code"
        lines += [
            f"  experiment  {experiment.id}: {experiment.trials} trials in "
            f"{experiment.seconds:.1f} s, sandbox {experiment.tier}",
            f"  protocol    {record.protocol_digest}",
            *budget,
            f"  seeds       {' '.join(str(seed) for seed in protocol.seeds)}",
            f"  trials      blob {record.trials_blob}",
            f"  code        sha256 {protocol.code_hash} ({origin})",
        ]
    for entry in project.calls_behind(journal, record.hypothesis):
        lines.append(
            f"  model call  event {entry.seq}: {entry.data['prompt']}"
            f"@{entry.data['prompt_version']} by {entry.data['model']} ({entry.data['outcome']}), "
            f"answer blob {entry.data['response_blob'][:16]}"
        )
    lines.append(f"  recorded    {view.time} in {view.campaign}")
    return lines


def hypothesis(journal: Journal, view: HypothesisView) -> list[str]:
    """A hypothesis with where it came from and what was found about it."""
    record = view.record
    lines = [
        f"{record.id}  {view.status}  ({view.campaign})",
        f"  {record.statement}",
        f"  factor      {record.factor} ({_origin(record)})",
        f"  smallest effect of interest {record.smallest_effect:g}",
    ]
    if record.prior is not None:
        lines.append(f"  prior       {record.prior:g} (the model's)")
    lines += _rationale(journal, view)
    lines += _quotes(journal, record.quotes)
    found = [view.record for view in project.findings(journal)]
    return lines + [
        f"  finding     {one.id}: {one.statement}" for one in found if one.hypothesis == record.id
    ]


def answer(journal: Journal, campaign: str) -> list[str]:
    """What became of a campaign's question; nothing if it had none."""
    found = answering.of(journal, campaign)
    if found is None:
        return []
    lines = ["QUESTION", f"  asked       {one_line(found.question)}"]
    if read := found.hypothesis:
        lines.append(f"  read as     {read.id}: {read.statement}")
    if found.finding is None:
        none = f"nothing was found about {read.id}" if read else "nothing that was found is one"
        return [*lines, f"  answer      none: {none}"]
    said = f"{found.finding.id} {found.finding.judgement.verdict.upper()}"
    model = f" (that it is one is the model's reading, chance {found.chance or 0:.2f})"
    open_ = " (not decided)" * (not found.decided)
    reading = model if found.chance is not None else open_
    return [*lines, f"  answer      {said}: {found.finding.statement}{reading}"]


def _rationale(journal: Journal, view: HypothesisView) -> list[str]:
    """The reason that a hypothesis gives, and whose words these are."""
    if not view.record.rationale:
        return []
    asked = answering.is_what_was_asked(journal, view)
    whose = "the question that was asked" if asked else "the model's words"
    return [f"  rationale   {one_line(view.record.rationale)} ({whose})"]


def experiment(view: ExperimentView, protocol: Protocol) -> list[str]:
    """An experiment with what it was to measure, without its trials."""
    settings = ", ".join(
        f"{name} = {value:g}" for name, value in sorted(protocol.parameters.items())
    )
    return [
        f"{view.id}  {view.status}  ({view.campaign}, hypothesis {view.hypothesis})",
        *([f"  reason      {view.reason}"] if view.reason else []),
        f"  protocol    {view.protocol_digest}",
        f"  compared    {protocol.treatment} against {protocol.control} on {protocol.metric}",
        f"  parameters  {settings}",
        f"  ran         {view.seconds:.2f} s in sandbox {view.tier}",
        f"  with        {', '.join(f'{name} {said}' for name, said in view.environment.items())}",
    ]


def kit(one: Kit) -> list[str]:
    """What a kit varies, measures and can be set to; its own words are `about`."""
    lines = [
        f"{one.name}: {one.title}",
        f"  directions  {', '.join(one.directions)}",
        f"  varies      {one.factor}",
        *(f"  arm         {arm}: {text}" for arm, text in one.arms.items()),
    ]
    for metric, facts in one.metrics.items():
        unit = f" {facts.unit}" if facts.unit else ""
        lines.append(
            f"  metric      {metric} ({facts.better} is better, smallest effect of interest "
            f"{facts.smallest_effect:g}{unit}): {facts.description}"
        )
    lines += [
        f"  parameter   {name} {limits.low:g} to {limits.high:g}, default {limits.default:g}: "
        f"{limits.description}"
        for name, limits in one.parameters.items()
    ]
    usual, turning = one.default, ", ".join(setting(*item) for item in one.turning.items())
    return [
        *lines,
        f"  by default  {usual.treatment} against {usual.control} on {usual.metric}, expected to "
        f"{usual.direction} it; about {one.cost_seconds:g} s on two processors",
        f"  turns at    {turning}: the verdict is expected to be another one there",
        f"  limits      {one.limits}",
    ]


def _quotes(journal: Journal, quotes: tuple[Quote, ...]) -> list[str]:
    titles = {essay.id: essay.title for essay in project.essays(journal)} if quotes else {}
    return [
        line
        for quote in quotes
        for line in (
            f'  quote       "{one_line(quote.text)}"',
            f"              [{quote.address}] {titles.get(quote.essay, '?')}",
        )
    ]


def _origin(record: Hypothesis) -> str:
    return f"kit {record.kit}" if record.kit else f"own code {record.code_hash[:12]}"
