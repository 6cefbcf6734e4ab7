"""Scopes of Python: what a name stands for where it is looked up. Nothing is executed."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass
class Names:
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
    def of(cls, tree: ast.Module) -> "Names":
        """The names of a module."""
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


def identifiers(tree: ast.AST) -> set[str]:
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


def rename(tree: ast.Module, names: Mapping[str, str]) -> None:
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
