"""Numbers that torch's functions take, given as tensors without dimensions. Runs in the child.

`m.add_(g, alpha=1 - beta)` reads the value of a tensor in eager PyTorch, without a gradient, where
a trace has none: here what it multiplies is multiplied by the tensor. So step sizes that follow the
number of the step may stand where libraries have them.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from evo.validation.graph.candidate_frames import CANDIDATE, CANDIDATE_MODULE

_FACTORS = {"add": "alpha", "sub": "alpha", "addcmul": "value", "addcdiv": "value"}
"""Functions that take a number to multiply what they add, and its name."""


def _multiplied(original: Callable[..., Any], keyword: str) -> Callable[..., Any]:
    count = 2 if keyword == "value" else 1

    def function(tensor: Any, first: Any, *others: Any, **keywords: Any) -> Any:
        if len(others) == count and _is_number(first):  # as torch had it: m.add_(step_size, g)
            keywords[keyword], first, others = first, others[0], others[1:]
        if _is_number(keywords.get(keyword)):
            first = first * keywords.pop(keyword).detach()
        return original(tensor, first, *others, **keywords)

    return function


def _filled(original: Callable[..., Any]) -> Callable[..., Any]:
    def function(like: Any, fill_value: Any, *others: Any, **keywords: Any) -> Any:
        if _is_number(fill_value):
            return original(like, 0.0, *others, **keywords) + fill_value.detach()
        return original(like, fill_value, *others, **keywords)

    return function


def _is_number(value: Any) -> bool:
    return isinstance(value, Tensor) and value.dim() == 0


def out(function: Callable[..., Any], *arguments: Any, out: Any, **keywords: Any) -> Any:
    """A function of torch that writes its results into tensors of their shapes, `out`.

    None takes no result. A function of the component is called as it stands.

    Raises:
        TypeError: a result has another shape, or there are more or fewer of them.
    """
    is_of_component = isinstance(function, type) or type(function).__module__ == CANDIDATE_MODULE
    if (
        is_of_component
        or getattr(getattr(function, "__code__", None), "co_filename", "") == CANDIDATE
    ):
        return function(*arguments, out=out, **keywords)
    result = function(*arguments, **keywords)
    if out is None:
        return result
    if isinstance(result, tuple) and isinstance(out, tuple) and len(result) == len(out):
        pairs = zip(result, out, strict=True)
        return tuple(one if to is None else _written(one, to, like=one) for one, to in pairs)
    return _written(result, out, like=out)


def _written(result: Any, out: Any, *, like: Any) -> Tensor:
    """A tensor with a result in it; of several results each needs one of its own dtype, `like`."""
    is_pair = isinstance(result, Tensor) and isinstance(out, Tensor)
    if not is_pair or result.shape != out.shape or like.dtype != out.dtype:
        raise TypeError("`out=` takes a tensor of the result's shape; assign the result instead")
    return out.copy_(result)


SCALAR_METHODS: Mapping[str, Callable[..., Any]] = {
    **{
        name + ending: _multiplied(getattr(Tensor, name + ending), keyword)
        for name, keyword in _FACTORS.items()
        for ending in ("", "_")
    },
    "new_full": _filled(Tensor.new_full),
}
"""Such functions that are methods of tensors."""

SCALARS: Mapping[tuple[Any, str], Callable[..., Any]] = {
    **{
        (torch, name): _multiplied(getattr(torch, name), keyword)
        for name, keyword in _FACTORS.items()
    },
    (torch, "full"): _filled(torch.full),
    (torch, "full_like"): _filled(torch.full_like),
}
"""Such functions by module and name."""
