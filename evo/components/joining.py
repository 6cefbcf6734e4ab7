"""Sources of several components as one source, and one component out of such a source.

Each component keeps its entry function and brings its helpers and constants; what two of them call
by one name gets another in the later one. Nothing is executed.
"""

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence


def joined(sources: Sequence[str], functions: Sequence[str]) -> str:
    """One source with the components of several.

    Args:
        sources: one for each component.
        functions: the name of its entry function, which stays.

    Raises:
        SyntaxError: one of them is no Python.
    """
    imports: dict[str, None] = {}
    definitions: list[ast.stmt] = []
    taken: set[str] = set()
    for source, function in zip(sources, functions, strict=True):
        tree = ast.parse(source)
        entries = {name for name in functions if name != function}
        own = [name for part in tree.body for name in _bound(part)]
        clashing = {name for name in own if name in entries or name in taken}
        # The same import twice is no clash.
        clashing -= {
            name for part in tree.body if ast.unparse(part) in imports for name in _bound(part)
        }
        used = taken | entries | _identifiers(tree)
        _Renaming(tree, _fresh(sorted(clashing), used)).visit(tree)
        taken |= {name for part in tree.body for name in _bound(part)}
        for part in tree.body:
            if isinstance(part, ast.Import | ast.ImportFrom):
                imports[ast.unparse(part)] = None
            elif not isinstance(part, ast.Expr):  # a text, which says nothing of the whole
                definitions.append(part)
    blocks = ["\n".join(imports), *map(ast.unparse, definitions)]
    return "\n\n\n".join(block for block in blocks if block) + "\n"


def component_in(source: str, function: str) -> str:
    """The source of one component: its entry function and all that it needs.

    A source that is no Python, or has no such function, stays as it is.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source
    needed, kept = {function}, [False] * len(tree.body)
    while True:
        found = [bool(needed.intersection(_bound(part))) for part in tree.body]
        if found == kept:
            break
        kept = found
        needed.update(
            *(_identifiers(part) for part, is_kept in zip(tree.body, kept, strict=True) if is_kept)
        )
    if not any(kept):
        return source
    parts = [part for part, is_kept in zip(tree.body, kept, strict=True) if is_kept]
    return joined([ast.unparse(ast.Module(parts, []))], [function])


def _bound(statement: ast.stmt) -> list[str]:
    """The names that a statement of a module gives a meaning."""
    match statement:
        case ast.FunctionDef(name=name):
            return [name]
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return [(alias.asname or alias.name).partition(".")[0] for alias in names]
        case _:
            return [
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            ]


def _identifiers(node: ast.AST) -> set[str]:
    names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return names | {part.arg for part in ast.walk(node) if isinstance(part, ast.arg)}


def _fresh(names: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """A name that nobody has for each of these."""
    found: dict[str, str] = {}
    for name in names:
        number = 2
        while f"{name}_{number}" in taken or f"{name}_{number}" in found.values():
            number += 1
        found[name] = f"{name}_{number}"
    return found


class _Renaming(ast.NodeTransformer):
    """Gives identifiers other names wherever they stand in a module, whatever they mean there.

    A local variable or a parameter of the same name is renamed with them, and so is the keyword by
    which a function of the module is called: nothing changes what it refers to.
    """

    def __init__(self, tree: ast.Module, names: Mapping[str, str]) -> None:
        self._names = names
        self._own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        self.generic_visit(node)
        node.arg = self._names.get(node.arg, node.arg)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.name = self._names.get(node.name, node.name)
        return node

    def visit_alias(self, node: ast.alias) -> ast.alias:
        old = node.asname or node.name
        if old in self._names:
            node.asname = self._names[old]
        return node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        if isinstance(node.func, ast.Name) and node.func.id in self._own:
            for keyword in node.keywords:
                keyword.arg = keyword.arg and self._names.get(keyword.arg, keyword.arg)
        self.generic_visit(node)
        return node
