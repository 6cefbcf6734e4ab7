"""Algebra that keeps evolved expressions readable: what a careful author would not have written.

Every rule leaves the function as it is, up to the rounding of numbers. Rules that need to know
ask the inference, since `1.0 * mask` is no mask.
"""

import ast
from collections.abc import Callable

from operators.syntax import Number, binary, constant, number, same, scaled, words
from operators.values import MODULE, TENSORS, Values, called

_IDEMPOTENT = words("abs ceil clamp clip floor hardtanh relu relu6 round sign trunc")
_SAME_ABOVE_ZERO = words("abs celu elu leaky_relu relu")
_EVEN = words("abs cos cosh square")
_RISING_FROM_ZERO = words("asinh atan erf log1p softsign tanh")
_NON_NEGATIVE = words("abs cosh exp hardsigmoid relu relu6 sigmoid softplus sqrt square")
_TWINS = words("fmax fmin max maximum min minimum")


def simplify(tree: ast.Module, values: Values) -> None:
    """Apply the rules in place until none applies."""
    before = ""
    while before != (before := ast.dump(tree)):
        _Simplifier(values).visit(tree)


def is_non_negative(node: ast.expr) -> bool:
    """Whether an expression is surely nowhere below zero."""
    match node:
        case ast.Call(args=[first, *_]) if called(node) in _RISING_FROM_ZERO:
            return is_non_negative(first)
        case ast.Call(args=[_, *_]):
            return called(node) in _NON_NEGATIVE
        case ast.BinOp(left=left, op=ast.Add() | ast.Mult() | ast.Div(), right=right):
            return is_non_negative(left) and is_non_negative(right)
        case ast.BinOp(op=ast.Pow(), right=ast.Constant(value=int() as exponent)):
            return exponent % 2 == 0
        case _:
            value = number(node)
            return value is not None and value >= 0


