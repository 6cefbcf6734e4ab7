"""Gates: how much of a signal passes, x · gate(x) after every hidden layer."""

from pathlib import Path

import numpy as np
import torch

from evo.components.base import ContractError, Kind
from evo.components.checks import expect_form
from evo.components.kinds import kinds
from evo.core.contract import Contract
from evo.core.learnables import Component
from evo.core.records import Vector
from evo.networks.parts import Parts


@kinds.register("gate")
class Gate(Kind):
    """Decides how much of each hidden signal passes."""

    contract = Contract(
        kind="gate",
        function="gate",
        arguments=("x",),
        imports=("import torch",),
        vocabulary=("torch.tanh({})", "torch.erf({})", "torch.sin({})", "torch.square({})"),
        description="`gate(x)` takes a float tensor and returns one of the same shape in [0, 1].",
        output="torch.sigmoid({})",
    )
    trace_shapes = (((5, 7),), ((3, 2, 4, 4),))
    large_shapes = (((1024, 1024),),)
    baselines_folder = Path(__file__).parent / "baselines"

    def check(self, component: Component) -> None:
        probe = torch.linspace(-8, 8, 64)
        output = component(probe)
        expect_form(output, shape=probe.shape, dtype=probe.dtype)
        if not ((output >= 0) & (output <= 1)).all():
            raise ContractError("expected a gate in [0, 1], got values outside")

    def parts(self, component: Component) -> Parts:
        return Parts(activation=lambda x: x * component(x))

    def behaviour(self, component: Component) -> Vector:
        with torch.no_grad():
            return np.asarray(component(torch.linspace(-8, 8, 64)).numpy(), dtype=np.float32)
