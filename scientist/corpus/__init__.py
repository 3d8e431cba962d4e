"""Source texts: read, cut into addressable sentences, quoted verbatim."""

from scientist.corpus.quotes import find, verify
from scientist.corpus.read import FORMATS, Source
from scientist.corpus.sentences import split
from scientist.corpus.store import Added, Essay, add, essays, passages

__all__ = [
    "FORMATS",
    "Added",
    "Essay",
    "Source",
    "add",
    "essays",
    "find",
    "passages",
    "split",
    "verify",
]
