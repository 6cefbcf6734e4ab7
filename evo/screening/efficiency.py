"""How good a ranking is (the study's Fig. 4): share of the best found against share evaluated.

Evaluating everyone finds all of the best; chance finds as many as it evaluates. What a ranking is
worth lies between: the area under its curve is 0.5 for chance, and at most 1 − top / 2.
"""

from dataclasses import dataclass

import numpy as np

from evo.core.arrays import Floats

TOP = 0.05
"""Share of the candidates that count as the best."""

_RESAMPLES = 200


@dataclass(frozen=True)
class Efficiency:
    """The curve of one ranking.

    Attributes:
        found: (n + 1,) share of the best among the first k of the ranking, k from 0 to n.
    """

    found: Floats

    @classmethod
    def of(cls, promise: Floats, came: Floats, *, top: float = TOP) -> "Efficiency":
        """The curve of ranking candidates by their promise.

        Args:
            promise: (n,) the higher the sooner evaluated; ties keep their order.
            came: (n,) what evaluating them showed, the higher the better.
            top: share of them that count as the best, at least one.
        """
        count = max(1, round(top * len(came)))
        best = np.zeros(len(came))
        best[np.argsort(-came, kind="stable")[:count]] = 1 / count
        ranked = best[np.argsort(-promise, kind="stable")]
        return cls(np.concatenate([[0.0], np.cumsum(ranked)]))

    def at(self, share: float) -> float:
        """Share of the best that evaluating such a share of all finds.

        >>> import numpy as np
        >>> values = np.arange(100.0)
        >>> Efficiency.of(values, values).at(0.25), Efficiency.of(-values, values).at(0.25)
        (1.0, 0.0)
        """
        return float(self.found[round(share * (len(self.found) - 1))])

    @property
    def area(self) -> float:
        """Area under the curve, both axes from 0 to 1."""
        steps = (self.found[1:] + self.found[:-1]) / 2
        return float(steps.mean())


def resampled(promise: Floats, came: Floats, rng: np.random.Generator) -> list[Efficiency]:
    """Curves of bootstrap samples of the candidates, for intervals."""
    places = [rng.integers(len(came), size=len(came)) for _ in range(_RESAMPLES)]
    return [Efficiency.of(promise[chosen], came[chosen]) for chosen in places]
