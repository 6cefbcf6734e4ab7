"""Preprocessors: a sample's features in, as many features out, before the network sees them."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from evo.components.base import Component, ContractError, Kind, kinds
from evo.components.checks import expect_form, expect_same, fill, layouts
from evo.parts import Parts
from evo.types import Contract, Vector


@kinds.register("preprocessor")
class Preprocessor(Kind):
    """Replaces the step between the data and the first layer.

    The study (Ardeshir 2024) names preprocessors without a definition; the reading here is ours. A
    row must not depend on the other rows: statistics of a batch would let the result of a test
    sample depend on the samples that happen to stand beside it, and test data would tell of each
    other. What a row's own features say (their mean, range, order) is free to use.

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
    )
    trace_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (((5, 7),), ((8, 6),))
    large_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((65536, 64),),
        ((256, 4096),),
    )
    baselines_folder: ClassVar[Path] = Path(__file__).parent / "baselines" / "preprocessor"

    def check(self, component: Component) -> None:
        """Shape, dtype, finite values, no look at other rows, not constant."""
        with torch.no_grad():
            probe = _probe()
            output = component(probe)
            expect_form(output, shape=probe.shape, dtype=probe.dtype)
            for row, (name, _) in zip(output, _rows(), strict=True):
                if not torch.isfinite(row).all():
                    raise ContractError(f"expected finite outputs, got others on {name}")
            if (output - output[:1]).abs().max() < 1e-6:
                raise ContractError("expected an output that depends on x, got a constant")
            _expect_rows_apart(component, probe, output)
            _expect_any_width(component)

    def parts(self, component: Component) -> Parts:
        """The component before the first layer."""
        return Parts(preprocess=component)

    def behaviour(self, component: Component) -> Vector:
        """Outputs on 9 rows of 8 features: small, large, skewed, flat and empty ones: (72,)."""
        with torch.no_grad():
            output = component(_probe()).reshape(-1)
        return np.asarray(output.numpy(), dtype=np.float32)


def _rows() -> list[tuple[str, torch.Tensor]]:
    """Samples such as data sets hold, with a name for each: (8,) features."""
    normal = fill(6, 8)
    return [
        ("features of mean 0 and deviation 1", normal[0]),
        ("features of mean 0 and deviation 1", normal[1]),
        ("features in [0, 1]", normal[2].sigmoid()),
        ("features of deviation 30", 30 * normal[3]),
        ("features of deviation 0.01", 0.01 * normal[4]),
        ("skewed features", normal[5].exp()),
        ("features most of which are 0", torch.tensor([0.0, 0, 0, 2, 0, 0, -1, 0])),
        ("a row of equal features", torch.full((8,), 0.5)),
        ("a row of zeros", torch.zeros(8)),
    ]


def _probe() -> torch.Tensor:
    return torch.stack([row for _, row in _rows()])


def _expect_rows_apart(component: Component, probe: torch.Tensor, output: torch.Tensor) -> None:
    """The same rows among strangers, in another order and layout, and alone, give the same."""
    otherwise = (
        "expected every row of the output to depend on its own row of x alone, got rows that "
        "change with the other rows or with their order; take statistics with dim=-1"
    )
    count = len(probe)
    for layout, rows in layouts(torch.cat([5 * fill(4, 8, seed=1) + 2, probe.flip(0)])):
        among = _called(component, rows, layout)
        expect_same(among[4:].flip(0), output, otherwise)
    for place in (0, count - 1):
        alone = _called(component, probe[place : place + 1], "contiguous")
        expect_same(alone, output[place : place + 1], otherwise)


def _expect_any_width(component: Component) -> None:
    for shape in ((1, 2), (33, 17)):
        rows = fill(*shape)
        output = _called(component, rows, "contiguous")
        expect_form(output, shape=rows.shape, dtype=rows.dtype)
        if not torch.isfinite(output).all():
            raise ContractError(f"expected finite outputs, got others on shape {shape}")


def _called(component: Component, rows: torch.Tensor, layout: str) -> torch.Tensor:
    try:
        return component(rows)
    except RuntimeError as error:
        raise ContractError(
            f"expected it to work for any n and d, it fails on {tuple(rows.shape)}, {layout} in "
            f"memory: {str(error).splitlines()[0][:150]}"
        ) from error
