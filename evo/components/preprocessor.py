"""Preprocessors: a sample's features in, as many features out, before the network sees them."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from evo.components.base import Kind
from evo.components.elementwise import NOISE, both_ways, noisy_ways, with_noise
from evo.components.facts import row_facts
from evo.components.kinds import kinds
from evo.components.rows import check_rows, each_row, expect_any_width, rows_probe
from evo.core.contract import Contract
from evo.core.informed import contract_of, marked
from evo.core.learnables import Component
from evo.core.records import Vector
from evo.networks.parts import Parts


@kinds.register("preprocessor")
class Preprocessor(Kind):
    """Replaces the step between the data and the first layer.

    The study (Ardeshir 2024) names preprocessors without a definition; the reading here is ours. A
    row must not depend on the other rows: statistics of a batch would let the result of a test
    sample depend on the other samples of its batch, and test samples would leak into each other.
    Statistics of a row's own features (their mean, range, order) are free to use.

    Gradients are not asked for: no parameter stands before the inputs, so none ever flows here.
    """

    contract: ClassVar[Contract] = Contract(
        kind="preprocessor",
        function="preprocess",
        arguments=("x",),
        imports=("import torch", "import torch.nn.functional as F"),
        vocabulary=(
            "torch.abs({})",
            "torch.asinh({})",
            "torch.atan({})",
            "torch.cos({})",
            "torch.exp(-torch.square({}))",
            "torch.log1p(torch.abs({}))",
            "torch.sigmoid({})",
            "torch.sign({})",
            "torch.sin({})",
            "torch.sqrt(torch.abs({}) + 1e-6)",
            "torch.square({})",
            "torch.tanh({})",
            "F.relu({})",
            "F.softsign({})",
            "torch.clamp({}, -2.0, 2.0)",
            "F.normalize({}, dim=-1)",
            "torch.softmax({}, dim=-1)",
            "torch.roll({}, 1, dims=-1)",
            "torch.cumsum({}, dim=-1)",
            "torch.maximum({}, {})",
            "torch.minimum({}, {})",
        ),
        description=(
            "`preprocess(x)` takes a float tensor of n samples with d ≥ 2 features, (n, d), and "
            "returns one of the same shape and dtype. Every row of the output depends on the same "
            "row of x alone; the function is deterministic and finite, also on a row of zeros or "
            "of equal numbers. n and d change from task to task."
        ),
        optional=NOISE,
    )
    trace_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (((5, 7),), ((8, 6),))
    wide_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((1, 2),),
        ((3, 64),),
        ((2, 97),),
        ((1, 784),),
        ((2, 300),),
    )
    large_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((65536, 64),),
        ((256, 4096),),
    )
    is_mapped: ClassVar[bool] = True
    standard: ClassVar[str | None] = "identity"
    baselines_folder: ClassVar[Path] = Path(__file__).parent / "baselines" / "preprocessor"
    compared: ClassVar[str] = "outputs on nine rows of eight features"

    def check(self, component: Component) -> None:
        """Check shape, dtype, finite values, independence of other rows; not constant."""
        for where, function in noisy_ways(component, self.contract):
            check_rows(function, where)
            expect_any_width(function)

    def parts(self, component: Component) -> Parts:
        """The component before the first layer."""
        rows = 2 if contract_of(component, self.contract).taken else 1
        row_by_row = each_row(component, rows=rows)
        return Parts(preprocess=marked(component, self.contract, row_by_row))

    def behaviour(self, component: Component) -> Vector:
        """Outputs on 9 rows of 8 features: small, large, skewed, flat and empty ones: (72,)."""
        with torch.no_grad():
            output = both_ways(component, self.contract)(rows_probe()).reshape(-1)
        return np.asarray(output.numpy(), dtype=np.float32)

    def facts(self, component: Component) -> dict[str, float]:
        """Mean and size of its outputs."""
        return row_facts(with_noise(component, self.contract, training=False))
