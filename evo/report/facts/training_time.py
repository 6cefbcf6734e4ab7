"""Training time of a candidate beside that of the known components of its campaign."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from evo.core.records import Record


def time_over_baselines(record: Record, records: Iterable[Record]) -> float | None:
    """Processor time of a candidate's trainings over the median baseline's.

    None unless baselines trained the same trials, as they did where it was evaluated in full.
    """
    if record.score is None or record.seconds <= 0:
        return None
    trained = _trials_by_rung(record)
    times = [
        other.seconds
        for other in records
        if other.is_baseline and other.score is not None and _trials_by_rung(other) == trained
    ]
    median = float(np.median(times)) if times else 0.0
    return record.seconds / median if median > 0 else None


def _trials_by_rung(record: Record) -> Counter[int]:
    return Counter(trial.rung for trial in record.scored.trials)
