"""What a clause asserts, by its form: its asides first, then what is left as a whole.

If what is left is neither one of the CORES of `patterns` nor fits a frame of `frames`, the clause
is not understood and nothing in it is bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from scientist.science.claims import frames
from scientist.science.claims.frames import Groups
from scientist.science.claims.patterns import ASIDES, CLASSES, CORES, MACROS
from scientist.science.claims.tokens import Token


@dataclass
class Clause:
    """What one clause says: the groups of its core and of each aside, and its tokens."""

    tokens: list[Token]
    core: Groups = field(default_factory=dict)
    asides: list[Groups] = field(default_factory=list)
    understood: bool = False


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    """One character for each kind, so that a clause is a word and a pattern an expression."""
    kinds: dict[str, str] = {}
    for pattern in (*ASIDES, *CORES, *CLASSES.values(), *MACROS.values()):
        for name in re.findall(r"[A-Z]+[A-Z0-9]*", pattern):
            if name not in CLASSES:
                kinds.setdefault(name, chr(0x4E00 + len(kinds)))
    return kinds


_PIECE = re.compile(
    r"(?:(?P<name>[a-z]\w*):)?(?P<what>\((?:\?!)?|\)|[A-Z][A-Z0-9]*|[?*+|])(?P<many>[*+]?)"
)


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern as an expression over codes; a group's name may come more than once."""
    for name, macro in MACROS.items():
        pattern = pattern.replace(name, macro)
    written: list[str] = []
    closing: list[str] = []
    for place, piece in enumerate(_PIECE.finditer(pattern)):
        name, what, many = piece["name"], piece["what"], piece["many"]
        opened = f"(?P<{name}_{place}>" if name else ""
        if what.startswith("("):
            written.append(opened + ("(?!" if what == "(?!" else "(?:"))
            closing.append("))" if name else ")")
        elif what == ")":
            written.append(closing.pop())
        elif what in "?*+|":
            written.append(what)
        else:
            kinds = "".join(_codes()[kind] for kind in CLASSES.get(what, what).split())
            written.append(f"{opened}[{kinds}]{many}" + (")" if name else ""))
            continue
        written.append(many)
    return re.compile("".join(written))


def word(tokens: Iterable[Token]) -> str:
    """A clause as one character for each token; what no pattern names is a question mark."""
    return "".join(_codes().get(token.kind, "?") for token in tokens)


def _groups(found: re.Match[str], tokens: Sequence[Token]) -> Groups:
    groups: Groups = {}
    for name in found.groupdict():
        if found[name]:
            begin, end = found.span(name)
            groups.setdefault(name.rpartition("_")[0], []).extend(tokens[begin:end])
    return groups


def parse(tokens: Sequence[Token], depth: int = 3) -> list[Clause]:
    """The clauses of a sentence, cut where they must be and then as seldom as can be."""
    clauses: list[Clause] = []
    current: list[Token] = []
    for token in (*tokens, Token("SEMI", 0, 0, "")):
        if token.kind in ("SEMI", "BUT") and not _inside(current):
            if current:
                clauses += _cut(current, depth)
            current = []
        else:
            current.append(token)
    return clauses + ([Clause(current)] if current else [])


def _inside(tokens: Sequence[Token]) -> bool:
    """Whether a bracket is open."""
    return sum((t.kind == "OPEN") - (t.kind == "CLOSE") for t in tokens) > 0


def _cut(tokens: list[Token], depth: int) -> list[Clause]:
    whole = read(tokens)
    if whole.understood or not depth:
        return [whole]
    for place, token in enumerate(tokens):
        if token.kind not in ("AND", "COMMA") or _inside(tokens[:place]):
            continue
        left = read(tokens[:place])
        if left.understood and (left.core or left.asides):
            rest = tokens[place + 1 :]
            if rest and rest[0].kind == "AND":
                rest = rest[1:]
            right = _cut(rest, depth - 1) if rest else []
            if right and all(clause.understood for clause in right):
                return [left, *right]
    return [whole]


def read(tokens: Sequence[Token]) -> Clause:
    """One clause: its asides, and what is left as a core."""
    clause = Clause(list(tokens))
    rest = _opened(tokens)
    for pattern in ASIDES:
        while found := _compiled(pattern).search(word(rest)):
            groups = _groups(found, rest)
            kept = groups.pop("keep", []) + groups.get("a", [])
            clause.asides.append(groups)
            if "against" in groups:  # "in 20 of 24 pairs with the control"
                kept += [Token("VS", 0, 0, ""), *groups.pop("against")]
            rest[found.start() : found.end()] = kept
    rest = _trimmed(rest)
    # what moves is the mean: "a lower mean error" says no more than "a lower error"
    for left in (rest, [token for token in rest if token.kind != "MEAN"]):
        said = word(left)
        for pattern in CORES:
            if found := _compiled(pattern).fullmatch(said):
                groups = _groups(found, left)
                if left is rest or "dir" in groups:
                    clause.core, clause.understood = groups, True
                    return clause
    if (framed := frames.read(rest)) is not None:
        clause.core, clause.understood = framed, True
        return clause
    context = _context(rest) if clause.asides else None
    if context is not None:
        clause.core, clause.understood = context, True
    return clause


def _opened(tokens: Sequence[Token]) -> list[Token]:
    """With "0.3 (stable)" as "0.3 for stable"."""
    found = list(tokens)
    for place in range(len(found) - 3):
        kinds = [token.kind for token in found[place : place + 4]]
        if kinds[:2] == ["NUM", "OPEN"] and kinds[2] in frames.ARMS and kinds[3] == "CLOSE":
            found[place + 1] = Token("FOR", 0, 0, "")
            found[place + 3] = Token("", 0, 0, "")
    return [token for token in found if token.kind]


def _trimmed(tokens: list[Token]) -> list[Token]:
    """Without the brackets and marks that asides left behind."""
    marks = {"COMMA", "AND", "SEMI", "COLON", "DASH"}
    changed = True
    while changed:
        changed = False
        for place, token in enumerate(tokens):
            if token.kind == "OPEN":
                end = place + 1
                while end < len(tokens) and tokens[end].kind in marks:
                    end += 1
                if end < len(tokens) and tokens[end].kind == "CLOSE":
                    del tokens[place : end + 1]
                    changed = True
                    break
    while tokens and tokens[0].kind in marks:
        tokens = tokens[1:]
    while tokens and tokens[-1].kind in marks:
        tokens = tokens[:-1]
    return tokens


def _context(tokens: Sequence[Token]) -> Groups | None:
    """What a clause of asides alone is about: one or two arms, a metric, and nothing said."""
    allowed = set(CLASSES["X"].split())
    allowed |= {
        "OPEN",
        "CLOSE",
        "MINUS",
        "BE",
        "HAVE",
        "COLON",
        "FROM",
        "VERDICTNOUN",
        "OVER",
        "RANGE",
    }
    arms = [place for place, t in enumerate(tokens) if t.kind in ("ARM", "TREATMENT", "CONTROL")]
    metrics = [t for t in tokens if t.kind == "METRIC"]
    if any(t.kind not in allowed for t in tokens) or len(arms) > 2 or len(metrics) > 1:
        return None
    if any(t.kind == "IT" for t in tokens) and arms:
        return None
    found: Groups = {"m": metrics[:1]} if metrics else {}
    names = [tokens[place] for place in arms]
    if len(arms) == 2 and arms[0] and tokens[arms[0] - 1].kind in ("VS", "MINUS"):
        names.reverse()  # "compared with the control, the treatment"
    for group, token in zip(("t", "c"), names, strict=False):
        found[group] = [token]
    return found
