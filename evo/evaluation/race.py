"""Racing: stop candidates that can no longer survive a rung, before their trials are spent.

A heat is a few seeds for every candidate that is still in the race. After each heat, a candidate is
stopped if the 95 % interval of its difference to the last surviving rank lies below zero. The
difference is paired by trial, since both saw the same weights, batches and test data (Maron & Moore
1997, Hoeffding races; Birattari et al. 2002, F-Race).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from evo.core.arrays import Floats
from evo.evaluation.statistics.mean import stratified_mean


def still_racing(results: Mapping[str, Sequence[Floats]], *, survivors: int) -> set[str]:
    """Ids of candidates that may still survive the rung; those that lead now always may.

    Args:
        results: by candidate id, one array (seeds,) per stratum, higher is better. All candidates
            have the same strata and seeds.
        survivors: how many candidates survive the rung.
    """
    ranked = sorted(results, key=lambda id_: (-_mean(results[id_]), id_))
    leaders = ranked[:survivors]
    if not leaders:
        return set(ranked)
    last = results[leaders[-1]]
    return {
        *leaders,
        *(id_ for id_ in ranked[survivors:] if _upper(results[id_], last) >= 0),
    }


def _mean(strata: Sequence[Floats]) -> float:
    return float(np.mean([stratum.mean() for stratum in strata]))


def _upper(strata: Sequence[Floats], rival: Sequence[Floats]) -> float:
    """Upper end of Student's 95 % interval of the mean difference; strata weigh equally."""
    differences = [mine - theirs for mine, theirs in zip(strata, rival, strict=True)]
    return stratified_mean([differences]).estimate().high
