"""Numbers that remember how they were computed from sizes. Runs in the sandbox's child.

While a component is traced, `x.shape`, `len(x)` and their like give numbers of two subclasses of
int and float. Arithmetic and comparisons of them note a formula (see `sizes`) with its value; so do
the functions of `component_builtins`. A graph holds plain numbers; `merging` finds the formula that
has their values at every traced size.
"""

import inspect
import math
import operator
from collections.abc import Callable
from typing import Any

import torch

from evo.validation.graph.candidate_frames import CANDIDATE
from evo.validation.graph.sizes import FUNCTIONS, bounded

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
        number = _SizeInt(value) if isinstance(value, int) else _SizeFloat(value)
        number.expression, number.sizes = expression, self
        return number


class _SizeNumber:
    """A number with its formula; its arithmetic and comparisons are set below."""

    expression: Expression
    sizes: Sizes


class _SizeInt(_SizeNumber, int):
    __hash__ = int.__hash__


class _SizeFloat(_SizeNumber, float):
    __hash__ = float.__hash__


def is_tracked(value: Any) -> bool:
    """True for a number with a formula."""
    return isinstance(value, _SizeNumber)


def plain(value: Any) -> Any:
    """A tracked number without its formula; anything else as it is."""
    if isinstance(value, _SizeInt):
        return int(value)
    return float(value) if isinstance(value, _SizeFloat) else value


def noted(name: str, value: Any, arguments: tuple[Any, ...]) -> Any:
    """The value of a function of numbers, some of them tracked."""
    if name not in FUNCTIONS or not all(isinstance(one, int | float) for one in arguments):
        return value
    sizes = next(one.sizes for one in arguments if is_tracked(one))
    parts = [one.expression if is_tracked(one) else _number(one) for one in arguments]
    return sizes.note([name, *parts], value)


def _number(value: float) -> float:
    return int(value) if isinstance(value, int) else float(value)


def _method(name: str, function: Callable[..., Any], *, reflected: bool = False) -> Any:
    def method(self: Any, *others: Any) -> Any:
        if not all(isinstance(other, int | float) for other in others):
            return NotImplemented
        arguments = (*others, self) if reflected else (self, *others)
        return noted(name, function(*map(plain, arguments)), arguments)

    return method


ARITHMETIC = (
    ("+", operator.add, "add"),
    ("-", operator.sub, "sub"),
    ("*", operator.mul, "mul"),
    ("/", operator.truediv, "truediv"),
    ("//", operator.floordiv, "floordiv"),
    ("%", operator.mod, "mod"),
    ("**", operator.pow, "pow"),
)
"""Operators of Python: name in formulas, function, and name of the method."""

for _name, _function, _dunder in ARITHMETIC:
    setattr(_SizeNumber, f"__{_dunder}__", _method(_name, _function))
    setattr(_SizeNumber, f"__r{_dunder}__", _method(_name, _function, reflected=True))
for _name, _function, _dunder in (
    ("neg", operator.neg, "neg"),
    ("abs", abs, "abs"),
    ("round", round, "round"),
    ("floor", math.floor, "floor"),
    ("ceil", math.ceil, "ceil"),
    ("trunc", math.trunc, "trunc"),
):
    setattr(_SizeNumber, f"__{_dunder}__", _method(_name, _function))


def _comparison(name: str, function: Callable[..., bool]) -> Any:
    def method(self: Any, *others: Any) -> Any:
        if not all(isinstance(other, int | float) for other in others):
            return NotImplemented
        operands: tuple[Any, ...] = (self, *others) if others else (self, 0)
        outcome = function(*map(plain, operands))
        frame = inspect.currentframe()
        caller = None if frame is None else frame.f_back
        if caller is not None and caller.f_code.co_filename == CANDIDATE:
            parts = [one.expression if is_tracked(one) else _number(one) for one in operands]
            self.sizes.choices.append(([name, *parts], outcome))
        return outcome

    return method


for _name, _function, _dunder in (
    *((name, getattr(operator, name), name) for name in ("lt", "le", "gt", "ge", "eq", "ne")),
    ("ne", operator.ne, "bool"),
):
    setattr(_SizeNumber, f"__{_dunder}__", _comparison(_name, _function))
