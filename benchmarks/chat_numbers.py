"""Read an answer as a hostile reader would: is it right, and does what it shows unmarked stand?

Nothing here uses the project's own checking: a sentence that is shown unmarked may only have
numbers that what it cites has, to the digits that are shown, as such or as a share, and the effect
as a share of the control.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from scientist.corpus import store as corpus
from scientist.journal import Journal, project

AROUND = 1  # sentences beside the one that is meant
_NUMBER = re.compile(r"(?<![\w.])[-+−]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?\s*%?")
_WORDS = re.compile(
    r"\b(two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred"
    r"|thousand|million|half|third|quarter|twice|thrice|double[sd]?|halve[sd]?|triple[sd]?)\b",
    re.IGNORECASE,
)
_DENIED = r"\b(?:not|no|never|without|fail\w*|refut\w*|inconclusive|neither)\b"
_LESS = r"\b(?:lower\w*|less|fewer|reduc\w*|decreas\w*|small\w*|drop\w*|cut\w*)\b"
_MORE = r"\b(?:higher|more|rais\w*|increas\w*|larger|greater|better|outscor\w*|improv\w*)\b"


class Record:
    """What the prepared workspace holds, as plain numbers and texts by id."""

    def __init__(self, workspace: Path, runs: dict[str, str]) -> None:
        self.runs = runs
        with Journal(workspace / "journal") as journal:
            self.passages = {one.address: one.text for one in corpus.passages(journal)}
            self.findings = {view.record.id: view.record for view in project.findings(journal)}
            self.values: dict[str, set[float]] = {}
            self.texts: dict[str, str] = dict(self.passages)
            for view in project.findings(journal):
                finding = view.record
                hypothesis = project.hypothesis(journal, finding.hypothesis).record
                parts: list[Any] = [finding.model_dump(), hypothesis.model_dump()]
                if finding.experiment:
                    parts.append(project.protocol(journal, finding.protocol_digest).model_dump())
                names = (finding.id, finding.hypothesis, finding.experiment, view.campaign)
                for name in filter(None, names):
                    self.values[name] = {*_numbers(parts), *_shares(finding.judgement)}
                    self.texts[name] = f"{finding.statement} {hypothesis.statement}"


def classify(question: dict[str, Any], answer: dict[str, Any], record: Record) -> str:
    """right, uncited, wrong, unknown or failed."""
    if "error" in answer:
        return "failed"
    sentences = [said for said in answer["sentences"] if said["mark"] == "cited"]
    if answer["experiment"] or not answer["sentences"]:
        return "right" if question["kind"] == "unknown" and not sentences else "unknown"
    if not sentences:
        return "uncited"
    good = [_right(question, said, record) for said in sentences]
    return "right" if any(good) and None not in good else "wrong"


def false_numbers(answer: dict[str, Any], record: Record) -> list[str]:
    """Numbers in unmarked sentences that what is cited does not have."""
    found = []
    for said in answer.get("sentences", ()):
        if said["mark"] == "cited":
            values = {value for name in said["cites"] for value in record.values.get(name, ())}
            cited = " ".join(record.texts.get(name, "") for name in said["cites"])
            known = {*_NUMBER.findall(cited), *(word.lower() for word in _WORDS.findall(cited))}
            found += [
                f"{number.strip()} in: {said['text']} {said['cites']}"
                for number in _NUMBER.findall(said["text"])
                if number not in known and not _stands(number, values)
            ]
            found += [
                f"{word} in: {said['text']} {said['cites']}"
                for word in _WORDS.findall(said["text"])
                if word.lower() not in known
            ]
    return found


def _right(question: dict[str, Any], said: dict[str, Any], record: Record) -> bool | None:
    """Whether a sentence answers; None if it says the opposite."""
    match question["kind"]:
        case "passage":
            return any(name in _places(question["stands"], record) for name in said["cites"])
        case "unknown":
            return None
        case kind:
            finding = record.findings[record.runs[question["run"]]]
            if not {finding.id, finding.hypothesis, finding.experiment} & set(said["cites"]):
                return False
            if kind == "number":
                wanted = getattr(finding.judgement, question["field"])
                return any(_stands(n, {wanted, -wanted}) for n in _NUMBER.findall(said["text"]))
            return _agrees(said["text"], finding)


def _agrees(text: str, finding: Any) -> bool | None:
    """Whether a sentence says what the verdict is; None if it says another one."""
    words = (_LESS, _MORE) if finding.direction == "decrease" else (_MORE, _LESS)
    meant, other = (bool(re.search(one, text, re.IGNORECASE)) for one in words)
    denied = bool(re.search(_DENIED, text, re.IGNORECASE))
    holds = (meant and not denied) or ("supported" in text and not denied)
    opposite = denied or (other and not meant)
    if finding.judgement.verdict == "supported":
        return None if opposite else bool(holds)
    return True if opposite else None if holds else False


def _places(stands: list[str], record: Record) -> set[str]:
    """The addresses of sentences that answer, and of those beside them."""
    addresses = list(record.passages)
    found: set[str] = set()
    for words in stands:
        at = [i for i, name in enumerate(addresses) if words in _folded(record.passages[name])]
        if not at:
            raise SystemExit(f"no essay says: {words}")
        found |= {a for i in at for a in addresses[max(0, i - AROUND) : i + AROUND + 1]}
    return found


def _folded(text: str) -> str:
    return " ".join(text.split())


def _stands(shown: str, values: Iterable[float]) -> bool:
    """Whether a number is one of these to the digits that are shown."""
    shown = shown.strip().replace("−", "-")
    percent = shown.endswith("%")
    digits = shown.rstrip("% ").replace(",", "")
    places = len(digits.partition(".")[2]) if "e" not in digits.lower() else 0
    number = float(digits)
    for value in values:
        value = value * 100 if percent else value
        tolerance = 0.5 * 10.0**-places if "e" not in digits.lower() else abs(value) * 0.05
        if min(abs(value - number), abs(-value - number)) <= tolerance * 1.0001:
            return True
    return False


def _shares(judgement: Any) -> Iterator[float]:
    """The effect as a part of the control, and the treatment as a multiple of it."""
    treatment, control = judgement.treatment_mean, judgement.control_mean
    if treatment is not None and control:
        yield from (treatment / control, (treatment - control) / control)


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        yield from (one for part in value.values() for one in _numbers(part))
    elif isinstance(value, list | tuple):
        yield float(len(value))
        yield from (one for part in value for one in _numbers(part))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)
