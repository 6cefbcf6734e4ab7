"""Contract checks for kinds whose components work element by element."""

import math
from functools import lru_cache

import torch

from evo.components.base import ContractError
from evo.components.checks import (
    call_checked,
    expect_form,
    expect_pulls_apart,
    expect_same,
    layouts,
    sum_apart,
)
from evo.core.contract import Contract, Input
from evo.core.informed import completed, contract_of
from evo.core.learnables import Component

VOCABULARY = (
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
)
"""Calls that operators may write for elementwise kinds."""
_SHAPES = ((1, 65), (65, 1), (13, 10), (3, 5, 7), (2, 3, 5, 7))
"""Shapes that the probe is checked in: one row, one column, odd sizes, images."""
_AS_TRAINING = (8, 32, 64)
"""A signal of eight copies. Each must be what it would be alone, and so must its gradient."""
_AMONG_OTHERS = (3, 8, 16)
"""The same where another call tries a signal as large as in training."""
_OTHERWISE = (
    "expected every output element to depend on its own input element alone, got outputs or "
    "gradients that change with the other elements or with their order"
)
_WORKS = "work on every shape"
_ADVICE = "; use .reshape in place of .view"
_REACH = 8.0
"""The probe spans [-8, 8]: wide enough to distinguish relu6 and the hard functions from others."""


_FAR = torch.tensor([-30.0, -16.0, 16.0, 30.0])
"""Numbers beyond the probe, which signals of networks in training do reach."""
_FARTHER = (100.0, 1000.0, 10_000.0)
"""Numbers that no contract asks for; how far a component stays finite is shown to its author."""


NOISE = (
    Input(
        "noise",
        "argument",
        "independent standard normal numbers, drawn afresh at every training step, as for dropout; "
        "0 in tests, by which margins are taken",
    ),
    Input("training", "number", "1 while it trains, 0 while it is tested", 0, 1),
)
"""Optional inputs of activations."""
_SHARE = 0.4
"""Of the output in training, beside that in tests, in behaviour."""


def with_noise(component: Component, contract: Contract, *, training: bool) -> Component:
    """The component with noise that follows from its first argument; without any in tests.

    So every element has noise of its own, wherever it stands.
    """

    def optional(x: torch.Tensor) -> list[torch.Tensor]:
        noise = 2 * torch.sin(37 * x.detach()) if training else torch.zeros_like(x)
        return [noise, torch.tensor(float(training))]

    return completed(component, contract, optional)


def both_ways(component: Component, contract: Contract) -> Component:
    """Outputs that behaviour compares: in tests, and in training too where noise is taken."""
    tested, trained = (
        with_noise(component, contract, training=training) for training in (False, True)
    )
    if not contract_of(component, contract).taken:
        return component
    return lambda *inputs: (1 - _SHARE) * tested(*inputs) + _SHARE * trained(*inputs)


def noisy_ways(component: Component, contract: Contract) -> list[tuple[str, Component]]:
    """The component in training and in tests, with words for messages; one without noise once."""
    if not contract_of(component, contract).taken:
        return [("", component)]
    return [
        (f" {where}", with_noise(component, contract, training=where == "in training"))
        for where in ("in training", "in tests")
    ]


def probe() -> torch.Tensor:
    """64 equidistant points of [-8, 8]."""
    return torch.linspace(-_REACH, _REACH, 64)


def elementwise_slopes(component: Component, *learned: torch.Tensor) -> torch.Tensor:
    """Gradients on the probe, to x and to learned numbers, summed with a weight for each: (64,).

    Args:
        component: takes x and the learned numbers.
        learned: a number each, () or (1,).
    """
    # Each point has learned numbers of its own, so that each has its own gradients to them.
    given = [probe()[:, None], *(number.expand(64, *number.shape).clone() for number in learned)]
    given = [values.requires_grad_() for values in given]
    output = torch.func.vmap(component)(*given)
    if not output.requires_grad:
        return torch.zeros(64)
    gradients = torch.autograd.grad(output.sum(), given, allow_unused=True, materialize_grads=True)
    return sum_apart([gradient.reshape(64) for gradient in gradients])


