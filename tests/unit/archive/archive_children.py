"""Programs of child processes that tests kill or watch."""

from dataclasses import replace
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from support import archive_samples as samples

from archive.history.history import History
from archive.store.merging import LIMITS, MergeLimits
from evo.core.trials import JobKey

SIZE = 8
"""Candidates a generation."""


def evolve(
    folder: Path,
    life: int,
    acknowledged: Connection,
    generations: int | None,
    merge_limits: MergeLimits = LIMITS,
) -> None:
    """Acknowledge and seal; tell each id with its cost once it is acknowledged.

    The cost names this life, so that a result which was paid twice would show.
    """
    with History.open(folder, merge_limits=merge_limits) as history:
        for generation in count(history.generation + 1):
            if generations is not None and generation >= generations:
                return
            numbers = range(generation * SIZE, (generation + 1) * SIZE)
            for number in numbers:
                key = JobKey(f"candidate-{number}", 0, 0)
                if key not in history.outcomes:
                    history.acknowledge(replace(samples.outcome(number), seconds=float(life)))
                    acknowledged.send((number, float(life)))
            records = [
                replace(
                    samples.record(number, generation=generation),
                    seconds=history.outcomes[JobKey(f"candidate-{number}", 0, 0)].seconds,
                )
                for number in numbers
            ]
            history.seal(generation, records, [records[0].id])
