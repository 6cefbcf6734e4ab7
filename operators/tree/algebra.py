"""Sums, products and quotients of syntax trees, written as a careful author would.

`2 * x * 0.5`, `x + 0`, `x - -0.3`, `x + (y - 1) + 3` and `x + 0.5 * x` all have a shorter form.
A number that stays itself keeps its digits; only merged numbers are rounded.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from evo.core.syntax.trees import Number, binary, constant, literal, number, same

IsArithmetic = Callable[[ast.expr], bool]
"""True if an expression is a number, or a tensor of numbers, without `1.0 *` or `+ 0` making it."""


class _Term(NamedTuple):
    """`factor * base` in a sum, or the factor alone where there is no base."""

    factor: Number
    base: ast.expr | None


def simple_sum(node: ast.BinOp, is_arithmetic: IsArithmetic) -> ast.expr:
    """A sum with like terms merged, without zeros, brackets and double signs."""
    terms: list[_Term] = []
    for term in _terms(node, 1):
        place = next((i for i, old in enumerate(terms) if _alike(old, term, is_arithmetic)), None)
        if place is None:
            terms.append(term)
        else:
            old = terms.pop(place)
            merged = _Term(_rounded(old.factor + term.factor), term.base)
            # A merged number goes last, where one looks for a shift.
            terms.insert(len(terms) if term.base is None else place, merged)
    terms = [term for term in terms if term.factor != 0]
    if not any(term.base is not None and is_arithmetic(term.base) for term in terms):
        # What is left is a number or a mask, which would not do where the sum did.
        return node
    # A sum begins with a term that needs no minus, if it has one.
    first = next((i for i, term in enumerate(terms) if term.factor > 0), 0)
    terms.insert(0, terms.pop(first))
    result = _spelled(terms[0])
    for term in terms[1:]:
        op = ast.Add() if term.factor > 0 else ast.Sub()
        result = binary(result, op, _spelled(_Term(abs(term.factor), term.base)))
    return result


def has_like_terms(node: ast.BinOp) -> bool:
    """True if a sum names something twice: one that stays so in a simplified sum cancels."""
    terms = list(_terms(node, 1))
    bases = [ast.dump(term.base) for term in terms if term.base is not None]
    return len(set(bases)) < len(bases)


def simple_product(node: ast.BinOp, is_arithmetic: IsArithmetic) -> ast.expr:
    """A product with one number at most, in front, and without brackets."""
    parts = [leading(part) for part in _factors(node)]
    numbers = [factor for factor, _ in parts if factor != 1]
    bases = [base for _, base in parts if base is not None]
    factor: Number = 1
    for value in numbers:
        factor = factor * value
    if len([value for value in numbers if value != -1]) > 1:
        factor = _rounded(factor)
    if factor == 0 or not bases:
        return constant(factor) if not bases else node
    if factor in (1, -1) and not any(is_arithmetic(base) for base in bases):
        return node
    return times(factor, _product_of(bases))


def simple_quotient(node: ast.BinOp, is_arithmetic: IsArithmetic) -> ast.expr:
    """A quotient with one number at most, and none where it is 1."""
    divisor = number(node.right)
    if not divisor:
        return node
    if divisor == 1 and is_arithmetic(node.left):
        return node.left
    factor, base = leading(node.left)
    if base is None:
        return (
            node
            if isinstance(factor, int) and isinstance(divisor, int)
            else constant(factor / divisor)
        )
    if factor != 1:
        return times(_rounded(factor / divisor), base)
    match base:
        case ast.BinOp(left=rest, op=ast.Div(), right=right) if inner := number(right):
            return binary(rest, ast.Div(), constant(inner * divisor))
        case _:
            return node


def leading(node: ast.expr) -> tuple[Number, ast.expr | None]:
    """The number that leads a product and the product without it; 1 where no number does.

    >>> factor, base = leading(ast.parse("-0.5 * x / y", mode="eval").body)
    >>> factor, ast.unparse(base)
    (-0.5, 'x / y')
    """
    value = number(node)
    if value is not None:
        return value, None
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            factor, base = leading(operand)
            return -factor, base
        case ast.BinOp(left=left, op=ast.Mult(), right=right) if first := number(left):
            return first, right
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
            factor, base = leading(left)
            return (1, node) if base is None else (factor, binary(base, op, right))
        case _:
            return 1, node


def times(factor: Number, base: ast.expr) -> ast.expr:
    """`factor * base`, where a factor of 1 is not written and one of -1 is a minus."""
    if factor == 1:
        return base
    match base:
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
            return binary(times(factor, left), op, right)
        case _ if factor == -1:
            return ast.UnaryOp(ast.USub(), base)
        case _:
            return binary(literal(factor), ast.Mult(), base)


def _terms(node: ast.expr, sign: int) -> Iterator[_Term]:
    match node:
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            yield from _terms(left, sign)
            yield from _terms(right, sign if isinstance(op, ast.Add) else -sign)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield from _terms(operand, -sign)
        case _:
            factor, base = leading(node)
            yield _Term(sign * factor, base)


def _alike(one: _Term, other: _Term, is_arithmetic: IsArithmetic) -> bool:
    if one.base is None or other.base is None:
        return one.base is other.base
    return same(one.base, other.base) and is_arithmetic(one.base)


def _spelled(term: _Term) -> ast.expr:
    return literal(term.factor) if term.base is None else times(term.factor, term.base)


def _factors(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            yield from _factors(left)
            yield from _factors(right)
        case _:
            yield node


def _product_of(factors: Sequence[ast.expr]) -> ast.expr:
    product, *rest = factors
    for factor in rest:
        product = binary(product, ast.Mult(), factor)
    return product


def _rounded(value: Number) -> Number:
    rounded = number(constant(value))
    assert rounded is not None
    return rounded
