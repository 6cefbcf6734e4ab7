"""Functions of numpy on tensors, as those of torch. Runs in the sandbox's child.

`np.sqrt(6 / fan_in)` works in eager PyTorch, without a gradient, where it would need the values of
a tensor here. Arithmetic of a number of numpy with a tensor is that of the tensor. Functions of
numbers that remember their formula (see `tracked`) keep it.
"""

import functools
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from evo.validation.graph.sizes import FUNCTIONS
from evo.validation.graph.tracked import SizeNumber, is_tracked, no_formula, noted, plain

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


_OF_SIZES: dict[str, Callable[..., Any]] = {
    **{name: getattr(math, name) for name in ("sqrt", "log", "log2", "log10", "log1p", "exp")},
    **{"floor": math.floor, "ceil": math.ceil, "absolute": abs, "cbrt": math.cbrt},
    **{"add": operator.add, "subtract": operator.sub, "multiply": operator.mul},
    **{"divide": operator.truediv, "floor_divide": operator.floordiv, "power": operator.pow},
    **{"remainder": operator.mod, "greater": operator.gt, "less": operator.lt},
    **{"greater_equal": operator.ge, "less_equal": operator.le, "equal": operator.eq},
}
"""Functions of numpy by their names, as functions that keep formulas."""


_OF_LISTS: dict[str, Callable[..., Any]] = {
    **{"prod": operator.mul, "sum": operator.add},
    **{"max": np.maximum, "amax": np.maximum, "min": np.minimum, "amin": np.minimum},
}
"""Functions of numpy of a list of numbers, by what they do with two of them."""


def of_sizes(_: Any, function: Any, method: str, *arguments: Any, **keywords: Any) -> Any:
    """A function of numpy on tracked numbers."""
    name = function.__name__
    arguments = tuple(one.item() if isinstance(one, np.generic) else one for one in arguments)
    is_of_numbers = all(isinstance(one, int | float) for one in arguments)
    if method != "__call__" or keywords or not is_of_numbers:
        # An array is filled with plain numbers, which the traces tell apart.
        return getattr(function, method)(*map(plain, arguments), **keywords)
    if name in ("minimum", "maximum"):
        shorter = {"minimum": "min", "maximum": "max"}[name]
        return noted(shorter, FUNCTIONS[shorter](*map(plain, arguments)), arguments)
    if name not in _OF_SIZES:
        raise no_formula(f"`np.{name}`")
    known = _OF_SIZES[name]
    if name in FUNCTIONS:
        return noted(name, known(*map(plain, arguments)), arguments)
    return known(*arguments)


def call(function: Any, *arguments: Any, **keywords: Any) -> Any:
    """Call a function of numpy, with tracked numbers only where it keeps their formula.

    Raises:
        SizeUseError: it does not.
    """
    given = [*arguments, *keywords.values()]
    inner = [one for value in given if isinstance(value, list | tuple) for one in value]
    if not any(map(is_tracked, (*given, *inner))) or isinstance(function, np.ufunc):
        return function(*arguments, **keywords)
    name = getattr(function, "__name__", "function")
    if name == "clip" and len(arguments) == 3 and not keywords:
        value, low, high = arguments
        return np.minimum(high, np.maximum(value, low))
    if name in _OF_LISTS and len(arguments) == 1 and not keywords and inner:
        return functools.reduce(_OF_LISTS[name], inner)
    if name == "arange" and not keywords:
        return torch.arange(*arguments)  # to index with, as in x[np.arange(len(x)), y]
    raise no_formula(f"`np.{name}`")


SizeNumber.__array_ufunc__ = of_sizes
