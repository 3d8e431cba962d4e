"""The truth: an append-only, hash-chained record of everything, with its blobs."""

from scientist.journal.chain import GENESIS, Entry
from scientist.journal.store import Fold, Journal
from scientist.journal.verify import Verification, verify

__all__ = ["GENESIS", "Entry", "Fold", "Journal", "Verification", "verify"]
