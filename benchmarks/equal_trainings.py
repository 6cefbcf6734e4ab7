"""Campaigns that are comparable: each ends when exactly as many candidates have trained.

However many a campaign proposes for that: what is refused or known already does not count. What one
has trained, the next takes from memory: the same graph on the same trials has the same outcome.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from archive.history.reader import Reader
from archive.novelty.descriptors import TextDescriptor
from evo.campaign import build, create
from evo.campaign.progress import Progress
from evo.config import Config
from evo.core.records import JobKey, Outcome, Record, Status
from evo.evaluation.protocol import Job
from evo.evaluation.rungs import Runner
from evo.evaluation.statistics.mean import student_mean
from evo.evaluation.statistics.win_rates import score
from evo.validation.sandbox.sandbox import Sandbox

_TRAINED = (Status.EVALUATED, Status.FAILED)
"""What diverges everywhere has trained, and wins nothing."""


class Enough(Exception):  # noqa: N818 - nothing is wrong
    """So many have trained, and their generation is sealed."""


class Trainer:
    """Trains what no campaign has trained before: the same graph has the same outcome."""

    def __init__(self, train: Runner) -> None:
        self._train = train
        self._known: dict[JobKey, Outcome] = {}

    def __call__(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """An outcome for each job."""
        new = [job for job in jobs if job.key not in self._known]
        self._known |= {outcome.key: outcome for outcome in self._train(new)}
        yield from (self._known[job.key] for job in jobs)


def records_of(
    config: Config,
    trainings: int,
    *,
    sandbox: Sandbox,
    text: TextDescriptor,
    train: Runner,
    keys: Mapping[str, str],
) -> list[Record]:
    """All records of a campaign that ends with the generation in which so many have trained."""

    def watch(progress: Progress) -> None:
        trained = sum(progress.counts.get(status, 0) for status in _TRAINED)
        if progress.step == "propose" and trained >= trainings:
            raise Enough

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "run"
        with create.create(folder, config) as history, suppress(Enough):
            build.search(history, config, watch, sandbox=sandbox, text=text, train=train, keys=keys)
        return list(Reader.read(folder).records)


def first_trained(records: Sequence[Record], trainings: int) -> list[Record]:
    """The first so many candidates that trained; baselines are none."""
    trained = [r for r in records if not r.is_baseline and r.status in _TRAINED][:trainings]
    assert len(trained) == trainings, "campaigns are equal in what they train"
    return trained


def rate(record: Record) -> float:
    """Its B-WR in [0, 1], 0 where every trial diverged."""
    return record.score.b_wr.value if record.score else 0.0


def fresh_rate(best: Record, records: Sequence[Record], train: Runner) -> float:
    """The B-WR of a candidate on other trials, against the baselines among the records."""
    jobs = [Job(record.id, record.graph, 0) for record in records if record.is_baseline]
    trials = {outcome.id: outcome.trials for outcome in train(jobs)}
    (own,) = train([Job(best.id, best.graph, 0)])
    return score(own.trials, trials).b_wr.value


def over_seeds(values: Sequence[float], sign: str = "") -> str:
    """Mean and Student's 95 % interval; `sign` is that of a format, "+" for differences."""
    if len(values) == 1:
        return f"{values[0]:{sign}.3f}"
    mean = student_mean(np.asarray(values, dtype=np.float64))
    return f"{mean.value:{sign}.3f} [{mean.low:{sign}.3f}, {mean.high:{sign}.3f}]"
