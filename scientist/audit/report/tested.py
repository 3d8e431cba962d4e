"""A report's part on each hypothesis that was tested: where it came from, the plan, the runs."""

from __future__ import annotations

from collections.abc import Mapping

from scientist.audit.drawing import trial_plot
from scientist.audit.report.blocks import Block, Figure, Heading, Quote, Text, bullets, text
from scientist.audit.report.collect import Dossier, Measured
from scientist.audit.report.rows import sideways, upright
from scientist.journal.project import HypothesisView
from scientist.records import Finding, Hypothesis
from scientist.science.claims import standing

ASKED = (
    *("status", "kit", "code", "treatment", "control", "metric", "direction"),
    *("smallest effect", "prior", "builds on"),
)
PLAN = (
    *("stage", "status", "kit", "code", "treatment", "control", "metric", "direction"),
    *("smallest effect", "planned pairs", "looks after pairs", "level", "alpha", "confidence"),
    *("resamples", "seeds", "sandbox", "seconds"),
    *("code hash", "runner hash", "data hash", "protocol"),
)
RESULTS = (
    *("effect", "interval low", "interval high", "pairs", "p", "overall p", "e"),
    "standardized effect",
)
OF_AN_ARM = ("mean", "standard deviation", "minimum", "maximum")
ALONG = ("effect", "interval low", "interval high", "p", "adjusted p")
MODELS = "The reason that the model gave:"


def hypotheses(dossier: Dossier, said: Mapping[str, Text]) -> list[Block]:
    """Every hypothesis that was measured or came to a verdict."""
    views = [
        view
        for view in dossier.hypotheses
        if dossier.of(view.record.id) or dossier.runs_of(view.record.id)
    ]
    blocks: list[Block] = [Heading(2, "Hypotheses and what became of them")]
    if not dossier.hypotheses:
        blocks.append(text(standing.NOTHING_PROPOSED))
    for view in views:
        blocks += _hypothesis(dossier, view, said)
    return blocks


def _hypothesis(dossier: Dossier, view: HypothesisView, said: Mapping[str, Text]) -> list[Block]:
    asked = view.record
    findings, runs = dossier.of(asked.id), dossier.runs_of(asked.id)
    blocks: list[Block] = [
        Heading(3, f"Hypothesis {asked.id}", asked.id),
        text("Statement:", Quote(asked.statement, asked.id)),
        *bullets(quotes(dossier, asked)),
    ]
    if asked.rationale.strip():
        whose = "It is what was asked:" if asked.id in dossier.questions else MODELS
        blocks.append(text(whose, Quote(asked.rationale, asked.id)))
    if asked.idea.strip():
        blocks.append(text("What its own arm does:", Quote(asked.idea, asked.id)))
    blocks += sideways(dossier.evidence, "hypothesis", [asked.id], ASKED)
    for finding in findings:
        blocks += [Heading(4, f"Finding {finding.id}", finding.id), said[finding.id]]
        blocks += _reservations(dossier, finding)
    if runs:
        blocks += _protocols(dossier, runs)
        blocks += [block for run in runs for block in _picture(dossier, run)]
    return blocks


def quotes(dossier: Dossier, asked: Hypothesis) -> list[Text]:
    """The sentences of the essays that a hypothesis cites."""
    return [
        text(
            Quote(one.text, one.address),
            "from",
            Quote(dossier.titles.get(one.essay, ""), one.essay),
        )
        for one in asked.quotes
    ]


def _reservations(dossier: Dossier, finding: Finding) -> list[Block]:
    """What a finding's numbers must be read with."""
    kinds = (("Deviation:", finding.deviations), ("Weaker than intended:", finding.degradations))
    items = [text(label, Quote(said, finding.id)) for label, found in kinds for said in found]
    asked = finding.hypothesis
    items += [text("Review of the code:", Quote(s, asked)) for s in dossier.reviews.get(asked, ())]
    return bullets(items)


def _protocols(dossier: Dossier, runs: tuple[Measured, ...]) -> list[Block]:
    """The sealed plans beside one another, the arms in words, and what each run gave."""
    names = [run.view.id for run in runs]
    settings = dict.fromkeys(f"setting {name}" for run in runs for name in run.protocol.parameters)
    blocks: list[Block] = [
        Heading(4, f"Protocols sealed for {runs[0].protocol.hypothesis}"),
        *sideways(dossier.evidence, "experiment", names, (*PLAN[:9], *settings, *PLAN[9:])),
        *bullets([*_arms(runs[0]), *_rule(runs[0])]),
        *upright(dossier.evidence, [{"experiment": name} for name in names], RESULTS),
    ]
    if len(runs) > 1:
        blocks.append(text(standing.CONFIRMED))
    return [*blocks, *_along(dossier, names)]


def _arms(run: Measured) -> list[Text]:
    """Each arm and the metric in the words of the sealed code."""
    name, sealed = run.view.id, run.protocol
    roles = {sealed.treatment: "Treatment:", sealed.control: "Control:"}
    found = [
        text(roles.get(arm, "Another arm:"), Quote(arm, name), Quote(run.arms.get(arm, ""), name))
        for arm in sealed.arms
    ]
    metric = run.kit.metrics.get(sealed.metric) if run.kit else None
    described = metric.description if metric else ""
    return [*found, text("Metric:", Quote(sealed.metric, name), Quote(described, name))]


def _rule(run: Measured) -> list[Text]:
    """The test and when to stop, as sealed; the same for all of one hypothesis."""
    sealed, name = run.protocol, run.view.id
    return [
        text("Test:", Quote(sealed.test, name)),
        text("Stopping rule:", Quote(sealed.stopping_rule, name)),
    ]


def _along(dossier: Dossier, names: list[str]) -> list[Block]:
    """The comparisons that were measured along."""
    runs = [run for name in names if (run := dossier.evidence.run(name))]
    rows = [
        {
            "experiment": run.experiment,
            "treatment": one.treatment,
            "control": one.control,
            "metric": one.metric,
        }
        for run in runs
        if run.final
        for one in run.judgement.explored
    ]
    table = upright(dossier.evidence, rows, ALONG)
    return [text(standing.EXPLORATORY), *table] if table else []


def _picture(dossier: Dossier, measured: Measured) -> list[Block]:
    """Every seed of an experiment, and its arms in numbers."""
    name, sealed = measured.view.id, measured.protocol
    marks = trial_plot.marks(sealed, measured.trials)
    blocks: list[Block] = [Heading(4, f"Trials of {name}", name)]
    if measured.view.reason.strip():
        blocks.append(text("How it ended:", Quote(measured.view.reason, name)))
    if not marks:
        return [*blocks, text(standing.NO_TRIALS)]
    run = dossier.evidence.run(name)
    roles = {sealed.treatment: "treatment", sealed.control: "control"}
    wide = max(map(len, ("another arm", *roles.values())))
    lines = tuple(f"{roles.get(arm, 'another arm'):{wide}} {line}" for arm, line in marks.items())
    title = f"{name}: {sealed.treatment} against {sealed.control}"
    drawn = trial_plot.apart(sealed, measured.trials, run.judgement if run else None)
    rows = [{"experiment": name, "arm": arm} for arm in marks]
    return [
        *blocks,
        Figure(title, tuple(drawn), lines),
        text(standing.MARKS),
        *upright(dossier.evidence, rows, OF_AN_ARM),
    ]
