"""The rules that keep evolved expressions readable: what a careful author would not have written.

Every rule leaves the function as it is, up to the rounding of numbers. Rules that need to know
ask the inference, since `1.0 * mask` is no mask.
"""

import ast

from evo.core.syntax.trees import binary, number, same
from operators.tree.algebra import leading, simple_product, simple_quotient, simple_sum, times
from operators.tree.calls import EVEN, IDEMPOTENT, SAME_ABOVE_ZERO, TWINS, called_name
from operators.tree.signs import is_non_negative
from operators.tree.values import MODULE, TENSORS, ExpressionTypes


def simplify(tree: ast.Module, values: ExpressionTypes) -> None:
    """Apply the rules in place until none applies."""
    before = ""
    while before != (before := ast.dump(tree)):
        _Simplifier(values).visit(tree)


class _Simplifier(ast.NodeTransformer):
    def __init__(self, values: ExpressionTypes) -> None:
        self._values = values
        self._scope = MODULE

    def visit_Module(self, node: ast.Module) -> ast.Module:
        for statement in node.body:
            self._scope = statement.name if isinstance(statement, ast.FunctionDef) else MODULE
            self.visit(statement)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        match node.op:
            case ast.Add() | ast.Sub():
                return simple_sum(node, self._is_arithmetic)
            case ast.Mult():
                return simple_product(node, self._is_arithmetic)
            case ast.Div():
                return simple_quotient(node, self._is_arithmetic)
            case ast.Pow():
                return self._power(node)
            case _:
                return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        match node:
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return operand
            case ast.UnaryOp(op=ast.USub(), operand=ast.BinOp(left, ast.Sub(), right)):
                return binary(right, ast.Sub(), left)
            case ast.UnaryOp(op=ast.USub()):
                factor, base = leading(node)
                return node if base is None else times(factor, base)
            case _:
                return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        name = called_name(node)
        match node.args:
            case [left, right] if name in TWINS and same(left, right) and not node.keywords:
                return left
            case [_, left, right] if name == "where" and same(left, right):
                return left
            case [ast.Call(args=[_, *rest]) as inner, *further] if (
                name in IDEMPOTENT
                and called_name(inner) == name
                and _spell([*rest, *inner.keywords]) == _spell([*further, *node.keywords])
            ):
                return inner
            case [inner, *_] if name in SAME_ABOVE_ZERO and is_non_negative(inner):
                return inner
            case [inner, *_] if name in EVEN:
                node.args[0] = _without_sign(inner)
                return node
            case _:
                return node

    def _power(self, node: ast.BinOp) -> ast.expr:
        exponent = number(node.right)
        if exponent == 1 and self._is_arithmetic(node.left):
            return node.left
        if exponent is not None and exponent % 2 == 0:
            return binary(_without_sign(node.left), ast.Pow(), node.right)
        return node

    def _is_arithmetic(self, node: ast.expr) -> bool:
        is_number = number(node) is not None or isinstance(node, ast.BinOp)
        return is_number or self._values.of(node, self._scope) in TENSORS


def _without_sign(node: ast.expr) -> ast.expr:
    """The argument of an even function without a sign; the node itself where it has none."""
    factor, base = leading(node)
    if factor < 0 and base is not None:
        return times(-factor, base)
    match node:
        case ast.Call(args=[inner]) if called_name(node) == "abs":
            return inner
        case _:
            return node


def _spell(nodes: list[ast.AST]) -> list[str]:
    return [ast.dump(node) for node in nodes]
