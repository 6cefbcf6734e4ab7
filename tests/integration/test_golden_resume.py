"""The golden campaign resumes, see `tests/golden/make_history.py`."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import no_training

from archive.history.history import History
from archive.history.reader import Reader
from evo.campaign.config import parse
from evo.campaign.progress import Progress
from evo.core.trials import JobKey, Outcome
from evo.evaluation.protocol import Job

GOLDEN = Path(__file__).parents[1] / "golden"


class Recording(no_training.Trainer):
    """Notes what it is asked to train, and in which generation."""

    asked: list[tuple[int, JobKey]]
    generation = 0

    def __call__(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        self.asked += [(self.generation, job.key) for job in jobs]
        return super().__call__(jobs)

    def watch(self, progress: Progress) -> None:
        self.generation = progress.generation


def test_it_resumes_to_its_end_and_pays_for_nothing_twice(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(GOLDEN / "history", folder)
    before = Reader.read(folder)
    trainer = Recording(parse(before.config, where="config").protocol)
    trainer.asked = []

    with History.open(folder) as history:
        no_training.run(history, trainer.watch, trainer=trainer)

    after = Reader.read(folder)
    assert after.generation == 4
    assert [r.id for r in after.records][: len(before.records)] == [r.id for r in before.records]
    resumed = {record.id for record in after.records if record.generation == 3}
    assert {key.id for key in before.outcomes} <= resumed
    asked = {key for generation, key in trainer.asked if generation == 3}
    assert asked
    assert not before.outcomes.keys() & asked
