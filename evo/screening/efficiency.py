"""Efficiency of a ranking (the study's Fig. 4): share of the best found by share evaluated.

Evaluating all candidates finds all of the best; a random order finds as many as it evaluates. The
area under the curve of a ranking is 0.5 for a random order, and at most 1 − top / 2.
"""

from dataclasses import dataclass

import numpy as np

from evo.core.arrays import Floats

TOP_SHARE = 0.05
"""Share of the candidates that count as the best."""

_RESAMPLES = 200


@dataclass(frozen=True)
class Efficiency:
    """The curve of one ranking.

    Attributes:
        recall: (n + 1,) share of the best among the first k of the ranking, k from 0 to n.
    """

    recall: Floats

    @classmethod
    def of(
        cls, predictions: Floats, performance: Floats, *, top: float = TOP_SHARE
    ) -> "Efficiency":
        """The curve of ranking candidates by predictions.

        Args:
            predictions: (n,) the higher the sooner evaluated; ties keep their order.
            performance: (n,) measured, the higher the better.
            top: share of them that count as the best, at least one.
        """
        count = max(1, round(top * len(performance)))
        best = np.zeros(len(performance))
        best[np.argsort(-performance, kind="stable")[:count]] = 1 / count
        ranked = best[np.argsort(-predictions, kind="stable")]
        return cls(np.concatenate([[0.0], np.cumsum(ranked)]))

    def at(self, share: float) -> float:
        """The share of the best among the first share of the ranking.

        >>> import numpy as np
        >>> values = np.arange(100.0)
        >>> Efficiency.of(values, values).at(0.25), Efficiency.of(-values, values).at(0.25)
        (1.0, 0.0)
        """
        return float(self.recall[round(share * (len(self.recall) - 1))])

    @property
    def area(self) -> float:
        """Area under the curve, both axes from 0 to 1."""
        steps = (self.recall[1:] + self.recall[:-1]) / 2
        return float(steps.mean())


def resampled(
    predictions: Floats, performance: Floats, rng: np.random.Generator
) -> list[Efficiency]:
    """Curves of bootstrap samples of the candidates, for intervals."""
    samples = [rng.integers(len(performance), size=len(performance)) for _ in range(_RESAMPLES)]
    return [Efficiency.of(predictions[sample], performance[sample]) for sample in samples]
