"""Normalisations: the signal of one layer in, the same signal on a common scale out."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from evo.components.base import ContractError, Kind
from evo.components.checks import normal_probe, sum_apart
from evo.components.facts import row_facts
from evo.components.kinds import kinds
from evo.components.rows import check_rows, each_row, expect_any_width, named_rows, rows_probe
from evo.core.contract import Contract, Input, Learnable
from evo.core.informed import completed, contract_of, marked
from evo.core.learnables import Component
from evo.core.records import Vector
from evo.networks.parts import Parts

_LEARNED, _STATISTICS = ("gain", "shift"), ("mean", "variance")


@kinds.register("normalization")
class Normalization(Kind):
    """Normalises the features at each layer of a network, with a learned gain and shift per layer.

    Layer norm (Ba et al. 2016, arXiv 1607.06450) and RMS norm (Zhang & Sennrich 2019, arXiv
    1910.07467) are of this kind. A row must not depend on the other rows, so that the output for a
    test sample does not depend on the other samples of its batch. Batch norm (Ioffe and Szegedy
    2015, arXiv 1502.03167) takes mean and variance of each feature as inputs: those of the batch in
    training, and their running averages in tests.
    """

    contract: ClassVar[Contract] = Contract(
        kind="normalization",
        function="normalize",
        arguments=("x",),
        imports=("import torch", "import torch.nn.functional as F"),
        vocabulary=(
            "torch.abs({})",
            "torch.asinh({})",
            "torch.atan({})",
            "torch.exp(-torch.square({}))",
            "torch.log1p(torch.abs({}))",
            "torch.sigmoid({})",
            "torch.sin({})",
            "torch.sqrt(torch.abs({}) + 1e-6)",
            "torch.square({})",
            "torch.tanh({})",
            "F.softsign({})",
            "torch.clamp({}, -3.0, 3.0)",
            "F.normalize({}, dim=-1)",
            "F.normalize({}, p=1.0, dim=-1)",
            "torch.softmax({}, dim=-1)",
            "torch.roll({}, 1, dims=-1)",
            "torch.maximum({}, {})",
            "torch.minimum({}, {})",
        ),
        description=(
            "`normalize(x, gain, shift)` takes the float signal of one layer, n rows with d ≥ 2 "
            "features, (n, d), and two learned vectors, (d,), of which every layer has its own; "
            "gain starts at 1, shift at 0, and training moves both. It returns a tensor of the "
            "shape and dtype of x. Every row of the output depends on the same row of x, on gain "
            "and on shift alone, so statistics are taken with dim=-1; it need not use both. The "
            "function is deterministic, and finite with finite gradients, also on a row of zeros "
            "or of equal numbers. n and d change from layer to layer; groups of features must "
            "divide any d, as math.gcd(d, 4) groups do; one of a single feature has no deviation."
        ),
        learnables=(Learnable("gain", "feature", 1.0), Learnable("shift", "feature", 0.0)),
        optional=(
            Input(
                "mean",
                "feature",
                "mean of each feature over the batch in training, its running average in tests",
            ),
            Input(
                "variance",
                "feature",
                "variance of each feature, likewise; it may be 0",
                0,
                9,
            ),
        ),
    )
    trace_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((5, 7), (7,), (7,)),
        ((8, 6), (6,), (6,)),
    )
    wide_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((1, 2), (2,), (2,)),
        ((3, 64), (64,), (64,)),
        ((2, 97), (97,), (97,)),
        ((1, 96), (96,), (96,)),
        ((1, 131), (131,), (131,)),
        ((1, 160), (160,), (160,)),
    )
    large_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((65536, 64), (64,), (64,)),
        ((256, 4096), (4096,), (4096,)),
    )
    is_mapped: ClassVar[bool] = True
    standard: ClassVar[str | None] = "identity"
    baselines_folder: ClassVar[Path] = Path(__file__).parent / "baselines" / "normalization"
    compared: ClassVar[str] = (
        "outputs on nine rows of eight features, with gain and shift at their start and otherwise"
    )

    def check(self, component: Component) -> None:
        """Check shape, finite values and gradients, independence of other rows; not constant.

        With gain and shift as they start, and with others.
        """
        for number, (where, (gain, shift)) in enumerate(_settings().items()):
            fixed = self._at(component, number)
            check_rows(partial(_on_rows, fixed, gain, shift), where)
            _expect_gradients(fixed, gain, shift, where)
        expect_any_width(partial(_at_start, self._at(component, 0)))
        if contract_of(component, self.contract).taken:
            _expect_gradients_of_statistics(component)

    def parts(self, component: Component) -> Parts:
        """The component at the layers of a network, learning."""
        return Parts(
            normalize=marked(component, self.contract, each_row(component)),
            normalize_learnables=self.contract.learnables,
        )

    def behaviour(self, component: Component) -> Vector:
        """Outputs on 9 rows of 8 features, with gain and shift as they start and others: (144,).

        With statistics other than 0 and 1, for a component that takes them.
        """
        with torch.no_grad():
            outputs = [
                self._at(component, 1 + number)(rows_probe(), *learned)
                for number, learned in enumerate(_settings().values())
            ]
        return np.asarray(torch.cat(outputs).reshape(-1).numpy(), dtype=np.float32)

    def facts(self, component: Component) -> dict[str, float]:
        """Mean and size of its outputs, with gain and shift as they start."""
        return row_facts(partial(_at_start, self._at(component, 0)))

    def slopes(self, component: Component) -> Vector:
        """Gradients on the same rows, by x, gain and shift together: (144,)."""
        fixed = self._at(component, 1)
        slopes: list[torch.Tensor] = []
        for learned in _settings().values():
            _, gradients = _row_by_row(fixed, rows_probe(), *learned)
            slopes.append(sum_apart(gradients) if gradients else torch.zeros(9, 8))
        return torch.cat(slopes).reshape(-1).numpy()

    def _at(self, component: Component, number: int) -> Component:
        """The component with statistics as they start, for 0, or with others."""

        def optional(x: torch.Tensor) -> list[torch.Tensor]:
            features = x.shape[-1]
            mean = number * 0.7 * normal_probe(features, seed=4)
            return [mean, torch.exp(number * 0.5 * normal_probe(features, seed=5))]

        return completed(component, self.contract, optional)


def _settings() -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Gain and shift as they start and as training may leave them, with words for messages."""
    return {
        "": (torch.ones(8), torch.zeros(8)),
        ", with gain and shift as training may move them": (
            1 + 1.2 * normal_probe(8, seed=2),
            0.5 * normal_probe(8, seed=3),
        ),
    }


