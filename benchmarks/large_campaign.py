"""A large campaign written record by record: nothing of it was proposed or trained.

Its candidates are those of a small campaign that trains nothing, over and over under other ids,
with margins that climb, so that graphs, sources, trials and reasons are as in a real one.
"""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import no_training
import numpy as np

from archive.history.history import History
from archive.history.reader import Reader
from archive.store.hdf5 import opened
from archive.store.journal import Journal
from archive.store.record_columns import digest, slice_columns
from archive.store.segment import GENERATION, SURVIVOR, generation_columns, write_segment
from archive.store.tables import (
    Columns,
    Slice,
    cut_lists,
    pack_table,
    pack_texts,
    unpack_texts,
)
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


def write_huge_campaign(folder: Path, large: Path, *, times: int) -> None:
    """Write a campaign that repeats a large one under other ids, a segment at a time.

    No record is encoded again, so that a million take a minute.

    Args:
        folder: new.
        large: a campaign written by `write_large_campaign`, all of it in one segment.
        times: number of repetitions.
    """
    reader = Reader.read(large)
    baselines = [record for record in reader.records if record.is_baseline]
    number = reader.generation
    (path,) = (large / "segments").iterdir()
    with opened(path) as file:
        offsets = file["generation.offsets"][1:]
        columns = slice_columns(file.take, int(offsets[0]), int(offsets[-1]))
        columns |= cut_lists(file.take, "survivor", SURVIVOR, 1, number + 1)
    kept = {record.id for record in baselines}
    config = {**reader.config, "generations": times * number}
    with History.create(folder, config=config, environment=reader.environment) as history:
        history.seal(0, baselines, sorted(kept))
    for repetition in range(times):
        numbers = range(1 + repetition * number, 1 + (repetition + 1) * number)
        repeated = _renamed(columns, kept, number=repetition)
        repeated["record.generation"] = columns["record.generation"] + repetition * number
        take = _slicing(repeated)
        rows = [
            (generation, digest(generation_columns(take, place, *span)), False)
            for place, (generation, span) in enumerate(
                zip(numbers, pairwise((offsets - offsets[0]).tolist()), strict=True)
            )
        ]
        repeated |= pack_table("generation", GENERATION, rows)
        repeated["generation.offsets"] = offsets - offsets[0]
        write_segment(folder / "segments", numbers, repeated, history.id)
    Journal.start(folder / "journal", times * number + 1, campaign=history.id).close()


def _slicing(columns: Columns) -> Slice:
    return lambda name, start, stop: columns[name][start:stop]


def _renamed(columns: Columns, kept: set[str], *, number: int) -> Columns:
    """Columns in which candidates have other ids, all but those kept."""
    changed = dict(columns)
    for name in ("record.id", "parent.id", "survivor.id"):
        ids = unpack_texts(columns, name)
        other = [id_ if id_ in kept else f"{number:04x}{id_[4:]}" for id_ in ids]
        changed |= pack_texts(name, other)
    return changed


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
