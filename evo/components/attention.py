"""Attention: the scores of a query with its keys in, the weights of their values out."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from evo.components.base import UNMEASURED, ContractError, Kind
from evo.components.checks import call_checked, expect_pulls_apart, normal_probe, sum_apart
from evo.components.elementwise import NOISE, both_ways, noisy_ways, reach_of, with_noise
from evo.components.facts import attention_facts
from evo.components.kinds import kinds
from evo.components.rows import check_rows, expect_any_width, named_rows, rows_probe
from evo.core.contract import Contract, Input
from evo.core.informed import contract_of, learned_by, marked, without_unread
from evo.core.learnables import Component
from evo.core.records import Vector
from evo.networks.parts import Function, Parts

_TRIED = ((1.0, 0.0), (0.6, 0.4), (-0.5, 1.2))
"""Values of a and b that a component must bear, the initial ones first."""
_WORKS = "work for any number of keys, one too"
_COMPARED = 2
"""How many of them behaviour compares."""
_SCALES = torch.tensor([0.3, 1.0, 1.0, 3.0, 3.0, 10.0])
"""Deviations of the scores of the six queries of a probe."""


@kinds.register("attention")
class AttentionKind(Kind):
    """Replaces the softmax that turns the scores of attention into weights.

    Scaled dot-product attention (Vaswani et al. 2017, arXiv 1706.03762) weighs values by
    softmax(q kᵀ / √d). Sparsemax (Martins and Astudillo 2016, arXiv 1602.02068), entmax, sigmoid
    attention (Ramapuram et al. 2024, arXiv 2409.04431) and softmax off by one are of this kind. A
    component is given the keys that a query may see alone, so masks hold whatever it computes.
    """

    contract: ClassVar[Contract] = Contract(
        kind="attention",
        function="attend",
        arguments=("scores",),
        imports=("import torch", "import torch.nn.functional as F"),
        vocabulary=(
            "torch.softmax({}, dim=-1)",
            "torch.softmax(2.0 * {}, dim=-1)",
            "torch.sigmoid({})",
            "torch.tanh({})",
            "torch.abs({})",
            "torch.asinh({})",
            "torch.square({})",
            "torch.exp(-torch.square({}))",
            "torch.log1p(torch.abs({}))",
            "torch.sqrt(torch.abs({}) + 1e-6)",
            "torch.clamp({}, -5.0, 5.0)",
            "torch.cumsum({}, dim=-1)",
            "F.relu({})",
            "F.elu({})",
            "F.softplus({})",
            "F.softsign({})",
            "F.normalize({}, p=1.0, dim=-1)",
            "torch.maximum({}, {})",
            "torch.minimum({}, {})",
        ),
        description=(
            "`attend(scores)` takes the scores of n queries with k ≥ 1 keys each, a float tensor "
            "(n, k) of products q·k / √d, and returns the weights of the keys' values, of the same "
            "shape and dtype, such as torch.softmax(scores, dim=-1). Every row of the output "
            "depends on the same row of scores alone. A row has the keys that its query may see, "
            "in their order, and no others: masked ones are left out before, so no mask is needed, "
            "and k changes from query to query where attention is causal. Weights may be negative "
            "and need not sum to 1. The function is deterministic, and finite with finite "
            "gradients."
        ),
        optional=(
            Input("a", "number", "a learned number per layer; starts at 1", initial=1),
            Input("b", "number", "a learned number per layer; starts at 0", initial=0),
            *NOISE,
        ),
    )
    trace_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (((5, 7),), ((8, 6),))
    wide_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((3, 1),),
        ((1, 2),),
        ((3, 64),),
        ((2, 97),),
        ((1, 96),),
        ((1, 131),),
    )
    large_shapes: ClassVar[tuple[tuple[tuple[int, ...], ...], ...]] = (
        ((65536, 64),),
        ((4096, 1024),),
    )
    is_mapped: ClassVar[bool] = True
    needs_attention: ClassVar[bool] = True
    standard: ClassVar[str | None] = "softmax"
    baselines_folder: ClassVar[Path] = Path(__file__).parent / "baselines" / "attention"
    compared: ClassVar[str] = "weights of six queries with eight keys and six with three"
    doubt: ClassVar[str] = UNMEASURED

    def check(self, component: Component) -> None:
        """Check finite weights and gradients, independence of other queries; not constant.

        At three values of what it learns, and for a single key.
        """
        for place, (a, b) in enumerate(_TRIED[: self._settings(component)]):
            at = f" at a = {a:g}, b = {b:g}" if place else ""
            for way, function in noisy_ways(component, self.contract):
                learned = self._learned(component, place)
                fixed = _fixed(function, learned)
                call_checked(fixed, torch.ones(3, 1), "contiguous", expected=_WORKS)
                check_rows(fixed, at + way)
                expect_any_width(fixed)
                _expect_own_gradients(fixed)
                _expect_gradients(function, learned, at + way)

    def parts(self, component: Component) -> Parts:
        """The component in every attention, learning what it reads."""
        read = without_unread(component, self.contract)
        return Parts(
            attend=marked(component, self.contract, _each_query(read)),
            attend_learnables=learned_by(component, self.contract),
        )

    def behaviour(self, component: Component) -> Vector:
        """Weights of 6 queries with 8 keys and 6 with 3, at two values of a and b: (132,).

        Two numbers of keys, since some divide by it.
        """
        function = both_ways(component, self.contract)
        with torch.no_grad():
            weights = [
                _fixed(function, self._learned(component, place))(rows).flatten()
                for place in range(_COMPARED)
                for rows in _probes()
            ]
        return np.asarray(torch.cat(weights).numpy(), dtype=np.float32)

    def slopes(self, component: Component) -> Vector:
        """Gradients on the same queries, by scores and what is learned together: (132,)."""
        function = both_ways(component, self.contract)
        slopes = [
            _slopes(function, rows, self._learned(component, place))
            for place in range(_COMPARED)
            for rows in _probes()
        ]
        return torch.cat(slopes).numpy()

    def reach(self, component: Component) -> float:
        """The largest |score| tried up to which weights and gradients of two keys are finite."""
        return min(
            reach_of(_one_query(_fixed(function, self._learned(component, place))))
            for place in range(self._settings(component))
            for _, function in noisy_ways(component, self.contract)
        )

    def facts(self, component: Component) -> dict[str, float]:
        """Sums, concentration and share of zeros of the weights in tests."""
        tested = with_noise(component, self.contract, training=False)
        return attention_facts(_fixed(tested, self._learned(component, 0)))

    def _settings(self, component: Component) -> int:
        """Number of values of a and b to try: one for a component that takes none."""
        return len(_TRIED) if contract_of(component, self.contract).taken else 1

    def _learned(self, component: Component, place: int) -> list[torch.Tensor]:
        """Values of the learned numbers that it takes, one of those tried: () each."""
        learned = contract_of(component, self.contract).learned
        return [torch.tensor(value) for value, _ in zip(_TRIED[place], learned, strict=False)]


def _fixed(function: Component, learned: Sequence[torch.Tensor]) -> Function:
    return lambda scores: function(scores, *learned)


def _one_query(component: Component) -> Component:
    """The component on a row (k,) and numbers."""

    def on_one(row: torch.Tensor, *numbers: torch.Tensor) -> torch.Tensor:
        return component(row.unsqueeze(0), *numbers).squeeze(0)

    return on_one


def _each_query(component: Component) -> Component:
    """The component as training calls it, on every query by itself: scores (…, k) → weights.

    What has the shape of the scores, such as noise, goes along with them.
    """

    def on_one(*arguments: torch.Tensor) -> torch.Tensor:
        rows = (one.unsqueeze(0) if one.dim() else one for one in arguments)
        return component(*rows).squeeze(0)

    def on_all(*arguments: torch.Tensor) -> torch.Tensor:
        dims = tuple(0 if one.dim() else None for one in arguments)
        rows = (one.flatten(0, -2) if one.dim() else one for one in arguments)
        return torch.func.vmap(on_one, dims)(*rows).view(arguments[0].shape)

    return on_all


def _probes() -> tuple[torch.Tensor, torch.Tensor]:
    return (
        _SCALES[:, None] * normal_probe(6, 8, seed=8),
        _SCALES[:, None] * normal_probe(6, 3, seed=9),
    )


def _slopes(
    function: Component, rows: torch.Tensor, learned: Sequence[torch.Tensor]
) -> torch.Tensor:
    """Gradients to each score, with those to the numbers learned by its query: (n · k,)."""
    _, gradients = _query_by_query(function, rows, learned)
    if not gradients:
        return torch.zeros(rows.numel())
    by_key = [one if one.dim() > 1 else one[:, None].expand_as(rows) for one in gradients]
    return sum_apart(by_key).flatten()


def _query_by_query(
    function: Component, rows: torch.Tensor, learned: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    """Weights of each query by itself, and gradients to its scores and to the numbers learned.

    These are (n, k), and (n,) for each number; none where weights pass none on.
    """
    given = [rows, *(number.expand(len(rows)) for number in learned)]
    given = [one.clone().requires_grad_() for one in given]
    weights = torch.func.vmap(_one_query(function))(*given)
    if not weights.requires_grad:
        return weights, ()
    total = (weights * torch.linspace(0.5, 2.0, rows.shape[1])).sum()
    gradients = torch.autograd.grad(total, given, allow_unused=True, materialize_grads=True)
    return weights.detach(), gradients


def _expect_own_gradients(component: Component) -> None:
    """Check that the gradient of a query's weights reaches its own scores alone."""
    rows = normal_probe(6, 8, seed=8).requires_grad_()
    output = component(rows)
    if output.requires_grad:
        totals = (output * torch.linspace(0.5, 2.0, 8)).sum(-1)
        expect_pulls_apart(
            totals, rows, "expected gradients of each query by its own scores alone, got others"
        )


