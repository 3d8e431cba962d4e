"""Does a quote stand in its essay? White space and typographic marks aside, verbatim."""

from __future__ import annotations

from scientist.records import Quote

_SAME = {
    "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
    "‘": "'", "’": "'", "‚": "'",
}  # fmt: skip


def find(text: str, quoted: str) -> tuple[int, int] | None:
    """Where a quote stands in a text, in the text's own offsets."""
    wanted = "".join(character for character, _ in _plain(quoted)).strip()
    if not wanted:
        return None
    plain = list(_plain(text))
    at = "".join(character for character, _ in plain).find(wanted)
    if at < 0:
        return None
    return plain[at][1], plain[at + len(wanted) - 1][1] + 1


def verify(quote: Quote, text: str) -> bool:
    """Whether the quote is exactly what stands at its place."""
    return 0 <= quote.start < quote.end <= len(text) and (
        text[quote.start : quote.end] == quote.text
    )


def _plain(text: str) -> list[tuple[str, int]]:
    """Each character with its offset; runs of white space are one blank."""
    found: list[tuple[str, int]] = []
    for offset, character in enumerate(text):
        if character.isspace():
            if not found or found[-1][0] != " ":
                found.append((" ", offset))
        else:
            found.append((_SAME.get(character, character), offset))
    return found
