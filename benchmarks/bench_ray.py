"""Claim: two workers by Ray train as much as two of this machine, and one driver feeds a thousand.

Both sides train the same baselines on the first rung of the default task, in processes that are
warm; prints the ratio of their wall times. Then jobs that end at once go through the same actors,
one by one: prints jobs per second and the processor time of this
process per job, which is what a thousand workers with jobs of five seconds (200 a second) would
take of it. Starts a Ray cluster on this machine.

Usage: python benchmarks/bench_ray.py [--quick] [--rounds N] [--repeats N] [--stubs N]
"""

import time
from statistics import median
from typing import NamedTuple

from sizes import Size, read_sizes

from evo.campaign import process
from evo.campaign.baselines import own_baselines
from evo.components.kinds import kinds
from evo.compute.engines.ray import Ray
from evo.compute.workers import Workers
from evo.config import Config
from evo.core.records import Outcome
from evo.evaluation.protocol import Job

WORKERS = 2


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


def main(rounds: int, repeats: int, stubs: int) -> None:
    """Time both engines in turn, and feed the actors."""
    baselines = own_baselines(kinds.get("activation")())
    jobs = [
        Job(f"{record.id}-{repeat}", record.graphs, 0)
        for record in baselines
        for repeat in range(repeats)
    ]
    engine = process.engine_of(Config(workers=WORKERS, compute="ray"))
    with (
        Workers(OneByOne(engine.work, engine.needs)) as by_ray,
        process.workers(Config(workers=WORKERS)) as local,
    ):
        seconds(by_ray, jobs[:4])
        seconds(local, jobs[:4])
        pairs = [(seconds(local, jobs), seconds(by_ray, jobs)) for _ in range(rounds)]
        for what, ratios in (
            ("throughput", [ours.wall / theirs.wall for ours, theirs in pairs]),
            ("trainings per processor second", [o.processors / t.processors for o, t in pairs]),
        ):
            print(
                f"{what} by Ray / local = {median(ratios):.2f} "
                f"({min(ratios):.2f} to {max(ratios):.2f})"
            )
        feed(by_ray, stubs)


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            rounds=Size(3, 1, "measurements of each side"),
            repeats=Size(1, 1, "trainings of each baseline per measurement"),
            stubs=Size(5000, 200, "jobs that end at once"),
        )
    )
