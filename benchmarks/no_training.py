"""A campaign that trains nothing: the real loop, operators, novelty, selection and history.

Losses are drawn from a candidate's id, so that every run gives the same search and training costs
nothing; the engine's own work remains. Sources are traced in this process unless a sandbox is
given: they come from our own syntax-tree operators.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from archive.history.history import History
from archive.history.reader import Reader
from archive.history.records import Records
from archive.history.replies import Replies
from archive.novelty.descriptors import TextDescriptor
from evo.campaign.budget import counted_hours
from evo.campaign.build import run_search
from evo.campaign.config import Config, load, parse
from evo.campaign.fresh_state import fresh_state as fresh
from evo.campaign.progress import OnProgress
from evo.campaign.resources import Resources
from evo.campaign.state import SearchState
from evo.components.kinds import kinds
from evo.core.records import Vector
from evo.core.seeds import child
from evo.core.source import normalise
from evo.core.trials import Outcome, Trial
from evo.evaluation.protocol import Job, Protocol
from evo.llm import models
from evo.selection.islands import Islands
from evo.studies.tabular.surrogate.in_process import InProcess, traced_here
from evo.validation.sandbox.sandbox import TraceRequest

NETWORKS = ("wide", "deep", "patch", "patch-deep")


class HashedText(TextDescriptor):
    """Unit vectors drawn by a source's hash, without a model or a meaning."""

    def _embed(self, source: str) -> Vector:
        digest = hashlib.sha256(normalise(source).encode()).digest()
        numbers = np.random.default_rng(list(digest)).standard_normal(384)
        return (numbers / np.linalg.norm(numbers)).astype(np.float32)


class Trainer:
    """Gives outcomes without training.

    Args:
        protocol: which trials a job has.
        order: seed of the order in which outcomes arrive, as if from several workers.
        pause_s: how long each takes.
    """

    def __init__(self, protocol: Protocol, *, order: int = 0, pause_s: float = 0.0) -> None:
        self._protocol = protocol
        self._rng = np.random.default_rng(order)
        self._pause_s = pause_s
        self.trained = 0

    def __call__(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """An outcome for each job, in any order."""
        for place in self._rng.permutation(len(jobs)):
            time.sleep(self._pause_s)
            self.trained += 1
            yield self.outcome(jobs[int(place)])

    def outcome(self, job: Job) -> Outcome:
        """The outcome of a job, which a test may give in another way."""
        rng = child(0, job.id, job.rung, job.heat)
        loss = 0.2 + 0.3 * child(0, job.id).random() / (1 + job.rung)
        trials = tuple(
            Trial(job.rung, "none", network, seed, 0.01, loss + 0.02 * rng.random(), rng.random())
            for network in NETWORKS[: self._protocol.rungs[job.rung].networks]
            for seed in self._protocol.heats(job.rung)[job.heat]
        )
        return Outcome(job.id, job.rung, trials, 0.125, heat=job.heat)


def configure(settings: Sequence[str] = ()) -> Config:
    """A small campaign; settings as on the command line.

    A reward model costs more than all the rest and learns nothing from such losses, so that it
    screens only if told.
    """
    return load("default", ["device=cpu", "reward.screening=false", *settings])


def create(folder: Path, config: Config) -> History:
    """A new campaign folder."""
    return History.create(folder, config=config.model_dump(mode="json"), environment={})


def fresh_state(history: History) -> SearchState:
    """The search state of a campaign, before it has taken in any generation."""
    config = parse(history.config, where="config")
    islands = Islands.of(config.selection, config.population, config.generations)
    return fresh(history, config, kinds.get(config.kind)(), islands, lambda _: None)


def run(
    history: History,
    watch: OnProgress,
    *,
    trainer: Trainer | None = None,
    replay: Reader | None = None,
    staff: Callable[[Config], None] = lambda _: None,
    known: Sequence[Records] = (),
    replies: Sequence[Replies] = (),
    last: int | None = None,
) -> None:
    """Run a campaign of this process from where it stands to its end."""
    config = parse(history.config, where="config")
    with (
        counted_hours(history.folder, limit=config.llm.budget.hours) as hours,
        models.withheld_keys(config.llm, replayed=replay is not None) as keys,
    ):
        train = trainer or Trainer(config.protocol)
        resources = Resources(
            InProcess(),
            HashedText(),
            train,
            keys,
            hours,
            replay,
            staff,
            known=known,
            replies=replies,
            last=last,
        )
        run_search(history, watch, resources)


def warm_up(kind: str) -> None:
    """Trace the baselines once, so that children of this process have them.

    No graph is run: after autograd has worked, torch refuses to work in a child.
    """
    searched = kinds.get(kind)()
    shapes = (searched.trace_shapes, searched.wide_shapes, searched.ranges)
    for baseline in searched.baselines().values():
        traced_here(TraceRequest(baseline.source, searched.contract.function, *shapes))
