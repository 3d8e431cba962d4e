"""The code ladder: an adapted kit, or a whole experiment, written by the model and measured.

What the model writes runs on seeds that can never count. Whatever fails, a refusal, a
traceback, arms that do not differ, goes back to it. A whole experiment gets a repair turn and is
then written anew, a new arm is written anew at once, a few times. Then the idea is tried a rung
lower: a free experiment as a new arm of the nearest kit, a new arm as the existing arm that comes
nearest to it.

What a round needs code for is asked for together; what comes back is measured one at a time.
"""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from scientist.agent import choosing, given, proposing
from scientist.errors import BudgetError, ContextError, ModelOutputError, ScientistError
from scientist.events import CodeGivenUp, CodeWritten, Event, HypothesisProposed, HypothesisSelected
from scientist.lab import adapting, checks, kits
from scientist.lab.adapting_rules import MOST_DESCRIPTION
from scientist.lab.review import method
from scientist.llm import prompting
from scientist.llm.client import Client
from scientist.llm.streaming import OnText
from scientist.llm.together import together
from scientist.memory.embedding import similarity
from scientist.records import Direction, Hypothesis, Rung, Trial, one_line
from scientist.science import protocol

if TYPE_CHECKING:
    from scientist.agent.bench import Bench

SMALLEST_SHARE = 0.2  # of the control's spread: a free experiment's smallest effect of interest
STARTS = 3
REPAIRS = 1  # of a free experiment; asked to mend an arm, small models write the same again
BOLDER = 1.0  # temperature of every draw but the first
SHOWN_PROBLEM = 400  # letters of what was wrong with the last try
TRACE = 500  # characters of a traceback that go back to the model


class Code(BaseModel):
    """What a model answers when it is asked for code."""

    model_config = ConfigDict(extra="forbid")

    # no longest length: servers spell a bound out in the grammar, which slows every token down
    code: str = Field(min_length=20)


@dataclass
class Written:
    """The last try."""

    code: str = ""
    problem: str = "nothing was written"
    review: tuple[str, ...] = ()
    smallest_effect: float | None = None
    tries: int = 0
    trials: tuple[Trial, ...] = ()


def write(
    bench: Bench, round_: int, hypothesis: Hypothesis, beside: Sequence[Hypothesis] = ()
) -> dict[str, str]:
    """The hash of code that passed, else what is tested instead, else the problem.

    The code of those `beside` it is asked for at the same time; what came of it is on record, too.
    """
    every = {one.id: one for one in (hypothesis, *beside)}
    measuring = Lock()

    def ask(todo: Sequence[tuple[str, str]]) -> Iterator[Written]:
        if bench.client is None:
            raise ScientistError("this campaign has no model to ask", "scientist run")
        jobs = [partial(one, key=key, name=name) for key, name in todo]
        return together(bench.client, jobs)

    def one(client: Client, key: str, name: str) -> Written:
        seed = bench.settings.seed * 1000 + round_
        heard = bench.hear if name == hypothesis.id else bench.watch
        try:
            return attempt(bench, client, key, every[name], seed, measuring, on_text=heard)
        except ContextError as fault:
            return Written(problem=fault.message)

    def record(last: Written, name: str) -> tuple[dict[str, str], Sequence[Event]]:
        return _recorded(bench, every[name], last)

    def ask_for(names: Sequence[str]) -> dict[str, str]:
        place = ("write_code", round_, "write")
        written: dict[str, str] = bench.effects.several(*place, names, ask, record, "result")[0]
        return written

    if beside:
        with suppress(BudgetError):  # perhaps another one's: what is in hand may be written
            return ask_for(list(every))
    return ask_for([hypothesis.id])


def _recorded(
    bench: Bench, hypothesis: Hypothesis, last: Written
) -> tuple[dict[str, str], Sequence[Event]]:
    if not last.problem:
        code_hash = bench.journal.put(last.code, exact=True)
        written = CodeWritten(
            hypothesis=hypothesis.id,
            rung=hypothesis.rung,
            code_hash=code_hash,
            tries=last.tries,
            review=last.review,
            smallest_effect=last.smallest_effect,
        )
        return {"code_hash": code_hash, "instead": "", "problem": ""}, [written]
    reason = f"no code for {hypothesis.treatment} passed in {last.tries} tries: {last.problem}"
    given_up = CodeGivenUp(
        hypothesis=hypothesis.id, rung=hypothesis.rung, reason=reason, tries=last.tries
    )
    events: list[Event] = [given_up]
    lower = _lower(bench, hypothesis)
    if lower is not None:
        name = f"H{bench.journal.count('hypothesis_proposed') + 1}"
        events.append(HypothesisProposed(hypothesis=lower.model_copy(update={"id": name})))
        said = f"in place of {hypothesis.id}, for which no code passed"
        events.append(HypothesisSelected(hypothesis=name, reason=said, scores={}))
    instead = name if lower is not None else ""
    return {"code_hash": "", "instead": instead, "problem": reason}, events


