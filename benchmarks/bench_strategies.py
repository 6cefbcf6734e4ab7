"""What each search strategy finds, compared with the default one at equal evaluations.

A campaign a strategy and seed, on the digits; each goes on until exactly N of its candidates have
trained. The seeds are the same for all. So that it takes minutes, candidates train by a reduced
protocol (one network, 5 epochs, 4 seeds, two learning rates) and nobody is stopped early. Text
N-scores play no part in selection, so sources are not embedded.

Prints for each strategy, as means over seeds with Student's 95 % interval:

    hypervolume   of B-WR against behaviour N-score, from (0, 0), of the N that trained
    best          their highest B-WR, as the search saw it
    fresh         the same candidate's on ten fresh trials of 10 epochs at four rates
    diversity     mean RMS distance of behaviour between two of the N

and then the differences from the default, paired by seed. Among so many intervals of 95 % some
leave 0 out where there is no difference: one in twenty.

Usage: python benchmarks/bench_strategies.py [SEEDS [TRAININGS [FIRST_SEED]]]
"""

import sys
from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from equal_trainings import Trainer, first_trained, fresh_rate, over_seeds, rate, records_of
from no_training import HashedText

from archive.novelty.novelty_archive import rms_distance
from archive.pareto import hypervolume
from evo.campaign import build
from evo.config import Config, parse
from evo.core.records import Record
from evo.evaluation.protocol import Protocol, Rung
from evo.evaluation.rungs import Runner
from evo.validation.sandbox.sandbox import Sandbox

EACH = 5
"""Trainings a generation; more are proposed, since some are known or refused."""
DEFAULT = "default: nsga2, tournament"
STRATEGIES: dict[str, dict[str, Any]] = {
    DEFAULT: {},
    "survival: niches": {"survival": "niches"},
    "parents: uniform": {"parents": "uniform"},
    "parents: rank": {"parents": "rank"},
    "parents: novelty-first": {"parents": "novelty-first"},
    "islands: 2": {"islands": 2, "migrate_every": 2, "migrants": 1},
}
PROTOCOL = Protocol(
    rungs=(Rung(epochs=5, seeds=4, networks=1),), keep=1.0, learning_rates=(0.003, 0.01)
)
FRESH = Protocol(
    rungs=(Rung(epochs=10, seeds=10, networks=1),), keep=1.0, first_seed=1000, rate_seeds=10
)


class Result(NamedTuple):
    """What a campaign came to; see above."""

    hypervolume: float
    best: float
    fresh: float
    diversity: float


def configuration(selection: dict[str, Any], *, seed: int) -> Config:
    """A small campaign with a population of 8."""
    values = {
        "seed": seed,
        "generations": 200,
        "population": 8,
        "offspring": 8,
        "trainings": EACH,
        "selection": selection,
        "workers": 1,
        "device": "cpu",
        "protocol": PROTOCOL,
    }
    return parse(values, where="bench_strategies")


def result(records: Sequence[Record], trainings: int, retrain: Runner) -> Result:
    """What the records of a campaign come to."""
    trained = first_trained(records, trainings)
    arrived = [record for record in trained if record.novelty is not None]
    points = [[rate(r), r.novelty.behaviour] for r in arrived if r.novelty is not None]
    best = max(trained, key=rate)
    pairs = combinations([record.behaviour_vector for record in arrived], 2)
    return Result(
        hypervolume(points, [0.0, 0.0]),
        rate(best),
        fresh_rate(best, records, retrain),
        float(np.mean([rms_distance(one, other[None])[0] for one, other in pairs])),
    )


def main(seeds: int, trainings: int, first_seed: int) -> None:
    """A line a campaign, and in the end both tables."""
    results: dict[str, list[Result]] = {name: [] for name in STRATEGIES}
    config = configuration({}, seed=0)
    with (
        build.workers(config) as workers,
        build.workers(config.model_copy(update={"protocol": FRESH})) as others,
        Sandbox() as sandbox,
    ):
        train, retrain = Trainer(workers.run), Trainer(others.run)
        for seed in range(first_seed, first_seed + seeds):
            for name, selection in STRATEGIES.items():
                records = records_of(
                    configuration(selection, seed=seed),
                    trainings,
                    sandbox=sandbox,
                    text=HashedText(),
                    train=train,
                    keys={},
                )
                results[name].append(result(records, trainings, retrain))
                print(f"seed {seed}, {name}: {results[name][-1]}", flush=True)
    print(f"\n{seeds} seeds, {trainings} trainings of each\n")
    print(f"| strategy | {' | '.join(Result._fields)} |\n|{'---|' * (1 + len(Result._fields))}")
    for name, found in results.items():
        cells = [over_seeds([getattr(r, what) for r in found]) for what in Result._fields]
        print(f"| {name} | {' | '.join(cells)} |")
    print(f"\n| ahead of the default | {' | '.join(Result._fields)} |")
    print(f"|{'---|' * (1 + len(Result._fields))}")
    for name, found in results.items():
        if name != DEFAULT:
            ahead = np.subtract(found, results[DEFAULT]).T
            print(f"| {name} | {' | '.join(over_seeds(row.tolist(), '+') for row in ahead)} |")


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*given, *(8, 40, 0)[len(given) :])
