"""Numbers that remember how they were computed from sizes. Runs in the sandbox's child.

While a component is traced, `x.shape`, `len(x)` and their like give numbers of two subclasses of
int and float. Arithmetic, `max`, `math.sqrt` … on them note a formula (see `sizes`) with its value.
A graph holds plain numbers; `merging` finds the formula that has their values at every traced size.

The same functions take tensors without dimensions where Python would need their value:
`math.sqrt(2 / fan_in)`, `max(a, 0.1)`, `float(t)`.
"""

import builtins
import inspect
import math
import operator
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from evo.validation.graph.sizes import FUNCTIONS, bounded
from evo.validation.graph.substitutes import SUBSTITUTES

CANDIDATE = "<candidate>"
"""File name of a component's code."""

Expression = Any
"""A number, `["size", tensor, dim]` or `[name, *arguments]`; see `sizes.Formula`."""

Ledger = dict[str, tuple[Expression, float]]
"""Formulas that a trace computed, by their text, with their values."""

Choice = tuple[Expression, bool]
"""A comparison of sizes and its outcome."""

_MOST = 2000
"""Formulas that a ledger takes; a loop over all features computes more."""


class Sizes:
    """Where tracked numbers come from, and the ledger that they are noted in.

    Args:
        name_of: name of a tensor's value in the trace, None for a tensor that is none: the index
            of an input or the name of an operator's result.
        depends: whether a tensor depends on an input.
        from_back: count dimensions from the last one, where their number changes from trace to
            trace.

    Attributes:
        ledger: all formulas so far.
        choices: comparisons of sizes by the component so far.
    """

    def __init__(
        self,
        name_of: Callable[[torch.Tensor], int | str | None],
        depends: Callable[[torch.Tensor], bool],
        *,
        from_back: bool,
    ) -> None:
        self._name_of = name_of
        self.depends = depends
        self._from_back = from_back
        self.ledger: Ledger = {}
        self.choices: list[Choice] = []

    def size(self, tensor: torch.Tensor, dim: int | None, value: int) -> int:
        """A size of a tensor as a tracked number."""
        name = self._name_of(tensor)
        if name is None:
            return value
        if dim is not None and self._from_back:
            dim -= tensor.dim()
        return self.note(["size", name, dim], value)

    def note(self, expression: Expression, value: Any) -> Any:
        """The value as a tracked number; as it is where no formula can have it."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        try:
            bounded(value)
        except ValueError:
            return value
        if len(self.ledger) < _MOST:
            self.ledger.setdefault(str(expression), (expression, value))
        kind = _SizeInt if isinstance(value, int) else _SizeFloat
        return kind.made(value, expression, self)


class _SizeInt(int):
    expression: Expression
    sizes: Sizes

    @classmethod
    def made(cls, value: float, expression: Expression, sizes: Sizes) -> "_SizeInt":
        number = cls(value)
        number.expression, number.sizes = expression, sizes
        return number


class _SizeFloat(float):
    expression: Expression
    sizes: Sizes

    @classmethod
    def made(cls, value: float, expression: Expression, sizes: Sizes) -> "_SizeFloat":
        number = cls(value)
        number.expression, number.sizes = expression, sizes
        return number


def _is_tracked(value: Any) -> bool:
    return isinstance(value, _SizeInt | _SizeFloat)


def _plain(value: Any) -> Any:
    if isinstance(value, _SizeInt):
        return int(value)
    return float(value) if isinstance(value, _SizeFloat) else value


def _noted(name: str, value: Any, arguments: tuple[Any, ...]) -> Any:
    """The value of a function of numbers, some of them tracked."""
    if name not in FUNCTIONS or not all(isinstance(one, int | float) for one in arguments):
        return value
    sizes = next(one.sizes for one in arguments if _is_tracked(one))
    parts = [one.expression if _is_tracked(one) else _number(one) for one in arguments]
    return sizes.note([name, *parts], value)


def _number(value: float) -> float:
    return int(value) if isinstance(value, int) else float(value)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.dim() == 0


def _method(name: str, function: Callable[..., Any], *, reflected: bool = False) -> Any:
    def method(self: Any, *others: Any) -> Any:
        if not all(isinstance(other, int | float) for other in others):
            return NotImplemented
        arguments = (*others, self) if reflected else (self, *others)
        return _noted(name, function(*map(_plain, arguments)), arguments)

    return method


_ARITHMETIC = (
    ("+", operator.add, "add"),
    ("-", operator.sub, "sub"),
    ("*", operator.mul, "mul"),
    ("/", operator.truediv, "truediv"),
    ("//", operator.floordiv, "floordiv"),
    ("%", operator.mod, "mod"),
    ("**", operator.pow, "pow"),
)
for _name, _function, _dunder in _ARITHMETIC:
    for _class in (_SizeInt, _SizeFloat):
        setattr(_class, f"__{_dunder}__", _method(_name, _function))
        setattr(_class, f"__r{_dunder}__", _method(_name, _function, reflected=True))
for _name, _function, _dunder in (
    ("neg", operator.neg, "neg"),
    ("abs", abs, "abs"),
    ("round", round, "round"),
    ("floor", math.floor, "floor"),
    ("ceil", math.ceil, "ceil"),
    ("trunc", math.trunc, "trunc"),
):
    for _class in (_SizeInt, _SizeFloat):
        setattr(_class, f"__{_dunder}__", _method(_name, _function))


def _comparison(name: str, function: Callable[..., bool]) -> Any:
    def method(self: Any, *others: Any) -> Any:
        if not all(isinstance(other, int | float) for other in others):
            return NotImplemented
        operands: tuple[Any, ...] = (self, *others) if others else (self, 0)
        outcome = function(*map(_plain, operands))
        frame = inspect.currentframe()
        caller = None if frame is None else frame.f_back
        if caller is not None and caller.f_code.co_filename == CANDIDATE:
            parts = [one.expression if _is_tracked(one) else _number(one) for one in operands]
            self.sizes.choices.append(([name, *parts], outcome))
        return outcome

    return method


for _name, _function, _dunder in (
    *((name, getattr(operator, name), name) for name in ("lt", "le", "gt", "ge", "eq", "ne")),
    ("ne", operator.ne, "bool"),
):
    for _class in (_SizeInt, _SizeFloat):
        setattr(_class, f"__{_dunder}__", _comparison(_name, _function))
_SizeInt.__hash__ = int.__hash__
_SizeFloat.__hash__ = float.__hash__


def _choice(name: str, python: Callable[..., Any], of_tensors: Callable[..., Any]) -> Any:
    """`max` or `min` on tracked numbers and on tensors without dimensions, as `python` else."""

    def chosen(*values: Any, **keywords: Any) -> Any:
        arguments = values
        if len(values) == 1 and isinstance(values[0], list | tuple):
            arguments = tuple(values[0])
        if keywords or len(arguments) < 2:
            return python(*values, **keywords)
        tensors = [value for value in arguments if isinstance(value, torch.Tensor)]
        if tensors and all(map(_is_scalar, tensors)):
            first, *others = (
                value if isinstance(value, torch.Tensor) else tensors[0].new_tensor(_plain(value))
                for value in arguments
            )
            for other in others:
                first = of_tensors(first, other)
            return first
        value = python(*values)
        if any(map(_is_tracked, arguments)):
            return _noted(name, _plain(value), arguments)
        return value

    return chosen


def _length(value: Any) -> int:
    return value.size(0) if isinstance(value, torch.Tensor) and value.dim() else len(value)


def to_int(*arguments: Any, **keywords: Any) -> Any:
    """`int` that keeps formulas, and tensors without dimensions as such."""
    if len(arguments) == 1 and _is_tracked(arguments[0]):
        return _noted("int", int(arguments[0]), arguments)
    if len(arguments) == 1 and _is_scalar(arguments[0]):
        return arguments[0].detach().trunc()
    return int(*arguments, **keywords)


def to_float(*arguments: Any) -> Any:
    """`float` that keeps formulas, and tensors without dimensions as such."""
    if len(arguments) == 1 and _is_tracked(arguments[0]):
        return _noted("float", float(arguments[0]), arguments)
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
        if any(map(_is_tracked, arguments)):
            return _noted(name, original(*map(_plain, arguments)), arguments)
        tensors = [one for one in arguments if isinstance(one, torch.Tensor)]
        if tensors and name in _OF_TENSORS and all(map(_is_scalar, tensors)):
            return _OF_TENSORS[name](*arguments)
        return original(*arguments)

    return function


def _product(values: Any, *, start: Any = 1) -> Any:
    for value in values:
        start = start * value
    return start


_MATH = {
    **{name: _mathematical(name) for name in {*FUNCTIONS, *_OF_TENSORS} if hasattr(math, name)},
    "prod": _product,
}


def _arithmetic(function: Callable[..., Any], dunder: str) -> Callable[..., Any]:
    def applied(left: Any, right: Any) -> Any:
        if isinstance(right, _SizeInt) and isinstance(left, float):
            return getattr(right, f"__r{dunder}__")(left)
        return function(left, right)

    return applied


BUILTINS: Mapping[str, Any] = {
    **vars(builtins),
    "max": _choice("max", max, torch.maximum),
    "min": _choice("min", min, torch.minimum),
    "len": _length,
    "__to_int__": to_int,
    "__to_float__": to_float,
    **{f"__{name}__": _arithmetic(function, name) for _, function, name in _ARITHMETIC},
}
"""Builtins for a component."""

_SHAPE: Any = torch._C.TensorBase.shape  # pyright: ignore[reportPrivateUsage] - its getter
_SIZE = torch.Tensor.size
_NUMEL = torch.Tensor.numel
_ITEM = torch.Tensor.item
_SETITEM: Any = torch.Tensor.__setitem__
_ITER: Any = torch.Tensor.__iter__
_TOLIST = torch.Tensor.tolist
_GETITEM: Any = torch.Tensor.__getitem__


def _has_tracked_slices(index: Any) -> bool:
    items = index if isinstance(index, tuple) else (index,)
    return any(
        isinstance(item, slice) and (_is_tracked(item.start) or _is_tracked(item.stop))
        for item in items
    ) and not any(isinstance(item, torch.Tensor | list | bool) for item in items)


def _sliced(tensor: torch.Tensor, index: Any) -> tuple[torch.Tensor, tuple[Any, ...]]:
    """A tensor with slices by tracked bounds done, and the rest of the index.

    torch leaves out a slice that takes all, and the traces would differ.
    """
    items = list(index) if isinstance(index, tuple) else [index]
    taken = sum(item is not None and item is not Ellipsis for item in items)
    dim = 0
    for place, item in enumerate(items):
        if item is None:
            continue
        if item is Ellipsis:
            dim += tensor.dim() - taken
            continue
        if isinstance(item, slice) and (_is_tracked(item.start) or _is_tracked(item.stop)):
            bounds = (_plain(item.start), _plain(item.stop), 1 if item.step is None else item.step)
            tensor = torch.ops.aten.slice.Tensor(tensor, dim, *bounds)
            items[place] = slice(None)
        dim += 1
    return tensor, tuple(items)


_for_good = ExitStack()
"""Never closed, so that nothing is undone."""
_kept: list[Callable[[Sizes | None], None]] = []
"""The function of `tracking` where this process tracks for good."""


def track_for_good() -> None:
    """Track sizes as long as this process lives: its children need not patch torch once more."""
    if not _kept:
        _kept.append(_for_good.enter_context(_patched()))


@contextmanager
def tracking() -> Generator[Callable[[Sizes | None], None]]:
    """Track sizes within the context; gives a function that says where sizes are noted."""
    if _kept:
        yield _kept[0]
        return
    with _patched() as use:
        yield use


@contextmanager
def _patched() -> Generator[Callable[[Sizes | None], None]]:
    current: Sizes | None = None

    def use(sizes: Sizes | None) -> None:
        nonlocal current
        current = sizes

    def shape(tensor: torch.Tensor) -> torch.Size:
        plain = _SHAPE.__get__(tensor)
        if current is None:
            return plain
        sizes = current
        return torch.Size([sizes.size(tensor, dim, value) for dim, value in enumerate(plain)])

    def size(tensor: torch.Tensor, dim: int | None = None) -> Any:
        if dim is None:
            return shape(tensor)
        value = _SIZE(tensor, dim)
        if current is None:
            return value
        return current.size(tensor, dim % tensor.dim(), value)

    def numel(tensor: torch.Tensor) -> int:
        value = _NUMEL(tensor)
        return value if current is None else current.size(tensor, None, value)

    def item(tensor: torch.Tensor, index: Any) -> torch.Tensor:
        if current is not None and _has_tracked_slices(index):
            tensor, index = _sliced(tensor, index)
            if all(part is Ellipsis or part == slice(None) for part in index):
                return tensor
        return _GETITEM(tensor, index)

    def set_item(tensor: torch.Tensor, index: Any, written: Any) -> None:
        if current is None or not _has_tracked_slices(index):
            _SETITEM(tensor, index, written)
        elif isinstance(written, torch.Tensor):
            item(tensor, index).copy_(written)
        else:
            item(tensor, index).fill_(written)

    def iterate(tensor: torch.Tensor) -> Any:
        shape(tensor)  # to count parts is to look at a size
        return _ITER(tensor)

    def value(tensor: torch.Tensor) -> Any:
        if current is None or tensor.dim() or not current.depends(tensor):
            return _ITEM(tensor)
        return tensor.detach()

    def values(tensor: torch.Tensor) -> Any:
        if current is None or not current.depends(tensor):
            return _TOLIST(tensor)
        return torch.equal(tensor, tensor)  # refused, as all that needs values

    def array(*_: Any, **__: Any) -> Any:
        raise TypeError(
            "numpy cannot take a tensor here; use the function of torch in place of numpy's"
        )

    tensor_names = {
        "__array__": array,
        "__iter__": iterate,
        "__setitem__": set_item,
        "item": value,
        "tolist": values,
        **{"shape": property(shape), "size": size, "numel": numel, "nelement": numel},
        "__getitem__": item,
    }
    inherited = {name: vars(torch.Tensor).get(name) for name in tensor_names}
    replaced = {(math, name): function for name, function in _MATH.items()} | dict(SUBSTITUTES)
    originals = {place: getattr(*place) for place in replaced}
    for name, function in tensor_names.items():
        setattr(torch.Tensor, name, function)
    for place, function in replaced.items():
        setattr(*place, function)
    try:
        yield use
    finally:
        for name, function in inherited.items():
            if function is None:
                delattr(torch.Tensor, name)
            else:
                setattr(torch.Tensor, name, function)
        for place, function in originals.items():
            setattr(*place, function)
