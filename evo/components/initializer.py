"""Initialisers: standard normal numbers in, the weights that a layer starts with out."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from evo.components.base import ContractError, Kind
from evo.components.checks import expect_form, expect_same, layouts, normal_probe
from evo.components.facts import initial_weight_facts
from evo.components.kinds import kinds
from evo.core.contract import Contract, Input
from evo.core.informed import completed, contract_of, marked, reads, without_unread
from evo.core.learnables import Component
from evo.core.records import Vector
from evo.networks.parts import Parts

_SHAPES = ((5, 7), (1, 3), (3, 2), (64, 32), (10, 100))
_DEPTHS = ((1, 4), (1, 1), (3, 4), (2, 3), (48, 48))
"""Number of the layer and of layers, a pair for each shape."""
_ROWS = (31, 2, 256, 17, 40)
"""Rows that the layer multiplies, a number for each shape."""


@kinds.register("initializer")
class Initializer(Kind):
    """Initialises the weights of every layer, the read-out included; biases start at 0.

    A component is deterministic. Chance comes in with its argument: a fresh draw for each layer and
    seed, the same for candidate and baselines. The sizes come as tensors, for formulas that are
    written without `z.shape`.
    """

    contract: ClassVar[Contract] = Contract(
        kind="initializer",
        function="initialize",
        arguments=("z",),
        imports=("import torch", "import torch.nn.functional as F"),
        vocabulary=(
            "torch.asinh({})",
            "torch.atan({})",
            "torch.erf({})",
            "torch.sign({})",
            "torch.sin({})",
            "torch.tanh({})",
            "torch.abs({})",
            "torch.square({})",
            "torch.clamp({}, -2.0, 2.0)",
            "torch.tril({})",
            "torch.triu({})",
            "F.hardshrink({}, 1.0)",
            "F.softshrink({}, 0.5)",
            "F.normalize({}, dim=-1)",
            "F.normalize({}, dim=0)",
            "torch.roll({}, 1, dims=-1)",
            "torch.maximum({}, {})",
            "torch.minimum({}, {})",
        ),
        description=(
            "`initialize(z, fan_in, fan_out)` takes independent standard normal numbers z, one for "
            "each weight of a layer, (outputs, inputs), and the two sizes as float tensors of "
            "shape (), fan_in = inputs and fan_out = outputs. It returns the weights that the "
            "layer starts with, of the shape and dtype of z, such as z / torch.sqrt(fan_in). They "
            "depend on z; the function is deterministic and finite. Outputs (≥ 1) and inputs (≥ 2) "
            "change from layer to layer."
        ),
        output="{} / torch.sqrt(fan_in)",
        scalars=("fan_in", "fan_out"),
        optional=(
            Input("layer", "number", "number of the layer, from 1 on, the read-out last", 2, 2),
            Input("layers", "number", "how many layers the network has, at least 1", 4, 4),
            Input(
                "inputs",
                "column",
                "what the layer multiplies on up to 256 training samples, (n, fan_in), n ≥ 2, so "
                "that it gives inputs @ weights.T; layers before it start with what this function "
                "gave them; patches of a convolution. A column may be constant, as of a dark pixel",
            ),
        ),
    )
    trace_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((5, 7), (), ()),
        ((8, 6), (), ()),
    )
    # It runs once a training: products of matrices, as for orthogonal weights, are no burden.
    ranges: ClassVar[tuple[tuple[float, float], ...] | None] = ((-3.0, 3.0), (7.0, 7.0), (5.0, 5.0))
    wide_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((1, 2), (), ()),
        ((17, 64), (), ()),
        ((3, 97), (), ()),
        ((131, 12), (), ()),
        ((97, 11), (), ()),
    )
    large_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (((128, 128), (), ()),)
    standard: ClassVar[str | None] = "torch_default"
    baselines_folder: ClassVar[Path] = Path(__file__).parent / "baselines" / "initializer"
    compared: ClassVar[str] = "the weights of two layers, for one fixed draw"
    doubt: ClassVar[str] = (
        "the cheap protocol hardly ranks them as full training does (Kendall's τ 0.17 and 0.32 on "
        "a panel)"
    )

    def check(self, component: Component) -> None:
        """Check shape and finite values at any size and layout, and dependence on the draw."""
        sees_inputs = reads(component, self.contract, "inputs")
        seen = ", whose inputs have a constant column" if sees_inputs else ""
        with torch.no_grad():
            for shape, depth, rows in zip(_SHAPES, _DEPTHS, _ROWS, strict=True):
                made = self._at(component, depth, rows)
                one, other = (
                    _called(made, normal_probe(*shape, seed=seed), seen) for seed in (0, 1)
                )
                if (one - other).abs().max() < 1e-12:
                    raise ContractError("expected weights that depend on z, got the same for all")
            draw, component = normal_probe(5, 7), self._at(component, _DEPTHS[0])
            weights = _called(component, draw)
            for layout, values in layouts(draw):
                expect_same(
                    _called(component, values),
                    weights,
                    f"expected the same weights however z lies in memory, got others {layout}",
                )

    def parts(self, component: Component) -> Parts:
        """The component at every layer."""
        return Parts(
            initialize=marked(component, self.contract, without_unread(component, self.contract)),
            initialize_sees_inputs=reads(component, self.contract, "inputs"),
        )

    def behaviour(self, component: Component) -> Vector:
        """The weights of a 4 × 6 and an 8 × 3 layer, in units of 1/√inputs: (48,).

        Of one draw each: what makes other weights of it is another component, be it that both
        follow the same law. For a component that sees the layer, they mix those of the first and
        the second layer of four, and of the last and the third, on inputs of either.
        """
        layers = [normal_probe(4, 6), normal_probe(8, 3, seed=1)]
        shares = (0.6, 0.4) if contract_of(component, self.contract).taken else (1.0,)
        with torch.no_grad():
            weights = [
                torch.stack(
                    [
                        share * _called(made, z) * z.shape[1] ** 0.5
                        for share, layer in zip(shares, numbers, strict=False)
                        for made in [self._at(component, (layer, 4), 20 + layer)]
                    ]
                ).sum(0)
                for z, numbers in zip(layers, ((1, 2), (4, 3)), strict=True)
            ]
        flat = torch.cat([one.reshape(-1) for one in weights])
        return np.asarray(flat.numpy(), dtype=np.float32)

    def facts(self, component: Component) -> dict[str, float]:
        """Scale and form of the weights."""
        return initial_weight_facts(self._at(component, (2, 4)))

    def _at(self, component: Component, depth: tuple[int, int], rows: int = 31) -> Component:
        """The component of a layer, given its number and that of layers, and its inputs' rows."""
        numbers = [torch.tensor(float(one)) for one in depth]

        def optional(z: torch.Tensor) -> list[torch.Tensor]:
            return [*numbers, _inputs(rows, z.shape[1])]

        return completed(component, self.contract, optional)


def _inputs(rows: int, features: int) -> torch.Tensor:
    """Example inputs of a layer: correlated features of several sizes, the last one constant."""
    normal = normal_probe(rows, features, seed=rows)
    together = normal + 0.5 * normal.mean(1, keepdim=True) * features**0.5
    sizes = torch.linspace(2.0, 0.25, features)
    return sizes * torch.where(torch.arange(features) < features - 1, together + 1.5, 1.0)


def _called(component: Component, z: torch.Tensor, also: str = "") -> torch.Tensor:
    outputs, inputs = z.shape
    weights = component(z, torch.tensor(float(inputs)), torch.tensor(float(outputs)))
    expect_form(weights, shape=z.shape, dtype=z.dtype)
    if not torch.isfinite(weights).all():
        raise ContractError(f"expected finite weights, got others for {outputs} × {inputs}{also}")
    return weights
