"""The learned numbers of a class, as the arguments of a function that its kind gives them.

`self.slope = nn.Parameter(torch.tensor(0.25))` becomes `a - 0.75` where the kind's learned number
`a` starts at 1: it starts where the author wants it, and training moves it alike.
"""

import ast
from collections.abc import Sequence

from evo.core.contract import Learnable
from evo.core.syntax.trees import number, walk

_OF_VALUES = frozenset({"tensor", "Tensor", "FloatTensor", "as_tensor"})
_FILLED = {"ones": 1.0, "zeros": 0.0}


def is_learned(value: ast.expr) -> bool:
    """True if an expression makes a parameter of PyTorch."""
    return any(
        isinstance(node, ast.Attribute | ast.Name)
        and (node.attr if isinstance(node, ast.Attribute) else node.id) == "Parameter"
        for node in walk(value)
    )


def as_argument(
    value: ast.expr, learnables: Sequence[Learnable]
) -> tuple[Learnable, ast.expr] | None:
    """The argument that stands for a parameter, and the parameter as an expression of it.

    Args:
        value: the call that makes the parameter.
        learnables: the arguments that are free; one that starts at the right value is preferred.

    Returns:
        None where no argument has its shape, or where it starts cannot be read.
    """
    match value:
        case ast.Call(args=[made, *_]) if _name(value) == "Parameter":
            start = _start(made)
        case _:
            return None
    if start is None:
        return None
    initial, is_scalar = start
    fitting = [one for one in learnables if (one.per == "layer") == is_scalar]
    at = number(initial)
    chosen = next((one for one in fitting if one.initial == at), next(iter(fitting), None))
    if chosen is None:
        return None
    argument = ast.Name(chosen.name, ast.Load())
    if at is None:
        shift = ast.BinOp(initial, ast.Sub(), ast.Constant(chosen.initial))
        return chosen, ast.BinOp(argument, ast.Add(), shift)
    if at == chosen.initial:
        return chosen, argument
    by = round(at - chosen.initial, 12)
    sign = ast.Add() if by > 0 else ast.Sub()
    return chosen, ast.BinOp(argument, sign, ast.Constant(abs(by)))


def _start(made: ast.expr) -> tuple[ast.expr, bool] | None:
    """The value that a tensor is filled with, and whether it holds one number alone."""
    match made:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            for factor, filled in ((left, right), (right, left)):
                inner = _start(filled) if isinstance(filled, ast.Call) else None
                if inner is not None and number(inner[0]) == 1.0:
                    return factor, inner[1]
        case ast.Call(args=[first, *others]):
            return _filled(_name(made), first, others)
        case _:
            pass
    return None


def _filled(name: str, first: ast.expr, others: Sequence[ast.expr]) -> tuple[ast.expr, bool] | None:
    """The same for a call by the name of its function, and its arguments."""
    if name in _FILLED:
        return ast.Constant(_FILLED[name]), _is_one([first, *others])
    if name == "full" and others:
        return others[0], _is_one([first])
    only = first.elts if isinstance(first, ast.List | ast.Tuple) else [first]
    return (only[0], True) if name in _OF_VALUES and len(only) == 1 else None


def _is_one(sizes: Sequence[ast.expr]) -> bool:
    """True if the sizes of a shape are all 1."""
    elements = [
        element
        for size in sizes
        for element in (size.elts if isinstance(size, ast.Tuple | ast.List) else [size])
    ]
    return all(number(element) == 1 for element in elements)


def _name(call: ast.Call) -> str:
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
