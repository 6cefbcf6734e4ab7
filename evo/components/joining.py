"""Sources of several components as one source, and one component out of such a source.

Each component keeps its entry function and brings along its helpers and constants. What it defines
for itself gets another name where another component defines or uses something of the same name: a
helper named `sum` must not become the other one's `sum`. Nothing is executed.
"""

import ast
import warnings
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from evo.core.syntax.names import fresh, identifiers, import_name
from evo.core.syntax.scopes import ModuleNames, rename
from evo.core.syntax.trees import is_import, walk


def join_sources(sources: Sequence[str], functions: Sequence[str]) -> str:
    """One source with several components, without texts, annotations and unused imports.

    Args:
        sources: one per component.
        functions: the names of their entry functions, which stay.

    Raises:
        SyntaxError: one of them is no Python.
        ValueError: the same.
        RecursionError: one is nested too deeply.
    """
    return _joined(tuple(sources), tuple(functions))


@lru_cache(maxsize=256)  # a campaign joins its baselines several times
def _joined(sources: tuple[str, ...], functions: tuple[str, ...]) -> str:
    trees = [_parsed_plain(source) for source in sources]
    names = [ModuleNames.of(tree) for tree in trees]
    imports: dict[str, None] = {}
    definitions: list[str] = []
    taken = {name for tree in trees for name in identifiers(tree)} | set(functions)
    for index, tree in enumerate(trees):
        new_names = {name: fresh(name, taken) for name in _clashing(names, index, functions)}
        taken |= set(new_names.values())
        rename(tree, new_names)
        for statement in tree.body:
            if is_import(statement):
                imports[ast.unparse(statement)] = None
            else:
                definitions.append(ast.unparse(statement))
    return "\n\n\n".join(block for block in ("\n".join(imports), *definitions) if block) + "\n"


def component_in(source: str, function: str) -> str:
    """The source of one component: its entry function and all that it needs, in their lines.

    A source that is no Python, is nested too deeply, or has no such function, is returned as it is.
    """
    try:
        return _component_in(source, function)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return source


def _component_in(source: str, function: str) -> str:
    tree = _parsed(source)
    names = [ModuleNames.of(ast.Module([statement], [])) for statement in tree.body]
    needed = {function}
    kept_indices, previous_indices = list[int](), None
    while kept_indices != previous_indices:
        previous_indices = kept_indices
        kept_indices = [i for i, part in enumerate(tree.body) if _concerns(part, names[i], needed)]
        needed.update(name for index in kept_indices for name in names[index].all)
    if not kept_indices or len(kept_indices) == len(tree.body):
        return source
    dropped = [statement for index, statement in enumerate(tree.body) if index not in kept_indices]
    text = _without(source, dropped)
    try:
        ast.parse(text)
    except SyntaxError:  # statements that share a line
        return ast.unparse(ast.Module([tree.body[index] for index in kept_indices], []))
    return text


def _concerns(statement: ast.stmt, names: ModuleNames, needed: Collection[str]) -> bool:
    """True if a statement of a module binds one of these names, or changes what it refers to."""
    if not names.bound.isdisjoint(needed):
        return True
    # `limits.append(1)` and `limits[0] = 1` change a list that another statement binds.
    match statement:
        case ast.FunctionDef() | ast.Import() | ast.ImportFrom():
            only_binds = True
        case ast.Assign(targets=targets):
            only_binds = all(isinstance(target, ast.Name) for target in targets)
        case ast.AnnAssign(target=target):
            only_binds = isinstance(target, ast.Name)
        case _:
            only_binds = False
    return not only_binds and not names.used.isdisjoint(needed)


def _clashing(names: Sequence[ModuleNames], index: int, functions: Sequence[str]) -> list[str]:
    """Names that one component binds, and another uses for something else or for its entry."""
    this = names[index]
    clashing: set[str] = set()
    for other_index, other in enumerate(names):
        if other_index == index:
            continue
        for name in this.bound - this.packages - {functions[index]}:
            is_made = name in this.made | other.made
            if not is_made and this.imports[name] == other.imports.get(name):
                continue  # the same import
            is_taken = name in other.bound and (
                other_index < index or name in other.packages or name == functions[other_index]
            )
            # A name that another looks up without binding it is a builtin, or nothing.
            is_builtin = name in other.used and name not in other.bound
            if is_taken or is_builtin:
                clashing.add(name)
    return sorted(clashing)


def _without(source: str, dropped: Iterable[ast.stmt]) -> str:
    """The source with nothing in the place of some statements; the others keep their lines."""
    lines = [line.encode() for line in source.split("\n")]
    for statement in dropped:
        first, last = statement.lineno - 1, (statement.end_lineno or statement.lineno) - 1
        tail = lines[last][statement.end_col_offset :]
        head = lines[first][: statement.col_offset]
        lines[first : last + 1] = [b""] * (last - first + 1)
        lines[first] = head
        lines[last] += tail
    return b"\n".join(lines).decode()


def _parsed(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _parsed_plain(source: str) -> ast.Module:
    """The tree of a source without texts, annotations and imports that nothing needs."""
    tree = _parsed(source)
    tree.body = [statement for statement in tree.body if not _is_idle(statement)]
    for node in walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
    _drop_unused_imports(tree)
    return tree


def _drop_unused_imports(tree: ast.Module) -> None:
    """Leave out what is imported and never looked up, such as what only annotations used."""
    used = ModuleNames.of(tree).used
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            statement.names = [alias for alias in statement.names if import_name(alias) in used]
    tree.body = [part for part in tree.body if not is_import(part) or part.names]


def _is_idle(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
        case ast.ImportFrom(module="__future__"):
            return True
        case _:
            return False
