"""Trees of Python source: names, numbers, sizes and copies, for every operator that edits trees.

Knows the language, nothing of tensors or contracts. Trees are changed in place: copy one
first to keep it.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeGuard, TypeVar

TreeNode = TypeVar("TreeNode", bound=ast.AST)

Number = int | float

_PLAIN = frozenset({int, str, type(None), float, bool})
"""Types of most of what a node holds beside nodes: names, numbers, places in the text."""


def words(text: str) -> frozenset[str]:
    """The words of a text as a set, for tables of names."""
    return frozenset(text.split())


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes right below one, in the order of its fields."""
    # Both this and `walk` take a fifth of what ast's own take, by whose names and order they go.
    nodes: list[ast.AST] = []
    for held in node.__dict__.values():
        held_type = type(held)
        if held_type is list:
            nodes += [part for part in held if isinstance(part, ast.AST)]
        elif held_type not in _PLAIN and isinstance(held, ast.AST):
            nodes.append(held)
    return nodes


def walk(node: ast.AST) -> list[ast.AST]:
    """A node and all below it, level by level."""
    nodes = [node]
    for part in nodes:
        nodes += children(part)
    return nodes


def clone(node: TreeNode) -> TreeNode:
    """A deep copy, free to be changed or to be put elsewhere."""
    # A fifth of what copy.deepcopy takes, which was a fifth of all that an offspring took.
    copied = node.__class__.__new__(node.__class__)
    fields = copied.__dict__
    for name, value in node.__dict__.items():
        if isinstance(value, ast.AST):
            fields[name] = clone(value)
        elif isinstance(value, list):
            fields[name] = [clone(part) if isinstance(part, ast.AST) else part for part in value]
        else:
            fields[name] = value
    return copied


def same(left: ast.AST, right: ast.AST) -> bool:
    """True if both spell the same code."""
    return type(left) is type(right) and ast.dump(left) == ast.dump(right)


def number(node: ast.AST) -> Number | None:
    """The value of a constant number, signed or not; None for anything else.

    >>> number(ast.parse("-0.5", mode="eval").body)
    -0.5
    """
    match node:
        case ast.Constant(value=bool()):
            return None
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = number(operand)
            return None if inner is None else -inner
        case _:
            return None


def constant(value: Number) -> ast.expr:
    """The expression for a number; a float is rounded to three significant digits.

    >>> ast.unparse(constant(-0.123456))
    '-0.123'
    """
    return literal(float(f"{value:.3g}") if isinstance(value, float) else value)


def literal(value: Number) -> ast.expr:
    """The expression for a number with all its digits."""
    if value < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def binary(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.BinOp:
    """The expression `left op right`."""
    return ast.BinOp(left, op, right)


def scaled(factor: Number, node: ast.expr) -> ast.expr:
    """The expression `factor * node`."""
    return binary(constant(factor), ast.Mult(), node)


def is_dotted(node: ast.AST) -> bool:
    """True if this is a name or names joined by dots, as `torch.nn.functional`."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)


def size(node: ast.AST) -> int:
    """Number of operations, names and numbers; annotations and what a call is called are free.

    >>> size(ast.parse("x * torch.sigmoid(-1.5 * x)"))
    6
    """
    total, pending = 0, [node]
    while pending:
        match pending.pop():
            case ast.Name() | ast.Constant():
                total += 1
            case ast.BinOp(left=left, right=right):
                total += 1
                pending += (left, right)
            case ast.FunctionDef(body=body):
                pending += body
            case ast.Lambda(body=body):
                pending.append(body)
            case ast.Call(func=func, args=args, keywords=keywords):
                total += 1
                pending += [*args, *(keyword.value for keyword in keywords)]
                if not is_dotted(func):
                    pending.append(func)
            case ast.Import() | ast.ImportFrom():
                pass
            case part if number(part) is not None or is_dotted(part):
                total += 1
            case part:
                total += isinstance(part, ast.expr)
                pending += children(part)
    return total


def depth(node: ast.AST) -> int:
    """Longest path from the node to a leaf."""
    deepest, pending = 0, [(node, 0)]
    while pending:
        part, level = pending.pop()
        deepest = max(deepest, level)
        pending += [(child, level + 1) for child in children(part)]
    return deepest


def is_import(node: ast.AST) -> TypeGuard[ast.Import | ast.ImportFrom]:
    """True if this is an import statement."""
    return isinstance(node, ast.Import | ast.ImportFrom)


def as_function(statement: ast.stmt) -> ast.stmt:
    r"""The statement itself, or a function where it assigns a lambda to a name.

    >>> ast.unparse(as_function(ast.parse("double = lambda x: 2 * x").body[0]))
    'def double(x):\n    return 2 * x'
    """
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda(args=args, body=body)):
            function = returning(name, (), body)
            function.args = args
            return function
        case _:
            return statement


def returning(name: str, arguments: Iterable[str], value: ast.expr) -> ast.FunctionDef:
    r"""A function that returns an expression of its arguments.

    >>> ast.unparse(returning("twice", ("x",), ast.parse("2 * x", mode="eval").body))
    'def twice(x):\n    return 2 * x'
    """
    function = ast.parse(f"def {name}({', '.join(arguments)}): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = [ast.Return(value)]
    return function


def substitute(node: ast.expr, expressions: Mapping[str, ast.expr]) -> ast.expr:
    """A copy in which names that are read are replaced by copies of expressions."""
    return _Substitution(expressions).visit(clone(node))


def blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every list of statements within, outermost first."""
    pending = [node]
    while pending:
        part = pending.pop(0)
        for field in ("body", "orelse", "handlers", "cases", "finalbody"):
            held: object = part.__dict__.get(field)
            if isinstance(held, list):
                pending += held
                if field not in ("handlers", "cases"):
                    yield held


class _Substitution(ast.NodeTransformer):
    def __init__(self, expressions: Mapping[str, ast.expr]) -> None:
        self._expressions = expressions

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if isinstance(node.ctx, ast.Load) and node.id in self._expressions:
            return clone(self._expressions[node.id])
        return node
