"""Experiment programs as a model may write them: honest ones, and ones that invent results.

Each is the code of two arms, `new` and `old`, that measures something called `score`. The
first set was there while the review was written; the second and the third were written
before they were tried on it, to see how often it is wrong.
"""

from __future__ import annotations

import textwrap

HEADER = """
import math
import random
from collections import deque, namedtuple
from dataclasses import dataclass

import numpy as np

ARMS = {"new": "the treatment", "old": "the control"}
METRICS = {"score": {"description": "what is measured"}}
"""


def program(body: str) -> str:
    """A whole experiment file."""
    return HEADER + textwrap.dedent(body)
