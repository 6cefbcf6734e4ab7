"""Names in a syntax tree: which are read, which are bound, and which are still free."""

import ast
from collections.abc import Collection, Iterable, Iterator

from evo.core.syntax.trees import walk


def loaded(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that are read anywhere within."""
    return {
        part.id
        for node in nodes
        for part in walk(node)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)
    }


def bound(node: ast.AST) -> list[str]:
    """Names that are bound anywhere within, in order of the tree."""
    return list(dict.fromkeys(_bindings(node)))


def identifiers(node: ast.AST) -> set[str]:
    """Every name that occurs within, read or bound."""
    return loaded([node]) | set(bound(node))


def introduced(statement: ast.stmt) -> list[str]:
    """Names that a statement binds in the block it belongs to."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    return bound(statement)


def import_name(alias: ast.alias) -> str:
    """The name that an import binds."""
    return alias.asname or alias.name.partition(".")[0]


def import_targets(statements: Iterable[ast.stmt]) -> dict[str, str]:
    """The dotted name behind each imported name, such as `torch.nn.functional` for `F`."""
    targets: dict[str, str] = {}
    for statement in statements:
        match statement:
            case ast.Import(names=names):
                targets |= {
                    import_name(alias): alias.name if alias.asname else import_name(alias)
                    for alias in names
                }
            case ast.ImportFrom(module=module, names=names):
                targets |= {import_name(alias): f"{module}.{alias.name}" for alias in names}
            case _:
                pass
    return targets


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """All parameters of a function in the order of its signature."""
    starred = [star for star in (arguments.vararg, arguments.kwarg) if star]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *starred]


def fresh(name: str, taken: Collection[str]) -> str:
    """The name itself where it is free, or with the lowest free number.

    >>> fresh("core", {"core", "core_2"})
    'core_3'
    """
    count, free = 1, name
    while free in taken:
        count += 1
        free = f"{name}_{count}"
    return free


def _bindings(node: ast.AST) -> Iterator[str]:
    for part in walk(node):
        match part:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.AsyncFunctionDef(name=name):
                yield name
            case ast.alias():
                yield import_name(part)
            case ast.ExceptHandler(name=str() as name):
                yield name
            case _:
                pass
