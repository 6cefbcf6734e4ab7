"""Functions with a gradient of their own: `torch.autograd.Function`. Runs in the sandbox's child.

A graph has no backward. Where `backward` only multiplies what comes from above by slopes, the
function is its forward value plus the slopes times the change of its input,

    y.detach() + (x - x.detach()) · slope

summed over the dimensions that x has and y has not, as for a loss of each row. Where it is another
linear map B of what comes from above, and a symmetric one, as of sparsemax and all other gradients
of convex functions, the function is

    y.detach() + B (x - x.detach())

whose gradient is B too. Any other backward is refused.
"""

from collections.abc import Callable
from typing import Any

import torch

from evo.validation.graph.candidate_frames import CANDIDATE_MODULE
from evo.validation.graph.pre_dispatch import not_recorded

_NEEDS = (
    "its backward is neither a slope for each element of its argument nor a symmetric linear map; "
    "return what forward computes, whose gradient torch finds, or write "
    "y.detach() + (x - x.detach()) * slope"
)


class _Context:
    """Context that forward leaves to backward."""

    def __init__(self, needs: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs
        self.saved_tensors: tuple[Any, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        self.saved_tensors = tensors

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        """Those tensors, by their older name."""
        return self.saved_tensors

    def copied(self) -> "_Context":
        """A context for another call of backward, which may write into what is saved."""
        other = _Context(self.needs_input_grad)
        for name, value in vars(self).items():
            setattr(other, name, _copied(value))
        return other

    def mark_dirty(self, *_: Any) -> None:
        pass

    mark_non_differentiable = set_materialize_grads = mark_dirty


# Its forward may set what it likes on it, as on an instance of its own.
_Context.__module__ = CANDIDATE_MODULE


def applied(function: Any, *arguments: Any) -> torch.Tensor:
    """`Function.apply` as operators that have its value and its gradient.

    Raises:
        TypeError: its backward is no slope of each element.
    """
    needs = tuple(_is_differentiable(argument) for argument in arguments)
    context = _Context(needs)
    with torch.no_grad():
        if "setup_context" in vars(function):
            output = function.forward(*arguments)
            function.setup_context(context, arguments, output)
        else:
            output = function.forward(context, *arguments)
        if not isinstance(output, torch.Tensor):
            raise TypeError(_NEEDS)
    wanted = [argument for argument, is_needed in zip(arguments, needs, strict=True) if is_needed]
    if len(wanted) == 1 and wanted[0].shape == output.shape:
        place = needs.index(True)
        with torch.no_grad(), not_recorded():
            _expect_symmetric(
                lambda pull: _slopes(function.backward, context.copied(), pull)[place], output
            )
        change, value = wanted[0] - wanted[0].detach(), output.detach()
        pulled = _slopes(function.backward, context, change)[place]
        if pulled.requires_grad:
            return value + pulled
        # It computes under no_grad, as a backward may, so that its slopes are needed.
    with not_recorded():
        saved = context.copied()
    with torch.no_grad():
        slopes = _slopes(function.backward, context, torch.ones_like(output))
    with torch.no_grad(), not_recorded():
        _expect_slopes(function.backward, saved, output, slopes)
    result = output.detach()
    for argument, slope, is_needed in zip(arguments, slopes, needs, strict=False):
        if is_needed and slope is not None:
            change = (argument - argument.detach()) * slope.detach()
            further = list(range(output.dim(), slope.dim()))
            result = result + (change.sum(further) if further else change)
    return result


def _copied(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return type(value)(map(_copied, value))
    return value.clone() if isinstance(value, torch.Tensor) else value


def _slopes(backward: Callable[..., Any], context: _Context, above: torch.Tensor) -> list[Any]:
    slopes = backward(context, above)
    return list(slopes) if isinstance(slopes, tuple | list) else [slopes]


def _expect_slopes(
    backward: Callable[..., Any], context: _Context, output: torch.Tensor, slopes: list[Any]
) -> None:
    """Expect that backward multiplies whatever comes from above by the same slopes."""
    above = torch.linspace(-1.0, 2.0, output.numel()).reshape(output.shape).cos()
    for slope, pull in zip(slopes, _slopes(backward, context, above), strict=True):
        if slope is None:
            continue
        is_fit = slope.shape == pull.shape and slope.shape[: output.dim()] == output.shape
        pulls = above.reshape(*above.shape, *[1] * (slope.dim() - above.dim())) * slope
        if not is_fit or not torch.allclose(pull, pulls, rtol=1e-4, atol=1e-6, equal_nan=True):
            raise TypeError(_NEEDS)


def _expect_symmetric(pulled: Callable[[torch.Tensor], torch.Tensor], output: torch.Tensor) -> None:
    """Expect that a backward is a symmetric linear map.

    Raises:
        TypeError: it is not, at two pulls and the sum of multiples of them.
    """
    steps = torch.linspace(-1.0, 2.0, output.numel()).reshape(output.shape)
    one, other = (3 * steps).cos(), (5 * steps.square()).sin()
    first, second = pulled(one.clone()), pulled(other.clone())
    both, none = pulled(2 * one - 3 * other), pulled(0 * one)
    is_linear = torch.allclose(both, 2 * first - 3 * second, rtol=1e-3, atol=1e-4, equal_nan=True)
    shares = torch.stack([one * second, -other * first]).nan_to_num()
    is_symmetric = shares.sum().abs() <= 1e-4 * shares.abs().sum() + 1e-6
    if not is_linear or not is_symmetric or none.nan_to_num().any():
        raise TypeError(_NEEDS)


def _is_differentiable(argument: Any) -> bool:
    return isinstance(argument, torch.Tensor) and argument.requires_grad
