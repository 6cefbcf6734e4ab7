"""Rewrite a candidate's source before it runs. Runs in the sandbox's child; line numbers stay.

- `int(…)` and `float(…)` keep the formulas of sizes (see `tracked`).
"""

import ast
from types import CodeType

_CONVERSIONS = {"int": "__to_int__", "float": "__to_float__"}
"""Calls by name that get a function of `tracked.BUILTINS`; no candidate can write these names."""


def compiled(source: str, file: str) -> CodeType:
    """The code of a source, rewritten where that is needed."""
    if not any(f"{name}(" in source for name in _CONVERSIONS):
        return compile(source, file, "exec")
    tree = ast.parse(source, file)
    stored = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Name(name) as function) if name in _CONVERSIONS.keys() - stored:
                function.id = _CONVERSIONS[name]
            case _:
                pass
    return compile(tree, file, "exec")
