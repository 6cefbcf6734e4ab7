"""Python's scopes: which variable a name refers to, and renaming that keeps the meaning.

Nothing is executed.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from evo.core.syntax.names import import_name, parameters
from evo.core.syntax.trees import children

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass
class ModuleNames:
    """Names in the scope of a module.

    Attributes:
        used: looked up there, or by its functions: its own names, and builtins.
        made: bound by definition or assignment.
        packages: bound by importing a package under its own name, which always means the same.
        imports: what each name that is bound by another import refers to.
    """

    used: set[str] = field(default_factory=set[str])
    made: set[str] = field(default_factory=set[str])
    packages: set[str] = field(default_factory=set[str])
    imports: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, tree: ast.Module) -> "ModuleNames":
        """The names of a module."""
        names = cls()
        names._collect(tree, frozenset())
        return names

    @property
    def bound(self) -> set[str]:
        """Names that the module binds."""
        return self.made | self.packages | self.imports.keys()

    @property
    def all(self) -> set[str]:
        """Names that the module binds or looks up."""
        return self.bound | self.used

    def _collect(self, node: ast.AST, hidden: frozenset[str]) -> None:
        """Add the names that a node refers to; `hidden` are the locals of the scopes around it."""
        match node:
            case ast.Name(id=name) if name not in hidden:
                (self.made if isinstance(node.ctx, ast.Store) else self.used).add(name)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self.made |= {node.name} - hidden
            case ast.Import(names=names):
                for alias in names:
                    if alias.asname is None:
                        self.packages |= {import_name(alias)} - hidden
                    elif alias.asname not in hidden:
                        self.imports[alias.asname] = alias.name
            case ast.ImportFrom(module=module, names=names):
                for alias in names:
                    if (name := import_name(alias)) not in hidden:
                        self.imports[name] = f"{module}.{alias.name}"
            case _:
                pass
        for part, inner in _parts(node, hidden):
            self._collect(part, inner)


def rename(scope: ast.AST, names: Mapping[str, str]) -> None:
    """Give variables of a scope other names, in place.

    A function within that binds such a name itself means another variable by it, and keeps it. The
    variables of a comprehension take part, so that none of them hides a new name.

    Args:
        scope: a module or an expression, whose names are renamed wherever they are looked up; or a
            function, of which the parameters and locals are renamed.
        names: new names by old.
    """
    pending: list[tuple[ast.AST, frozenset[str]]] = [(scope, frozenset())]
    if isinstance(scope, _Function):
        for parameter in parameters(scope.args):
            parameter.arg = names.get(parameter.arg, parameter.arg)
        pending = [(part, frozenset()) for part in _body(scope)]
    while pending:
        node, hidden = pending.pop()
        match node:
            case ast.Name() if node.id not in hidden:
                node.id = names.get(node.id, node.id)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                if node.name not in hidden:
                    node.name = names.get(node.name, node.name)
            case ast.alias() if import_name(node) in names.keys() - hidden:
                old = import_name(node)
                node.name = node.name if node.asname else old
                node.asname = names[old]
            case _:
                pass
        if isinstance(node, _Comprehension):
            pending += [(part, hidden) for part in children(node)]
        else:
            pending += _parts(node, hidden)


def _parts(node: ast.AST, hidden: frozenset[str]) -> Iterator[tuple[ast.AST, frozenset[str]]]:
    """The parts of a node, each with the local names that hide the module's there."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
            # Defaults, annotations and decorators are looked up outside of the function.
            for part in _outside(node):
                yield part, hidden
            inner = hidden | _locals(node)
            for part in _body(node):
                yield part, inner
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            inner = hidden | _stored(generator.target for generator in node.generators)
            for part in children(node):
                yield part, inner
        case _:
            for part in children(node):
                yield part, hidden


def _body(function: _Function) -> list[ast.AST]:
    return [function.body] if isinstance(function, ast.Lambda) else [*function.body]


def _outside(function: _Function) -> list[ast.expr]:
    """Expressions of a function that the scope around it evaluates."""
    args = function.args
    optional = [
        *args.defaults,
        *args.kw_defaults,
        *(parameter.annotation for parameter in parameters(args)),
    ]
    if not isinstance(function, ast.Lambda):
        optional += [*function.decorator_list, function.returns]
    return [expression for expression in optional if expression is not None]


def _locals(function: _Function) -> frozenset[str]:
    """The names of a function's own scope: its parameters and what it binds."""
    return _stored(_body(function)) | {parameter.arg for parameter in parameters(function.args)}


def _stored(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """The names that nodes assign, define or import in the scope they belong to."""
    names: set[str] = set()
    pending = list(nodes)
    while pending:
        node = pending.pop()
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
                continue
            case ast.ClassDef(name=name):
                names.add(name)
                continue
            case ast.alias():
                names.add(import_name(node))
            case ast.Lambda() | ast.ListComp() | ast.SetComp():
                continue
            case ast.GeneratorExp() | ast.DictComp():
                continue
            case ast.ExceptHandler(name=str() as name):
                names.add(name)
            case _:
                pass
        pending += children(node)
    return frozenset(names)
