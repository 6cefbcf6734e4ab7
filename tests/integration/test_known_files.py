"""A file that a baseline is already costs no training of its own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from support.records import trials

from evo.api.judging import evaluate_records
from evo.campaign import process
from evo.campaign.config import Config
from evo.components.kinds import kinds
from evo.core.records import Status
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job


class Pool:
    """Gives every job two trials without training, and remembers whose job it was."""

    def __init__(self) -> None:
        self.trained: list[str] = []

    def run(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        for job in jobs:
            self.trained.append(job.id)
            loss = 0.1 + len(job.graphs[0]) / 1000
            results = trials([loss] * 2, rung=job.rung)
            yield Outcome(job.id, job.rung, results, 1.0, heat=job.heat)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    pool = Pool()

    @contextmanager
    def workers(_config: Config) -> Iterator[Pool]:
        yield pool

    monkeypatch.setattr(process, "workers", workers)
    return pool


def test_a_file_with_the_source_of_a_baseline_is_not_trained_again(pool: Pool) -> None:
    gelu = kinds.get("activation")().baselines()["gelu"].source
    other = "import torch\n\n\ndef activation(x):\n    return x + torch.sin(x)\n"
    config = Config.model_validate({"protocol": {"rungs": [{"epochs": 1, "seeds": 2}]}})

    known, new = evaluate_records([("gelu.py", gelu), ("new.py", other)], config)

    assert known.status is new.status is Status.EVALUATED
    assert "computes the same as gelu" in known.reason
    assert sorted(pool.trained) == sorted({*pool.trained})
    assert len(pool.trained) == len(kinds.get("activation")().baselines()) + 1
