"""Fidelity: how well a cheap protocol's ranking agrees with the ranking after full training.

Kendall's τ-b = (C − D) / √((n₀ − t₁)(n₀ − t₂)) with C concordant and D discordant pairs of
components and t tied ones (Kendall 1945): 1 is the same order, 0 chance, −1 the reverse.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import kendalltau, rankdata

from evo.core.estimate import Estimate
from evo.core.records import Trial
from evo.core.seeds import child
from evo.evaluation.panel import Ranks, mean_rank
from evo.evaluation.strata import by_stratum

RESAMPLES = 2000
HALVINGS = 200


def kendall(one: ArrayLike, other: ArrayLike) -> Estimate:
    """Kendall's τ of two rankings of the same components, with its 95 % bootstrap interval.

    The interval is the percentile bootstrap over components (Efron 1979): what another panel
    of this size would have said. A pair drawn from one component twice does not count.
    """
    first, second = np.asarray(one, np.float64), np.asarray(other, np.float64)
    rng = child(0, "fidelity", "bootstrap")
    draws = rng.integers(len(first), size=(RESAMPLES, len(first)))
    # Two draws of one component are tied in both rankings, and τ-b does not count such pairs.
    low, high = np.quantile([_tau(first[draw], second[draw]) for draw in draws], [0.025, 0.975])
    return Estimate(_tau(first, second), float(low), float(high))


def loss_ranks(trials: Sequence[Sequence[Trial]]) -> Ranks:
    """Mean rank of components by mean log test loss of each network, 1 the best.

    Args:
        trials: of each component, all at one rung; networks weigh equally.
    """
    return _ranks(trials, [np.log(np.clip([t.loss for t in own], 1e-9, 1e3)) for own in trials])


def accuracy_ranks(trials: Sequence[Sequence[Trial]]) -> Ranks:
    """The same by mean test accuracy."""
    return _ranks(trials, [-np.array([t.accuracy for t in own]) for own in trials])


def split_half_agreement(
    trials: Sequence[Sequence[Trial]], ranks: Callable[[Sequence[Sequence[Trial]]], Ranks]
) -> float | None:
    """Agreement of one half of the seeds with the other: τ, mean over random halvings.

    Both halves have the learning rates that all seeds together chose, which flatters a little.

    Args:
        trials: of each component, all at one rung, with the same seeds.
        ranks: `loss_ranks` or `accuracy_ranks`.

    Returns:
        None where there is but one seed.
    """
    seeds = sorted({trial.seed for trial in trials[0]})
    size = len(seeds) // 2
    if not size:
        return None
    rng = child(0, "fidelity", "halves")
    taus: list[float] = []
    for _ in range(HALVINGS):
        shuffled = rng.permutation(seeds).tolist()
        one, other = (
            ranks([[trial for trial in own if trial.seed in half] for own in trials])
            for half in (shuffled[:size], shuffled[size : 2 * size])
        )
        taus.append(_tau(one, other))
    return float(np.mean(taus))


def _ranks(trials: Sequence[Sequence[Trial]], values: Sequence[NDArray[np.float64]]) -> Ranks:
    means = [
        {cell: float(part.mean()) for cell, part in by_stratum(row, own).items()}
        for row, own in zip(trials, values, strict=True)
    ]
    return mean_rank({"/".join(cell): rankdata([own[cell] for own in means]) for cell in means[0]})


def _tau(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """τ-b; 0 where a ranking has only ties."""
    # The p-value is not used; it is cheap where it is asymptotic.
    result: Any = kendalltau(one, other, method="asymptotic")  # its type says too little
    return 0.0 if np.isnan(result.statistic) else float(result.statistic)
