"""Claim: one driver feeds a thousand workers with jobs of five seconds.

Starts a Ray cluster on this machine whose workers train nothing: each answers a job after some
seconds, one job after the other, as an actor does. A process of Ray stands for many of them, since
a thousand processes have no room here; the driver handles a thousand actors all the same. Prints
jobs per second and the share of what as many workers could do, the processor time of the driver per
job, and its peak memory.

Usage: python benchmarks/bench_thousand.py [--quick] [--workers N] [--jobs N] [--tenths N]
"""

import asyncio
import resource
import time
from collections import defaultdict
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import ray
from sizes import Size, read_sizes

from evo.compute.engines.ray import Ray
from evo.compute.ray_actors import Actor
from evo.compute.remote import greeting
from evo.compute.settings import Needs
from evo.compute.work import Work
from evo.compute.workers import Workers
from evo.core.trials import Outcome, Trial
from evo.evaluation.protocol import Job, Protocol

PROCESSES = 4
"""Processes of Ray that stand for the workers."""
GRAPHS = ("-" * 900,)
"""A text as long as that of a graph."""


class Stubs:
    """Many workers in one process: each waits instead of training."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._busy: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def train(self, worker: int, jobs: Sequence[Job]) -> tuple[Outcome, ...]:
        """The outcomes of jobs, in order, each as large as a real one."""
        async with self._busy[worker]:
            await asyncio.sleep(self._seconds * len(jobs))
        trials = tuple(
            Trial(0, "digits", name, s, 0.01, 0.3, 0.9) for name in "abcd" for s in range(4)
        )
        return tuple(Outcome(job.id, 0, trials, self._seconds) for job in jobs)


class StubbedRay(Ray):
    """The engine for Ray, with workers that wait."""

    batch_s = 0.0

    def __init__(self, workers: int, seconds: float) -> None:
        # No task: there are no data to share.
        super().__init__(Work("activation", (), Protocol(), "cpu"), Needs(workers))
        self._seconds = seconds
        self._processes: list[Any] = []
        self._number = 0

    def new_actor(self) -> Actor:
        """A worker of one of the processes."""
        if not self._processes:
            remote = ray.remote(Stubs).options(num_cpus=0, max_concurrency=100_000)
            self._processes = [remote.remote(self._seconds) for _ in range(PROCESSES)]
        process, number = self._processes[self._number % PROCESSES], self._number
        self._number += 1

        def train(jobs: Sequence[Job]) -> Any:
            return process.train.remote(number, jobs)

        greet = SimpleNamespace(remote=lambda: ray.put(greeting("")))
        return Actor(SimpleNamespace(greet=greet, train=SimpleNamespace(remote=train)))


def main(workers: int, jobs: int, tenths: int) -> None:
    """Feed the workers."""
    seconds, number = tenths / 10, workers * jobs
    with Workers(StubbedRay(workers, seconds)) as pool:
        list(pool.run([Job(f"warm-{place}", GRAPHS, 0) for place in range(workers)]))
        start, processor = time.monotonic(), time.process_time()
        outcomes = list(pool.run([Job(str(place), GRAPHS, 0) for place in range(number)]))
        wall_s, processor_s = time.monotonic() - start, time.process_time() - processor
    assert len(outcomes) == number
    assert not any(outcome.error for outcome in outcomes)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{workers:,} workers in {PROCESSES} processes, {number:,} jobs of {seconds:g} s: "
        f"{number / wall_s:,.0f} jobs/s, {number * seconds / workers / wall_s:.0%} of what they "
        f"can do; driver {1000 * processor_s / number:.2f} ms of its processor per job, "
        f"{processor_s / wall_s:.0%} of one, peak memory {peak:.0f} MiB"
    )


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            workers=Size(1000, 20, "workers"),
            jobs=Size(10, 5, "jobs of each"),
            tenths=Size(50, 2, "tenths of a second per job"),
        )
    )
