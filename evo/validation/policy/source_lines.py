"""Lines of a source that may call an operator, for messages about a graph that has no lines."""

import ast
from collections.abc import Mapping, Sequence

from evo.validation.graph.allowed import base_name

_MOST_LINES = 3
_SYNTAX: Mapping[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "pow",
    ast.MatMult: "matmul",
    ast.Mod: "remainder",
    ast.FloorDiv: "floor_divide",
    ast.USub: "neg",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.BitAnd: "bitwise_and",
    ast.BitOr: "bitwise_or",
    ast.Invert: "bitwise_not",
}
_PRODUCTS = frozenset({"bmm", "dot", "einsum", "inner", "linear", "mm", "multi_dot", "mv"})
_OTHER_NAMES: Mapping[str, frozenset[str]] = {
    "matmul": _PRODUCTS,
    "mul": frozenset({"einsum", "multiply", "outer"}),
    "sub": frozenset({"rsub", "subtract"}),
    "rsub": frozenset({"sub"}),
    "sum": frozenset({"einsum"}),
    "cdist": frozenset({"pdist"}),
    "cat": frozenset({"concat", "concatenate", "hstack", "vstack"}),
}
_PREFIXES = ("linalg_", "special_", "fft_")


def calling_lines(source: str, operator: str) -> list[int]:
    r"""Numbers of the lines that may call an operator; none where more than a few do.

    >>> calling_lines("def f(x):\n    y = x - 1\n    return y @ y.T", "aten.matmul.default")
    [3]
    """
    name = base_name(operator)
    plain = next((name.removeprefix(one) for one in _PREFIXES if name.startswith(one)), name)
    names = {plain, f"{plain}_", *_OTHER_NAMES.get(plain, ())}
    lines = {line for node in ast.walk(ast.parse(source)) for line in _places(node, names)}
    return sorted(lines) if len(lines) <= _MOST_LINES else []


def _places(node: ast.AST, names: set[str]) -> Sequence[int]:
    match node:
        case ast.BinOp(op=op) | ast.AugAssign(op=op) | ast.UnaryOp(op=op):
            is_one = _SYNTAX.get(type(op)) in names
        case ast.Compare(ops=ops):
            is_one = any(_SYNTAX.get(type(op)) in names for op in ops)
        case ast.Call(ast.Attribute(attr=name) | ast.Name(name)):
            is_one = name in names
        case _:
            return ()
    return (node.lineno,) if is_one else ()


def with_lines(reason: str, source: str, operator: str) -> str:
    """A reason with the lines that may call an operator before it."""
    lines = calling_lines(source, operator)
    words = " or ".join(map(str, lines))
    return f"line {words}: {reason}" if lines else reason
