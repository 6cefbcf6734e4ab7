"""Builtins and `math` for a component that is traced. Runs in the sandbox's child.

They keep the formulas of tracked numbers (see `tracked`), and take tensors without dimensions where
Python would need their value: `math.sqrt(2 / fan_in)`, `max(a, 0.1)`, `float(t)`.
"""

import builtins
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import torch

from evo.validation.graph.candidate_frames import CANDIDATE_MODULE
from evo.validation.graph.indexing import SizedRange
from evo.validation.graph.numpy_functions import call
from evo.validation.graph.recording import ForbiddenWayError, TraceError
from evo.validation.graph.rewriting import ATTRIBUTE, DATA, ITEM, NUMPY, OUT, OWN, REFUSED, SLICE
from evo.validation.graph.scalars import out
from evo.validation.graph.sizes import FUNCTIONS
from evo.validation.graph.substitutes import SizedList
from evo.validation.graph.tracked import (
    ARITHMETIC,
    SizeNumber,
    is_tracked,
    no_formula,
    noted,
    plain,
)


def _choice(name: str, python: Callable[..., Any], of_tensors: Callable[..., Any]) -> Any:
    """`max` or `min` on tracked numbers and on tensors without dimensions, as `python` else."""

    def chosen(*values: Any, **keywords: Any) -> Any:
        arguments = values
        if len(values) == 1 and not isinstance(values[0], torch.Tensor):
            arguments = tuple(values[0])
            values = (arguments,)
        if keywords and any(map(is_tracked, arguments)):
            raise no_formula(f"`{name}` with a key or default")
        if keywords or len(arguments) < 2:
            return python(*values, **keywords)
        tensors = [value for value in arguments if isinstance(value, torch.Tensor)]
        if tensors and all(map(_is_scalar, tensors)):
            first, *others = (
                value if isinstance(value, torch.Tensor) else tensors[0].new_tensor(plain(value))
                for value in arguments
            )
            for other in others:
                first = of_tensors(first, other)
            return first
        value = python(*values)
        if any(map(is_tracked, arguments)):
            return noted(name, plain(value), arguments)
        return value

    return chosen


