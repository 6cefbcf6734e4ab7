"""Activation functions: one number in, one number out, applied to every element alike."""

import math
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from evo.components.base import Component, ContractError, Kind, kinds
from evo.components.checks import expect_form, expect_same, layouts
from evo.parts import Parts
from evo.types import Contract, Vector

_SHAPES = ((1, 65), (65, 1), (13, 10), (3, 5, 7), (2, 3, 5, 7))
"""What the probe is checked in; one row, one column, odd sizes, images."""
_REACH = 8.0
"""The probe spans [-8, 8]: wide enough to tell relu6 and the hard functions from their kin."""


@kinds.register("activation")
class Activation(Kind):
    """Replaces the non-linearity after every hidden layer."""

    contract: ClassVar[Contract] = Contract(
        kind="activation",
        function="activation",
        arguments=("x",),
        imports=("import torch", "import torch.nn.functional as F"),
        vocabulary=(
            "torch.abs({})",
            "torch.atan({})",
            "torch.cos({})",
            "torch.erf({})",
            "torch.exp(-torch.square({}))",
            "torch.log1p(torch.abs({}))",
            "torch.sigmoid({})",
            "torch.sin({})",
            "torch.sqrt(torch.abs({}) + 1e-6)",
            "torch.square({})",
            "torch.tanh({})",
            "torch.asinh({})",
            "F.elu({})",
            "F.gelu({})",
            "F.leaky_relu({}, 0.1)",
            "F.relu({})",
            "F.silu({})",
            "F.softplus({})",
            "F.softsign({})",
            "torch.clamp({}, -1.0, 1.0)",
            "torch.maximum({}, {})",
            "torch.minimum({}, {})",
        ),
        description=(
            "`activation(x)` takes a float tensor of any shape and returns one of the same shape "
            "and dtype. Every output element depends on the input element at its place alone; the "
            "function is deterministic, and finite with a finite gradient on [-8, 8]."
        ),
    )
    trace_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (((5, 7),), ((3, 2, 4, 4),))
    large_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (((1024, 1024),),)
    baselines_folder: ClassVar[Path] = Path(__file__).parent / "baselines" / "activation"

    def check(self, component: Component) -> None:
        """Shape, dtype, finite values and gradients, no look at neighbours, not constant."""
        # Zero is where roots and logarithms break, and what a dead layer passes on.
        probe = torch.cat([_probe(), torch.zeros(1)]).requires_grad_()
        output = component(probe)
        expect_form(output, shape=probe.shape, dtype=probe.dtype)
        if not torch.isfinite(output).all():
            where = probe[~torch.isfinite(output)][0].item()
            raise ContractError(f"expected finite outputs on [-8, 8], got none at x = {where:.3g}")
        if not output.requires_grad or output.detach().std() < 1e-6:
            raise ContractError("expected an output that depends on x, got a constant")
        (gradient,) = torch.autograd.grad(output.sum(), probe)
        if not torch.isfinite(gradient).all():
            where = probe[~torch.isfinite(gradient)][0].item()
            raise ContractError(
                f"expected finite gradients on [-8, 8], got none at x = {where:.3g}"
            )
        _expect_elementwise(component, probe.detach(), output.detach())

    def parts(self, component: Component) -> Parts:
        """The component after every hidden layer."""
        return Parts(activation=component)

    def behaviour(self, component: Component) -> Vector:
        """Outputs on 64 equidistant points of [-8, 8]: (64,) float32."""
        with torch.no_grad():
            return np.asarray(component(_probe()).numpy(), dtype=np.float32)

    def abscissae(self) -> Vector:
        """The 64 points."""
        return _probe().numpy()


def _probe() -> torch.Tensor:
    return torch.linspace(-_REACH, _REACH, 64)


def _expect_elementwise(component: Component, probe: torch.Tensor, output: torch.Tensor) -> None:
    """The same elements among strangers, in another order, shape and layout, must give the same."""
    with torch.no_grad():
        for shape in _SHAPES:
            strangers = torch.linspace(-7.3, 9.1, math.prod(shape) - len(probe))
            mixed = torch.cat([probe, strangers]).flip(0).reshape(shape)
            for layout, values in layouts(mixed):
                among = _called(component, values, layout)
                expect_form(among, shape=values.shape, dtype=values.dtype)
                expect_same(
                    among.reshape(-1).flip(0)[: len(probe)],
                    output,
                    "expected every output element to depend on its own input element alone, "
                    "got outputs that change with the other elements or with their order",
                )


def _called(component: Component, values: torch.Tensor, layout: str) -> torch.Tensor:
    try:
        return component(values)
    except RuntimeError as error:
        raise ContractError(
            f"expected it to work on every shape, it fails on {tuple(values.shape)}, {layout} in "
            f"memory: {str(error).splitlines()[0][:150]}; use .reshape in place of .view"
        ) from error