def attempt(
    bench: Bench,
    client: Client,
    key: str,
    hypothesis: Hypothesis,
    seed: int,
    measuring: Lock,
    starts: int = STARTS,
    on_text: OnText | None = None,
) -> Written:
    """Let the model write, and measure what it wrote; the last try, with what is wrong with it.

    Who holds `measuring` has the machine: trials take all of its cores.
    """
    last = Written()
    known: dict[str, str] = {}

    def tried(answer: Code) -> str:
        last.tries += 1
        if answer.code not in known:
            with measuring:
                known[answer.code] = _try(bench, key, hypothesis, answer.code, last)
        last.problem = known[answer.code]
        return last.problem

    repairs = min(REPAIRS, bench.settings.repairs)
    if hypothesis.rung is Rung.ADAPTED:  # each try is a draw of its own, told what was wrong before
        starts, repairs = starts * (1 + repairs), 0
    for start in range(starts):
        bench.meter.check()
        try:
            client.ask(
                _prompt(hypothesis, last.problem if start else ""),
                Code,
                seed=seed + 100 * start,
                temperature=BOLDER if start else None,
                check=tried,
                repairs=repairs,
                allow=bench.meter.check,
                on_text=on_text,
            )
        except ModelOutputError as fault:
            last.problem = fault.message
        if not last.problem:
            break
    return last


def _prompt(hypothesis: Hypothesis, problem: str) -> prompting.Rendered:
    if hypothesis.rung is Rung.FREE:
        return prompting.load("write_experiment").render(
            statement=hypothesis.statement,
            factor=hypothesis.factor,
            treatment=hypothesis.treatment,
            control=hypothesis.control,
            metric=hypothesis.metric,
            idea=hypothesis.idea,
            quotes=[quote.text for quote in hypothesis.quotes],
        )
    kit = kits.load(hypothesis.kit)
    point = adapting.points(kit)[0]
    return prompting.load("write_arm").render(
        kit=kit,
        contract=kit.open[point.function],
        shown=adapting.shown(kit, point, hypothesis.like, hypothesis.treatment, hypothesis.idea),
        name=hypothesis.treatment,
        like=hypothesis.like,
        idea=hypothesis.idea,
        direction=hypothesis.direction.value,
        metric=hypothesis.metric,
        problem=one_line(problem)[:SHOWN_PROBLEM],
        signature=f"{hypothesis.treatment}({', '.join(point.parameters)})",
    )


def _try(bench: Bench, key: str, hypothesis: Hypothesis, written: str, last: Written) -> str:
    """What is wrong with a try, in a sentence that the model can repair from; empty: nothing."""
    code = written
    kit = kits.load(hypothesis.kit) if hypothesis.rung is Rung.ADAPTED else None
    if kit is not None:
        point = adapting.points(kit)[0]
        named = (hypothesis.like, hypothesis.treatment, hypothesis.idea)
        try:
            code = adapting.adapt(kit, point.function, *named, written)
        except adapting.Refused as refused:
            return str(refused)
    if problems := checks.check_code(code, bench.settings.libraries):
        return "; ".join(problems)
    match = method.mismatch(code, hypothesis.treatment, hypothesis.control, hypothesis.metric)
    if match.problems:
        return "; ".join(match.problems)
    # asked again after a crash, a model may write something else: the code names its folder
    folder = f"{key}-{hashlib.sha256(written.encode()).hexdigest()[:12]}"
    _, seeds = protocol.seeds(0, f"write:{hypothesis.id}")
    arms = tuple(kit.arms) if kit is not None else ()
    tested = (hypothesis.treatment, hypothesis.control)
    arms = (*tested, *(arm for arm in arms if arm not in tested))
    trials, problem = _smoke(bench, folder, code, hypothesis, arms, seeds)
    again, worse = _smoke(bench, f"{folder}-again", code, hypothesis, tested, seeds[:0:-1])
    if problem or worse:
        return problem or worse
    mine = [trial for trial in trials if trial.arm in tested]
    if found := checks.check_trials(mine, again, tested, hypothesis.metric):
        return "; ".join(found)
    if kit is not None:
        if twin := _twin(trials, hypothesis.treatment, tuple(kit.arms)):
            new = hypothesis.treatment
            return f"{new} gave the same numbers as {twin} on every seed: let it do something new"
        before, broken = _smoke(bench, f"{key}-kit", kit.code, hypothesis, tuple(kit.arms), seeds)
        if changed := broken or "; ".join(adapting.unchanged(before, trials, tuple(kit.arms))):
            return changed
    else:
        last.smallest_effect = _smallest(trials, hypothesis)
    last.code, last.review, last.trials = code, match.remarks, trials
    return ""


