"""Functions of numpy on tensors, as those of torch. Runs in the sandbox's child.

`np.sqrt(6 / fan_in)` works in eager PyTorch, without a gradient, where it would need the values of
a tensor here. Arithmetic of a number of numpy with a tensor is that of the tensor.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch

_ARITHMETIC: Mapping[str, Callable[..., torch.Tensor]] = {
    "add": torch.add,
    "divide": torch.div,
    "multiply": torch.mul,
    "power": torch.pow,
    "subtract": torch.sub,
}
_FUNCTIONS: Mapping[str, Callable[..., torch.Tensor]] = {
    "absolute": torch.abs,
    "arctan": torch.atan,
    "arcsinh": torch.asinh,
    **{
        name: getattr(torch, name)
        for name in (
            *("ceil", "cos", "exp", "expm1", "floor", "log", "log10", "log1p", "log2", "maximum"),
            *("minimum", "reciprocal", "sign", "sin", "sqrt", "square", "tan", "tanh"),
        )
    },
}


def of_numpy(
    _: torch.Tensor, function: Any, method: str, *arguments: Any, **keywords: Any
) -> torch.Tensor:
    """The function of torch that does what one of numpy is asked to do.

    Raises:
        TypeError: there is none.
    """
    name = function.__name__
    if method == "__call__" and not keywords and name in _ARITHMETIC:
        left, right = map(_of_torch, arguments)
        if isinstance(left, torch.Tensor) or name in ("add", "multiply"):
            return (
                _ARITHMETIC[name](left, right)
                if isinstance(left, torch.Tensor)
                else (_ARITHMETIC[name](right, left))
            )
        return {"divide": right.__rtruediv__, "power": right.__rpow__}.get(name, right.__rsub__)(
            left
        )
    if method == "__call__" and not keywords and name in _FUNCTIONS:
        first, *others = (_detached(one) for one in arguments)
        like = first if isinstance(first, torch.Tensor) else others[0]
        tensors = [
            one if isinstance(one, torch.Tensor) else like.new_tensor(one)
            for one in (first, *others)
        ]
        return _FUNCTIONS[name](*tensors)
    return as_array()


def as_array(*_: Any, **__: Any) -> Any:
    """Refuse to give a tensor's values to numpy."""
    raise TypeError(
        "numpy cannot take a tensor here; use the function of torch in place of numpy's"
    )


def _of_torch(value: Any) -> Any:
    return value if isinstance(value, torch.Tensor) else value.item()


def _detached(value: Any) -> Any:
    return value.detach() if isinstance(value, torch.Tensor) else float(value)
