"""Claim: the cost of history per record and per candidate hardly grows with a campaign.

Prints the cost of acknowledging an outcome and of sealing a generation at 1,000 and at `--records`
records, the cost of merging, and the time to open the larger history for a resume. Then it runs a
whole campaign that trains nothing and prints the engine's processor time per candidate, in the
mean, early and late; tracing and validation are not included and printed separately.

Usage: python benchmarks/bench_history.py [--quick] [--records N] [--candidates N]
"""

import resource
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TypeVar

import no_training
import numpy as np
import sklearn.datasets  # noqa: F401 # pyright: ignore[reportUnusedImport] - takes seconds
import torch
from sizes import Size, read_sizes

from archive.history.history import History
from archive.store import merging
from archive.store.segment import Segment
from evo.campaign.resume import replay
from evo.core.estimate import Estimate
from evo.core.records import BASELINE_OPERATOR, Candidate, Novelty, Record, Score, Status, TaskScore
from evo.core.seeds import child
from evo.core.stages import Stage
from evo.core.trials import Outcome, Trial
from evo.validation.validator import Validator

T = TypeVar("T")

SEALED = 200
"""Records per generation."""
SMALL = 1_000
WINDOW = 5
"""Generations at each size; the median counts."""


def main(records: int, candidates: int) -> None:
    """Measure history alone, then the engine, and print both."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        history_costs(Path(folder) / "history", records)
        engine_costs(Path(folder) / "engine", candidates)


def history_costs(folder: Path, records: int) -> None:
    """Print the cost of each operation of history at two sizes."""
    appended: dict[int, list[float]] = {}
    sealed: dict[int, list[float]] = {}
    merges: list[float] = []
    merge = merging.merge_segments

    def timed_merge(parts: Sequence[Segment], *, campaign: str) -> Segment:
        return timed(merges, merge, parts, campaign=campaign)

    merging.merge_segments = timed_merge
    size = 0
    with History.create(folder, config={}, environment={}) as history:
        known = record(0, 0)
        known = replace(known, candidate=replace(known.candidate, operator=BASELINE_OPERATOR))
        history.seal(0, [known], [known.id])
        for generation in range(1, 1 + records // SEALED + WINDOW):
            batch = [record(generation, place) for place in range(SEALED)]
            at = next((s for s in (SMALL, records) if 0 <= size - s < WINDOW * SEALED), 0)
            if at:
                for trained in batch:
                    timed(appended.setdefault(at, []), history.acknowledge, outcome(trained))
            before = sum(merges)
            seconds: list[float] = []
            timed(seconds, history.seal, generation, batch, [batch[0].id])
            if at:
                sealed.setdefault(at, []).append(seconds[0] - (sum(merges) - before))
            size += SEALED
    for name, costs in (("acknowledge an outcome", appended), ("seal 200 records", sealed)):
        few, many = median(costs[SMALL]), median(costs[records])
        fastest = np.quantile([*costs[SMALL], *costs[records]], 0.1)
        print(
            f"{name}: {1000 * few:.2f} ms at {SMALL:,} records, {1000 * many:.2f} ms at "
            f"{records:,}, ratio {many / few:.2f} (median wall time; 10th percentile "
            f"{1000 * fastest:.2f} ms, since a busy machine resumes waiting processes late)"
        )
    files = list((folder / "segments").iterdir())
    print(
        f"merging: {1000 * sum(merges) / (size // SEALED):.1f} ms per generation on average, "
        f"{max(merges, default=0.0):.2f} s at most, {len(merges)} merges"
    )
    print(
        f"on disk: {len(files)} files, {sum(f.stat().st_size for f in files) / size:.0f} bytes per "
        "record"
    )
    start, cpu = time.perf_counter(), time.process_time()
    with History.open(folder) as history:
        opened = time.perf_counter() - start
        state = no_training.fresh_state(history)
        replay(history, state)
    print(
        f"open {size:,} records for a resume: {time.perf_counter() - start:.2f} s, of which "
        f"checking every byte {opened:.2f} s; {time.process_time() - cpu:.2f} s of processor time; "
        f"{len(state.archive):,} in the novelty archive"
    )


def engine_costs(folder: Path, candidates: int) -> None:
    """Print the engine's processor time per candidate over a whole campaign, early and late."""
    config = no_training.configure([f"generations={candidates // 50}", "offspring=50"])
    apart = [0.0]
    checkpoints: list[tuple[int, float, float]] = []

    def watch(_: object) -> None:
        checkpoints.append((len(history.records), time.process_time(), apart[0]))

    with no_training.create(folder, config) as history, measured(Validator, "validate", apart):
        no_training.run(history, watch)
    parts = ((0.0, 1.0), (0.02, 0.13), (0.9, 1.0))
    mean, early, late = (_cost(checkpoints, *part) for part in parts)
    print(
        f"engine: {1000 * mean[0]:.2f} ms per candidate over {candidates:,}, "
        f"{1000 * early[0]:.2f} ms in the first tenth, {1000 * late[0]:.2f} ms in the last, ratio "
        f"{late[0] / early[0]:.2f} (processor time; tracing and validation in addition: "
        f"{', '.join(f'{1000 * cost[1]:.1f}' for cost in (mean, early, late))} ms)"
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process: {peak:.0f} MiB")


def _cost(
    checkpoints: Sequence[tuple[int, float, float]], start: float, stop: float
) -> tuple[float, float]:
    """Seconds per candidate within a part of a campaign: the engine's, and those of validation."""
    total = checkpoints[-1][0]
    before = [point for point in checkpoints if point[0] <= start * total] or checkpoints[:1]
    after = [point for point in checkpoints if point[0] >= stop * total]
    (first, cpu, apart), (last, cpu_end, apart_end) = before[-1], after[0]
    return (
        (cpu_end - cpu - (apart_end - apart)) / (last - first),
        (apart_end - apart) / (last - first),
    )


@contextmanager
def measured(owner: type, name: str, total: list[float]) -> Generator[None]:
    """Add the processor time of a method to a total while the context lasts."""
    method = getattr(owner, name)

    def measuring(*args: object) -> object:
        start = time.process_time()
        try:
            return method(*args)
        finally:
            total[0] += time.process_time() - start

    setattr(owner, name, measuring)
    try:
        yield
    finally:
        setattr(owner, name, method)


def timed(seconds: list[float], call: Callable[..., T], *args: object, **kwargs: object) -> T:
    """Call a function and append the wall time that it took."""
    start = time.perf_counter()
    result = call(*args, **kwargs)
    seconds.append(time.perf_counter() - start)
    return result


def record(generation: int, place: int) -> Record:
    """A record as large as in a real campaign: a third trained, a third of those in full."""
    rng = child(0, generation, place)
    source = f"import torch\n\n\ndef activation(x):\n    return x * {rng.random()}\n"
    source += "    # -\n" * 20
    candidate = Candidate(f"{generation:08x}{place:08x}", "activation", source, ("0" * 16,), "none")
    if place % 3:
        return Record(
            candidate, generation, Status.SCREENED_OUT, Stage.SCREEN, "not drawn", ("-" * 900,)
        )
    trials = tuple(
        Trial(rung, "digits", network, seed, 0.01, rng.random(), rng.random())
        for rung, seeds in ((0, 4), (1, 10 if place % 9 == 0 else 0))
        for network in no_training.NETWORKS
        for seed in range(seeds)
    )
    rate = Estimate(rng.random(), 0.0, 1.0)
    text = rng.standard_normal(384).astype(np.float32)
    return Record(
        candidate,
        generation,
        Status.EVALUATED,
        Stage.EVALUATE,
        graphs=("-" * 900,),
        text_vector=(text / np.linalg.norm(text)).astype(np.float32),
        behaviour_vector=rng.standard_normal(64).astype(np.float32),
        score=Score(
            trials[-1].rung, trials, rate, rate, rate, {"digits": TaskScore(0.5, 0.5, 0.3)}
        ),
        novelty=Novelty(0.1, 0.2, "0" * 16, "0" * 16),
        seconds=1.0,
    )


def outcome(trained: Record) -> Outcome:
    """An outcome as large as training returns."""
    trials = tuple(Trial(0, "digits", name, s, 0.01, 0.3, 0.9) for name in "abcd" for s in range(4))
    return Outcome(trained.id, 0, trials, 1.0)


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            records=Size(50_000, 2_000, "records of the larger history"),
            candidates=Size(3_000, 100, "candidates of the campaign that trains nothing"),
        )
    )
