"""Walks: an update rule on gradients that come one after another, as in a training."""

from typing import NoReturn

import torch

from evo.components.base import ContractError
from evo.components.checks import expect_form, normal_probe
from evo.core.contract import Contract, Input
from evo.core.informed import contract_of
from evo.core.learnables import Component

STATES = ("m", "v", "u")
"""Names of the states that update rules keep, in order."""
UPDATE_NOISE = (
    Input("noise", "argument", "standard normal numbers, drawn afresh for every tensor and step"),
)
"""Optional inputs of update rules."""
_SEED = 1000
"""Of the noise of a walk's first step; the next ones follow."""


def with_update_noise(component: Component, contract: Contract) -> Component:
    """The rule with noise that is the same at the same step of every walk.

    So it does not follow the gradient: a rule that hears nothing but noise is no rule.
    """
    kept = contract_of(component, contract)
    if not kept.taken:
        return component
    place = kept.parameters.index("t")

    def noisy(*inputs: torch.Tensor) -> torch.Tensor:
        drawn = normal_probe(*inputs[0].shape, seed=_SEED + int(inputs[place]))
        return component(*inputs, drawn)

    return noisy


def walk_steps(
    component: Component,
    gradients: torch.Tensor,
    what: str,
    *,
    weights: torch.Tensor | None = None,
    states: int = 2,
    norms: torch.Tensor | None = None,
) -> torch.Tensor:
    """The steps for gradients (steps, …), of the shape of one tensor each: (steps, …).

    Args:
        component: the rule.
        gradients: of one tensor.
        what: they are, for messages.
        weights: to start from; small ones by default.
        states: how many the rule keeps.
        norms: of all gradients together at each step, (steps,), for a rule that takes them.

    Raises:
        ContractError: a step or state has another form, or is not finite.
    """
    if weights is None:
        weights = 0.2 * normal_probe(*gradients.shape[1:], seed=2)
    kept = [torch.zeros_like(weights)] * states
    form = torch.Size((1 + states, *weights.shape))
    given: list[torch.Tensor] = []
    for number, gradient in enumerate(gradients, 1):
        scalars = [torch.tensor(float(number)), *([] if norms is None else [norms[number - 1]])]
        outputs = component(gradient, *kept, weights, *scalars)
        expect_form(outputs, shape=form, dtype=weights.dtype)
        given.append(outputs)
        step, *kept = outputs.unbind()
        weights = weights - 1e-3 * step
    walked = torch.stack(given)
    if not torch.isfinite(walked).all():
        _refuse(walked, what)
    return walked[:, 0]


def _refuse(walked: torch.Tensor, what: str) -> NoReturn:
    """Name what is not finite first, of steps and states: (steps, 1 + states, …)."""
    is_finite = torch.isfinite(walked).flatten(2).all(dim=-1)
    step, place = (~is_finite).nonzero()[0].tolist()
    raise ContractError(
        f"expected a finite {('step', *STATES)[place]}, got another at step {step + 1} on {what}"
    )
