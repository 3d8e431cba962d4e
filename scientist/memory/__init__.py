"""What can be found by meaning: a vector store that mirrors the journal."""

from scientist.memory.embedding import Embedding, Vector, identity, load
from scientist.memory.store import Hit, Store, rebuild

__all__ = ["Embedding", "Hit", "Store", "Vector", "identity", "load", "rebuild"]
