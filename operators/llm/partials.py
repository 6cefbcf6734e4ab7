"""Write out calls of functions that `functools.partial` made.

`leaky = partial(F.leaky_relu, negative_slope=0.1)` and `leaky(x)` become
`F.leaky_relu(x, negative_slope=0.1)`.
"""

import ast

from evo.core.syntax.names import loaded
from evo.core.syntax.trees import clone, walk

PARTIAL = ("partial", "functools.partial")
"""What a partial function is made by."""


def without_partials(tree: ast.Module) -> None:
    """Write the calls out, in place; a partial that is used in another way is left as it is."""
    made: dict[str, ast.Call] = {}
    for node in walk(tree):
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Call(func=func, args=[_, *_]) as call
            ) if ast.unparse(func) in PARTIAL:
                made[name] = call
            case _:
                pass
    if not made:
        return
    _Calls(made).visit(tree)
    used = loaded(tree.body)
    tree.body = [part for part in tree.body if not _is_unused(part, made.keys() - used)]


def _is_unused(part: ast.stmt, names: set[str]) -> bool:
    match part:
        case ast.Assign(targets=[ast.Name(id=name)]):
            return name in names
        case _:
            return False


class _Calls(ast.NodeTransformer):
    """Replaces calls of partial functions by name."""

    def __init__(self, made: dict[str, ast.Call]) -> None:
        self._made = made

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        match node.func:
            case ast.Name(id=name) if name in self._made:
                first, *given = self._made[name].args
                named = {word.arg for word in node.keywords}
                kept = [word for word in self._made[name].keywords if word.arg not in named]
                return ast.Call(
                    clone(first),
                    [*(clone(one) for one in given), *node.args],
                    [*(clone(word) for word in kept), *node.keywords],
                )
            case _:
                return node
