"""Sources of several components as one source, and one component out of such a source.

Each component keeps its entry function and brings along its helpers and constants. What it defines
for itself gets another name where another component defines or merely uses something so called:
a helper named `sum` must not become the other one's `sum`. Nothing is executed.
"""

import ast
import warnings
from collections.abc import Collection, Iterable, Sequence

from evo.components.scopes import Names, identifiers, rename


def join_sources(sources: Sequence[str], functions: Sequence[str]) -> str:
    """One source with the components of several; texts, annotations and idle imports fall away.

    Args:
        sources: one for each component.
        functions: the names of their entry functions, which stay.

    Raises:
        SyntaxError: one of them is no Python.
        ValueError: the same.
        RecursionError: one is nested too deeply.
    """
    trees = [_parse(source) for source in sources]
    names = [Names.of(tree) for tree in trees]
    imports: dict[str, None] = {}
    definitions: list[str] = []
    everywhere = {name for tree in trees for name in identifiers(tree)} | set(functions)
    for place, tree in enumerate(trees):
        clashing = _clashing(names, place, functions)
        fresh = _fresh(clashing, everywhere)
        everywhere |= set(fresh.values())
        rename(tree, fresh)
        for part in tree.body:
            if isinstance(part, ast.Import | ast.ImportFrom):
                imports[ast.unparse(part)] = None
            else:
                definitions.append(ast.unparse(part))
    return "\n\n\n".join(block for block in ("\n".join(imports), *definitions) if block) + "\n"


def component_in(source: str, function: str) -> str:
    """The source of one component: its entry function and all that it needs, in their lines.

    A source that is no Python, is nested too deeply, or has no such function, stays as it is.
    """
    try:
        return _component_in(source, function)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source


def _component_in(source: str, function: str) -> str:
    tree = _parse(source, plain=False)
    statements = [Names.of(ast.Module([part], [])) for part in tree.body]
    needed, kept = {function}, [False] * len(statements)
    while True:
        found = [_concerns(*each, needed) for each in zip(tree.body, statements, strict=True)]
        if found == kept:
            break
        kept = found
        needed.update(
            name for each, is_kept in zip(statements, kept, strict=True) if is_kept
            for name in each.all
        )  # fmt: skip
    if not any(kept) or all(kept):
        return source
    dropped = [part for part, is_kept in zip(tree.body, kept, strict=True) if not is_kept]
    text = _without(source, dropped)
    try:
        ast.parse(text)
    except SyntaxError:  # statements that share a line
        parts = [part for part, is_kept in zip(tree.body, kept, strict=True) if is_kept]
        return ast.unparse(ast.Module(parts, []))
    return text


def _concerns(statement: ast.stmt, names: Names, needed: Collection[str]) -> bool:
    """Whether a statement of a module gives one of these names its meaning, or changes it."""
    if not names.bound.isdisjoint(needed):
        return True
    # `limits.append(1)` and `limits[0] = 1` say something of what they name.
    is_plain = isinstance(statement, ast.FunctionDef | ast.Import | ast.ImportFrom) or (
        isinstance(statement, ast.Assign | ast.AnnAssign)
        and all(isinstance(target, ast.Name) for target in _targets(statement))
    )
    return not is_plain and not names.used.isdisjoint(needed)


def _targets(statement: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]


def _clashing(names: Sequence[Names], place: int, functions: Sequence[str]) -> list[str]:
    """Own names of one component that another means something else by, or keeps for its entry."""
    own = names[place]
    found: set[str] = set()
    for other_place, other in enumerate(names):
        if other_place == place:
            continue
        for name in own.bound - own.packages - {functions[place]}:
            if name not in own.made | other.made and own.imports[name] == other.imports.get(name):
                continue  # the same import
            is_taken = name in other.bound and (
                other_place < place or name in other.packages or name == functions[other_place]
            )
            # What another looks up without defining it is a builtin, or nothing.
            is_builtin = name in other.used and name not in other.bound
            if is_taken or is_builtin:
                found.add(name)
    return sorted(found)


def _fresh(names: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """A name that nobody has for each of these."""
    found: dict[str, str] = {}
    for name in names:
        number = 2
        while f"{name}_{number}" in taken:
            number += 1
        found[name] = f"{name}_{number}"
    return found


def _without(source: str, dropped: Iterable[ast.stmt]) -> str:
    """The source with nothing in the place of some statements; the others keep their lines."""
    lines = [line.encode() for line in source.split("\n")]
    for part in dropped:
        first, last = part.lineno - 1, (part.end_lineno or part.lineno) - 1
        tail = lines[last][part.end_col_offset :]
        head = lines[first][: part.col_offset]
        lines[first : last + 1] = [b""] * (last - first + 1)
        lines[first] = head
        lines[last] += tail
    return b"\n".join(lines).decode()


def _parse(source: str, *, plain: bool = True) -> ast.Module:
    """The tree of a source; plain without texts, annotations and imports that nothing needs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    if plain:
        tree.body = [part for part in tree.body if not _is_idle(part)]
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                node.returns = None
            elif isinstance(node, ast.arg):
                node.annotation = None
        _drop_idle_imports(tree)
    return tree


def _drop_idle_imports(tree: ast.Module) -> None:
    """Leave out what is imported and never looked up, such as what annotations were made of."""
    used = Names.of(tree).used
    for part in tree.body:
        if isinstance(part, ast.Import | ast.ImportFrom):
            part.names = [
                alias
                for alias in part.names
                if (alias.asname or alias.name.partition(".")[0]) in used
            ]
    tree.body = [part for part in tree.body if getattr(part, "names", True)]


def _is_idle(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
        case ast.ImportFrom(module="__future__"):
            return True
        case _:
            return False
