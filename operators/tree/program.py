"""A component's source as a syntax tree in one normal form.

Reading splits imports, drops docstrings, puts the entry function last and gives it the contract's
signature. Source that cannot be read that way becomes a fresh component: an operator always has
something to work on. Nothing is ever executed.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass

from evo.core.contract import Contract
from evo.core.signature import further_parameters
from evo.core.syntax.names import bound, fresh, identifiers, import_targets, introduced, parameters
from evo.core.syntax.scopes import rename
from evo.core.syntax.trees import as_function, blocks, clone, depth, is_import, size, walk
from operators.tree.sites import Survey

_MAX_DEPTH = 120
"""Python's own recursion limit is not far beyond."""


@dataclass
class Program:
    """A module that defines the entry function of a contract; edits change it in place.

    Attributes:
        tree: the module.
        contract: its kind's, with the optional inputs that the entry function takes.
    """

    tree: ast.Module
    contract: Contract

    @classmethod
    def read(cls, source: str, contract: Contract) -> "Program":
        """The program of a source, or the plainest one where the source is of no use."""
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return cls.identity(contract)
        if depth(tree) > _MAX_DEPTH:
            return cls.identity(contract)
        seeing = _normalise(tree, contract)
        return cls.identity(contract) if seeing is None else cls(tree, seeing)

    @classmethod
    def identity(cls, contract: Contract) -> "Program":
        """The plainest component: its first argument, made an output."""
        return cls.returning(contract.arguments[0], contract)

    @classmethod
    def returning(cls, expression: str, contract: Contract) -> "Program":
        """The component that makes an output of an expression of the arguments' shape."""
        lines = [
            *contract.imports,
            f"def {contract.function}({', '.join(contract.parameters)}):",
            f"    return {contract.output.replace('{}', expression)}",
        ]
        return cls(ast.parse("\n".join(lines)), contract)

    @property
    def entry(self) -> ast.FunctionDef:
        """The entry function."""
        entry = self.tree.body[-1]
        assert isinstance(entry, ast.FunctionDef)
        return entry

    @property
    def size(self) -> int:
        """Number of operations, names and numbers."""
        return size(self.tree)

    def copy(self) -> "Program":
        """A program of its own tree."""
        return Program(clone(self.tree), self.contract)

    def take_inputs(self, names: set[str]) -> None:
        """Have the entry function take exactly the optional inputs of these names."""
        if names == {one.name for one in self.contract.taken}:
            return
        self.contract = self.contract.seeing(names)
        self.entry.args = _arguments(self.contract, parameters(self.entry.args))

    def survey(self) -> Survey:
        """The survey of the tree as it is now; to be taken again after an edit."""
        return Survey.of(self.tree, self.contract)


def _normalise(tree: ast.Module, contract: Contract) -> Contract | None:
    """Bring a module into the plain form, in place: its contract, None where that is impossible."""
    for block in blocks(tree):
        if block:
            block[:] = [part for part in block if not _is_text(part)] or [ast.Pass()]
    tree.body = [part for statement in tree.body for part in _split(statement)]
    entry = next((part for part in reversed(tree.body) if _defines(part, contract.function)), None)
    if not isinstance(entry, ast.FunctionDef):
        return None
    contract = contract.seeing(further_parameters(entry, contract) or ())
    if not _fit_signature(entry, contract):
        return None
    others = [part for part in tree.body if contract.function not in introduced(part)]
    tree.body = [*others, entry]
    _agree_on_imports(tree, contract)
    return contract


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _split(statement: ast.stmt) -> list[ast.stmt]:
    """Statements of the plain form for one statement: one import per name, functions by `def`."""
    match statement:
        case ast.Import(names=names):
            return [ast.Import([alias]) for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            return [ast.ImportFrom(module, [alias], level) for alias in names]
        case _:
            return [as_function(statement)]


def _defines(statement: ast.stmt, name: str) -> bool:
    return name in introduced(statement)


def _fit_signature(entry: ast.FunctionDef, contract: Contract) -> bool:
    """Take the contract's parameters; further ones become locals with their defaults."""
    args = entry.args
    positional = [*args.posonlyargs, *args.args]
    required = contract.seeing(()).parameters
    if tuple(part.arg for part in positional[: len(required)]) != required or args.vararg:
        return False
    defaults: dict[str, ast.expr] = {}
    for part, default in zip(reversed(positional), reversed(args.defaults), strict=False):
        defaults[part.arg] = default
    for part, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        if default is not None:
            defaults[part.arg] = default
    further = [part.arg for part in parameters(args) if part.arg not in contract.parameters]
    if any(name not in defaults for name in further) or entry.decorator_list:
        return False
    entry.body[:0] = [
        ast.Assign([ast.Name(name, ast.Store())], defaults[name], lineno=0) for name in further
    ]
    entry.args = _arguments(contract, positional)
    return any(isinstance(node, ast.Return) for node in walk(entry))


def _arguments(contract: Contract, present: Iterable[ast.arg]) -> ast.arguments:
    """The contract's parameters, those that are present with their annotations."""
    annotated = {part.arg: part for part in present}
    parts = [annotated.get(name) or ast.arg(name) for name in contract.parameters]
    return ast.arguments([], parts, None, [], [], None, [])


def _agree_on_imports(tree: ast.Module, contract: Contract) -> None:
    """Make the contract's names refer to the contract's modules, and to nothing else."""
    contract_imports = import_targets(ast.parse("\n".join(contract.imports)).body)
    names = {target: name for name, target in contract_imports.items()}
    imported = import_targets(tree.body)
    clashing = [
        name
        for part in tree.body
        for name in bound(part)
        if name in contract_imports
        and imported.get(name, contract_imports[name] if _imports(part) else "")
        != contract_imports[name]
    ]
    used = identifiers(tree) | set(contract_imports)
    for name in dict.fromkeys(clashing):
        other = fresh(name, used)
        for part in [tree, *(part for part in tree.body if isinstance(part, ast.FunctionDef))]:
            rename(part, {name: other})
    imported = import_targets(tree.body)
    aliases = {name: names[target] for name, target in imported.items() if target in names}
    rename(tree, {name: other for name, other in aliases.items() if name != other})


def _imports(statement: ast.stmt) -> bool:
    return any(is_import(node) for node in walk(statement))
