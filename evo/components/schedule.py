"""Schedules: progress of a training in, a factor of the learning rate out."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from evo.components.base import ContractError, Kind
from evo.components.checks import expect_form, expect_same
from evo.components.facts import schedule_facts
from evo.components.kinds import kinds
from evo.core.contract import Contract, Input
from evo.core.informed import completed, contract_of, marked
from evo.core.learnables import Component
from evo.core.records import Vector
from evo.networks.parts import Parts

_POINTS = 64
_TRAININGS = ((1000, 32), (8, 1024), (200_000, 1))
"""Steps and batch sizes that a schedule must bear; those of `_USUAL` are described."""
_USUAL = (640, 32)
_MOST = 1000.0
"""The largest factor; the learning rate is picked per schedule, so none is needed."""


@kinds.register("schedule")
class Schedule(Kind):
    """Replaces the linear decay of the learning rate over a training.

    What it is multiplied by, the learning rate, is picked for each schedule, so a constant factor
    is no merit, and behaviour ignores it.
    """

    contract: ClassVar[Contract] = Contract(
        kind="schedule",
        function="schedule",
        arguments=("t",),
        imports=("import torch", "import torch.nn.functional as F"),
        vocabulary=(
            "torch.abs({})",
            "torch.cos(3.14159 * {})",
            "torch.sin(3.14159 * {})",
            "torch.exp(-3 * {})",
            "torch.exp(-torch.square({}))",
            "torch.log1p(torch.abs({}))",
            "torch.sqrt(torch.abs({}) + 1e-6)",
            "torch.square({})",
            "torch.tanh({})",
            "torch.sigmoid({})",
            "torch.floor(4 * {})",
            "torch.clamp({}, 0.0, 0.5)",
            "torch.reciprocal(1 + torch.abs({}))",
            "F.relu({})",
            "F.softplus({})",
            "torch.maximum({}, {})",
            "torch.minimum({}, {})",
        ),
        description=(
            "`schedule(t)` takes the progress of a training, a float tensor of numbers in [0, 1) "
            "and of any shape, 0 the first step, and returns what the learning rate is multiplied "
            "by there, of the same shape and dtype, at least 0. Every factor depends on the "
            "number at its place alone; the function is deterministic, and not zero everywhere. "
            "The learning rate itself is picked for each schedule."
        ),
        output="F.relu(1 - {})",
        optional=(
            Input("step", "argument", "number of the step, t · steps, from 0 on", 0, 99),
            Input("steps", "number", "how many steps the training takes", 100, 100),
            Input("batch", "number", "samples per step", 32, 32),
        ),
    )
    trace_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (((7,),), ((5, 3),))
    ranges: ClassVar[tuple[tuple[float, float], ...] | None] = ((0.0, 0.99),)
    wide_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((64,),),
        ((2, 3, 97),),
    )
    large_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (((100_000,),),)
    learning_rates: ClassVar[tuple[float, ...] | None] = (0.001, 0.003, 0.01, 0.03, 0.1)
    standard: ClassVar[str | None] = "linear"
    baselines_folder: ClassVar[Path] = Path(__file__).parent / "baselines" / "schedule"
    compared: ClassVar[str] = "factors at 64 points of [0, 1); a constant factor changes nothing"
    doubt: ClassVar[str] = (
        "the cheap protocol ranks them as full training does in part alone (Kendall's τ 0.47 and "
        "0.53 on a panel)"
    )

    def check(self, component: Component) -> None:
        """Check for finite factors of at least 0, each from its number alone, not all of them 0."""
        is_informed = contract_of(component, self.contract).taken
        for training in _TRAININGS if is_informed else _TRAININGS[:1]:
            _check_factors(self._in(component, training))

    def parts(self, component: Component) -> Parts:
        """The component over the steps of every training."""
        return Parts(schedule=marked(component, self.contract))

    def behaviour(self, component: Component) -> Vector:
        """Factors at 64 points of [0, 1), of mean 1: (64,).

        In a training of 640 steps of 32 samples, for a component that sees that.
        """
        with torch.no_grad():
            factors = self._in(component, _USUAL)(_probe())
            return np.asarray((factors / (factors.mean() + 1e-12)).numpy(), dtype=np.float32)

    def facts(self, component: Component) -> dict[str, float]:
        """Factors over the training."""
        return schedule_facts(self._in(component, _USUAL))

    def abscissae(self) -> Vector:
        """The 64 points."""
        return _probe().numpy()

    def _in(self, component: Component, training: tuple[int, int]) -> Component:
        """The component in a training of as many steps and samples per step."""
        steps, batch = (torch.tensor(float(number)) for number in training)

        def optional(t: torch.Tensor) -> list[torch.Tensor]:
            return [torch.floor(t * steps + 1e-3), steps, batch]

        return completed(component, self.contract, optional)


def _check_factors(component: Component) -> None:
    with torch.no_grad():
        probe = torch.linspace(0, 1, 1001)[:-1]
        factors = component(probe)
        expect_form(factors, shape=probe.shape, dtype=probe.dtype)
        for broken, wanted in (
            (~torch.isfinite(factors), "finite factors"),
            (factors < -1e-6, "factors of at least 0"),
            (factors > _MOST, f"factors of at most {_MOST:g}"),
        ):
            if broken.any():
                where, value = probe[broken][0], factors[broken][0]
                raise ContractError(f"expected {wanted}, got {value:.3g} at t = {where:.3g}")
        if factors.max() < 1e-6:
            raise ContractError("expected a schedule that trains, got zero at every t")
        otherwise = (
            "expected every factor to depend on the number at its place alone, got factors "
            "that change with the others or with their order"
        )
        for mixed in (probe.flip(0), probe.flip(0).reshape(40, 25)):
            expect_same(component(mixed).reshape(-1).flip(0), factors, otherwise)
        expect_same(component(probe[:1]), factors[:1], otherwise)


def _probe() -> torch.Tensor:
    return torch.linspace(0, 1, _POINTS + 1)[:-1]
