"""Regularizers of signals: what a layer gives for a batch in, a penalty out."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from evo.components.base import UNMEASURED, Kind
from evo.components.checks import normal_probe
from evo.components.facts import penalty_facts
from evo.components.kinds import kinds
from evo.components.penalties import check_penalty, pull_of
from evo.core.contract import Contract, Input
from evo.core.informed import completed, contract_of, marked, reads
from evo.core.learnables import Component
from evo.core.records import Vector
from evo.networks.parts import Parts

_SCALES = {"small": 1e-3, "usual": 1.0, "large": 100.0}
_SHAPES = ((16, 8), (2, 3), (3, 17), (33, 1))
_PER_MILLE = 1000.0
"""Behaviour is in thousandths, as that of penalties of weights."""
_SETTINGS = ((0.25, 1, 3), (0.25, 3, 3), (0.0, 1, 1), (0.999, 48, 48))
"""Progress, number of the signal and of signals that a penalty must bear."""


@kinds.register("activity-regularizer")
class ActivityRegularizer(Kind):
    """Adds a penalty on hidden signals and outputs to the training loss.

    Activity regularizers, as Keras calls them: sparse and decorrelated features (Cogswell et al.
    2015, arXiv 1511.06068), variance floors (Bardes et al. 2021, arXiv 2105.04906), penalties of
    confident outputs (Pereyra et al. 2017, arXiv 1701.06548) and of gradients (Drucker and LeCun
    1992) are of this kind. The component is the penalty of one signal, its strength included; the
    loss gains the sum over what each activation gives and the network's outputs. A tenth of it and
    ten times as much are tried too, as for penalties of weights.
    """

    contract: ClassVar[Contract] = Contract(
        kind="activity-regularizer",
        function="penalize",
        arguments=("y",),
        imports=("import torch", "import torch.nn.functional as F"),
        vocabulary=(
            "torch.abs({})",
            "torch.square({})",
            "torch.tanh({})",
            "torch.exp(-torch.square({}))",
            "torch.log1p(torch.abs({}))",
            "torch.log1p(torch.square({}))",
            "torch.sqrt(torch.square({}) + 1e-6)",
            "torch.sigmoid({})",
            "torch.clamp({}, -1.0, 1.0)",
            "F.relu({})",
            "F.softplus({})",
            "F.normalize({}, dim=-1)",
            "torch.softmax({}, dim=-1)",
            "torch.mean({}, dim=0, keepdim=True)",
            "torch.roll({}, 1, dims=0)",
            "torch.maximum({}, {})",
            "torch.minimum({}, {})",
        ),
        description=(
            "`penalize(y)` takes what one layer gives for a batch in training, a float tensor "
            "(n, d) of n ≥ 2 samples, patches, tokens or pixels with d ≥ 1 features each, and "
            "returns its penalty, one number as a tensor of shape () and the same dtype, at least "
            "0, with a strength of the right order: training also tries a tenth of the penalty and "
            "ten times as much. It is called for the output of every activation, and for the "
            "network's outputs (logits of classes) last. It is deterministic, and finite with "
            "finite gradients, also where features or all of y are 0. n and d change from layer to "
            "layer, so take means rather than sums over them."
        ),
        output="1e-2 * torch.mean(torch.square({}))",
        optional=(
            Input(
                "gradient",
                "argument",
                "gradient of each sample's loss by y, which may be penalised itself",
            ),
            Input("t", "number", "progress of the training, in [0, 1)", 0.5, 0.5),
            Input("layer", "number", "number of the signal, from 1 on, the outputs last", 2, 2),
            Input("layers", "number", "how many signals the network has", 4, 4),
        ),
    )
    kept: ClassVar[tuple[str, ...]] = ("y",)
    trace_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (((5, 7),), ((8, 6),))
    wide_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((2, 1),),
        ((17, 64),),
        ((3, 97),),
        ((131, 12),),
    )
    large_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (((1024, 128),),)
    is_mapped: ClassVar[bool] = True
    strengths: ClassVar[tuple[float, ...] | None] = (0.1, 1.0, 10.0)
    standard: ClassVar[str | None] = "none"
    baselines_folder: ClassVar[Path] = Path(__file__).parent / "baselines" / "activity_regularizer"
    compared: ClassVar[str] = "gradients at a hidden signal and at outputs"
    doubt: ClassVar[str] = UNMEASURED

    def check(self, component: Component) -> None:
        """Check for one finite number ≥ 0 with finite gradients, of any signal and its gradient."""
        is_informed = contract_of(component, self.contract).taken
        for setting in _SETTINGS if is_informed else _SETTINGS[:1]:
            for shape in _SHAPES:
                for name, scale in _SCALES.items():
                    signal = scale * normal_probe(*shape)
                    gradient = 1e-2 * normal_probe(*shape, seed=7)
                    what = f"{name} signals {shape}"
                    check_penalty(self._of_signal(component, setting, gradient), signal, what)
                    check_penalty(
                        self._of_gradient(component, setting, signal),
                        gradient,
                        f"the gradient by {what}",
                    )
            dead = normal_probe(16, 8).relu() * torch.tensor([0.0, 1.0]).repeat(4)
            for what, signal in (("dead features", dead), ("a signal of zeros", 0 * dead)):
                still = torch.zeros_like(dead)
                check_penalty(self._of_signal(component, setting, still), signal, what)
                by = self._of_gradient(component, setting, signal)
                check_penalty(by, still, f"the gradient by {what}, where it is 0")

    def parts(self, component: Component) -> Parts:
        """The component on every activation's output and on the network's."""
        return Parts(
            activity=marked(component, self.contract),
            activity_sees_gradients=reads(component, self.contract, "gradient"),
        )

    def behaviour(self, component: Component) -> Vector:
        """Its pull on 6 × 4 hidden signals, on outputs, and on the gradients of both: (96,).

        Gradients, not values: penalties that differ by a constant train alike.
        """
        pulls: list[torch.Tensor] = []
        hidden, outputs = normal_probe(6, 4).relu(), 3 * normal_probe(6, 4, seed=1)
        for setting, signal in zip(_SETTINGS, (hidden, outputs), strict=False):
            gradient = normal_probe(6, 4, seed=7)
            pulls.append(pull_of(self._of_signal(component, setting, gradient), signal)[1])
            pulls.append(pull_of(self._of_gradient(component, setting, signal), gradient)[1])
        flat = _PER_MILLE * torch.cat(pulls).reshape(-1)
        return np.asarray(flat.numpy(), dtype=np.float32)

    def facts(self, component: Component) -> dict[str, float]:
        """Penalty and pull at three sizes of a signal that is the only one."""
        made = self._of_signal(component, _SETTINGS[2], 1e-2 * normal_probe(64, 64, seed=7))
        return penalty_facts(made, "signals")

    def _of_signal(
        self, component: Component, setting: tuple[float, int, int], gradient: torch.Tensor
    ) -> Component:
        """The component at a moment of a training, for one gradient."""
        numbers = [torch.tensor(float(number)) for number in setting]
        return completed(component, self.contract, lambda _: [gradient, *numbers])

    def _of_gradient(
        self, component: Component, setting: tuple[float, int, int], signal: torch.Tensor
    ) -> Component:
        """The same as a function of the gradient, for one signal."""

        def alone(gradient: torch.Tensor) -> torch.Tensor:
            return self._of_signal(component, setting, gradient)(signal)

        return alone
