"""Fidelity: agreement of a cheap protocol's ranking with the ranking after full training.

Kendall's τ-b = (C − D) / √((n₀ − t₁)(n₀ − t₂)) with C concordant and D discordant pairs of
components and t tied ones (Kendall 1945): 1 is the same order, 0 chance, −1 the reverse.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import kendalltau, rankdata

from evo.core.estimate import Estimate
from evo.core.seeds import child
from evo.core.trials import Trial
from evo.evaluation.strata import by_stratum

Ranks = NDArray[np.float64]

RESAMPLES = 2000
HALVINGS = 200


def kendall(first: ArrayLike, second: ArrayLike) -> Estimate:
    """Kendall's τ of two rankings of the same components, with its 95 % bootstrap interval.

    The interval is the percentile bootstrap over components (Efron 1979): what another panel
    of this size would give. A pair of two draws of one component does not count.
    """
    ranks, others = np.asarray(first, np.float64), np.asarray(second, np.float64)
    rng = child(0, "fidelity", "bootstrap")
    draws = rng.integers(len(ranks), size=(RESAMPLES, len(ranks)))
    low, high = np.quantile(_resampled_taus(ranks, others, draws), [0.025, 0.975])
    return Estimate(tau(ranks, others), float(low), float(high))


def loss_ranks(trials: Sequence[Sequence[Trial]]) -> Ranks:
    """Rank components by mean log test loss per network: mean rank, 1 the best, (components,).

    Args:
        trials: per component, all at one rung; networks weigh equally.
    """
    losses = [np.log(np.clip([t.loss for t in component], 1e-9, 1e3)) for component in trials]
    return _ranks(trials, losses)


def accuracy_ranks(trials: Sequence[Sequence[Trial]]) -> Ranks:
    """Rank components by mean test accuracy per network; see `loss_ranks`."""
    return _ranks(trials, [-np.array([t.accuracy for t in component]) for component in trials])


def split_half_agreement(
    trials: Sequence[Sequence[Trial]], ranks: Callable[[Sequence[Sequence[Trial]]], Ranks]
) -> float | None:
    """Agreement of one half of the seeds with the other: mean τ over random halvings.

    Both halves use the learning rates picked on all seeds, which makes τ slightly too high.

    Args:
        trials: per component, all at one rung, with the same seeds.
        ranks: `loss_ranks` or `accuracy_ranks`.

    Returns:
        None if there is only one seed.
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
            ranks([[t for t in component if t.seed in half] for component in trials])
            for half in (shuffled[:size], shuffled[size : 2 * size])
        )
        taus.append(tau(one, other))
    return float(np.mean(taus))


def mean_rank(ranks: Mapping[str, Ranks]) -> Ranks:
    """Mean rank of each component over networks, equally weighted: (components,)."""
    return np.mean(list(ranks.values()), axis=0)


def _ranks(trials: Sequence[Sequence[Trial]], values: Sequence[NDArray[np.float64]]) -> Ranks:
    means = [
        {stratum: float(part.mean()) for stratum, part in by_stratum(*component).items()}
        for component in zip(trials, values, strict=True)
    ]
    return mean_rank(
        {"/".join(stratum): rankdata([mean[stratum] for mean in means]) for stratum in means[0]}
    )


def _resampled_taus(
    one: NDArray[np.float64], other: NDArray[np.float64], draws: NDArray[np.int64]
) -> NDArray[np.float64]:
    """τ-b of each draw of components, (draws, n); 0 where a ranking has only ties.

    With c how often each component is drawn and s the signs of the differences of all pairs,
    C − D = ½ c·(s₁s₂)c and n₀ − t = ½ c·s²c: three products in place of a sort per draw.
    """
    counts = np.stack([np.bincount(draw, minlength=len(one)) for draw in draws]).astype(np.float64)
    first, second = (np.sign(ranking[:, None] - ranking) for ranking in (one, other))
    agreement, *untied = (
        ((counts @ pairs) * counts).sum(axis=1) for pairs in (first * second, first**2, second**2)
    )
    # No pair agrees where none is untied.
    return agreement / np.maximum(np.sqrt(untied[0] * untied[1]), 1.0)


def tau(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """τ-b; 0 where a ranking has only ties."""
    # The p-value is not used; it is cheap where it is asymptotic.
    result: Any = kendalltau(one, other, method="asymptotic")  # its type says too little
    return 0.0 if np.isnan(result.statistic) else float(result.statistic)
