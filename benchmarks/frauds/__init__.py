"""Frauds and faults that are planted in real records, and the records they are planted in.

One module per concern; each offers kinds in its `KINDS`. What rewrites a record is shared with the
tests: `tests/audit/forging.py`.
"""

from __future__ import annotations

import sys
from pathlib import Path

_TESTS = Path(__file__).resolve().parents[2] / "tests"
for _folder in (_TESTS, _TESTS / "agent"):  # first: a benchmark has the name of one of them
    sys.path.insert(0, str(_folder))
