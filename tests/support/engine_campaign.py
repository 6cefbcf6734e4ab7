"""A real campaign of a few trainings, to be run on any compute engine, and what it found."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archive.history.history import History
from archive.history.reader import Reader
from evo.campaign import create, process
from evo.campaign.config import load
from evo.campaign.progress import OnProgress
from evo.compute.batch import Batch, Ended
from evo.compute.engines.base import Engine, engines
from evo.compute.work import Work
from evo.compute.worker import Worker

PROGRAM = """
import sys
sys.path[:0] = sys.argv[2:]
from pathlib import Path
from support import engine_campaign
engine_campaign.go_on(Path(sys.argv[1]))
"""
"""A driver in a process of its own, which can be killed."""
SETTINGS = (
    *("device=cpu", 'tasks=["breast-cancer"]', "generations=2", "population=4", "offspring=8"),
    *("trainings=5", "novelty.text_model=none", "workers=2", "protocol.learning_rates=[0.01]"),
    *("protocol.leaders=1", "protocol.keep=0.6"),
    "protocol.rungs=[{epochs=1,seeds=2,networks=1},{epochs=2,seeds=6,networks=1}]",
)


def begin(folder: Path, settings: Sequence[str] = ()) -> None:
    """A campaign that has not trained anything yet."""
    create.create(folder, load("default", [*SETTINGS, *settings])).close()


def go_on(folder: Path, watch: OnProgress = lambda _: None) -> None:
    """Run it to its end."""
    with History.open(folder) as history:
        process.run_campaign(history, watch)


def start_driver(folder: Path) -> subprocess.Popen[bytes]:
    """Run it in a process of its own."""
    tests = Path(__file__).parents[1]
    return subprocess.Popen([sys.executable, "-c", PROGRAM, folder, tests])


def facts(folder: Path) -> list[tuple[Any, ...]]:
    """All that its records say but the time that each took."""
    return [
        (
            *(record.generation, record.candidate, record.status, record.reason, record.graphs),
            record.score and (tuple(record.score.trials), record.score.end, record.score.margin),
            record.novelty,
            record.diagnoses,
            None if record.behaviour_vector is None else record.behaviour_vector.tobytes(),
        )
        for record in Reader.read(folder).records
    ]


@engines.register("test-here")
class Here(Engine):
    """Trains in this process, the last batch that it was given first."""

    is_elsewhere = False

    def start(self) -> None:
        self._stack: list[Batch] = []

    def stop(self) -> None: ...

    @property
    def capacity(self) -> int:
        return 3

    def submit(self, batch: Batch) -> None:
        self._stack.append(batch)

    def ended(self, timeout_s: float) -> Sequence[Ended]:
        batch = self._stack.pop()
        return [Ended(batch, tuple(_trained(self.work, job) for job in batch.jobs))]

    def cancel(self, batches: Sequence[Batch]) -> None:
        numbers = {batch.number for batch in batches}
        self._stack = [one for one in self._stack if one.number not in numbers]


def _trained(work: Work, job: Any) -> Any:
    return Worker("cpu").train(job, work)
