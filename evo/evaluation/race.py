"""Racing: who cannot survive a rung any more stops training, before its trials are spent.

A heat is a few seeds for every candidate that is still in the race. After each, a candidate falls
behind once the 95 % interval of its difference to the last one that would survive lies below zero.
The difference is taken trial by trial, since both saw the same weights, batches and test data
(Maron & Moore 1997, Hoeffding races; Birattari et al. 2002, F-Race).
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import stdtrit

from evo.core.arrays import Floats


def still_racing(results: Mapping[str, Sequence[Floats]], *, places: int) -> set[str]:
    """Who may still be among the best `places`, the best `places` by now always included.

    Args:
        results: for each candidate an array (seeds,) per task and network, higher is better. All
            candidates have the same strata and seeds.
        places: how many survive the rung.
    """
    ranked = sorted(results, key=lambda id_: (-_centre(results[id_]), id_))
    leaders = ranked[:places]
    if not leaders:
        return set(ranked)
    last = results[leaders[-1]]
    return {
        *leaders,
        *(id_ for id_ in ranked[places:] if _upper(results[id_], last) >= 0),
    }


def _centre(strata: Sequence[Floats]) -> float:
    return float(np.mean([stratum.mean() for stratum in strata]))


def _upper(strata: Sequence[Floats], rival: Sequence[Floats]) -> float:
    """Upper end of Student's 95 % interval of the mean difference, strata weighing equally."""
    differences = [own - theirs for own, theirs in zip(strata, rival, strict=True)]
    variance = sum(d.var(ddof=1) / len(d) for d in differences) / len(differences) ** 2
    freedom = sum(len(d) - 1 for d in differences)
    reach = float(stdtrit(freedom, 0.975)) * math.sqrt(variance)
    return _centre(differences) + reach
