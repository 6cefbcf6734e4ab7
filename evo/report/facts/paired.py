"""Paired differences as facts: their mean, its interval, an effect size and p."""

import math
from typing import Any

import numpy as np

from evo.core.arrays import Floats
from evo.core.seeds import child
from evo.evaluation.statistics.mean import student_mean
from evo.evaluation.statistics.paired_test import sign_flip_p

_MOST_EXACT = 40
"""Differences whose signs are all tried: time and memory double with every second one more."""
_SAMPLED = 20_000


def difference_facts(differences: Floats) -> dict[str, Any]:
    """Mean, interval, standardised effect size and uncorrected p of paired differences."""
    if len(differences) < 2:
        mean = float(differences[0]) if len(differences) else None
        return {"mean": mean, "ci": None, "d": None, "p": None}
    estimate = student_mean(differences)
    deviation = float(differences.std(ddof=1))
    return {
        "mean": estimate.value,
        "ci": [estimate.low, estimate.high],
        "d": estimate.value / deviation if deviation and math.isfinite(deviation) else None,
        "p": _two_sided_p(differences),
    }


def _two_sided_p(differences: Floats) -> float:
    """By all signs; of many differences by a sample of signs, which is always the same."""
    if len(differences) <= _MOST_EXACT:
        return min(1.0, 2 * min(sign_flip_p(differences), sign_flip_p(-differences)))
    rng = child(0, "sign flips", len(differences))
    flipped = (rng.integers(0, 2, (_SAMPLED, len(differences))) * 2 - 1) @ differences
    beyond = int(np.count_nonzero(np.abs(flipped) >= abs(differences.sum()) * (1 - 1e-9)))
    return (beyond + 1) / (_SAMPLED + 1)
