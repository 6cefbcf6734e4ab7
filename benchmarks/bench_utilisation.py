"""Claim: large generations, copies of stragglers and a lag keep nine tenths of 128 workers busy.

Simulates campaigns: generations of heats, each a barrier, on workers that train, straggle and are
lost with their machines. How long trainings take was measured: 1,344 of two strategies on the
default networks, November 2026. One training in 20 takes three to ten times as long, and a machine
of eight workers is lost once in a hundred hours, for two minutes. Prints the share of the workers'
time in which they train, and that which goes into results, for the search strategies by shape
(leaders measured again or not, proposals per training and late in the campaign), number of workers
and way of working:

    today         32 trainings per generation, whatever the number of workers
    12 per worker trainings per generation
    copies        idle workers train what straggles too
    a lag of n    a generation begins while the n before it still train (`overlap`)

Usage: python benchmarks/bench_utilisation.py [--quick] [--generations N] [--most N]
"""

import heapq
import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import NamedTuple

import numpy as np
from sizes import Size, read_sizes

QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)
FACTORS = (0.40, 0.46, 0.57, 0.79, 1.0, 1.33, 2.30, 2.76, 3.99)
"""Measured: duration of a first heat over its median, at these quantiles."""
STRAGGLERS, SLOWER = 0.05, (3.0, 10.0)
NODE, LOSSES_PER_HOUR, AWAY_S = 8, 0.01, 120.0
HEATS = ((1.0, 2.4), (1 / 3, 7.2), (0.3, 3.6))
"""Share of a generation that trains in each heat, and its median in seconds."""
FRESH_S = 6.0
"""Median of a second measurement."""
OWN_S = 0.01
"""Seconds of the engine per proposed candidate, in which its generation trains nothing."""
COPY_AFTER = 2.5
"""A training that has taken as many times the median is copied."""


class Shape(NamedTuple):
    """Properties of a search strategy that decide its time.

    Attributes:
        leaders: candidates that are measured again.
        proposals: per training.
        late: proposals per training in the last quarter of the generations.
    """

    leaders: int
    proposals: float
    late: float


SHAPES = {
    "evolution, islands, portfolio, niches": Shape(3, 1.5, 6.0),
    "… unscreened": Shape(3, 1.5, 1.5),
    "hill, best-of-n, random, nsga2": Shape(0, 1.5, 1.5),
    "screened throughout": Shape(3, 6.0, 6.0),
}


class Way(NamedTuple):
    """A way of working."""

    per_worker: float
    copies: bool
    overlap: int


WAYS = {
    "today": Way(0, False, 0),
    "12 per worker": Way(12, False, 0),
    "… and copies": Way(12, True, 0),
    "… and a lag of 1": Way(12, True, 1),
    "… of 3": Way(12, True, 3),
    "24, copies, a lag of 1": Way(24, True, 1),
    "24, copies, of 3": Way(24, True, 3),
}


class Shares(NamedTuple):
    """Shares of the workers' time.

    Attributes:
        busy: in which they trained.
        useful: that went into results, without what was copied, or lost with a machine.
    """

    busy: float
    useful: float


@dataclass
class Stage:
    """A heat of a generation: its jobs wait for workers, and the next heat for all of them."""

    generation: int
    left: int
    median_s: float


class Training(NamedTuple):
    """The present occupation of a worker."""

    stage: Stage
    job: int
    start: float


def stages(number: int, trainings: int, shape: Shape) -> Iterator[Stage]:
    """The heats of a generation, in order."""
    for share, median_s in HEATS:
        yield Stage(number, math.ceil(trainings * share), median_s)
    if shape.leaders:
        yield Stage(number, shape.leaders, FRESH_S)
        yield Stage(number, 1, FRESH_S)


