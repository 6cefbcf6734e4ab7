"""Checks that the contracts of penalties share: one finite number of at least 0, with gradients."""

import torch

from evo.components.base import ContractError
from evo.components.checks import expect_form
from evo.core.learnables import Component


def pull_of(component: Component, values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The penalty and its gradient; zeros where it does not depend on the values."""
    values = values.clone().requires_grad_()
    penalty = component(values)
    if not penalty.requires_grad:
        return penalty, torch.zeros_like(values)
    (gradient,) = torch.autograd.grad(
        penalty.sum(), [values], allow_unused=True, materialize_grads=True
    )
    return penalty.detach(), gradient


def check_penalty(component: Component, values: torch.Tensor, what: str) -> None:
    """Check penalty and gradient.

    Args:
        component: takes the values alone.
        values: to penalise.
        what: they are, for messages.

    Raises:
        ContractError: with what was expected and what came.
    """
    penalty, gradient = pull_of(component, values)
    expect_penalty(penalty, values, what)
    if not torch.isfinite(gradient).all():
        raise ContractError(f"expected finite gradients, got others on {what}")


def expect_penalty(penalty: torch.Tensor, values: torch.Tensor, what: str) -> None:
    """Check form and value of a penalty, see `check_penalty`."""
    expect_form(penalty, shape=torch.Size(()), dtype=values.dtype)
    if not torch.isfinite(penalty):
        raise ContractError(f"expected a finite penalty, got {penalty.item()} on {what}")
    if penalty < -1e-6:  # rounding aside; values a hundred times as large are looked at, too
        raise ContractError(
            f"expected a penalty of at least 0, got {penalty.item():.3g} on {what}; "
            "square it or add a constant"
        )
