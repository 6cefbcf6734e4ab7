"""Numbers that remember how they were computed from sizes. Runs in the sandbox's child.

While a component is traced, `x.shape`, `len(x)` and their like give numbers of two subclasses of
int and float. Arithmetic and comparisons of them note a formula (see `sizes`) with its value; so do
the functions of `component_builtins`. A graph holds plain numbers; `merging` finds the formula that
has their values at every traced size.
"""

import inspect
import math
import operator
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import torch

from evo.validation.graph.candidate_frames import CANDIDATE
from evo.validation.graph.sizes import FUNCTIONS, bounded

Expression = Any
"""A number, `["size", tensor, dim]` or `[name, *arguments]`; see `sizes.Formula`."""

Ledger = dict[str, tuple[Expression, float]]
"""Formulas that a trace computed, by their text, with their values."""

TEXT = "text"
"""In a decision, in place of a function: a text was made of a number, and anything may follow."""

Choice = tuple[Expression, bool]
"""A comparison of sizes and its outcome."""

_MOST = 2000
"""Formulas that a ledger takes; a loop over all features computes more."""


_MOST_TIMES = 16
"""Times of a loop that are noted; one that follows a size further is refused for its operators."""


class Sizes:
    """Origin of tracked numbers, and the ledger that they are noted in.

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

    def count(self, expression: Expression, value: int) -> None:
        """Note that something is done as many times as a number of sizes says."""
        times = max(value, 0)
        for done in range(min(times, _MOST_TIMES)):
            self.choices.append((["lt", done, expression], True))
        if times < _MOST_TIMES:
            self.choices.append((["lt", times, expression], False))

    def pick(self, expression: Expression, value: int, keys: Sequence[int]) -> None:
        """Note that a number of sizes picks the first of the keys that it equals."""
        for key in keys:
            self.choices.append((["eq", key, expression], key == value))
            if key == value:
                break

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


class SizeNumber:
    """A number with its formula; its arithmetic and comparisons are set below.

    Attributes:
        expression: the formula.
        sizes: where it is noted.
    """

    expression: Expression
    sizes: Sizes
    __array_ufunc__: Any
    __divmod__: Any
    __rdivmod__: Any


class _SizeInt(SizeNumber, int):
    pass


class _SizeFloat(SizeNumber, float):
    pass


class SizeUseError(TypeError):
    """A size is used in a way that no formula can follow."""


def no_formula(what: str) -> SizeUseError:
    """The error of a use of a size that no formula can follow."""
    return SizeUseError(
        f"{what} of a size has no formula that a graph could hold; compute with + - * / // % **, "
        "min, max, int, round and functions of math, and decide by comparisons"
    )


_CUTTING = {"aten.split.Tensor": "pieces", "aten.chunk.default": "parts"}


def note_parts(operator: Any, arguments: Sequence[Any], parts: int, sizes: Sizes) -> None:
    """Note how many parts an operator cuts a tensor into, where that follows its size."""
    cuts = _CUTTING.get(str(operator))
    if cuts is None or len(arguments) < 2 or not isinstance(arguments[1], int):
        return
    tensor, number, dim = arguments[0], arguments[1], (*arguments, 0)[2]
    size = sizes.size(tensor, dim % tensor.dim(), tensor.size(dim))
    if number > 0 and is_tracked(size):
        # `chunk` cuts into pieces of one size, as `split` does.
        piece = number if cuts == "pieces" else -(-size // number)
        many: Any = -(-size // piece)
        sizes.count(many.expression, parts)


def is_tracked(value: Any) -> bool:
    """True for a number with a formula."""
    return isinstance(value, SizeNumber)


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
    parts = [_expression(one) for one in arguments]
    return sizes.note([name, *parts], value)


def _expression(value: Any) -> Expression:
    if isinstance(value, SizeNumber):
        return value.expression
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
    setattr(SizeNumber, f"__{_dunder}__", _method(_name, _function))
    setattr(SizeNumber, f"__r{_dunder}__", _method(_name, _function, reflected=True))
for _name, _function, _dunder in (
    ("neg", operator.neg, "neg"),
    ("abs", abs, "abs"),
    ("round", round, "round"),
    ("floor", math.floor, "floor"),
    ("ceil", math.ceil, "ceil"),
    ("trunc", math.trunc, "trunc"),
):
    setattr(SizeNumber, f"__{_dunder}__", _method(_name, _function))


def _without_formula(name: str) -> Any:
    def method(*_: Any) -> Any:
        raise no_formula(f"`{name}`")

    return method


def _shifted(name: str, function: Callable[..., Any]) -> Any:
    """A shift by a plain number, as a product or quotient."""

    def method(self: Any, by: Any) -> Any:
        if is_tracked(by) or not isinstance(by, int) or not 0 <= by < _MOST_BITS:
            raise no_formula(f"`{name}`")
        return function(self, 1 << by)

    return method


def _both(self: Any, mask: Any) -> Any:
    """`n & 1`, as a remainder where the mask is one less than a power of two."""
    if is_tracked(mask) or not isinstance(mask, int) or mask < 0 or mask & (mask + 1):
        raise no_formula("`&`")
    return self % (mask + 1)


def _hashed(self: Any) -> int:
    if _is_of_candidate(inspect.currentframe()):
        raise no_formula("a look-up")
    return hash(plain(self))


def _is_of_candidate(method: FrameType | None) -> bool:
    """True if a method was called by the component, or by Python for it."""
    caller = None if method is None else method.f_back
    return caller is not None and caller.f_code.co_filename == CANDIDATE


def _text(self: Any, form: str = "") -> str:
    if _is_of_candidate(inspect.currentframe()):
        self.sizes.choices.append(([TEXT, self.expression], True))
    return format(plain(self), form)


_MOST_BITS = 40
SizeNumber.__str__ = SizeNumber.__repr__ = SizeNumber.__format__ = _text
SizeNumber.__hash__ = _hashed
for _name, _dunder in (
    *(("|", "or"), ("|", "ror"), ("^", "xor"), ("^", "rxor"), ("~", "invert")),
    *(("<<", "rlshift"), (">>", "rrshift")),
):
    setattr(SizeNumber, f"__{_dunder}__", _without_formula(_name))
_SizeInt.bit_length = _SizeInt.bit_count = _without_formula("bit_length")
_SizeInt.__and__ = _SizeInt.__rand__ = _both
_SizeInt.__lshift__ = _shifted("<<", operator.mul)
_SizeInt.__rshift__ = _shifted(">>", operator.floordiv)


def _divided(self: Any, other: Any) -> Any:
    return self // other, self % other


def _divided_by(self: Any, other: Any) -> Any:
    return other // self, other % self


SizeNumber.__divmod__, SizeNumber.__rdivmod__ = _divided, _divided_by


def _comparison(name: str, function: Callable[..., bool]) -> Any:
    def method(self: Any, *others: Any) -> Any:
        if not all(isinstance(other, int | float) for other in others):
            return NotImplemented
        operands: tuple[Any, ...] = (self, *others) if others else (self, 0)
        outcome = function(*map(plain, operands))
        if _is_of_candidate(inspect.currentframe()):
            parts = [_expression(one) for one in operands]
            self.sizes.choices.append(([name, *parts], outcome))
        return outcome

    return method


for _name, _function, _dunder in (
    *((name, getattr(operator, name), name) for name in ("lt", "le", "gt", "ge", "eq", "ne")),
    ("ne", operator.ne, "bool"),
):
    setattr(SizeNumber, f"__{_dunder}__", _comparison(_name, _function))