def _smoke(
    bench: Bench,
    folder: str,
    code: str,
    hypothesis: Hypothesis,
    arms: Sequence[str],
    seeds: Sequence[int],
) -> tuple[tuple[Trial, ...], str]:
    bench.meter.afford(len(seeds) * len(arms), "trying out what the model wrote")
    outcome = bench.toolkit.use(
        "launch_experiment",
        bench,
        folder=folder,
        code=code,
        parameters=hypothesis.parameters,
        trials=[(arm, seed) for seed in seeds for arm in arms],
    )
    if outcome.status == "done":
        return outcome.trials, ""
    said = _told(outcome.errors[-1]) if outcome.errors else outcome.reason
    return (), f"running it ended as {outcome.status}: {said[:TRACE]}"


def _twin(trials: Sequence[Trial], new: str, old: Sequence[str]) -> str:
    """The old arm that a new one equals on every seed, if there is one."""
    measured = {arm: {t.seed: t.metrics for t in trials if t.arm == arm} for arm in (new, *old)}
    return next((arm for arm in old if measured[arm] == measured[new]), "")


def _told(traceback: str) -> str:
    """What a traceback says, the error first, then the lines that led to it, the last first."""
    lines = [line.strip() for line in traceback.strip().splitlines()]
    code = [line for line in lines if line.strip("^~ ") and not line.startswith(("File", "Trace"))]
    return "; in: ".join(dict.fromkeys(code[::-1]))


def _smallest(trials: Sequence[Trial], hypothesis: Hypothesis) -> float:
    """A difference that matters, where nobody could say before: a share of the control's spread."""
    values = [t.metrics[hypothesis.metric] for t in trials if t.arm == hypothesis.control]
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    level = abs(statistics.fmean(values))
    return float(f"{max(SMALLEST_SHARE * spread, 0.01 * level, 1e-9):.2g}")


def _lower(bench: Bench, hypothesis: Hypothesis) -> Hypothesis | None:
    """The same idea a rung lower, if there is one that was not tested."""
    if hypothesis.rung is Rung.FREE:
        return _as_new_arm(bench, hypothesis)
    kit = kits.load(hypothesis.kit)
    others = [arm for arm in kit.arms if arm != hypothesis.like]
    described = [kit.arms[arm] for arm in others]
    idea, *vectors = bench.store.embed([hypothesis.idea, *described])
    near = {arm: similarity(idea, vector) for arm, vector in zip(others, vectors, strict=True)}
    treatment = max(others, key=lambda arm: near[arm])
    lowered = _restated(hypothesis, kit, treatment, hypothesis.like, Rung.KIT)
    return None if proposing.describe(lowered) in proposing.known(bench, kit.name) else lowered


def _as_new_arm(bench: Bench, hypothesis: Hypothesis) -> Hypothesis | None:
    """A free experiment's treatment as a new arm of the kit that is nearest in meaning."""
    every = kits.all_kits()
    said = f"{hypothesis.factor}. {hypothesis.idea}"
    near = choosing.nearness(said, every, bench.store.embed)
    kit = max(every, key=lambda one: near[one.name])
    idea = hypothesis.idea.split(";")[0].partition(": ")[2] or hypothesis.idea
    earlier = {one.treatment for one in proposing.ideas(bench, kit.name)}
    name = proposing.free_name(hypothesis.treatment, adapting.taken(kit) | earlier)
    usual = {"metric": kit.default.metric, "direction": Direction(kit.default.direction)}
    moved = hypothesis.model_copy(update=usual)
    likes = adapting.points(kit)[0].likes
    like = kit.default.control if kit.default.control in likes else likes[0]
    return _restated(moved, kit, name, like, Rung.ADAPTED, idea)


def _restated(
    hypothesis: Hypothesis,
    kit: kits.Kit,
    treatment: str,
    control: str,
    rung: Rung,
    idea: str = "",
) -> Hypothesis:
    parameters = kit.validate_parameters(hypothesis.parameters if hypothesis.kit else {})
    metric, direction = hypothesis.metric, hypothesis.direction
    return hypothesis.model_copy(
        update={
            **given.compared(kit, parameters, treatment, control, metric, direction),
            "prior": None,  # nobody stated a confidence in this
            "rung": rung,
            "like": control if rung is Rung.ADAPTED else "",
            "idea": idea[:MOST_DESCRIPTION] if rung is Rung.ADAPTED else "",
        }
    )
