"""Gated activations: a gate and a value in, one number out, element by element."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from evo.components.base import UNMEASURED, Kind
from evo.components.checks import sum_apart
from evo.components.elementwise import (
    NOISE,
    VOCABULARY,
    both_ways,
    check_elementwise,
    noisy_ways,
    reach_of,
    with_noise,
)
from evo.components.facts import gate_facts
from evo.components.kinds import kinds
from evo.core.contract import Contract
from evo.core.informed import marked
from evo.core.learnables import Component
from evo.core.records import Vector
from evo.networks.parts import Function, Parts

_GATES, _VALUES = torch.linspace(-6, 6, 16), torch.tensor([-4.0, -1.0, -0.25, 0.5, 2.0])


@kinds.register("gated-activation")
class GatedActivation(Kind):
    """Replaces the non-linearity after every hidden layer, each of which gives a gate and a value.

    GLU (Dauphin et al. 2016, arXiv 1612.08083) and its variants ReGLU, GEGLU, SwiGLU and Bilinear
    (Shazeer 2020, arXiv 2002.05202) are of this kind. A hidden layer has twice the outputs that
    the next one takes: the first half are gates, the second values. Candidates and baselines alike
    have both, so nobody wins by parameters; one that ignores the value leaves half of them idle.
    """

    contract: ClassVar[Contract] = Contract(
        kind="gated-activation",
        function="glu",
        arguments=("gate", "value"),
        imports=("import torch", "import torch.nn.functional as F"),
        vocabulary=VOCABULARY,
        description=(
            "`glu(gate, value)` takes the two halves of a hidden layer's outputs, float tensors of "
            "one shape, and returns one of the same shape and dtype, such as F.silu(gate) * value. "
            "Every output element depends on the elements of gate and value at its place alone; "
            "the function is deterministic, and finite with finite gradients for both on "
            "[-30, 30]."
        ),
        output="{} * value",
        optional=NOISE,
    )
    trace_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((5, 7), (5, 7)),
        ((3, 2, 4, 4), (3, 2, 4, 4)),
    )
    wide_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((3, 64), (3, 64)),
        ((2, 3, 11, 13), (2, 3, 11, 13)),
        ((1, 1, 97), (1, 1, 97)),
    )
    large_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((1024, 1024), (1024, 1024)),
    )
    is_mapped: ClassVar[bool] = True
    needs_gates: ClassVar[bool] = True
    standard: ClassVar[str | None] = "reglu"
    baselines_folder: ClassVar[Path] = Path(__file__).parent / "baselines" / "gated_activation"
    compared: ClassVar[str] = "outputs at 80 pairs of gate and value"
    doubt: ClassVar[str] = UNMEASURED

    def check(self, component: Component) -> None:
        """Check finite values and gradients, independence of neighbours; not constant.

        Along lines through the plane of gate and value, on each of which it takes one number.
        """
        for way, function in noisy_ways(component, self.contract):
            for where, line in _lines(function).items():
                is_crooked = where == _CROOKED
                check_elementwise(
                    line,
                    where + way,
                    may_be_constant=not is_crooked,
                    at_all_shapes=is_crooked,
                )

    def parts(self, component: Component) -> Parts:
        """The component after every hidden layer, of twice the width."""
        return Parts(activation=marked(component, self.contract), halves=2)

    def behaviour(self, component: Component) -> Vector:
        """Outputs at 16 gates on [-6, 6] with 5 values each: (80,)."""
        with torch.no_grad():
            outputs = both_ways(component, self.contract)(*_pairs())
        return np.asarray(outputs.numpy(), dtype=np.float32)

    def slopes(self, component: Component) -> Vector:
        """Gradients at the same pairs, by gate and value together: (80,)."""
        given = [one.clone().requires_grad_() for one in _pairs()]
        output = both_ways(component, self.contract)(*given)
        if not output.requires_grad:
            return np.zeros(len(output), dtype=np.float32)
        gradients = torch.autograd.grad(
            output.sum(), given, allow_unused=True, materialize_grads=True
        )
        return sum_apart(gradients).numpy()

    def reach(self, component: Component) -> float:
        """The largest number tried up to which values and gradients are finite, on each line."""
        ways = [one for _, one in noisy_ways(component, self.contract)]
        return min(reach_of(line) for one in ways for line in _lines(one).values())

    def facts(self, component: Component) -> dict[str, float]:
        """Values, slopes and moments, see `gate_facts`."""
        return gate_facts(with_noise(component, self.contract, training=False))


_CROOKED = " at gate = x, value = 3 cos(x)"
"""The line on which a component must not be constant; gate - value is so on a straight one."""


def _lines(component: Component) -> Mapping[str, Function]:
    """The component of one number x that sets both gate and value, with words for messages."""
    return {
        " at gate = value = x": lambda x: component(x, x),
        " at gate = x, value = 1 - x": lambda x: component(x, 1 - x),
        _CROOKED: lambda x: component(x, 3 * torch.cos(x)),
        " at gate = 3 sin(x), value = x": lambda x: component(3 * torch.sin(x), x),
        " at value = 1": lambda x: component(x, torch.ones_like(x)),
        " at gate = 1": lambda x: component(torch.ones_like(x), x),
    }


def _pairs() -> tuple[torch.Tensor, torch.Tensor]:
    """Gates and values of the probe: (80,) each."""
    gates, values = torch.meshgrid(_GATES, _VALUES, indexing="ij")
    return gates.flatten(), values.flatten()