def _on_rows(
    component: Component, gain: torch.Tensor, shift: torch.Tensor, x: torch.Tensor
) -> torch.Tensor:
    return component(x, gain, shift)


def _at_start(component: Component, x: torch.Tensor) -> torch.Tensor:
    return component(x, torch.ones(x.shape[1]), torch.zeros(x.shape[1]))


def _row_by_row(
    component: Component, rows: torch.Tensor, *others: torch.Tensor
) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    """Outputs for each row by itself, and gradients: (9, 8) each; none where none are passed on.

    Args:
        component: takes one row, (1, 8), and the others, (8,).
        rows: (9, 8).
        others: one for all rows, (8,), or one each, (9, 8). Every row has gradients of its own.
    """

    def on_one(row: torch.Tensor, *given: torch.Tensor) -> torch.Tensor:
        return component(row[None], *given)[0]

    given = [rows, *(one.expand_as(rows) for one in others)]
    given = [one.clone().requires_grad_() for one in given]
    output = torch.func.vmap(on_one, randomness="same")(*given)
    if not output.requires_grad:
        return output, ()
    # Not all alike: the plain sum of a layer norm does not depend on x.
    total = (output * torch.linspace(0.5, 2.0, rows.shape[1])).sum()
    gradients = torch.autograd.grad(total, given, allow_unused=True, materialize_grads=True)
    return output.detach(), gradients


def _first_fault(tensors: Sequence[torch.Tensor], names: Sequence[str]) -> tuple[str, str] | None:
    """The first row in which a tensor of (9, 8) is not finite, and the tensor's name."""
    if all(torch.isfinite(one).all() for one in tensors):
        return None
    return next(
        (row_name, name)
        for place, (row_name, _) in enumerate(named_rows())
        for name, one in zip(names, tensors, strict=True)
        if not torch.isfinite(one[place]).all()
    )


def _expect_gradients(
    component: Component, gain: torch.Tensor, shift: torch.Tensor, where: str
) -> None:
    """Check for finite gradients on every row of the probe; dead layers give rows of zeros."""
    _, gradients = _row_by_row(component, rows_probe(), gain, shift)
    if not gradients:
        raise ContractError(f"expected an output that passes gradients on, got none{where}")
    if fault := _first_fault(gradients, ("x", *_LEARNED)):
        row, argument = fault
        raise ContractError(f"expected a finite gradient to {argument}, got others on {row}{where}")


def _expect_gradients_of_statistics(component: Component) -> None:
    """Check that outputs and gradients are finite where features are the same in all samples."""
    rows = rows_probe()
    given = (*_settings()[""], rows, torch.zeros(8))
    output, gradients = _row_by_row(component, rows, *given)
    names = ("output", *(f"gradient to {one}" for one in ("x", *_LEARNED, *_STATISTICS)))
    if fault := _first_fault((output, *gradients), names[: 1 + len(gradients)]):
        row, what = fault
        raise ContractError(
            f"expected a finite {what} where the variance is 0, got others on {row}; add a "
            "constant to the variance"
        )