class Simulation:
    """A campaign on workers, event by event.

    Args:
        workers: of the cluster.
        way: of working.
        shape: of the search.
        generations: of the campaign.
        seed: of durations and losses.
    """

    def __init__(
        self, workers: int, way: Way, shape: Shape, *, generations: int, seed: int = 0
    ) -> None:
        trainings = max(32, round(way.per_worker * workers))
        self._rng = np.random.default_rng(seed)
        self._workers = self._idle = workers
        self._way = way
        late = math.ceil(3 * generations / 4)
        proposals = [shape.proposals if n < late else shape.late for n in range(generations)]
        self._own_s = [OWN_S * trainings * per_training for per_training in proposals]
        self._ahead = [deque(stages(n, trainings, shape)) for n in range(generations)]
        self._begun = self._sealed = 0
        self._now = self._busy_s = self._useful_s = 0.0
        self._numbers = count()
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._running: dict[int, Training] = {}
        self._waiting: list[tuple[int, int, Stage]] = []
        self._copied: set[int] = set()

    def shares(self) -> Shares:
        """Run the campaign; shares of the workers' time."""
        self._begin_next()
        self._after(self._until_loss(), self._lose_machine)
        if self._way.copies:
            self._after(1.0, self._copy_stragglers)
        while self._sealed < len(self._ahead):
            self._now, _, act = heapq.heappop(self._events)
            act()
            while self._idle and self._waiting:
                _, job, stage = heapq.heappop(self._waiting)
                self._start(stage, job)
        whole_s = self._workers * self._now
        return Shares(self._busy_s / whole_s, self._useful_s / whole_s)

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self._now + seconds, next(self._numbers), act))

    def _begin_next(self) -> None:
        """Propose the next generation, unless it must wait for one to be sealed."""
        if self._begun < len(self._ahead) and self._begun <= self._sealed + self._way.overlap:
            self._after(self._own_s[self._begun], partial(self._begin, self._begun))
            self._begun += 1

    def _begin(self, generation: int) -> None:
        self._next_heat(generation)
        self._begin_next()

    def _next_heat(self, generation: int) -> None:
        stage = self._ahead[generation].popleft()
        for _ in range(stage.left):
            heapq.heappush(self._waiting, (generation, next(self._numbers), stage))

    def _start(self, stage: Stage, job: int, *, may_straggle: bool = True) -> None:
        seconds = stage.median_s * float(np.interp(self._rng.random(), QUANTILES, FACTORS))
        if may_straggle and self._rng.random() < STRAGGLERS:
            seconds *= self._rng.uniform(*SLOWER)
        self._idle -= 1
        number = next(self._numbers)
        self._running[number] = Training(stage, job, self._now)
        self._after(seconds, partial(self._end, number))

    def _stop(self, number: int) -> Training:
        training = self._running.pop(number)
        self._busy_s += self._now - training.start
        self._idle += 1
        return training

    def _end(self, number: int) -> None:
        if number not in self._running:  # it was lost, or its copy was quicker
            return
        stage, job, start = self._stop(number)
        self._useful_s += self._now - start
        if job in self._copied:
            for other in [n for n, one in self._running.items() if one.job == job]:
                self._stop(other)
        stage.left -= 1
        if not stage.left and self._ahead[stage.generation]:
            self._next_heat(stage.generation)
        elif not stage.left:
            self._sealed += 1
            self._begin_next()

    def _until_loss(self) -> float:
        rate = max(1, self._workers // NODE) * LOSSES_PER_HOUR / 3600
        return float(self._rng.exponential(1 / rate))

    def _lose_machine(self) -> None:
        for victim in map(int, self._rng.permutation(list(self._running))[:NODE]):
            stage, job, _ = self._stop(victim)
            self._idle -= 1
            if all(one.job != job for one in self._running.values()):
                heapq.heappush(self._waiting, (stage.generation, job, stage))
            self._after(AWAY_S, self._come_back)
        self._after(self._until_loss(), self._lose_machine)

    def _come_back(self) -> None:
        self._idle += 1

    def _copy_stragglers(self) -> None:
        """Have idle workers train what takes long too; looked at every second."""
        late = [
            one
            for one in self._running.values()
            if self._now - one.start > COPY_AFTER * one.stage.median_s
            and one.job not in self._copied
        ]
        for stage, job, _ in late[: self._idle if not self._waiting else 0]:
            self._copied.add(job)
            self._start(stage, job, may_straggle=False)
        self._after(1.0, self._copy_stragglers)


def main(generations: int, most: int) -> None:
    """Print the table."""
    counts = [number for number in (2, 16, 128, 1000) if number <= most]
    print(
        "utilisation: busy, useful".ljust(26), *(f"{number:>12,}" for number in counts), "workers"
    )
    for name, shape in SHAPES.items():
        print(name)
        for title, way in WAYS.items():
            results = [
                Simulation(number, way, shape, generations=generations).shares()
                for number in counts
            ]
            print(f"  {title:<24}", *(f"   {one.busy:4.2f} {one.useful:4.2f}" for one in results))


if __name__ == "__main__":
    main(
        **read_sizes(
            __doc__,
            generations=Size(8, 2, "generations of each campaign"),
            most=Size(1000, 16, "workers of the largest cluster"),
        )
    )
