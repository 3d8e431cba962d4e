"""The report of a campaign as blocks: what it was about, what was found, and how to check that.

The sentence of a finding is a claim and is checked as one. Numbers stand in tables of the record,
which `science.claims.tables` looks up cell by cell; spending and plans are facts of an id there.
What explains is standing text; what models and people wrote is quoted with its address.
"""

from __future__ import annotations

from scientist.audit.answering import Answer
from scientist.audit.report import aftermath, tested
from scientist.audit.report.blocks import Block, Heading, Quote, Table, Text, bullets, text
from scientist.audit.report.collect import Dossier
from scientist.audit.report.rows import sideways, upright
from scientist.errors import JournalError
from scientist.records import Finding, clean
from scientist.science.claims import bind, markdown, standing

OVERVIEW = (
    *("state", "rounds", "hypotheses proposed", "hypotheses tested", "experiments", "trials"),
    *("findings", "supported", "refuted", "inconclusive", "infeasible", "conflicts found"),
    *("answered by", "chance that it answers"),
)
VERDICTS = (
    *("hypothesis", "verdict", "effect", "interval low", "interval high", "pairs", "p"),
    *("adjusted p", "code"),
)


def compose(dossier: Dossier) -> list[Block]:
    """Every block of the report, in its order."""
    said = {finding.id: sentence(dossier, finding) for finding in dossier.findings}
    return [
        *_opening(dossier),
        *_summary(dossier, said),
        *tested.hypotheses(dossier, said),
        *aftermath.beliefs(dossier),
        *aftermath.conflicts(dossier),
        *aftermath.nothing(dossier),
        *aftermath.cost(dossier),
        *aftermath.limits(dossier),
        *aftermath.verify(dossier),
    ]


def sentence(dossier: Dossier, finding: Finding) -> Text:
    """The sentence of a finding as a claim.

    Where arms or metrics have names that a reader of claims cannot tell from its own words, the
    sentence is quoted from the record, provided that the addresses of its claim give it.
    """
    said = f"{finding.id}: {clean(finding.statement)}"
    if bind.check(said, dossier.evidence).bound:
        return text(said)
    quoted = Quote(finding.statement, finding.id)
    if not markdown.check(markdown.quote(*_parts(quoted)), dossier.evidence).bound:
        raise JournalError(
            f"the sentence of finding {finding.id} is not what its raw trials give",
            "scientist audit verify --deep",
        )
    return text(f"{finding.id}:", quoted)


def _parts(quoted: Quote) -> tuple[str, str]:
    return quoted.text, quoted.address


def _opening(dossier: Dossier) -> list[Block]:
    """What it was about, and what a reader must know before the rest."""
    name = dossier.campaign
    blocks: list[Block] = [Heading(1, f"Report on campaign {name}")]
    if dossier.question and dossier.question.strip():
        blocks.append(text("Question:", Quote(dossier.question, name)))
    if dossier.answer:
        blocks += _answer(dossier.answer)
    if dossier.given:
        blocks.append(text(standing.GIVEN))
    elif not dossier.question:
        blocks.append(text(standing.NO_QUESTION))
    if dossier.state == "unfinished":
        blocks.append(text(standing.UNFINISHED, warns=True))
    if dossier.reason.strip():
        paused = dossier.state == "unfinished"
        label = "Why it paused:" if paused else "Why it ended:"
        blocks.append(text(label, Quote(dossier.reason, name)))
    for conflict in dossier.open_conflicts:
        proof = [Quote(step, conflict.id) for step in conflict.proof if step.strip()]
        blocks.append(text(standing.OPEN_CONFLICT, *proof, warns=True))
    if dossier.unrecorded:
        blocks.append(text(standing.UNRECORDED_CONFLICT, warns=True))
    if dossier.open_elsewhere:
        blocks.append(text(standing.ELSEWHERE_CONFLICT))
    return blocks


def _answer(answer: Answer) -> list[Block]:
    """What became of the question, before anything else."""
    blocks: list[Block] = []
    if read := answer.hypothesis:
        blocks.append(text("Read as:", Quote(read.statement, read.id)))
    if answer.finding is None:
        return [*blocks, text(standing.NO_ANSWER, warns=True)]
    blocks.append(text("Answer:", Quote(answer.finding.statement, answer.finding.id)))
    if answer.chance is not None:
        blocks.append(text(standing.TAKEN_FOR_ANSWER))
    elif not answer.decided:
        blocks.append(text(standing.UNDECIDED, warns=True))
    return blocks


def _summary(dossier: Dossier, said: dict[str, Text]) -> list[Block]:
    blocks: list[Block] = [Heading(2, "Summary")]
    blocks += sideways(dossier.evidence, "campaign", [dossier.campaign], OVERVIEW)
    if not dossier.findings:
        return [*blocks, text(standing.NOTHING_FOUND, warns=True)]
    rows = [{"finding": finding.id} for finding in dossier.findings]
    table: list[Table] = upright(dossier.evidence, rows, VERDICTS)
    return [
        *blocks,
        *bullets(list(said.values())),
        *table,
        *(text(one) for one in (standing.READING, standing.VERDICTS, standing.CODE)),
        text(standing.BUDGET),
    ]
