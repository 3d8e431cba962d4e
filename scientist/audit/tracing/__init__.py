"""From anything that was printed back to where it comes from, every step with its event and hash.

`asking` says what is meant, `findings`, `sources`, `claims`, `conflicts` and `code` build the tree,
`figures` knows which finding gives which number, `exchange` reads what passed between agent and
model. Events are found through the journal's index.
"""

from scientist.audit.tracing.asking import Trace, trace, trace_of
from scientist.audit.tracing.node import Blob, Node, cut

__all__ = ["Blob", "Node", "Trace", "cut", "trace", "trace_of"]
