"""Tests that every task with a training loop of its own must pass."""

import math
from typing import ClassVar

import pytest

from evo.components.kinds import kinds
from evo.compute.numerics import sound_numerics
from evo.core.records import Record
from evo.evaluation.training.loops import LoopLimits, train_by_loop
from evo.tasks.base import LoopTask
from evo.tasks.measurements import Budget
from evo.validation.baselines import own_baselines
from evo.validation.graph.graphs import component_of

_COMPONENTS = 4


class LoopSuite:
    """Tests of a loop, which trains for one epoch each. Subclass it, define the fixture `task`.

    Attributes:
        kind: of the components that it is given.
        learning_rate: that it trains with.
    """

    kind: ClassVar[str] = "activation"
    learning_rate: ClassVar[float] = 0.01

    @pytest.fixture
    def task(self) -> LoopTask:
        """The task under test, prepared."""
        raise NotImplementedError("Define a fixture `task` that returns the task to test.")

    def test_components_train_and_differ(self, task: LoopTask) -> None:
        losses = [self._loss(task, known) for known in self._known()[:_COMPONENTS]]

        assert len(set(losses)) > 1, "the result does not depend on what `parts` gives"

    def test_a_seed_gives_the_same_result_again(self, task: LoopTask) -> None:
        known = self._known()[0]

        assert self._loss(task, known) == self._loss(task, known)

    def _known(self) -> list[Record]:
        return list(own_baselines(kinds.get(self.kind)()))

    def _loss(self, task: LoopTask, known: Record) -> float:
        """The test loss of a training with a known component; a training that is lost fails."""
        lost: list[str] = []
        with sound_numerics():  # as in a worker
            results = train_by_loop(
                task,
                kinds.get(self.kind)().parts(component_of(known.graphs)),
                Budget(1),
                seeds=[0],
                learning_rates=[self.learning_rate],
                strengths=[1.0],
                limits=LoopLimits(),
                lost=lost.append,
            )
        assert not lost, lost[0]
        loss = results.test_loss.item()
        assert math.isfinite(loss)
        return loss
