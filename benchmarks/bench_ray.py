"""Claim: two workers by Ray train as much as two of this machine, and one driver feeds a thousand.

Both sides train the same baselines on the first rung of the default task, in processes that are
warm, in short blocks that alternate (local, Ray, Ray, local, ...), so that what else the machine
does hits both alike; prints the geometric mean of the paired ratios of their wall times with its
95 % interval (Student, of the logarithms). Then jobs that end at once go through the same actors,
one by one: prints jobs per second and the processor time of this
process per job, which is what a thousand workers with jobs of five seconds (200 a second) would
take of it. Starts a Ray cluster on this machine.

Usage: python benchmarks/bench_ray.py [--quick] [--pairs N] [--stubs N]
"""

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from sizes import Size, read_sizes

from evo.campaign import process
from evo.campaign.config import Config
from evo.components.kinds import kinds
from evo.compute.engines.ray import Ray
from evo.compute.workers import Workers
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job
from evo.evaluation.statistics.mean import student_mean
from evo.validation.baselines import own_baselines

WORKERS = 2
BLOCK = 6
"""Trainings of a block."""


class OneByOne(Ray):
    """Every job in a message of its own, as long trainings are."""

    batch_s = 0.0


class Seconds(NamedTuple):
    """Time of a round: until the last outcome has arrived, and of processors that trained."""

    wall: float
    processors: float


def seconds(pool: Workers, jobs: list[Job]) -> Seconds:
    """Time of training the jobs."""
    start = time.perf_counter()
    outcomes = list(pool.run(jobs))
    assert len(outcomes) == len(jobs)
    assert not any(outcome.error for outcome in outcomes)
    return Seconds(time.perf_counter() - start, sum(outcome.seconds for outcome in outcomes))


def feed(pool: Workers, number: int) -> None:
    """Have workers refuse what is no graph: a job that costs nothing but its way."""
    jobs = [Job(f"stub-{place}", ("none",), 0) for place in range(number)]
    start, processor = time.perf_counter(), time.process_time()
    outcomes: list[Outcome] = list(pool.run(jobs))
    wall_s, processor_s = time.perf_counter() - start, time.process_time() - processor
    assert all(outcome.error for outcome in outcomes)
    print(
        f"{number:,} jobs that end at once: {number / wall_s:,.0f} jobs/s, "
        f"{1000 * processor_s / number:.2f} ms of the driver's processor each; 200 jobs/s take "
        f"{200 * processor_s / number:.0%} of one"
    )


def paired(what: str, ratios: Sequence[float]) -> None:
    """Print the geometric mean of ratios and its interval."""
    mean = np.exp(student_mean(np.log(np.array(ratios))))
    print(
        f"{what} by Ray / local = {mean[0]:.3f} [{mean[1]:.3f}, {mean[2]:.3f}] over {len(ratios)} "
        f"pairs ({min(ratios):.2f} to {max(ratios):.2f})"
    )


def main(pairs: int, stubs: int) -> None:
    """Time both engines in turn, and feed the actors."""
    baselines = own_baselines(kinds.get("activation")())
    jobs = [Job(record.id, record.graphs, 0) for record in baselines[:BLOCK]]
    engine = process.engine_of(Config(workers=WORKERS, compute="ray"))
    with (
        Workers(OneByOne(engine.work, engine.needs)) as by_ray,
        process.workers(Config(workers=WORKERS)) as local,
    ):
        for pool in (by_ray, local):
            seconds(pool, jobs)
        timed: list[tuple[Seconds, Seconds]] = []
        for number in range(pairs):
            if number % 2:
                theirs = seconds(by_ray, jobs)
                timed.append((seconds(local, jobs), theirs))
            else:
                timed.append((seconds(local, jobs), seconds(by_ray, jobs)))
        paired("throughput", [ours.wall / theirs.wall for ours, theirs in timed])
        paired(
            "trainings per processor second",
            [ours.processors / theirs.processors for ours, theirs in timed],
        )
        feed(by_ray, stubs)


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            pairs=Size(20, 2, "pairs of blocks of six trainings"),
            stubs=Size(5000, 200, "jobs that end at once"),
        )
    )
