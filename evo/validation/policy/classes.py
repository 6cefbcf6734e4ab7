"""Classes in a source: which are read like functions, and which names they bring.

A component may use a class with a `forward`, as libraries publish them. The sandbox runs it as
Python does and records what it computes; the graph says what that is. Here a class has plain
methods, sets attributes of its own instances alone, and inherits from modules without parameters,
from another class of the source or from nothing.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from evo.core.callables import is_decorated
from evo.core.stages import Stage
from evo.validation.policy.bindings import bound_names
from evo.validation.policy.vocabulary import ALLOWED_LAYERS
from evo.validation.refusal import Refused

_METHODS = frozenset({"__init__", "__call__", "__post_init__", "__repr__", "__str__", "__len__"})
_INHERITED = frozenset({*_METHODS, "forward"})
_BASES = ALLOWED_LAYERS | {
    *("Module", "Function", "object", "ABC", "NamedTuple", "Enum", "IntEnum"),
    *("_Loss", "_WeightedLoss"),
}
_DECORATORS = frozenset({"staticmethod", "classmethod", "property", "abstractmethod"})
_HARMLESS_DECORATORS = frozenset(
    {
        *("torch.no_grad()", "no_grad()", "torch.enable_grad()", "enable_grad()", "torch.no_grad"),
        *("override", "typing.override"),
    }
)
_ABSTRACT = frozenset({"metaclass=ABCMeta", "metaclass=abc.ABCMeta"})
_CLASS_WORDS = frozenset({"__constants__", "__doc__", "__name__", "__slots__"})


class ClassParts(NamedTuple):
    """Names and calls that a source's classes bring.

    Attributes:
        nodes: names and attributes that are harmless where they stand.
        names: attributes and methods that the classes define.
        imported: names that imports bring in.
        faults: nodes that no class may have, each with its refusal.
    """

    nodes: set[ast.AST]
    names: frozenset[str]
    imported: frozenset[str]
    faults: Mapping[ast.AST, Refused]

    def permit(self, node: ast.AST) -> bool:
        """True if a node needs no other rule: it reads what a class defines, and of no module."""
        if node in self.nodes:
            return True
        if not isinstance(node, ast.Attribute) or node.attr not in self.names:
            return False
        owner = node.value
        while isinstance(owner, ast.Attribute):
            owner = owner.value
        is_of_module = isinstance(owner, ast.Name) and owner.id in self.imported
        return isinstance(node.ctx, ast.Load) and not is_of_module


def class_parts(tree: ast.Module) -> ClassParts:
    """Read the classes at the top level of a source."""
    nodes: set[ast.AST] = set()
    names: set[str] = set()
    known: set[str] = set()
    faults: dict[ast.AST, Refused] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            reader = _Reader(node, known)
            faults |= reader.faults
            nodes |= reader.nodes
            names |= reader.names
            known.add(node.name)
    names |= {name for node in ast.walk(tree) for name in _fields(node)}
    defined = frozenset(name for name in names if not name.startswith("__"))
    return ClassParts(nodes, defined, _imported(tree) if defined else frozenset(), faults)


def _fields(node: ast.AST) -> list[str]:
    """The fields that a call of `namedtuple` names."""
    match node:
        case ast.Call(ast.Name("namedtuple"), [ast.Constant(), ast.Constant(str(fields))]):
            return fields.replace(",", " ").split()
        case ast.Call(ast.Name("namedtuple"), [ast.Constant(), ast.List(fields)]):
            return [one.value for one in fields if isinstance(one, ast.Constant)]  # pyright: ignore[reportReturnType] - texts, or no names
        case _:
            return []


def _imported(tree: ast.Module) -> frozenset[str]:
    aliases = [node for node in ast.walk(tree) if isinstance(node, ast.alias)]
    return frozenset((alias.asname or alias.name).partition(".")[0] for alias in aliases)


class _Reader:
    """Reads one class; `nodes` and `names` are as in `ClassParts`."""

    def __init__(self, node: ast.ClassDef, known: set[str]) -> None:
        self.nodes: set[ast.AST] = {node}
        self.names: set[str] = set()
        self.faults: dict[ast.AST, Refused] = {}
        self._read(node, known)

    def _fault(self, reason: str, node: ast.stmt | ast.expr) -> None:
        self.faults[node] = Refused(Stage.POLICY, f"line {node.lineno}: {reason}")

    def _read(self, node: ast.ClassDef, known: set[str]) -> None:
        if any(ast.unparse(one) not in _ABSTRACT for one in node.keywords):
            self._fault("a class takes no metaclass; leave it out", node)
        is_enum = ast.unparse(node.bases[-1]) in ("Enum", "enum.Enum") if node.bases else False
        for base in node.bases:
            self._read_base(base, known, is_enum=is_enum)
        for decorator in node.decorator_list:
            call = decorator.func if isinstance(decorator, ast.Call) else decorator
            if ast.unparse(call) not in ("dataclass", "dataclasses.dataclass"):
                self._fault("the decorator of a class may be dataclass alone", decorator)
        for part in node.body:
            match part:
                case ast.FunctionDef():
                    self._read_method(part)
                case ast.Assign(names, value) if all(isinstance(one, ast.Name) for one in names):
                    self._read_words(names, value)
                case ast.AnnAssign(ast.Name() as target, _, value):
                    self._read_words([target], value)
                case ast.Expr(ast.Constant()) | ast.Pass():
                    pass
                case ast.ClassDef(name=name):
                    inner = _Reader(part, known)
                    self.nodes |= inner.nodes
                    self.names |= {name, *inner.names}
                    self.faults |= inner.faults
                case _:
                    self._fault("a class has methods and constants alone", part)

    def _read_base(self, base: ast.expr, known: set[str], *, is_enum: bool) -> None:
        name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
        if name in ("int", "str") and is_enum:
            return
        if name not in _BASES and not (isinstance(base, ast.Name) and name in known):
            self._fault(
                f"a class cannot inherit from `{ast.unparse(base)[:40]}`; inherit from nn.Module, "
                "a module without parameters, or a class above",
                base,
            )
            return
        self.nodes.add(base)

    def _read_words(self, targets: Sequence[ast.expr], value: ast.expr | None) -> None:
        is_function = isinstance(value, ast.Name | ast.Lambda)
        if isinstance(value, ast.Name) and value.id == "__call__":
            self.nodes.add(value)
        for target in targets:
            if isinstance(target, ast.Name):
                self.names.add(target.id)
                if target.id in _CLASS_WORDS or (target.id == "__call__" and is_function):
                    self.nodes.add(target)

    def _read_method(self, method: ast.FunctionDef) -> None:
        if method.name.startswith("__") and method.name not in _METHODS:
            self._fault(f"the method `{method.name}` is not allowed; leave it out", method)
            return
        self.nodes.add(method)
        self.names.add(method.name)
        for decorator in method.decorator_list:
            if isinstance(decorator, ast.Name) and decorator.id in _DECORATORS:
                self.nodes.add(decorator)
            elif not is_harmless_decorator(decorator):
                self._fault("this decorator is not allowed; leave it out", decorator)
        arguments = [*method.args.posonlyargs, *method.args.args]
        # A static method may set attributes too: forward sets those of the context it is given.
        arguments = arguments[is_decorated(method, "classmethod") :]  # the class is no instance
        owner = arguments[0].arg if arguments else ""
        for node in ast.walk(method):
            match node:
                case ast.Call(ast.Name("super") as name, [] | [ast.Name(), ast.Name()], []):
                    self.nodes.add(name)
                case ast.Call(ast.Attribute(attr=name) as inherited) if name in _INHERITED:
                    self.nodes |= {inherited} if _is_inherited(node, owner) else set()
                case ast.Call(
                    ast.Attribute(ast.Name(id), "register_buffer"), [ast.Constant(str(name)), *_]
                ) if id == owner:
                    self.names.add(name)
                case ast.Attribute(ast.Name(id), name, ast.Store()) if id == owner:
                    self._read_attribute(node, method, owner)
                case _:
                    pass

    def _read_attribute(self, node: ast.Attribute, method: ast.FunctionDef, owner: str) -> None:
        """An attribute that a method sets: of its own instance, which nothing else is called."""
        if node.attr.startswith("__"):
            self._fault(f"`.{node.attr}` cannot be assigned; use a variable", node)
        elif any(name == owner for name in _bound(method)):
            self._fault(f"`{owner}` is the instance; give the other variable its own name", node)
        self.names.add(node.attr)
        self.nodes.add(node)


def is_harmless_decorator(decorator: ast.expr) -> bool:
    """True for a decorator that sets how gradients are taken, or marks an override."""
    return ast.unparse(decorator) in _HARMLESS_DECORATORS


def _is_inherited(call: ast.Call, owner: str) -> bool:
    """True if a call is of what a class above does: `super().__init__()`, `Base.forward(self)`."""
    match call:
        case ast.Call(ast.Attribute(ast.Call(ast.Name("super")))):
            return True
        case ast.Call(ast.Attribute(), [ast.Name(id), *_]):
            return id == owner
        case _:
            return False


def _bound(method: ast.FunctionDef) -> Iterator[str]:
    """Names that a method binds, apart from its own and the argument that is the instance."""
    first = slice(1, 2) if is_decorated(method, "classmethod") else slice(1)
    instance = [*method.args.posonlyargs, *method.args.args][first]
    for node in ast.walk(method):
        if node is not method and node not in instance:
            yield from bound_names(node)
