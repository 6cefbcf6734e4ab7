"""Parametric activations: element by element, with two trained numbers per layer."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from evo.components.base import ContractError, Kind
from evo.components.elementwise import (
    VOCABULARY,
    check_elementwise,
    elementwise_slopes,
    probe,
    reach_of,
)
from evo.components.facts import elementwise_facts
from evo.components.kinds import kinds
from evo.core.contract import Contract, Learnable
from evo.core.records import Vector
from evo.networks.learnables import Component
from evo.networks.parts import Parts

_TOLD = ((1.0, 0.0), (0.6, 0.4), (1.7, -0.8))
"""Values of a and b, the initial ones first, that behaviour tells of."""
_TRIED = (*_TOLD, (-0.5, 1.2))
"""Values that a component must bear; training may turn a sign."""


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
        """Check an activation at four values of a and b, and for finite gradients by both."""
        for a, b in _TRIED:
            where = f" at a = {a:g}, b = {b:g}"
            is_start = (a, b) == _TOLD[0]
            check_elementwise(_with(component, a, b), where, may_be_constant=not is_start)
            _expect_gradients(component, a, b, where)

    def parts(self, component: Component) -> Parts:
        """The component after every hidden layer, learning."""
        return Parts(activation=component, activation_learnables=self.contract.learnables)

    def behaviour(self, component: Component) -> Vector:
        """Outputs on 64 points of [-8, 8], at a and b as they start and at two others: (192,).

        Components that agree at the start may differ once trained, so several values are compared.
        """
        with torch.no_grad():
            curves = [_with(component, a, b)(probe()) for a, b in _TOLD]
        return np.asarray(torch.cat(curves).numpy(), dtype=np.float32)

    def slopes(self, component: Component) -> Vector:
        """Gradients at the same points, by x, a and b together: (192,)."""
        return torch.cat([elementwise_slopes(component, a, b) for a, b in _TOLD]).numpy()

    def reach(self, component: Component) -> float:
        """The largest |x| tried up to which values and gradients are finite, at all a and b."""
        return min(reach_of(_with(component, a, b)) for a, b in _TRIED)

    def facts(self, component: Component) -> dict[str, float]:
        """Those of an activation, with a and b as they start."""
        return elementwise_facts(_with(component, *_TOLD[0]))


def _with(component: Component, a: float, b: float) -> Component:
    """The component with these numbers in it."""

    def fixed(x: torch.Tensor) -> torch.Tensor:
        return component(x, torch.tensor(a), torch.tensor(b))

    return fixed


def _expect_gradients(component: Component, a: float, b: float, where: str) -> None:
    learned = [torch.tensor(a, requires_grad=True), torch.tensor(b, requires_grad=True)]
    points = torch.cat([probe(), torch.zeros(1)])
    output = component(points, *learned)
    if not output.requires_grad:
        return
    gradients = torch.autograd.grad(
        output.sum(), learned, allow_unused=True, materialize_grads=True
    )
    for name, gradient in zip("ab", gradients, strict=True):
        if not torch.isfinite(gradient):
            raise ContractError(f"expected a finite gradient to {name}{where}, got {gradient}")