def _expect_gradients(function: Component, learned: Sequence[torch.Tensor], where: str) -> None:
    """Check for gradients to all scores, and to what is learned, that are finite."""
    single = ["a query with one key"] * 3
    for names, rows in (
        ([name for name, _ in named_rows()], rows_probe()),
        (single, torch.tensor([[0.0], [8.0], [-8.0]])),
    ):
        weights, gradients = _query_by_query(function, rows, learned)
        if (place := _first_infinite(weights)) is not None:
            raise ContractError(f"expected finite weights, got others on {names[place]}{where}")
        if not gradients and names is not single:  # all of a query may go to its only key
            raise ContractError(
                f"expected weights that pass gradients on to the scores, got none{where}: queries "
                "and keys would not train"
            )
        for argument, gradient in zip(("scores", "a", "b"), gradients, strict=False):
            if (place := _first_infinite(gradient)) is not None:
                raise ContractError(
                    f"expected a finite gradient to {argument}, got others on {names[place]}{where}"
                )


def _first_infinite(rows: torch.Tensor) -> int | None:
    """Index of the first row, or number, that is not finite; None for none."""
    is_finite = torch.isfinite(rows)
    if is_finite.all():
        return None
    return int((~is_finite.reshape(len(rows), -1)).any(dim=1).nonzero()[0])
