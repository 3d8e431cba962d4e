"""Clauses read by what their parts are, in whatever order, where no pattern of `grammar` fits.

A frame is strict about what may be there: each arm has a mark that tells its role ("than",
"versus", "minus") or is the only one without; there is one metric, one direction, and a place for
each number. Anything else, and the frame does not apply.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from scientist.science.claims.tokens import Token

Groups = dict[str, list[Token]]

ARMS = {"ARM", "IT", "TREATMENT", "CONTROL"}
MARKS = {"VS", "THAN", "MINUS"}
LINKS = {"OF", "FOR", "IN", "AT", "WITH", "UNDER", "BY"}
STATISTICS = {"MEAN", "MEDIAN", "MIN", "MAX", "LOWEST", "HIGHEST"}
MOVES = {"UP", "DOWN", "HIGH", "LOW", "BETTER", "WORSE"}
NOUNS = {
    *("reduction", "decrease", "drop", "fall", "cut", "decline", "increase", "rise", "growth"),
    "improvement",
}
SILENT = {
    *LINKS,
    "BE",
    "HAVE",
    "EQ",
    "COLON",
    "AVERAGE",
    "COMMA",
    "MEAN",
    "COMPARE",
    "TO",
    "ASMUCH",
}


def read(tokens: Sequence[Token]) -> Groups | None:
    """The groups of the first frame that a clause fits."""
    for frame in (_movement, _values, _difference, _ratio, _change):
        if (found := frame(tokens)) is not None:
            return found
    return None


def _movement(tokens: Sequence[Token]) -> Groups | None:
    """One direction, the arms by their marks, how far: "by 0.1", "0.1 lower", "a drop of 0.1"."""
    moves = [place for place, token in enumerate(tokens) if token.kind in MOVES]
    if len(moves) != 1:
        return None
    place = moves[0]
    found: Groups = {"dir": [tokens[place]]}
    taken = {place}
    before = place - 1
    for kind, role in (("SIG", "sig"), ("NOT", "neg")):
        if before >= 0 and tokens[before].kind == kind:
            found[role] = [tokens[before]]
            taken.add(before)
            before -= 1
    numbers = _places(tokens, {"NUM"})
    if len(numbers) > 1 or not _named(tokens, found, taken, MARKS - {"MINUS"}):
        return None
    for number in numbers:
        led = tokens[number - 1].kind if number else ""
        noun = led == "OF" and number > place and tokens[place].text.lower() in NOUNS
        if not (led == "BY" or noun or number == before):
            return None
        found["size"] = [tokens[number]]
        taken.add(number)
    return found if _silent(tokens, taken) else None


def _values(tokens: Sequence[Token]) -> Groups | None:
    """A statistic of one arm, or of two with each number beside its arm."""
    arms, numbers = _places(tokens, ARMS), _places(tokens, {"NUM"})
    statistics = [t for t in tokens if t.kind in STATISTICS]
    if len(arms) != len(numbers) or not 1 <= len(arms) <= 2:
        return None
    if len({t.kind for t in statistics} - {"MEAN"}) > 1:
        return None
    found: Groups = {"stat": statistics} if statistics else {}
    taken = {*arms, *numbers, *_places(tokens, STATISTICS)}
    if not _metric(tokens, found, taken):
        return None
    if len(arms) == 1:
        found |= {"t": [tokens[arms[0]]], "vt": [tokens[numbers[0]]]}
        return found if _silent(tokens, taken) else None
    order = "".join("a" if place in arms else "n" for place in sorted({*arms, *numbers}))
    if order not in ("anan", "nana", "anna"):
        return None
    taken |= set(_places(tokens, {"AND", "VS"}))
    found |= {"t": [tokens[arms[0]]], "vt": [tokens[numbers[0]]]}
    found |= {"c": [tokens[arms[1]]], "vc": [tokens[numbers[1]]]}
    return found if _silent(tokens, taken) else None


def _difference(tokens: Sequence[Token]) -> Groups | None:
    """Treatment minus control, said as a difference, an effect or a gap."""
    heads = _places(tokens, {"DIFF", "EFFECT", "GAP"})
    minus = _places(tokens, {"MINUS"})
    numbers = _places(tokens, {"NUM"})
    if len(numbers) != 1 or len(heads) > 1 or len(minus) > 1 or not (heads or minus):
        return None
    found: Groups = {}
    taken = {*heads, *numbers}
    marks = {*MARKS, "AND"}  # "the difference between one and the other"
    taken |= set(_places(tokens, {"BETWEEN"}))
    if not _named(tokens, found, taken, marks) or not {"t", "c"} <= set(found):
        return None
    if numbers[0] == 0 or tokens[numbers[0] - 1].kind not in (
        *("BE", "HAVE", "OF", "AT", "EQ", "COLON", "AVERAGE"),
    ):
        return None
    role = "gap" if heads and tokens[heads[0]].kind == "GAP" else "signed"
    found[role] = [tokens[numbers[0]]]
    return found if _silent(tokens, {*taken, *_brackets(tokens)}) else None


def _ratio(tokens: Sequence[Token]) -> Groups | None:
    """So many times as high as."""
    arms, numbers = _places(tokens, ARMS), _places(tokens, {"NUM"})
    like = _places(tokens, {"ASMUCH"})
    if len(arms) == 2 and len(numbers) == 1 and not like:  # "1.2 times the error with"
        like = [place for place in _places(tokens, {"METRIC"}) if place > numbers[0]]
    if len(arms) != 2 or len(numbers) != 1 or not like:
        return None
    number = tokens[numbers[0]].number
    if number is None or number.unit != "times":
        return None
    if not arms[0] < numbers[0] < like[0] < arms[1]:
        return None
    found: Groups = {"t": [tokens[arms[0]]], "c": [tokens[arms[1]]], "ratio": [tokens[numbers[0]]]}
    taken = {*arms, *numbers, *_places(tokens, {"ASMUCH"})}
    return found if _metric(tokens, found, taken) and _silent(tokens, taken) else None


def _change(tokens: Sequence[Token]) -> Groups | None:
    """From one mean to another: "from 0.4 to 0.3", perhaps "from the control to the treatment"."""
    ways = [
        place
        for place, token in enumerate(tokens[:-3])
        if token.kind == "FROM" and tokens[place + 2].kind == "TO"
    ]
    found: Groups = {}
    taken: set[int] = set()
    for place in ways:
        begin, end = tokens[place + 1], tokens[place + 3]
        if begin.kind == end.kind == "NUM" and "start" not in found:
            found |= {"start": [begin], "end": [end]}
        elif begin.kind in ARMS and end.kind in ARMS and "c" not in found:
            found |= {"c": [begin], "t": [end]}
        else:
            return None
        taken |= set(range(place, place + 4))
    rest = [t if place not in taken else Token("COMMA", 0, 0, "") for place, t in enumerate(tokens)]
    moves = _places(rest, MOVES - {"HIGH", "LOW"})
    if "start" not in found or len(moves) > 1:
        return None
    if moves:
        found["dir"] = [tokens[moves[0]]]
    taken |= {*moves, *_places(rest, {"GO", "RANGE"})}
    if "t" in found:
        named = not _places(rest, ARMS) and _metric(tokens, found, taken)
    else:
        named = _named(rest, found, taken, MARKS - {"MINUS"})
    return found if named and _silent(tokens, taken) else None


def _places(tokens: Sequence[Token], kinds: set[str]) -> list[int]:
    return [place for place, token in enumerate(tokens) if token.kind in kinds]


def _brackets(tokens: Sequence[Token]) -> list[int]:
    return _places(tokens, {"OPEN", "CLOSE"})


def _silent(tokens: Sequence[Token], taken: Iterable[int]) -> bool:
    """Whether what is left asserts nothing."""
    done = set(taken)
    return all(place in done or token.kind in SILENT for place, token in enumerate(tokens))


def _metric(tokens: Sequence[Token], found: Groups, taken: set[int]) -> bool:
    """The one metric that is named, however often."""
    places = _places(tokens, {"METRIC"})
    if len({tokens[place].value for place in places}) > 1:
        return False
    if places:
        found["m"] = [tokens[places[0]]]
    taken |= set(places)
    return True


def _named(tokens: Sequence[Token], found: Groups, taken: set[int], marks: set[str]) -> bool:
    """Metric and arms: the control is the one with a mark, the treatment the one without."""
    if not _metric(tokens, found, taken):
        return False
    path = _path(tokens)
    if path is not None:
        begin, end = path
        found |= {"c": [tokens[begin]], "t": [tokens[end]]}
        taken |= {begin - 1, begin, begin + 1, end, *_places(tokens, {"GO"})}
    for place in _places(tokens, ARMS):
        if path is not None and place in path:
            continue
        mark = _mark(tokens, place, marks)
        replaced = [p for p in (place + 1, place + 2) if _kind(tokens, p) == "REPLACED"]
        role = "t" if mark is None and not replaced else "c"
        if role in found:
            return False
        found[role] = [tokens[place]]
        taken |= {place, *replaced} | ({mark} if mark is not None else set())
    return "t" in found


def _path(tokens: Sequence[Token]) -> tuple[int, int] | None:
    """Where "from the control to the treatment" stands."""
    for place in _places(tokens, {"FROM"}):
        begin, end = place + 1, place + 3
        arms = _kind(tokens, begin) in ARMS and _kind(tokens, end) in ARMS
        if arms and _kind(tokens, place + 2) == "TO":
            return begin, end
    return None


def _mark(tokens: Sequence[Token], place: int, marks: set[str]) -> int | None:
    """The place of the word that makes an arm the one compared with."""
    before = place - 1
    while _kind(tokens, before) in {*LINKS, "ASMUCH", "METRIC"}:
        before -= 1
    if _kind(tokens, before) in marks:
        return before
    number = tokens[before].number if before >= 0 else None
    if number is not None and number.unit == "%" and _kind(tokens, before + 1) == "OF":
        return before  # "by 20% of the control's"
    return None


def _kind(tokens: Sequence[Token], place: int) -> str:
    return tokens[place].kind if 0 <= place < len(tokens) else ""
