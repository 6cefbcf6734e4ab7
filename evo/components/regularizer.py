"""Regularizers: a weight matrix in, a penalty out, which the training loss gains."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from evo.components.base import Kind
from evo.components.checks import expect_same, layouts, normal_probe
from evo.components.facts import penalty_facts
from evo.components.kinds import kinds
from evo.components.penalties import check_penalty, expect_penalty, pull_of
from evo.core.contract import Contract, Input
from evo.core.informed import completed, contract_of, marked
from evo.core.learnables import Component
from evo.core.records import Vector
from evo.networks.parts import Parts

_SCALES = {"small": 1e-3, "usual": 1.0, "large": 100.0}
"""Weights of probes, in units of how weights start, 1/√inputs."""
_PER_MILLE = 1000.0
"""Behaviour is in thousandths: useful penalties pull on a weight by about that much."""

_SETTINGS = ((0.25, 1, 3), (0.0, 1, 1), (0.999, 48, 48))
"""Progress, number of the matrix and of matrices that a penalty must bear."""


@kinds.register("regularizer")
class Regularizer(Kind):
    """Adds a penalty on the weights to the training loss.

    The study (Ardeshir 2024) names regularizers without a definition; the reading here is ours.
    The component is the penalty of one weight matrix, its strength included, as one writes it by
    hand: `1e-3 * w.square().sum()`. The loss gains the sum over the matrices of a network, biases
    left out. It need not treat all units alike: neighbours may be pulled together. A tenth of it
    and ten times as much are tried too, with every learning rate, so that a form does not win or
    lose by its scale.

    A penalty below zero is refused: one that falls without end as weights grow would be minimised
    by weights without end, and a constant that lifts it above zero changes nothing else.
    """

    contract: ClassVar[Contract] = Contract(
        kind="regularizer",
        function="regularize",
        arguments=("w",),
        imports=("import torch", "import torch.nn.functional as F"),
        vocabulary=(
            "torch.abs({})",
            "torch.square({})",
            "torch.tanh({})",
            "torch.sin({})",
            "torch.exp(-torch.square({}))",
            "torch.log1p(torch.abs({}))",
            "torch.log1p(torch.square({}))",
            "torch.sqrt(torch.square({}) + 1e-6)",
            "torch.sigmoid({})",
            "torch.clamp({}, -1.0, 1.0)",
            "F.relu({})",
            "F.softplus({})",
            "F.softshrink({}, 0.1)",
            "F.normalize({}, dim=-1)",
            "torch.softmax({}, dim=-1)",
            "torch.roll({}, 1, dims=-1)",
            "torch.maximum({}, {})",
            "torch.minimum({}, {})",
        ),
        description=(
            "`regularize(w)` takes the float weight matrix of one layer, (outputs, inputs), and "
            "returns its penalty, one number as a tensor of shape () and the same dtype, at least "
            "0, with a strength of the right order: training also tries a tenth of the penalty and "
            "ten times as much. It is deterministic, finite where all weights are 0 and where they "
            "are in the hundreds, with a finite gradient for weights that are not zero. Outputs "
            "(≥ 1) and inputs (≥ 2) change from layer to layer."
        ),
        output="1e-3 * torch.sum(torch.square({}))",
        optional=(
            Input("noise", "argument", "standard normal numbers, drawn afresh at every step"),
            Input("t", "number", "progress of the training, in [0, 1)", 0.5, 0.5),
            Input("layer", "number", "number of the matrix, from 1 on, the read-out's last", 2, 2),
            Input("layers", "number", "how many matrices the network has", 4, 4),
        ),
    )
    kept: ClassVar[tuple[str, ...]] = ("w",)
    trace_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (((5, 7),), ((8, 6),))
    wide_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((1, 2),),
        ((17, 64),),
        ((3, 97),),
        ((131, 12),),
        ((97, 11),),
    )
    large_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (((512, 512),),)
    is_mapped: ClassVar[bool] = True
    strengths: ClassVar[tuple[float, ...] | None] = (0.1, 1.0, 10.0)
    standard: ClassVar[str | None] = "none"
    baselines_folder: ClassVar[Path] = Path(__file__).parent / "baselines" / "regularizer"
    compared: ClassVar[str] = "gradients at two weight matrices; a constant changes nothing"

    def check(self, component: Component) -> None:
        """Check for one finite number ≥ 0 with finite gradients, at any size and layout."""
        is_informed = contract_of(component, self.contract).taken
        for setting in _SETTINGS if is_informed else _SETTINGS[:1]:
            _check_penalties(self._at(component, setting))

    def parts(self, component: Component) -> Parts:
        """The component on every weight matrix."""
        return Parts(penalty=marked(component, self.contract))

    def behaviour(self, component: Component) -> Vector:
        """Its pull on each weight of a 4 × 6 matrix, at usual and thrice the size: (48,).

        Gradients, not values: penalties that differ by a constant train alike. For one draw of
        noise, in the first layer of three, where training is a fourth over, for a component that
        sees that.
        """
        component = self._at(component, _SETTINGS[0])
        probes = torch.stack([_weights(4, 6), 3 * _weights(4, 6, seed=1)])
        pulls = [pull_of(component, probe)[1] for probe in probes]
        flat = _PER_MILLE * torch.cat(pulls).reshape(-1)
        return np.asarray(flat.numpy(), dtype=np.float32)

    def facts(self, component: Component) -> dict[str, float]:
        """Penalty and pull at three sizes of the weights."""
        return penalty_facts(self._at(component, _SETTINGS[0]))

    def _at(self, component: Component, setting: tuple[float, int, int]) -> Component:
        """The component at a moment of a training, see `_SETTINGS`, for one draw of noise."""
        numbers = [torch.tensor(float(number)) for number in setting]

        def optional(w: torch.Tensor) -> list[torch.Tensor]:
            return [normal_probe(*w.shape, seed=7), *numbers]

        return completed(component, self.contract, optional)


def _check_penalties(component: Component) -> None:
    for shape in ((5, 7), (1, 3), (3, 2), (17, 33)):
        for name, scale in _SCALES.items():
            check_penalty(component, scale * _weights(*shape), f"{name} weights {shape}")
    with torch.no_grad():
        zeros = torch.zeros(5, 7)
        expect_penalty(component(zeros), zeros, "a matrix of zeros")
        weights = _weights(5, 7)
        penalty = component(weights)
        for layout, values in layouts(weights):
            expect_same(
                component(values),
                penalty,
                f"expected the same penalty however w lies in memory, got another {layout}",
            )


def _weights(outputs: int, inputs: int, seed: int = 0) -> torch.Tensor:
    """A matrix as layers start with."""
    return normal_probe(outputs, inputs, seed=seed) / inputs**0.5