def reach_of(component: Component) -> float:
    """The largest of 30, 100, 1,000 and 10,000 up to which values and gradients are finite."""
    reach = float(_FAR.max())
    for size in _FARTHER:
        points = torch.tensor([-size, size], requires_grad=True)
        output = component(points)
        if not torch.isfinite(output).all():
            return reach
        if output.requires_grad:
            (gradient,) = torch.autograd.grad(output.sum(), points)
            if not torch.isfinite(gradient).all():
                return reach
        reach = size
    return reach


def check_elementwise(
    component: Component,
    where: str = "",
    *,
    may_be_constant: bool = False,
    at_all_shapes: bool = True,
) -> None:
    """Check shape, dtype, finite values and gradients, independence of neighbours; not constant.

    Args:
        component: takes one tensor.
        may_be_constant: leaves the last of these out.
        at_all_shapes: try every shape and layout, not one small signal alone. Where a kind checks a
            component at several further arguments, one of them does: operators mind how their
            tensors lie, whatever the numbers.
        where: with which further arguments, for messages, such as ` at a = 1`.

    Raises:
        ContractError: with what was expected and what came.
    """
    # Zero is where roots and logarithms break, and what a dead layer passes on.
    points = _points().clone().requires_grad_()
    output = component(points)
    expect_form(output, shape=points.shape, dtype=points.dtype)
    _expect_finite(output, points, f"outputs on [-30, 30]{where}")
    is_constant = not output.requires_grad or output.detach().std() < 1e-6
    if is_constant and not may_be_constant:
        raise ContractError(f"expected an output that depends on x{where}, got a constant")
    far = _FAR.clone().requires_grad_()
    beyond = component(far)
    _expect_finite(beyond, far, f"outputs on [-30, 30]{where}")
    total = output.sum() + beyond.sum()
    if total.requires_grad:
        given = (points, far)
        gradients = torch.autograd.grad(total, given, allow_unused=True, materialize_grads=True)
        for gradient, where_taken in zip(gradients, given, strict=True):
            _expect_finite(gradient, where_taken, f"gradients on [-30, 30]{where}")
    _expect_elementwise(component, output.detach(), at_all_shapes=at_all_shapes)


def _expect_finite(values: torch.Tensor, points: torch.Tensor, what: str) -> None:
    """Check that the values that belong to points are finite."""
    is_finite = torch.isfinite(values)
    if not is_finite.all():
        place = points[~is_finite][0].item()
        raise ContractError(f"expected finite {what}, got none at x = {place:.3g}")


def _expect_elementwise(component: Component, output: torch.Tensor, *, at_all_shapes: bool) -> None:
    """Check that elements give the same among others, in another order, shape and layout.

    So do their gradients.
    """
    reverse = output.flip(0)
    with torch.no_grad():
        for layout, values in _in_all_forms() if at_all_shapes else ():
            among = call_checked(component, values, layout, expected=_WORKS, advice=_ADVICE)
            expect_form(among, shape=values.shape, dtype=values.dtype)
            expect_same(among.reshape(-1)[-len(reverse) :], reverse, _OTHERWISE)

    values = _mixed(_AS_TRAINING if at_all_shapes else _AMONG_OTHERS).clone().requires_grad_()
    among = call_checked(component, values, "contiguous", expected=_WORKS, advice=_ADVICE)
    expect_same(among.detach().reshape(-1)[-len(reverse) :], reverse, _OTHERWISE)
    if among.requires_grad:
        expect_pulls_apart(among, values, _OTHERWISE)


@lru_cache(maxsize=1)
def _points() -> torch.Tensor:
    """The probe and zero: (65,). Not to be written to, like all that is remembered here."""
    return torch.cat([probe(), torch.zeros(1)])


@lru_cache(maxsize=1)
def _in_all_forms() -> list[tuple[str, torch.Tensor]]:
    """The points among others, in every shape and layout, with the layout's name."""
    return [one for shape in _SHAPES for one in layouts(_mixed(shape))]


@lru_cache(maxsize=16)
def _mixed(shape: tuple[int, ...]) -> torch.Tensor:
    """The points in reverse, at the end of a tensor of other numbers."""
    points = _points()
    others = torch.linspace(-7.3, 9.1, math.prod(shape) - len(points))
    return torch.cat([points, others]).flip(0).reshape(shape)
