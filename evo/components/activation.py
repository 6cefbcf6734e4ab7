"""Activation functions: one number in, one number out, applied to every element alike."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from evo.components.base import Kind
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
from evo.core.contract import Contract
from evo.core.informed import marked
from evo.core.learnables import Component
from evo.core.records import Vector
from evo.networks.parts import Parts


@kinds.register("activation")
class Activation(Kind):
    """Replaces the non-linearity after every hidden layer."""

    contract: ClassVar[Contract] = Contract(
        kind="activation",
        function="activation",
        arguments=("x",),
        imports=("import torch", "import torch.nn.functional as F"),
        vocabulary=VOCABULARY,
        description=(
            "`activation(x)` takes a float tensor of any shape and returns one of the same shape "
            "and dtype. Every output element depends on the input element at its place alone; the "
            "function is deterministic, and finite with a finite gradient on [-30, 30]."
        ),
        optional=NOISE,
    )
    trace_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (((5, 7),), ((3, 2, 4, 4),))
    wide_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((3, 64),),
        ((2, 3, 11, 13),),
        ((1, 1, 97),),
    )
    large_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (((1024, 1024),),)
    standard: ClassVar[str | None] = "relu"
    baselines_folder: ClassVar[Path] = Path(__file__).parent / "baselines" / "activation"
    compared: ClassVar[str] = "outputs at 64 points of [-8, 8]"

    def check(self, component: Component) -> None:
        """Check shape, finite values and gradients, independence of neighbours; not constant."""
        for where, function in noisy_ways(component, self.contract):
            check_elementwise(function, where)

    def parts(self, component: Component) -> Parts:
        """The component after every hidden layer."""
        return Parts(activation=marked(component, self.contract))

    def behaviour(self, component: Component) -> Vector:
        """Outputs on 64 equidistant points of [-8, 8]: (64,) float32.

        With noise, four tenths of the output in training and six of that in tests.
        """
        with torch.no_grad():
            outputs = both_ways(component, self.contract)(probe())
        return np.asarray(outputs.numpy(), dtype=np.float32)

    def slopes(self, component: Component) -> Vector:
        """Gradients at the same points: (64,)."""
        return elementwise_slopes(both_ways(component, self.contract)).numpy()

    def reach(self, component: Component) -> float:
        """The largest |x| tried up to which values and gradients are finite."""
        return min(reach_of(one) for _, one in noisy_ways(component, self.contract))

    def facts(self, component: Component) -> dict[str, float]:
        """Values, slopes and moments in tests, see `elementwise_facts`."""
        return elementwise_facts(with_noise(component, self.contract, training=False))

    def abscissae(self) -> Vector:
        """The 64 points."""
        return probe().numpy()
