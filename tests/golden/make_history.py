"""Write the golden campaign of the present history format: `python tests/golden/make_history.py`.

Run it from the root of the checkout, only when the format changes before a release; a released
format's campaign must never be written again. It is a real search over activations and
regularizers whose losses are drawn from ids in place of training, stopped within generation 3, so
that the journal holds outcomes. Beside it stands its export, which the tests compare.
"""

import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

import no_training  # noqa: E402

from archive.history.export import export_records  # noqa: E402
from archive.history.history import History  # noqa: E402
from archive.history.reader import Reader  # noqa: E402
from evo.core.records import Outcome  # noqa: E402
from evo.evaluation.protocol import Job  # noqa: E402

SETTINGS = (
    *("kind=activation+regularizer", "population=6", "offspring=8", "trainings=4"),
    *("generations=4", "seed=18", "protocol.strengths=[1.0]"),
    "protocol.rungs=[{epochs = 1, seeds = 5}, {epochs = 2, seeds = 5}]",
    *("protocol.rate_seeds=2", "protocol.heat_seeds=2"),
    # Named, so that other defaults write no other campaign.
    *("selection.survival=nsga2", "selection.parents=tournament"),
    *("reward.screening=true", "reward.first_generation=3"),
    *("reward.over_propose=3", "reward.random_share=0.2"),
    'operators={"mutate-tree" = 2, "crossover-tree" = 1, "exchange" = 1}',
)
STOPPED_IN = 3
"""The generation in which the campaign stops, after its first outcomes."""


class StopError(Exception):
    """Ends the campaign where it is."""


def main() -> None:
    """Write campaign and export beside this file."""
    folder = Path(__file__).parent / "history"
    shutil.rmtree(folder, ignore_errors=True)
    config = no_training.configure(SETTINGS)
    no_training.create(folder, config).close()
    trainer = no_training.Trainer(config.protocol)

    def train(jobs: Sequence[Job]) -> Iterator[Outcome]:
        for place, outcome in enumerate(trainer(jobs)):
            if history.generation + 1 == STOPPED_IN and place == 3:
                raise StopError
            yield outcome

    with History.open(folder) as history:
        try:
            no_training.run(history, lambda _: None, trainer=train)
        except StopError:
            pass
    for name in ("lock", "ending", "hours"):
        (folder / name).unlink(missing_ok=True)
    export_records(Reader.read(folder).records, folder.with_suffix(".jsonl"), "jsonl")


if __name__ == "__main__":
    main()
