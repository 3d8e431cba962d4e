"""`scientist finding`: what was found, and what each finding rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from scientist.cli import options, output

if TYPE_CHECKING:
    from scientist.journal import Journal
    from scientist.journal.project import FindingView

app = typer.Typer(help="What was found.", no_args_is_help=True)


@app.command("list")
def list_(workspace: options.WorkspaceOption = None, as_json: options.JsonOption = False) -> None:
    """All findings, in the order they were recorded."""
    from scientist.journal import project

    with options.reading(workspace) as (_, journal):
        views = project.findings(journal)
        adjusted = _adjusted(journal, views)
    if as_json:
        output.document(
            [{**_plain(view), "adjusted_p": adjusted[view.record.id]} for view in views]
        )
        return
    if not views:
        output.note("no findings yet; hint: scientist run")
        return
    rows = []
    for view in views:
        judged = view.record.judgement
        effect = "" if judged.effect is None else f"{judged.effect:+.4g}"
        p_value = "" if judged.p_value is None else f"{judged.p_value:.3g}"
        corrected = adjusted[view.record.id]
        rows.append(
            (
                view.record.id,
                judged.verdict,
                effect,
                p_value,
                "" if corrected is None else f"{corrected:.3g}",
                judged.pairs,
                view.campaign,
                f"{view.record.treatment} against {view.record.control} on {view.record.metric}",
            )
        )
    output.table(
        ("id", "verdict", "effect", "p", "adjusted p", "pairs", "campaign", "compared"), rows
    )


def _adjusted(journal: Journal, views: list[FindingView]) -> dict[str, float | None]:
    """For each finding the rate of false discoveries at which it would still be one.

    Every sealed protocol of the workspace counts. Where two protocols stand behind a finding,
    the larger of their rates is its own.
    """
    from scientist.science import stream

    judged = any(view.record.judgement.overall_p is not None for view in views)
    rates = stream.adjusted(journal) if judged else {}
    found: dict[str, float | None] = {}
    for view in views:
        first = view.record.first
        digests = [view.record.protocol_digest, first.protocol_digest if first else ""]
        counts = view.record.judgement.overall_p is not None
        known = [rates[digest] for digest in digests if counts and digest in rates]
        found[view.record.id] = max(known) if known else None
    return found


@app.command()
def show(
    finding: Annotated[str, typer.Argument(help="id of a finding, such as F1")],
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """One finding with everything it rests on."""
    from scientist.journal import project

    with options.reading(workspace) as (_, journal):
        view = project.finding(journal, finding)
        if as_json:
            output.document(_plain(view))
            return
        for line in [*paragraphs(journal, view), *_sources(journal, view)]:
            output.result(line)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="what to look for, in plain words")],
    limit: Annotated[int, typer.Option(min=1, max=100, help="how many findings")] = 5,
    workspace: options.WorkspaceOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Findings nearest in meaning."""
    from dataclasses import asdict

    settings = options.settings(workspace).values
    with options.searching(workspace, settings) as (_, store, _):
        hits = store.search_findings(query, limit)
    if as_json:
        output.document([asdict(hit) for hit in hits])
        return
    if not hits:
        output.note("no findings yet; hint: scientist run")
    for hit in hits:
        near = f"{1 - hit.distance:.2f}"
        output.result(f"{hit.address:<5} {near}  {hit.metadata['verdict']}  {hit.text}")


def paragraphs(journal: Journal, view: FindingView) -> list[str]:
    """A finding as a reader wants it first: verdict, numbers, hypothesis, quotes."""
    from scientist.journal import project

    record, judged = view.record, view.record.judgement
    hypothesis = project.hypothesis(journal, record.hypothesis).record
    lines = [f"{record.id}  {judged.verdict.upper()}", f"  {record.statement}"]
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
    titles = {essay.id: essay.title for essay in project.essays(journal)}
    for quote in record.quotes:
        lines.append(f'  quote       "{" ".join(quote.text.split())}"')
        lines.append(f"              [{quote.address}] {titles.get(quote.essay, '?')}")
    lines += [
        f"  exploratory {one.treatment} against {one.control} on {one.metric}: {one.effect:+.6g} "
        f"({one.interval.low:+.6g} to {one.interval.high:+.6g}), p = {one.p_value:.3g}, "
        f"{one.adjusted_p:.3g} after correction"
        for one in judged.explored
    ]
    lines += [f"  deviation   {deviation}" for deviation in record.deviations]
    lines += [f"  degraded    {degradation}" for degradation in record.degradations]
    return lines


def _sources(journal: Journal, view: FindingView) -> list[str]:
    """Where each number comes from, by address."""
    from scientist.journal import project

    record = view.record
    hypothesis = project.hypothesis(journal, record.hypothesis).record
    lines = []
    if hypothesis.rationale:
        lines.append(f"  rationale   {hypothesis.rationale} (the model's words)")
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


def _plain(view: FindingView) -> dict[str, object]:
    return {
        **view.record.model_dump(mode="json"),
        "campaign": view.campaign,
        "time": view.time,
    }