class _Simplifier(ast.NodeTransformer):
    def __init__(self, values: Values) -> None:
        self._values = values
        self._scope = MODULE

    def visit_Module(self, node: ast.Module) -> ast.Module:
        for statement in node.body:
            self._scope = statement.name if isinstance(statement, ast.FunctionDef) else MODULE
            self.visit(statement)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        folded = _fold(node)
        if folded is not None:
            return folded
        rules: dict[type[ast.operator], Callable[[ast.expr, ast.expr], ast.expr | None]] = {
            ast.Add: self._add,
            ast.Sub: self._subtract,
            ast.Mult: self._multiply,
            ast.Div: self._divide,
            ast.Pow: self._power,
        }
        rule = rules.get(type(node.op))
        return (rule(node.left, node.right) if rule else None) or node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return operand
            case ast.UnaryOp(op=ast.USub(), operand=ast.UnaryOp(op=ast.USub(), operand=operand)):
                return operand
            case ast.UnaryOp(op=ast.USub(), operand=ast.BinOp(left, ast.Sub(), right)):
                return binary(right, ast.Sub(), left)
            case ast.UnaryOp(op=ast.USub(), operand=operand) if _leading(operand)[0] != 1:
                factor, rest = _leading(operand)
                return scaled(-factor, rest)
            case _:
                return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        name = called(node)
        match node.args:
            case [left, right] if name in _TWINS and same(left, right) and not node.keywords:
                return left
            case [_, left, right] if name == "where" and same(left, right):
                return left
            case [ast.Call(args=[_, *rest]) as inner, *further] if (
                name in _IDEMPOTENT
                and called(inner) == name
                and _spell([*rest, *inner.keywords]) == _spell([*further, *node.keywords])
            ):
                return inner
            case [inner, *_] if name in _SAME_ABOVE_ZERO and is_non_negative(inner):
                return inner
            case [inner, *_] if name in _EVEN:
                node.args[0] = _without_sign(inner)
                return node
            case _:
                return node

    def _add(self, left: ast.expr, right: ast.expr) -> ast.expr | None:
        if number(right) == 0 and self._is_number_like(left):
            return left
        if number(left) == 0 and self._is_number_like(right):
            return right
        if (positive := _negated(right)) is not None:
            return binary(left, ast.Sub(), positive)
        if isinstance(left, ast.UnaryOp) and (positive := _negated(left)) is not None:
            return binary(right, ast.Sub(), positive)
        return self._collect(left, right, sign=1)

    def _subtract(self, left: ast.expr, right: ast.expr) -> ast.expr | None:
        if number(right) == 0 and self._is_number_like(left):
            return left
        if number(left) == 0 and self._is_number_like(right):
            return ast.UnaryOp(ast.USub(), right)
        if (positive := _negated(right)) is not None:
            return binary(left, ast.Add(), positive)
        return self._collect(left, right, sign=-1)

    def _multiply(self, left: ast.expr, right: ast.expr) -> ast.expr | None:
        factor, other = number(left), number(right)
        if factor is None and other is not None:
            # Numbers first, so that the other rules see one spelling.
            return binary(right, ast.Mult(), left)
        if factor in (1, -1) and self._is_number_like(right):
            return right if factor == 1 else ast.UnaryOp(ast.USub(), right)
        inner, rest = _leading(right)
        if inner == 1:
            return None
        if factor is not None:
            return scaled(factor * inner, rest)
        return scaled(inner, binary(left, ast.Mult(), rest))

    def _divide(self, left: ast.expr, right: ast.expr) -> ast.expr | None:
        divisor = number(right)
        if not divisor:
            return None
        if divisor == 1 and self._is_number_like(left):
            return left
        factor, rest = _leading(left)
        if factor != 1:
            return scaled(factor / divisor, rest)
        match left:
            case ast.BinOp(left=inner, op=ast.Div(), right=first) if known := number(first):
                return binary(inner, ast.Div(), constant(known * divisor))
            case _:
                return None

    def _power(self, left: ast.expr, right: ast.expr) -> ast.expr | None:
        exponent = number(right)
        if exponent == 1 and self._is_number_like(left):
            return left
        if exponent in (2, 4) and (positive := _without_sign(left)) is not left:
            return binary(positive, ast.Pow(), right)
        return None

    def _collect(self, left: ast.expr, right: ast.expr, *, sign: int) -> ast.expr | None:
        """`(e + a) - b` as `e + c`, and `a * e - b * e` as `c * e`."""
        added = number(right)
        match left:
            case ast.BinOp(left=rest, op=ast.Add() | ast.Sub() as op, right=inner) if (
                added is not None and (first := number(inner)) is not None
            ):
                total = (first if isinstance(op, ast.Add) else -first) + sign * added
                return binary(rest, ast.Add(), constant(total))
            case _:
                pass
        (factor, base), (other, twin) = _leading(left), _leading(right)
        total = factor + sign * other
        if total and same(base, twin) and self._is_number_like(base):
            return scaled(float(total), base)
        return None

    def _is_number_like(self, node: ast.expr) -> bool:
        """Whether the node is arithmetic already: a mask or a list becomes so only by it."""
        return (
            number(node) is not None
            or isinstance(node, ast.BinOp)
            or (
                self._values.of(node, self._scope) in TENSORS
                and not isinstance(node, ast.Tuple | ast.List)
            )
        )


def _fold(node: ast.BinOp) -> ast.expr | None:
    """The number that an operation on two numbers gives, unless it says more unfolded (1 / 3)."""
    left, right = number(node.left), number(node.right)
    if left is None or right is None or (isinstance(left, int) and isinstance(right, int)):
        return None
    match node.op:
        case ast.Add():
            return constant(float(left + right))
        case ast.Sub():
            return constant(float(left - right))
        case ast.Mult():
            return constant(float(left * right))
        case ast.Div() if right:
            return constant(float(left / right))
        case _:
            return None


def _negated(node: ast.expr) -> ast.expr | None:
    """The expression that this is the negative of; None where no minus leads it."""
    value = number(node)
    if value is not None:
        return constant(-value) if value < 0 else None
    factor, rest = _leading(node)
    if factor >= 0:
        return None
    return rest if factor == -1 else scaled(-factor, rest)


def _leading(node: ast.expr) -> tuple[Number, ast.expr]:
    """The number that leads a product, and the product without it; 1 where there is none."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            factor, rest = _leading(operand)
            return -factor, rest
        case ast.BinOp(left=left, op=ast.Mult(), right=right) if first := number(left):
            return first, right
        case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
            factor, rest = _leading(left)
            return (1, node) if factor == 1 else (factor, binary(rest, op, right))
        case _:
            return 1, node


def _without_sign(node: ast.expr) -> ast.expr:
    """What an even function may take instead; the node itself where nothing can go."""
    factor, rest = _leading(node)
    if factor < 0:
        return rest if factor == -1 else scaled(-factor, rest)
    match node:
        case ast.Call(args=[inner]) if called(node) == "abs":
            return inner
        case _:
            return node


def _spell(nodes: list[ast.AST]) -> list[str]:
    return [ast.dump(node) for node in nodes]
