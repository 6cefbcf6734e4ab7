"""Signs of expressions: those surely never negative, and those surely positive, on any input."""

import ast

from evo.core.syntax.trees import number, same
from operators.tree.calls import NON_NEGATIVE, POSITIVE, RISING_FROM_ZERO, called_name


def is_non_negative(node: ast.expr) -> bool:  # noqa: PLR0911 - a line a case
    """True if an expression is surely nowhere below zero."""
    match node:
        case ast.Call(args=[first, *_]) if called_name(node) in RISING_FROM_ZERO:
            return is_non_negative(first)
        case ast.Call(args=[*_, exponent]) if called_name(node) == "pow":
            return _is_even(exponent)
        case ast.Call():
            return called_name(node) in NON_NEGATIVE
        case ast.BinOp(left=left, op=ast.Mult(), right=right) if same(left, right):
            return True
        case ast.BinOp(left=left, op=ast.Add() | ast.Mult() | ast.Div(), right=right):
            return is_non_negative(left) and is_non_negative(right)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return is_non_negative(left) or _is_even(right)
        case _:
            value = number(node)
            return value is not None and value >= 0


def is_positive(node: ast.expr) -> bool:
    """True if an expression is surely nowhere at zero or below."""
    match node:
        case ast.Call():
            return called_name(node) in POSITIVE
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            one_is_positive = is_positive(left) or is_positive(right)
            return one_is_positive and is_non_negative(left) and is_non_negative(right)
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div(), right=right):
            return is_positive(left) and is_positive(right)
        case ast.BinOp(left=left, op=ast.Pow()):
            return is_positive(left)
        case _:
            value = number(node)
            return value is not None and value > 0


def _is_even(node: ast.expr) -> bool:
    exponent = number(node)
    return exponent is not None and exponent % 2 == 0
