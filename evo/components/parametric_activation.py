"""Parametric activations: element by element, with trained numbers per layer or channel."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from evo.components.base import ContractError, Kind
from evo.components.elementwise import (
    NOISE,
    VOCABULARY,
    both_ways,
    check_elementwise,
    elementwise_slopes,
    noisy_ways,
    probe,
    reach_of,
    with_noise,
)
from evo.components.facts import elementwise_facts
from evo.components.kinds import kinds
from evo.core.contract import Contract, Input, Learnable
from evo.core.informed import contract_of, learned_by, marked, without_unread
from evo.core.learnables import Component
from evo.core.records import Vector
from evo.networks.parts import Parts

_TRIED = ((1.0, 0.0), (0.6, 0.4), (1.7, -0.8), (-0.5, 1.2))
"""Values of a and b that a component must bear, the initial ones first; training may turn a sign.

Further learned numbers move along with them.
"""
_COMPARED = (0, 1, 2)
"""Those that behaviour compares."""
_MORE = (
    *(
        Input(
            name, "number", f"one more learned number per layer; starts at {start}", initial=start
        )
        for name, start in zip("cdefghij", (1, 0) * 4, strict=True)
    ),
    Input("p", "feature", "a learned number per feature or channel; each starts at 1", initial=1),
    Input("q", "feature", "a learned number per feature or channel; each starts at 0", initial=0),
)
"""Optional learned numbers; a component learns those that it reads."""


@kinds.register("parametric-activation")
class ParametricActivation(Kind):
    """Replaces the non-linearity after every hidden layer, with learned scalars a and b per layer.

    PReLU (He et al. 2015, arXiv 1502.01852) and Swish with a trained slope (Ramachandran et al.
    2017, arXiv 1710.05941) are of this kind. a starts at 1 and b at 0; what should start elsewhere
    is written as a product or a sum, such as `0.25 * a`, or `torch.exp(b)` for what must stay
    positive.
    """

    contract: ClassVar[Contract] = Contract(
        kind="parametric-activation",
        function="activation",
        arguments=("x",),
        imports=("import torch", "import torch.nn.functional as F"),
        vocabulary=VOCABULARY,
        description=(
            "`activation(x, a, b)` takes a float tensor of any shape and two learned numbers, "
            "tensors of shape () of which every layer has its own; a starts at 1, b at 0, and "
            "training moves both. It returns a tensor of the shape and dtype of x. Every output "
            "element depends on the input element at its place, on a and on b alone; it need not "
            "use both. The function is deterministic, and finite with finite gradients for x on "
            "[-30, 30] wherever a and b may go."
        ),
        learnables=(Learnable("a", "layer", 1.0), Learnable("b", "layer", 0.0)),
        optional=(*_MORE, *NOISE),
    )
    trace_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((5, 7), (), ()),
        ((3, 2, 4, 4), (), ()),
    )
    wide_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((3, 64), (), ()),
        ((2, 3, 11, 13), (), ()),
        ((1, 1, 97), (), ()),
    )
    large_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (((1024, 1024), (), ()),)
    is_mapped: ClassVar[bool] = True
    standard: ClassVar[str | None] = "relu"
    baselines_folder: ClassVar[Path] = Path(__file__).parent / "baselines" / "parametric_activation"
    compared: ClassVar[str] = "outputs at points of [-8, 8], at three pairs of a and b"

    def check(self, component: Component) -> None:
        """Check an activation at four values of what it learns, and for finite gradients by all."""
        names = [one.name for one in contract_of(component, self.contract).learned]
        for place, (a, b) in enumerate(_TRIED):
            where = f" at a = {a:g}, b = {b:g}"
            for way, function in noisy_ways(component, self.contract):
                fixed = self._at(component, function, place)
                check_elementwise(
                    fixed, where + way, may_be_constant=place > 0, at_all_shapes=place == 1
                )
                learned = self._learned(component, place)
                _expect_gradients(function, dict(zip(names, learned, strict=True)), where + way)

    def parts(self, component: Component) -> Parts:
        """The component after every hidden layer, learning what it reads."""
        return Parts(
            activation=marked(component, self.contract, without_unread(component, self.contract)),
            activation_learnables=learned_by(component, self.contract),
        )

    def behaviour(self, component: Component) -> Vector:
        """Outputs on 64 points of [-8, 8], at a and b as they start and at two others: (192,).

        Components that agree at the start may differ once trained, so several values are compared.
        Other learned numbers move with them; noise counts as in `both_ways`.
        """
        function = both_ways(component, self.contract)
        with torch.no_grad():
            curves = [self._at(component, function, place)(probe()) for place in _COMPARED]
        return np.asarray(torch.cat(curves).numpy(), dtype=np.float32)

    def slopes(self, component: Component) -> Vector:
        """Gradients at the same points, by x and all that is learned together: (192,)."""
        function = both_ways(component, self.contract)
        return torch.cat(
            [elementwise_slopes(function, *self._learned(component, place)) for place in _COMPARED]
        ).numpy()

    def reach(self, component: Component) -> float:
        """The largest |x| tried up to which values and gradients are finite, at all a and b."""
        return min(
            reach_of(self._at(component, function, place))
            for place in range(len(_TRIED))
            for _, function in noisy_ways(component, self.contract)
        )

    def facts(self, component: Component) -> dict[str, float]:
        """Those of an activation in tests, with learned numbers as they start."""
        tested = with_noise(component, self.contract, training=False)
        return elementwise_facts(self._at(component, tested, 0))

    def _learned(self, component: Component, place: int) -> list[torch.Tensor]:
        """Learned numbers at one of the values tried: () each, (1,) if per feature."""
        learned = contract_of(component, self.contract).learned
        moved = [
            one.initial + (0.4 * math.sin(3 * place + number) if place else 0.0)
            for number, one in enumerate(learned)
        ]
        values = [*_TRIED[place], *moved[len(self.contract.learnables) :]]
        return [
            torch.full((1,) if one.per == "feature" else (), float(value))
            for one, value in zip(learned, values, strict=True)
        ]

    def _at(self, component: Component, function: Component, place: int) -> Component:
        """A function of x and all that the component learns, at one of the values tried."""
        learned = self._learned(component, place)

        def fixed(x: torch.Tensor) -> torch.Tensor:
            return function(x, *(one.expand(x.shape[-1:]) if one.dim() else one for one in learned))

        return fixed


def _expect_gradients(function: Component, learned: Mapping[str, torch.Tensor], where: str) -> None:
    given = [number.clone().requires_grad_() for number in learned.values()]
    points = torch.cat([probe(), torch.zeros(1)])
    output = function(points, *given)
    if not output.requires_grad:
        return
    gradients = torch.autograd.grad(output.sum(), given, allow_unused=True, materialize_grads=True)
    for name, gradient in zip(learned, gradients, strict=True):
        if not torch.isfinite(gradient).all():
            raise ContractError(f"expected a finite gradient to {name}{where}, got {gradient}")
