"""Test whether the reward model predicts better than chance, on candidates it did not choose.

Reward collapse is the known risk of learned rewards (Ardeshir 2024): a model that sends everything
to one mode looks right about the candidates it selects. So it is tested on those that passed at
random, which it predicted before they trained.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evo.core.arrays import Floats

_FEWEST = 8
"""Fewest candidates for a test; with fewer the model is not trusted."""
_BEYOND_CHANCE = 1.645
"""One-sided 5 % point of the normal distribution."""


@dataclass(frozen=True)
class PredictionCheck:
    """Predictions and results of the random candidates of one generation.

    Attributes:
        expected: (n,) predicted margins.
        spread: (n,) standard deviations of the predictions.
        performance: (n,) measured, see `evo.selection.individual.performance`.
        margin: (n,) measured margins.
        error: (n,) their standard errors.
    """

    expected: Floats
    spread: Floats
    performance: Floats
    margin: Floats
    error: Floats


@dataclass(frozen=True)
class Trust:
    """Evidence on whether a model's predictions can be trusted.

    Attributes:
        correlation: rank correlation within generations, in [-1, 1]; 0 without candidates.
        count: number of candidates in the test.
        bias: mean of measured minus predicted margin.
        overconfidence: root mean square of (measured − predicted) / standard deviation of the
            difference; 1 is calibrated.
    """

    correlation: float
    count: int
    bias: float
    overconfidence: float

    @property
    def is_earned(self) -> bool:
        """True if the correlation is beyond chance: r·√(n − 1) above the 5 % point."""
        beyond = self.correlation * np.sqrt(max(0, self.count - 1))
        return self.count >= _FEWEST and bool(beyond > _BEYOND_CHANCE)

    def __str__(self) -> str:
        if self.count < _FEWEST:
            return f"only {self.count} random candidates to judge it by"
        return f"rank correlation {self.correlation:.2f} on {self.count} random candidates"


def trust(generations: Sequence[PredictionCheck]) -> Trust:
    """Trust in a model by the random candidates of some generations.

    Ranks are taken within a generation: that a search improves from one to the next is no merit of
    the model.
    """
    checks = [check for check in generations if len(check.performance) > 1]
    expected = _joined([_ranks(check.expected) for check in checks])
    performance = _joined([_ranks(check.performance) for check in checks])
    errors = _joined([check.margin - check.expected for check in checks])
    spreads = _joined([np.hypot(check.spread, check.error) for check in checks])
    size = float(np.sqrt(np.square(expected).sum() * np.square(performance).sum()))
    return Trust(
        correlation=float(expected @ performance) / size if size > 0 else 0.0,
        count=len(performance),
        bias=float(errors.mean()) if len(errors) else 0.0,
        overconfidence=float(np.sqrt(np.mean(np.square(errors / np.maximum(spreads, 1e-6)))))
        if len(errors)
        else 0.0,
    )


def _ranks(values: Floats) -> Floats:
    """Ranks centred at 0, divided by their number."""
    # Imported late: it costs half a second, and only screening needs it.
    from scipy.stats import rankdata  # noqa: PLC0415

    return (rankdata(values) - (len(values) + 1) / 2) / len(values)


def _joined(parts: Sequence[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.zeros(0)
