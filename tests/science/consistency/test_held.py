"""What is held from one examination to the next changes no answer, only its price."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scientist.events import CodeWritten, ProtocolSealed
from scientist.journal import Journal, project
from scientist.records import Assertion, Hypothesis, Protocol, Says, Scope, Way
from scientist.science import belief, stream
from scientist.science import protocol as protocols
from scientist.science.consistency import cycles, derive
from scientist.science.consistency.examine import Examined, examine
from scientist.science.consistency.knowledge import Knowledge, gather

from .claims import asked, claim, judged, measured, pin, say, shift

ARMS = ("stable", "pooled", "mixed", "none")
KINDS = ("chat", "user", "quote", "reflection")


def told(known: Knowledge) -> tuple[object, ...]:
    """All that knowledge says, worked out."""
    return (
        known,
        known.standings,
        known.open_conflicts,
        known.mended,
        known.replications,
        known.next_assertion_id(),
        known.next_conflict_id(),
    )


def found(one: Examined) -> tuple[object, ...]:
    """All that an examination says."""
    return (
        *(one.conflicts, one.resolutions, one.open, one.selection, one.settled, one.events),
        *told(one.after),
    )


def some_claim(chance: random.Random, name: str) -> Assertion:
    """Somebody says something of two arms, of a hypothesis, or in mere words."""
    kind = chance.choice(KINDS)
    if chance.random() < 0.2:
        return claim(name, None, kind)
    if chance.random() < 0.2:
        status = {"says": Says.STATUS, "subject": f"H{chance.randint(1, 6)}"}
        return claim(name, None, kind, **status, attribute=chance.choice(("supported", "refuted")))
    low = chance.choice((None, 0.0, 0.2, 0.4))
    scope = shift(low, chance.choice((0.4, 0.6, 1.0))) if low is not None else Scope()
    one, other = chance.sample(ARMS, 2) if chance.random() < 0.6 else ARMS[:2]
    fields = {"treatment": one, "control": other, "scope": scope}
    if chance.random() < 0.15:
        fields |= {"subject": f"F{chance.randint(1, 6)}", "value": chance.choice((-0.3, 0.3))}
    way = chance.choice((Way.INCREASE, Way.DECREASE, Way.SAME, Way.DIFFERENT))
    return claim(name, way, kind, **fields)


def one_more(journal: Journal, chance: random.Random, known: Knowledge) -> None:
    """Something happens that may bear on what stands."""
    asks = [one for one in known.hypotheses.values() if not one.code_hash]
    match chance.randrange(8):
        case 0 | 1 | 2:
            say(journal, some_claim(chance, known.next_assertion_id()))
        case 3 | 4:
            question = chance.choice(asks) if asks and chance.random() < 0.4 else new(known, chance)
            if question.id not in known.hypotheses:
                say(journal, question)
            name, effect = f"F{len(known.findings) + 1}", chance.choice((-0.3, -0.28, 0.3))
            digest = seal(journal, question, len(known.findings))
            say(journal, measured(name, question, effect, protocol_digest=digest))
        case 5 if known.said:
            name = chance.choice([*known.pinned, *known.said])
            pin(journal, name, pinned=name not in known.pinned)
        case 6 if len(known.said) > 1:
            one, other = chance.sample(list(known.said), 2)
            first = known.said[one].text if chance.random() < 0.5 else one
            journal.append(judged(first, other, chance.choice((0.3, 0.75, 0.9))))
        case 7 if asks:
            name = chance.choice(asks).id
            journal.append(
                CodeWritten(hypothesis=name, rung="free", code_hash="d" * 64, tries=1)  # type: ignore[arg-type]
            )
        case _:
            say(journal, some_claim(chance, known.next_assertion_id()))


def new(known: Knowledge, chance: random.Random) -> Hypothesis:
    kit = chance.choice(("features", "features", ""))
    number = len(known.hypotheses) + 1
    return asked(f"H{number}", chance.choice((0.0, 0.4, 0.5)), kit=kit, prior=0.3)


def seal(journal: Journal, question: Hypothesis, earlier: int) -> str:
    """A sealed protocol, now and then on seeds that were counted before."""
    plan: Protocol = protocols.plan(
        question,
        pairs=8,
        alpha=0.05,
        level=0.05,
        code_hash="c" * 64,
        runner_hash="r" * 64,
        earlier=earlier // 2,
    )
    digest = protocols.digest(plan)
    journal.append(ProtocolSealed(protocol=plan, digest=digest, code_blob="c" * 64))
    return digest


def stories(tmp_path: Path, seeds: range) -> Iterator[tuple[Journal, random.Random, Path]]:
    for seed in seeds:
        folder = tmp_path / str(seed)
        with Journal(folder, write=True) as journal:
            yield journal, random.Random(seed), folder


def tell(journal: Journal, chance: random.Random, folder: Path, steps: int) -> None:
    """Let a record grow; each time what is held must say what is worked out anew."""
    for _ in range(steps):
        one_more(journal, chance, gather(journal))
        known = gather(journal)
        with Journal(folder) as other:
            anew = gather(other)
            for view in (project.hypotheses, project.findings, stream.sealed, stream.adjusted):
                assert view(journal) == view(other)
        assert told(known) == told(anew)
        standing = list(known.assertions.values())
        reflected = derive.generalise(standing, known.held.reflected)
        assert reflected == derive.generalise(anew.assertions.values())
        draft = [some_claim(chance, known.next_assertion_id())] if chance.random() < 0.4 else []
        examined, again = examine(known, draft), examine(anew, draft)
        assert found(examined) == found(again)
        if not draft and chance.random() < 0.7 and examined.events:
            journal.append_all(list(examined.events))


def test_what_is_held_says_what_working_it_out_anew_says(tmp_path: Path) -> None:
    conflicts = 0
    for journal, chance, folder in stories(tmp_path, range(8)):
        tell(journal, chance, folder, 40)
        conflicts += len(gather(journal).conflicts)
    assert conflicts > 100, "the stories are about something"


def test_so_it_does_where_one_closes_more_cycles_than_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cycles, "MOST_CYCLES", 2)
    for journal, chance, folder in stories(tmp_path, range(20, 24)):
        tell(journal, chance, folder, 40)


def test_knowledge_is_not_changed_by_what_is_read_later(journal: Journal) -> None:
    say(journal, asked("H1"), measured("F1", asked("H1"), -0.3))
    known = gather(journal)
    before = (dict(known.said), dict(known.credences), dict(known.moments), known.tested)
    say(journal, claim("A1", Way.INCREASE), measured("F2", asked("H1"), 0.3))
    assert "A1" in gather(journal).said
    examine(gather(journal))
    assert (dict(known.said), dict(known.credences), dict(known.moments), known.tested) == before
    assert known.standings.keys() == {"F1", "F1.status"}


def test_an_examination_that_is_broken_off_leaves_no_half_of_itself(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(journal, claim("A1", Way.DECREASE), claim("A2", Way.INCREASE, "user"))
    examine(gather(journal))
    breaking: Callable[..., object] = _break
    with monkeypatch.context() as patch:
        patch.setattr("scientist.science.consistency.examine.mend", breaking)
        with pytest.raises(KeyboardInterrupt):
            examine(gather(journal), [claim("A3", Way.SAME)])
    with Journal(journal.folder) as other:
        assert found(examine(gather(journal))) == found(examine(gather(other)))


def _break(*_: object) -> None:
    raise KeyboardInterrupt


def test_credences_are_those_that_all_findings_together_give(tmp_path: Path) -> None:
    for journal, chance, _ in stories(tmp_path, range(40, 44)):
        for _ in range(40):
            one_more(journal, chance, gather(journal))
        known = gather(journal)
        seeds = {
            entry.data["digest"]: tuple(entry.data["protocol"]["seeds"])
            for entry in journal.entries("protocol_sealed")
        }
        views = belief.fold(list(known.hypotheses.values()), list(known.findings.values()), seeds)
        assert known.credences == {one.hypothesis: one.credence for one in views}
        assert len(known.findings) > 5


def test_a_seal_and_a_finding_that_come_late_or_again_count_as_in_order(
    journal: Journal,
) -> None:
    question = asked("H1", prior=0.3)
    plan = protocols.plan(
        question, pairs=8, alpha=0.05, level=0.05, code_hash="c" * 64, runner_hash="r" * 64
    )
    digest = protocols.digest(plan)
    say(journal, question, measured("F1", question, -0.3, protocol_digest=digest))
    assert gather(journal).credences["H1"] == pytest.approx(0.3)
    journal.append(ProtocolSealed(protocol=plan, digest=digest, code_blob="c" * 64))
    assert gather(journal).credences["H1"] > 0.5
    say(journal, measured("F1", question, 0.3, protocol_digest=digest))
    known = gather(journal)
    with Journal(journal.folder) as other:
        assert told(known) == told(gather(other))
    assert known.credences["H1"] < 0.3
