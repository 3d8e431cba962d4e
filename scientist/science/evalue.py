"""An anytime-valid e-process for paired differences: evidence that may be looked at after each.

Under the null hypothesis that each difference, given those before it, is symmetric about 0
(or, for one side, lies no further that way than one that is: stochastically no larger), each
bet 1 + tanh(rate * d) is fair or worse, because tanh is odd and rising (de la Pena 1999, in whose
form it is exp(x) / cosh(x); Ramdas, Ruf, Larsson and Koolen 2020). So is their product, and a
mixture of products, as long as a rate depends only on the past (Waudby-Smith and Ramdas 2024).
By Ville's inequality such a process ever reaches 1 / alpha with a chance of at most alpha,
whatever the distribution and whenever one stops.

Half of the mixture bets at rates relative to the smallest effect of interest, which is sealed:
good from the first difference on. The other half bets relative to the past differences, and
the more boldly the more of them there are: good where differences are far larger or smaller.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scientist.science.statistics import Alternative

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEALED_RATES = (1 / 16, 1 / 4, 1.0, 4.0, 16.0)  # over the smallest effect of interest
LEARNED_RATES = (0.5, 1.0, 2.0, 4.0)  # over the root mean square of the past differences


def e_process(differences: Sequence[float], alternative: Alternative, scale: float) -> list[float]:
    """The running e-value after each difference, in the order in which they were measured.

    `scale` is the smallest effect of interest, sealed beforehand. Two-sided evidence is the
    average of that for either side. A value too large for a float is the largest float.
    """
    import numpy as np

    if not (scale > 0 and math.isfinite(scale)):
        raise ValueError(f"the scale must be positive and finite, not {scale}")
    values = np.asarray(differences, dtype=float)
    if not np.isfinite(values).all():
        raise ValueError("differences must be finite")
    sides = {"greater": (values,), "less": (-values,), "two-sided": (values, -values)}[alternative]
    with np.errstate(all="ignore"):  # a ratio beyond any float is a bet of everything
        logs = np.stack([_log_wealth(side, scale) for side in sides])
        total = np.logaddexp.reduce(logs, axis=0) - math.log(len(sides))
        most = math.log(sys.float_info.max)
        found = np.where(total < most, np.exp(np.minimum(total, most)), sys.float_info.max)
    return [float(value) for value in found]


def e_value(differences: Sequence[float], alternative: Alternative, scale: float) -> float:
    """The e-value after all differences; 1 if there are none."""
    running = e_process(differences, alternative, scale)
    return running[-1] if running else 1.0


def threshold(alpha: float) -> float:
    """What an e-process reaches with a chance of at most alpha if the null hypothesis holds."""
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not at {alpha}")
    return 1 / alpha


def _log_wealth(values: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """The log of the mixture's wealth after each difference, bet on positive ones."""
    import numpy as np

    sealed = values[:, None] / scale * np.array(SEALED_RATES)
    past = _past(values)
    ratio = np.where(past > 0, values / np.where(past > 0, past, 1.0), values / scale)
    learned = ratio[:, None] * np.array(LEARNED_RATES)
    count = np.arange(len(values))[:, None]
    # log(1 + tanh(x)) = log(2) - log(1 + exp(-2 x)), which does not vanish for negative x
    bets = (
        math.log(2) - np.logaddexp(0.0, -2 * sealed),
        np.log1p(count / (count + 1) * np.tanh(learned)),
    )
    wealth = np.stack([np.logaddexp.reduce(np.cumsum(bet, axis=0), axis=1) for bet in bets])
    parts = np.array([[math.log(2 * bet.shape[1])] for bet in bets])
    return np.asarray(np.logaddexp.reduce(wealth - parts, axis=0))


def _past(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The root mean square of the differences before each; 0 before the first."""
    import numpy as np

    found = np.zeros(len(values))
    if len(values) > 1:
        counts = np.sqrt(np.arange(1, len(values)))
        found[1:] = np.hypot.accumulate(values)[:-1] / counts
    return np.abs(found)
