"""Normalise the source code of components."""

import ast
from functools import lru_cache


@lru_cache(maxsize=4096)  # each source is normalised three times: as a draft, for its id, as text
def normalise(source: str) -> str:
    r"""Remove comments, docstrings, annotations and layout, none of which changes behaviour.

    Text that does not parse is returned unchanged.

    >>> normalise("def f( x: float ):  # twice\n    return 2*x")
    'def f(x):\n    return 2 * x'
    """
    try:
        tree = ast.parse(source)
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
                node.body = [part for part in node.body if not _is_text(part)] or [ast.Pass()]
            if isinstance(node, ast.FunctionDef):
                node.returns = None
            elif isinstance(node, ast.arg):
                node.annotation = None
        return ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source


@lru_cache(maxsize=4096)
def source_size(source: str) -> int:
    r"""Number of names, numbers, operations and calls in a source; 0 where it does not parse.

    Layout, comments, docstrings, annotations and imports are free, and so is what a call is called.

    >>> source_size("import torch\n\ndef f(x):\n    return x * torch.sigmoid(-1.5 * x)")
    7
    """
    try:
        nodes = list(ast.walk(ast.parse(normalise(source))))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 0
    parts = [node for node in nodes if isinstance(node, ast.expr)]
    free = [node for node in parts if isinstance(node, ast.Call | ast.Attribute)]
    return len(parts) - len(free)


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )
