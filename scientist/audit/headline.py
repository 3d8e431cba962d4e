"""One event as one line: the renderer of live runs, of replays and of pages alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scientist.records import count, printable

if TYPE_CHECKING:
    from scientist.audit.tracing.exchange import Exchange
    from scientist.journal import Entry

Data = dict[str, Any]
INDENT = "           "
BARE = 400


def headline(entry: Entry) -> str:
    """What to show of an event; empty for those that only the full log shows."""
    write = _WRITERS.get(entry.kind)
    return printable(write(entry.data)) if write else ""


def line(entry: Entry) -> str:
    """The same of a record nobody vouches for: an event that is not what it should be is named."""
    from scientist.audit.tracing.trail import unfit

    try:
        return headline(entry)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as fault:
        raise unfit(entry, f"{type(fault).__name__}: {fault}") from fault


def bare(entry: Entry) -> str:
    """What there is of an event without a headline."""
    return f"{entry.kind} {entry.data}"[:BARE]


def searched(entry: Entry, call: Exchange | None = None) -> str:
    """Everything of an event that a search for words looks at, in small letters."""
    said = f"{entry.kind} {entry.data} {line(entry)}"
    if call is not None:
        said += " ".join((*(text for _, text in call.messages), call.answer))
    return said.lower()


def _opened(data: Data) -> str:
    about = f'"{data["question"]}"' if data["question"] else "the essays, without a question"
    return f"campaign   on {about}: {_budget(data['budget'], bool(data.get('hypothesis')))}"


def _budget(budget: Data, given: bool = False) -> str:
    """What a campaign may spend; one whose hypothesis was given asks no model."""
    days = budget["minutes"] / (24 * 60)
    time = count(int(days), "day") if days >= 1 and days.is_integer() else ""
    limits = [count(budget["rounds"], "round"), time or f"{budget['minutes']:g} minutes"]
    limits.append("no model" if given else f"{budget['tokens']} tokens")
    if budget.get("trials") is not None:
        limits.append(f"{budget['trials']} trials")
    if budget.get("disk_mb") is not None:
        limits.append(f"{budget['disk_mb']} MB of disk")
    return ", ".join(limits)


def _warned(data: Data) -> str:
    what = {"disk_mb": "MB of disk"}.get(data["what"], data["what"])
    return f"budget     nearly spent: {data['spent']:g} of {data['limit']:g} {what}"


def _model_called(data: Data) -> str:
    usage = data["usage"]
    problem = f" ({data['outcome']}: {data['problem'][:160]})" if data["outcome"] != "valid" else ""
    return (
        f"model      {data['prompt']}@{data['prompt_version']}: {usage['prompt']} tokens read "
        f"({usage['cached']} cached), {usage['completion']} written in {data['seconds']:.1f} s"
        f"{problem}"
    )


def _proposed(data: Data) -> str:
    hypothesis = data["hypothesis"]
    quotes = "".join(
        f'\n{INDENT}[{q["essay"]}:{q["sentence"]}] "{q["text"]}"' for q in hypothesis["quotes"]
    )
    idea = f"\n{INDENT}new: {hypothesis['idea']}" if hypothesis.get("idea") else ""
    return f"hypothesis {hypothesis['id']}: {hypothesis['statement']}{idea}{quotes}"


def _sealed(data: Data) -> str:
    protocol = data["protocol"]
    return (
        f"sealed     {data['digest'][:12]}: {protocol['treatment']} against {protocol['control']} "
        f"on {protocol['metric']}, {len(protocol['seeds'])} seeds, level "
        f"{protocol.get('level', protocol['alpha']):.2g}"
        + (f", to confirm {protocol['confirms'][:12]}" if protocol.get("confirms") else "")
    )


def _finished(data: Data) -> str:
    reason = f" ({data['reason']})" if data["reason"] else ""
    return (
        f"experiment {data['experiment']} {data['status']}: {data['trials']} trials "
        f"in {data['seconds']:.1f} s{reason}"
    )


def _reproduced(data: Data) -> str:
    numbers = f"{data['numbers']} numbers of {data['trials']} trials"
    if data["identical"] and not data["causes"]:
        return f"run again  {data['experiment']}: identical, {numbers}"
    return (
        f"run again  {data['experiment']}: {data['drifted']} of {numbers} differ; "
        f"{data['causes'][0]}"
    )


def _finding(data: Data) -> str:
    finding = data["finding"]
    return f"finding    {finding['id']} {finding['judgement']['verdict']}: {finding['statement']}"


def _conflict(data: Data) -> str:
    conflict = data["conflict"]
    sure = "" if conflict["chance"] == 1 else f", with a chance of {conflict['chance']:.2f}"
    return (
        f"conflict   {conflict['id']}: {' and '.join(conflict['members'])} cannot all hold "
        f"({conflict['rule']}{sure})"
    )


def _mended(data: Data) -> str:
    resolution = data["resolution"]
    return f"mended     {resolution['conflict']} ({resolution['how']}): {resolution['reason']}"


def _stated(data: Data) -> str:
    claim = data["assertion"]
    return f"claim      {claim['id']} ({claim['source']['kind']}): {claim['text']}"


def _answer(data: Data) -> str:
    said = " ".join(f"{one['text']} ({one['mark']})" for one in data["sentences"])
    return said or f"unknown; this would tell: {data['experiment']}"


def _closed(data: Data) -> str:
    return f"end        {data['outcome']}: {data['reason']}"


_WRITERS: dict[str, Callable[[Data], str]] = {
    "essay_added": lambda d: f"essay      {d['essay']} {d['title']} ({d['sentences']} sentences)",
    "campaign_opened": _opened,
    "campaign_resumed": lambda d: (
        f"resumed    at {d['next_phase']} after {d['seconds_used']:.0f} s of work"
        + "".join(f"; {change}" for change in d["changed"])
        + (f"; the budget is now {_budget(d['budget'])}" if d.get("budget") else "")
    ),
    "campaign_paused": lambda d: f"paused     {d['reason']}",
    "campaign_closed": _closed,
    "budget_warned": _warned,
    "assertion_made": _stated,
    "conflict_found": _conflict,
    "conflict_resolved": _mended,
    "reasoned": lambda d: f"{'thinks' if d['source'] == 'model' else d['phase']:<10} {d['text']}",
    "model_called": _model_called,
    "hypothesis_proposed": _proposed,
    "candidate_rejected": lambda d: f"rejected   {d['reason']}",
    "hypothesis_selected": lambda d: f"selected   {d['hypothesis']}: {d['reason']}",
    "hypothesis_declined": lambda d: f"declined   {d['hypothesis']} by the user: {d['reason']}",
    "code_written": lambda d: (
        f"code       for {d['hypothesis']} ({d['rung']}) passed every check in try {d['tries']}"
        + "".join(f"; {remark}" for remark in d["review"])
    ),
    "code_given_up": lambda d: f"no code    for {d['hypothesis']}: {d['reason']}",
    "model_probed": lambda d: (
        f"probe      {d['model']} {'can' if d['able'] else 'cannot'} write whole experiments: "
        f"{d['detail']}"
    ),
    "question_answered": lambda d: (
        f"answered   by {d['finding']}, in the model's reading (chance {d['chance']:.2f})"
    ),
    "protocol_sealed": _sealed,
    "experiment_started": lambda d: (
        f"experiment {d['experiment']} starts in sandbox tier {d['tier']}"
    ),
    "experiment_finished": _finished,
    "looked": lambda d: (
        f"look       {d['experiment']} after {d['pairs']} pairs: {d['stop'] or 'goes on'}"
    ),
    "judged": lambda d: (
        f"judged     {d['experiment']} {d['judgement']['verdict']}: {d['judgement']['reason']}"
    ),
    "experiment_reproduced": _reproduced,
    "finding_recorded": _finding,
    "turn_asked": lambda d: f"asked      {d['thread']}, turn {d['turn']}: {d['text']}",
    "turn_answered": lambda d: f"answered   {d['thread']}, turn {d['turn']}: {_answer(d)}",
    "turn_stopped": lambda d: f"stopped    {d['thread']}, turn {d['turn']}: {d['reason']}",
    "turn_undone": lambda d: f"undone     {d['thread']}, turn {d['turn']}",
    "action_decided": lambda d: (
        f"{'allowed' if d['approved'] else 'refused':<10} {d['tool']} in {d['thread']}, by the user"
    ),
    "thread_compacted": lambda d: f"compacted  {d['thread']} up to turn {d['through']}",
    "degraded": lambda d: f"degraded   {d['what']}: {d['reason']}",
    "report_written": lambda d: f"report     {', '.join(d['files'])} written",
    "checkpoint_signed": lambda d: f"checkpoint {d['size']}:{d['root'][:12]} {d['reason']}",
    "torn_tail_recovered": lambda d: f"recovered  {d['size']} bytes of a cut-off line set aside",
    "failed": lambda d: f"failed     {d['message']}",
}
TOLD = tuple(_WRITERS)  # the kinds that have a headline
