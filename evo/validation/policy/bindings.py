"""Names that a node of source binds."""

import ast
from collections.abc import Iterator


def bound_names(node: ast.AST) -> Iterator[str]:
    """Names that a node itself binds; those below it bind their own.

    >>> [name for node in ast.walk(ast.parse("def f(x): y = x")) for name in bound_names(node)]
    ['f', 'x', 'y']
    """
    match node:
        case ast.Name(name, ast.Store()) | ast.arg(name):
            yield name
        case (
            ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name))
        ):
            yield name
        case ast.alias(name, asname):
            yield asname or name
        case _:
            pass
