"""Whether a quote stands in an essay, and where.

White space and typography (quotation marks, dashes, the ellipsis) may differ, nothing
more: no other letter, no case, no cut word. "able" is not a quote from "unable".
"""

from __future__ import annotations

from functools import lru_cache

from scientist.records import Quote

_TYPOGRAPHY = {
    **dict.fromkeys("‘’‚‛′", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    "…": "...",
}


def find(essay_text: str, quoted: str) -> tuple[int, int] | None:
    """The span of the essay that a quotation repeats; None if it does not stand there."""
    wanted, _ = _normalised(quoted.strip())
    if not any(character.isalnum() for character in wanted):
        return None
    text, places = _normalised(essay_text)
    begin = text.find(wanted)
    while begin >= 0:
        end = begin + len(wanted)
        if _whole(text, begin, end) and _aligned(places, begin, end):
            return places[begin], places[end - 1] + 1
        begin = text.find(wanted, begin + 1)
    return None


def verify(quote: Quote, text: str) -> bool:
    """Whether the text has exactly the quote's words at the quote's offsets."""
    return (
        0 <= quote.start < quote.end <= len(text)
        and bool(quote.text.strip())
        and text[quote.start : quote.end] == quote.text
    )


@lru_cache(maxsize=64)
def _normalised(text: str) -> tuple[str, list[int]]:
    """The text with one form of white space and typography, and where each character was."""
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if character.isspace():
            if characters and characters[-1] == " ":
                continue
            character = " "
        for piece in _TYPOGRAPHY.get(character, character):
            characters.append(piece)
            places.append(place)
    return "".join(characters), places


def _whole(text: str, begin: int, end: int) -> bool:
    """Whether the span cuts no word in two."""
    cuts_first = begin > 0 and text[begin - 1].isalnum() and text[begin].isalnum()
    cuts_last = end < len(text) and text[end - 1].isalnum() and text[end].isalnum()
    return not (cuts_first or cuts_last)


def _aligned(places: list[int], begin: int, end: int) -> bool:
    """Whether the span begins and ends at characters of the original, not inside one."""
    inside_first = begin > 0 and places[begin - 1] == places[begin]
    inside_last = end < len(places) and places[end] == places[end - 1]
    return not (inside_first or inside_last)
