"""Sources of several components as one source, and one component out of such a source.

Each component keeps its entry function and brings along its helpers and constants. What it defines
for itself gets another name where another component defines or merely uses something so called:
a helper named `sum` must not become the other one's `sum`. Nothing is executed.
"""

import ast
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field


def joined(sources: Sequence[str], functions: Sequence[str]) -> str:
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
    names = [_Names.of(tree) for tree in trees]
    imports: dict[str, None] = {}
    definitions: list[str] = []
    everywhere = {name for tree in trees for name in _identifiers(tree)} | set(functions)
    for place, tree in enumerate(trees):
        clashing = _clashing(names, place, functions)
        fresh = _fresh(clashing, everywhere)
        everywhere |= set(fresh.values())
        _rename(tree, fresh)
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
    statements = [_Names.of(ast.Module([part], [])) for part in tree.body]
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


@dataclass
class _Names:
    """Names of a module as its own scope has them.

    Attributes:
        used: looked up there, or by its functions: its own names, and builtins.
        made: bound by definition or assignment.
        packages: bound by importing a package under its own name; always the same thing.
        imports: what each name that is bound by another import stands for.
    """

    used: set[str] = field(default_factory=set[str])
    made: set[str] = field(default_factory=set[str])
    packages: set[str] = field(default_factory=set[str])
    imports: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, tree: ast.Module) -> "_Names":
        found = cls()
        found._take(tree, frozenset())
        return found

    @property
    def bound(self) -> set[str]:
        """Those that are given a meaning."""
        return self.made | self.packages | self.imports.keys()

    @property
    def all(self) -> set[str]:
        """Those that are given a meaning or looked up."""
        return self.bound | self.used

    def _take(self, node: ast.AST, hidden: frozenset[str]) -> None:
        """Take in what a node refers to; `hidden` are the locals of the scopes around it."""
        match node:
            case ast.Name(id=name) if name not in hidden:
                (self.made if isinstance(node.ctx, ast.Store) else self.used).add(name)
            case ast.FunctionDef(name=name) if name not in hidden:
                self.made.add(name)
            case ast.Import(names=names):
                for alias in names:
                    if alias.asname is None:
                        self.packages |= {alias.name.partition(".")[0]} - hidden
                    elif alias.asname not in hidden:
                        self.imports[alias.asname] = alias.name
            case ast.ImportFrom(module=module, names=names):
                for alias in names:
                    if (own := alias.asname or alias.name) not in hidden:
                        self.imports[own] = f"{module}.{alias.name}"
            case _:
                pass
        for child, inner in _children(node, hidden):
            self._take(child, inner)


def _children(node: ast.AST, hidden: frozenset[str]) -> Iterable[tuple[ast.AST, frozenset[str]]]:
    """The parts of a node, each with the local names that hide the module's there."""
    match node:
        case ast.FunctionDef() | ast.Lambda():
            # What defaults and annotations say is looked up outside of the function.
            inner = hidden | _locals(node)
            outside = [*node.args.defaults, *node.args.kw_defaults, *_annotations(node)]
            yield from ((part, hidden) for part in outside if part is not None)
            body = node.body if isinstance(node.body, list) else [node.body]
            yield from ((part, inner) for part in body)
        case ast.ListComp() | ast.GeneratorExp() | ast.DictComp():
            inner = hidden | _stored(generator.target for generator in node.generators)
            yield from ((part, inner) for part in ast.iter_child_nodes(node))
        case _:
            yield from ((part, hidden) for part in ast.iter_child_nodes(node))


def _annotations(function: ast.FunctionDef | ast.Lambda) -> list[ast.expr | None]:
    returns = [function.returns] if isinstance(function, ast.FunctionDef) else []
    return [*returns, *(arg.annotation for arg in _parameters(function.args))]


def _parameters(args: ast.arguments) -> list[ast.arg]:
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return [arg for arg in every if arg is not None]


def _locals(function: ast.FunctionDef | ast.Lambda) -> frozenset[str]:
    """The names that a function has for itself: its parameters and what it assigns."""
    names = {arg.arg for arg in _parameters(function.args)}
    if isinstance(function, ast.FunctionDef):
        names |= _stored(function.body)
    return frozenset(names)


def _stored(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """The names that these nodes assign, define or import in their own scope."""
    found: set[str] = set()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.FunctionDef(name=name):
                found.add(name)
                continue
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                found |= {(alias.asname or alias.name).partition(".")[0] for alias in names}
            case ast.Lambda() | ast.ListComp() | ast.GeneratorExp() | ast.DictComp():
                continue
            case _:
                pass
        pending.extend(ast.iter_child_nodes(node))
    return frozenset(found)


def _concerns(statement: ast.stmt, names: _Names, needed: Collection[str]) -> bool:
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


def _clashing(names: Sequence[_Names], place: int, functions: Sequence[str]) -> list[str]:
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


def _identifiers(tree: ast.AST) -> set[str]:
    """Whatever stands for a name, in any scope."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.FunctionDef(name=name) | ast.arg(arg=name):
                found.add(name)
            case ast.alias():
                found |= {node.asname or "", *node.name.split(".")}
            case _:
                pass
    return found


def _fresh(names: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """A name that nobody has for each of these."""
    found: dict[str, str] = {}
    for name in names:
        number = 2
        while f"{name}_{number}" in taken:
            number += 1
        found[name] = f"{name}_{number}"
    return found


def _rename(tree: ast.Module, names: Mapping[str, str]) -> None:
    """Give names of the module's own scope other names, wherever they are looked up."""
    pending: list[tuple[ast.AST, frozenset[str]]] = [(tree, frozenset())]
    while pending:
        node, hidden = pending.pop()
        match node:
            case ast.Name() if node.id not in hidden:
                node.id = names.get(node.id, node.id)
            case ast.FunctionDef() if node.name not in hidden:
                node.name = names.get(node.name, node.name)
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    own = alias.asname or alias.name
                    if own in names and own not in hidden:
                        alias.asname = names[own]
            case _:
                pass
        pending.extend(_children(node, hidden))


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
    used = _Names.of(tree).used
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
