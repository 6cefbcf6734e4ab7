"""A large campaign written record by record: nothing of it was proposed or trained.

Its candidates are those of a small campaign that trains nothing, over and over under other ids,
with margins that climb, so that graphs, sources, trials and reasons are as in a real one.
"""

from dataclasses import replace
from pathlib import Path

import no_training
import numpy as np

from archive.history.history import History
from archive.history.reader import Reader
from evo.core.estimate import Estimate
from evo.core.records import Record, Status


def write_small_campaign(folder: Path, *settings: str) -> None:
    """A finished campaign that trained nothing, of some two hundred candidates."""
    sizes = ["generations=5", "population=8", "offspring=40", "trainings=24"]
    config = no_training.configure([*sizes, *settings])
    with no_training.create(folder, config) as history:
        no_training.run(history, lambda _: None)


def write_large_campaign(
    folder: Path, small: Path, *, candidates: int, per_generation: int = 200, first: int = 0
) -> None:
    """Write a campaign of this size from the records of a small one.

    Args:
        folder: new.
        small: a campaign written by `write_small_campaign`.
        candidates: number of proposals.
        per_generation: proposals per generation.
        first: number of the first candidate; ids and draws follow from it.
    """
    reader = Reader.read(small)
    records = list(reader.records)
    baselines = [record for record in records if record.is_baseline]
    models = [record for record in records if record.is_proposal]
    generations = candidates // per_generation
    config = {**reader.config, "generations": generations}
    rng = np.random.default_rng(first)
    parents = [record.id for record in baselines]
    with History.create(folder, config=config, environment=reader.environment) as history:
        history.seal(0, baselines, parents)
        for generation in range(1, generations + 1):
            members = [
                _copied(
                    models[int(rng.integers(len(models)))],
                    number=first + generation * per_generation + place,
                    generation=generation,
                    progress=generation / generations,
                    parents=tuple(rng.choice(parents, 2)),
                    rng=rng,
                )
                for place in range(per_generation)
            ]
            trained = [record.id for record in members if record.status is Status.EVALUATED]
            parents = trained or parents
            history.seal(generation, members, parents[:16])


def _copied(
    record: Record,
    *,
    number: int,
    generation: int,
    progress: float,
    parents: tuple[str, ...],
    rng: np.random.Generator,
) -> Record:
    """A record under another id, with another margin and other neighbours."""
    known = len(record.candidate.parents)
    candidate = replace(
        record.candidate,
        id=f"{number * 2654435761 % 2**64:016x}",
        parents=tuple(str(parent) for parent in parents[:known]),
        source=record.candidate.source + f"    # candidate {number}\n",
    )
    changed = replace(record, candidate=candidate, generation=generation)
    if record.score is None or record.novelty is None:
        return changed
    margin = float(np.clip(rng.normal(progress - 0.8, 0.4), -3, 3))
    rate = float(1 / (1 + np.exp(-3 * margin)))
    noise = rng.normal(0, 0.05, record.behaviour_vector.shape).astype(np.float32)
    return replace(
        changed,
        behaviour_vector=record.behaviour_vector + noise,
        score=replace(
            record.score,
            b_wr=Estimate(rate, max(0.0, rate - 0.1), min(1.0, rate + 0.1)),
            bsota_wr=Estimate(rate**2, max(0.0, rate**2 - 0.1), min(1.0, rate**2 + 0.1)),
            margin=Estimate(margin, margin - 0.1, margin + 0.1),
        ),
        novelty=record.novelty._replace(behaviour=float(rng.gamma(2, 0.1))),
    )
