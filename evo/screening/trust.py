"""Whether the reward model is any better than chance, seen on candidates that it did not choose.

Reward collapse is the named risk of learned rewards (Ardeshir 2024): a model that sends everything
to one mode looks right about what it lets through. Candidates that chance let through tell, since
the model foretold them before they trained.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from evo.core.arrays import Floats

_FEWEST = 8
"""Candidates below which nothing is known, and the model is not relied on."""
_BEYOND_CHANCE = 1.645
"""One-sided 5 % point of the normal distribution."""


@dataclass(frozen=True)
class PredictionCheck:
    """What was foretold of the random candidates of one generation, and what came of them.

    Attributes:
        expected: (n,) B-WR.
        spread: (n,) standard deviations.
        came: (n,) what selection saw, see `evo.selection.performance`.
        b_wr: (n,) B-WR that came.
    """

    expected: Floats
    spread: Floats
    came: Floats
    b_wr: Floats


@dataclass(frozen=True)
class Trust:
    """How far a model can be relied on.

    Attributes:
        correlation: rank correlation within generations, in [-1, 1]; 0 where nothing is known.
        count: candidates that it was seen on.
        bias: mean of B-WR that came less B-WR expected.
        overconfidence: root mean square of error / standard deviation; 1 is calibrated.
    """

    correlation: float
    count: int
    bias: float
    overconfidence: float

    @property
    def is_earned(self) -> bool:
        """Whether the correlation is beyond chance: r·√(n − 1) above the 5 % point."""
        beyond = self.correlation * np.sqrt(max(0, self.count - 1))
        return self.count >= _FEWEST and bool(beyond > _BEYOND_CHANCE)

    def __str__(self) -> str:
        if self.count < _FEWEST:
            return f"only {self.count} random candidates to judge it by"
        return f"rank correlation {self.correlation:.2f} on {self.count} random candidates"


def trust(generations: Sequence[PredictionCheck]) -> Trust:
    """What the random candidates of some generations say about a model.

    Ranks are taken within a generation: that a search gets better from one to the next is no merit
    of the model.
    """
    kept = [each for each in generations if len(each.came) > 1]
    expected = _joined([_ranks(each.expected) for each in kept])
    came = _joined([_ranks(each.came) for each in kept])
    errors = _joined([each.b_wr - each.expected for each in kept])
    spreads = _joined([each.spread for each in kept])
    size = float(np.sqrt(np.square(expected).sum() * np.square(came).sum()))
    return Trust(
        correlation=float(expected @ came) / size if size > 0 else 0.0,
        count=len(came),
        bias=float(errors.mean()) if len(errors) else 0.0,
        overconfidence=float(np.sqrt(np.mean(np.square(errors / np.maximum(spreads, 1e-6)))))
        if len(errors)
        else 0.0,
    )


def _ranks(values: Floats) -> Floats:
    """Ranks around 0, in units of their number."""
    return (rankdata(values) - (len(values) + 1) / 2) / len(values)


def _joined(parts: Sequence[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.zeros(0)