def _is_scalar(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.dim() == 0


def _length(value: Any) -> int:
    return value.size(0) if isinstance(value, torch.Tensor) and value.dim() else len(value)


def to_int(*arguments: Any, **keywords: Any) -> Any:
    """`int` that keeps formulas, and tensors without dimensions as such."""
    if len(arguments) == 1 and is_tracked(arguments[0]):
        return noted("int", int(arguments[0]), arguments)
    if len(arguments) == 1 and _is_scalar(arguments[0]):
        return arguments[0].detach().trunc()
    return int(*arguments, **keywords)


def to_float(*arguments: Any) -> Any:
    """`float` that keeps formulas, and tensors without dimensions as such."""
    if len(arguments) == 1 and is_tracked(arguments[0]):
        return noted("float", float(arguments[0]), arguments)
    if len(arguments) == 1 and _is_scalar(arguments[0]):
        return arguments[0].detach()
    return float(*arguments)


_OF_TENSORS: Mapping[str, Callable[..., Any]] = {
    name: getattr(torch, {"pow": "pow", "fabs": "abs"}.get(name, name))
    for name in (
        *("acos", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "copysign", "cos", "cosh"),
        *("erf", "erfc", "exp", "exp2", "expm1", "fabs", "floor", "fmod", "hypot", "isfinite"),
        *("isinf", "isnan", "lgamma", "log", "log10", "log1p", "log2", "pow", "sin", "sinh"),
        *("sqrt", "tan", "tanh", "trunc"),
    )
}


def _mathematical(name: str) -> Callable[..., Any]:
    original = getattr(math, name)

    def function(*arguments: Any) -> Any:
        if any(map(is_tracked, arguments)):
            return noted(name, original(*map(plain, arguments)), arguments)
        tensors = [one for one in arguments if isinstance(one, torch.Tensor)]
        if tensors and name in _OF_TENSORS and all(map(_is_scalar, tensors)):
            return _OF_TENSORS[name](*arguments)
        return original(*arguments)

    return function


def _product(values: Any, *, start: Any = 1) -> Any:
    for value in values:
        start = start * value
    return start


def _formless(name: str) -> Callable[..., Any]:
    original = getattr(math, name)

    def function(*arguments: Any, **keywords: Any) -> Any:
        if any(map(is_tracked, arguments)):
            raise no_formula(f"`math.{name}`")
        return original(*arguments, **keywords)

    return function


_WITHOUT_FORMULA = ("comb", "factorial", "frexp", "isclose", "lcm", "ldexp", "modf", "perm")

MATH: Mapping[str, Callable[..., Any]] = {
    **{name: _formless(name) for name in _WITHOUT_FORMULA},
    **{name: _mathematical(name) for name in {*FUNCTIONS, *_OF_TENSORS} if hasattr(math, name)},
    "prod": _product,
}
"""Functions of `math` while sizes are tracked."""


def _of_lists(function: Callable[..., Any], left: Any, right: Any) -> Any:
    """A list times a size, or such a list and another, as a list that knows how long it is."""
    if function is operator.mul:
        values, count = (left, right) if isinstance(left, list) else (right, left)
        if is_tracked(count):
            return SizedList([(list(values), count)])
    if function is operator.add and any(isinstance(one, SizedList) for one in (left, right)):
        return SizedList(
            [
                part
                for one in (left, right)
                for part in (one.parts if isinstance(one, SizedList) else [(list(one), 1)])
            ]
        )
    return function(left, right)


def _arithmetic(function: Callable[..., Any], dunder: str) -> Callable[..., Any]:
    def applied(left: Any, right: Any) -> Any:
        if isinstance(left, list) or isinstance(right, list):
            return _of_lists(function, left, right)
        if isinstance(left, str | tuple) or isinstance(right, str | tuple):
            inside = right if isinstance(right, tuple) else (right,)
            if any(map(is_tracked, (left, *inside))) and function is not operator.add:
                raise no_formula("a text or tuple")
        if is_tracked(right) and isinstance(right, int) and isinstance(left, float):
            return getattr(right, f"__r{dunder}__")(left)
        return function(left, right)

    return applied


def _in_place(function: Callable[..., Any], dunder: str) -> Callable[..., Any]:
    """Make the function of `n *= size`: `n * size` of a number n, else what the object does."""
    alone = _arithmetic(function, dunder)
    changing = getattr(operator, f"i{dunder}")

    def applied(left: Any, right: Any) -> Any:
        return (alone if isinstance(left, int | float) else changing)(left, right)

    return applied


def _range(*bounds: Any) -> Any:
    """`range` that notes how often it goes on where a size says so."""
    if not any(map(is_tracked, bounds)):
        return range(*bounds)
    start, stop, step = (0, *bounds, 1) if len(bounds) == 1 else (*bounds, 1)[:3]
    plainly = range(*map(plain, (start, stop, step)))
    if is_tracked(step):
        raise no_formula("`range` with a step")
    # As many as whole steps fit between the two.
    span = stop - start if step > 0 else start - stop
    times: Any = (span + (abs(step) - 1)) // abs(step) if is_tracked(span) else len(plainly)
    if is_tracked(times) and step == 1 and not is_tracked(start):
        return SizedRange((start, stop), times.sizes, times.expression)
    if is_tracked(times):
        times.sizes.count(times.expression, len(plainly))
    if not is_tracked(start):
        return plainly
    return [start + step * place for place in range(len(plainly))]


def _item(values: Any, index: Any) -> Any:
    """A part of a list, which notes the size that picks it."""
    _note_pick(values, index)
    if isinstance(index, torch.Tensor) and isinstance(values, list) and _are_alike(values):
        return values[0]  # as of the buffer that RAdam keeps for ten steps, new in each call
    return values[index]


def _are_alike(values: list[Any]) -> bool:
    """True if all values of a list are the same, and hold no tensor."""
    parts = [*values]
    for part in parts:
        parts += part if isinstance(part, list | tuple) else []
    is_plain = not any(isinstance(part, torch.Tensor) or is_tracked(part) for part in parts)
    return bool(values) and is_plain and all(value == values[0] for value in values)


def _note_pick(values: Any, index: Any) -> None:
    if isinstance(values, list | tuple) and not isinstance(values, torch.Size):
        if isinstance(index, SizeNumber) and isinstance(index, int):
            index.sizes.pick(index.expression, index, range(-len(values), len(values)))
        elif isinstance(index, slice) and any(map(is_tracked, (index.start, index.stop))):
            for bound in filter(is_tracked, (index.start, index.stop)):
                most = len(values)
                within = ["max", -most, ["min", most, bound.expression]]
                bound.sizes.pick(within, max(-most, min(most, bound)), range(-most, most + 1))


def _own(instance: object) -> None:
    """Refuse what is no instance of a class that the component defines."""
    if type(instance).__module__ != CANDIDATE_MODULE:
        raise TypeError("a method sets attributes of its own instances alone")


def _refused(reason: str) -> None:
    """Refuse a component that goes a way of which the policy says that it must not."""
    raise ForbiddenWayError(str(reason)[:_LONGEST_REASON])


def _set_data(owner: Any, value: Any, is_shared: bool) -> None:
    """`owner.data = value` of a tensor: its values become these, past the gradient.

    Raises:
        TraceError: it is no tensor, takes another shape, or would share memory with a variable.
    """
    if not isinstance(owner, torch.Tensor) or not isinstance(value, torch.Tensor):
        raise TraceError("`.data` is set for tensors alone; use a variable")
    if is_shared or value.shape != owner.shape:
        raise TraceError(
            "`.data` keeps its shape and shares no memory with another variable; write .copy_(…)"
        )
    owner.data.copy_(value)


def _attribute(owner: object, name: str, otherwise: Any) -> Any:
    """`getattr` of a tensor with a default, for what libraries put on parameters of their own."""
    if isinstance(owner, torch.Tensor) and not hasattr(torch.Tensor, str(name)):
        return otherwise
    raise TraceError(
        f"`getattr` is for what a tensor may have of its own, not for `{name!s:.40}`; write the "
        "attribute with a dot"
    )


_LONGEST_REASON = 300

COMPONENT_BUILTINS: dict[str, Any] = {
    **vars(builtins),
    "max": _choice("max", max, torch.maximum),
    "min": _choice("min", min, torch.minimum),
    "len": _length,
    "range": _range,
    NUMPY: call,
    ITEM: _item,
    SLICE: slice,
    "__to_int__": to_int,
    "__to_float__": to_float,
    OUT: out,
    OWN: _own,
    DATA: _set_data,
    REFUSED: _refused,
    ATTRIBUTE: _attribute,
    **{f"__{name}__": _arithmetic(function, name) for _, function, name in ARITHMETIC},
    **{f"__i{name}__": _in_place(function, name) for _, function, name in ARITHMETIC},
}
"""Builtins for a component."""
