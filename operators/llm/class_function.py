"""Turn one class with a `forward` into a function.

What the constructor sets is computed in the function; what it learns becomes arguments, where the
kind has some. A class that learns more, counts, or passes itself on is none.
"""

import ast
from collections.abc import Sequence
from typing import TypeVar

from evo.core.contract import Learnable
from evo.core.syntax.names import bound, fresh, identifiers, parameters
from evo.core.syntax.trees import clone
from operators.llm.learned import as_argument, is_learned

_Node = TypeVar("_Node", bound=ast.AST)

CALLED = ("forward", "__call__")
"""Methods that compute what the component computes."""


class NoFunctionError(Exception):
    """The class means more than a function."""


class ClassFunction:
    """The function of a class, under a name of its own, and the parameters of its constructor.

    Args:
        node: the class.
        name: of the function.
        learnables: learned arguments that the kind has.

    Raises:
        NoFunctionError: the class is none.
    """

    def __init__(self, node: ast.ClassDef, name: str, learnables: Sequence[Learnable] = ()) -> None:
        methods = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
        called = next((methods[name] for name in CALLED if name in methods), None)
        if called is None or node.decorator_list or len(called.args.args) < 2:
            raise NoFunctionError
        if any(isinstance(part, ast.AsyncFunctionDef | ast.ClassDef) for part in node.body):
            raise NoFunctionError
        if any("Function" in ast.unparse(base) for base in node.bases):
            raise NoFunctionError  # a gradient of its own
        self.name = name
        self.is_named = node.name
        self._learnables = learnables
        self._learned: list[Learnable] = []
        self._methods = methods
        self._attributes: dict[str, str] = {}
        self._taken = identifiers(node) | {one.name for one in learnables}
        setup = [*self._constants(node), *self._constructor(methods.get("__init__"))]
        others = [
            self._method(method)
            for name, method in methods.items()
            if name not in (*CALLED, "__init__")
        ]
        self.function = clone(called)
        self.function.name = name
        self.function.decorator_list = []
        owner = self.function.args.args.pop(0).arg
        body = [self._without_owner(part, owner) for part in self.function.body]
        self.options = self._options(methods.get("__init__"))
        used = {name for part in [*setup, *others, *body] for name in identifiers(part)}
        self._used = [option for option in self.options if option in used]
        if self._learned:
            arguments = [one.name for one in learnables]
            if identifiers(node).intersection(arguments):
                raise NoFunctionError
            self.function.args.args += [ast.arg(argument) for argument in arguments]
        local = {arg.arg for arg in parameters(self.function.args)}
        local |= {name for part in body for name in bound(part)}
        if local & (set(self.options) | set(self._attributes.values())):
            raise NoFunctionError
        if self.function.args.kwonlyargs or self.function.args.kwarg or self.function.args.vararg:
            raise NoFunctionError
        self.function.args.kwonlyargs = [ast.arg(option) for option in self._used]
        defaults = [self.options[option] for option in self._used]
        self.function.args.kw_defaults = [
            clone(default) if default is not None else None for default in defaults
        ]
        self.function.body = [*setup, *others, *body]

    @property
    def needs(self) -> list[str]:
        """Parameters of the constructor without a default."""
        return [name for name in self._used if self.options[name] is None]

    def call(self, construction: ast.Call, call: ast.Call) -> ast.Call:
        """`Wave(2.0)(x)` as a call of the function."""
        names = list(self.options)
        if len(construction.args) > len(names) or any(
            keyword.arg not in names for keyword in construction.keywords
        ):
            raise NoFunctionError
        if self._learned and len(call.args) < len(self.function.args.args):
            raise NoFunctionError  # nothing to learn is passed on
        given = [
            *(ast.keyword(name, value) for name, value in zip(names, construction.args)),  # noqa: B905 - fewer may be given
            *construction.keywords,
        ]
        return ast.Call(
            ast.Name(self.name, ast.Load()),
            call.args,
            [*call.keywords, *(clone(one) for one in given if one.arg in self._used)],
        )

    def _options(self, constructor: ast.FunctionDef | None) -> dict[str, ast.expr | None]:
        if constructor is None:
            return {}
        args = constructor.args
        if args.vararg or args.kwarg or args.posonlyargs:
            raise NoFunctionError
        positional = args.args[1:]
        defaults: list[ast.expr | None] = [*args.defaults]
        padded = [None] * (len(positional) - len(defaults)) + defaults
        pairs = [
            *zip(positional, padded, strict=True),
            *zip(args.kwonlyargs, args.kw_defaults, strict=True),
        ]
        return {arg.arg: default for arg, default in pairs}

    def _constants(self, node: ast.ClassDef) -> list[ast.stmt]:
        """Assignments in the body of the class."""
        setup: list[ast.stmt] = []
        for part in node.body:
            match part:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    setup.append(self._set(name, value))
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    setup.append(self._set(name, value))
                case ast.FunctionDef() | ast.Pass() | ast.AnnAssign():
                    pass
                case ast.Expr(value=ast.Constant()):
                    pass
                case _:
                    raise NoFunctionError
        return setup

    def _constructor(self, constructor: ast.FunctionDef | None) -> list[ast.stmt]:
        """Values that the constructor computes."""
        if constructor is None:
            return []
        owner = constructor.args.args[0].arg if constructor.args.args else ""
        setup: list[ast.stmt] = []
        for part in constructor.body:
            match part:
                case ast.Expr(value=ast.Constant()) | ast.Pass():
                    pass
                case ast.Expr(value=ast.Call(func=ast.Attribute(attr="__init__"))):
                    pass  # of the class above
                case ast.Expr(
                    value=ast.Call(
                        func=ast.Attribute(value=ast.Name(id=name), attr="register_buffer"),
                        args=[ast.Constant(value=str(buffer)), value, *_],
                    )
                ) if name == owner:
                    setup.append(self._set(buffer, self._without_owner(value, owner)))
                case ast.Assign(
                    targets=[ast.Attribute(value=ast.Name(id=name), attr=attribute)], value=value
                ) if name == owner:
                    setup += self._attribute(attribute, self._without_owner(value, owner))
                case ast.AnnAssign(
                    target=ast.Attribute(value=ast.Name(id=name), attr=attribute),
                    value=ast.expr() as value,
                ) if name == owner:
                    setup += self._attribute(attribute, self._without_owner(value, owner))
                case ast.Assign(
                    targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)
                ) if len(targets) == len(values):
                    for target, value in zip(targets, values, strict=True):
                        if not isinstance(target, ast.Attribute):
                            raise NoFunctionError
                        setup += self._attribute(target.attr, self._without_owner(value, owner))
                case ast.Assign(targets=[ast.Name()]):
                    setup.append(self._without_owner(part, owner))
                case _:
                    raise NoFunctionError
        return setup

    def _attribute(self, attribute: str, value: ast.expr) -> list[ast.stmt]:
        """The statements that compute what the constructor gives an attribute."""
        if is_learned(value):
            free = [one for one in self._learnables if one not in self._learned]
            argument = as_argument(value, free)
            if argument is None:
                raise NoFunctionError
            self._learned.append(argument[0])
            return [self._set(attribute, argument[1])]
        is_same = isinstance(value, ast.Name) and value.id == attribute
        if is_same and attribute not in self._attributes:
            self._attributes[attribute] = attribute
            return []
        return [self._set(attribute, value)]

    def _method(self, method: ast.FunctionDef) -> ast.stmt:
        """Another method as a function within."""
        decorators = [ast.unparse(decorator) for decorator in method.decorator_list]
        if decorators not in ([], ["staticmethod"]):
            raise NoFunctionError
        function = clone(method)
        function.decorator_list = []
        if decorators:
            return function
        if not function.args.args:
            raise NoFunctionError
        owner = function.args.args.pop(0).arg
        return self._without_owner(function, owner)

    def _set(self, attribute: str, value: ast.expr) -> ast.stmt:
        if attribute not in self._attributes:
            self._attributes[attribute] = fresh(attribute, self._taken)
        self._taken = {*self._taken, self._attributes[attribute]}
        target = ast.Name(self._attributes[attribute], ast.Store())
        return ast.Assign([target], clone(value), lineno=0)

    def _without_owner(self, node: _Node, owner: str) -> _Node:
        """A copy in which attributes of the instance are variables and methods functions."""
        return _Attributes(owner, self._attributes, self._methods).visit(clone(node))


class _Attributes(ast.NodeTransformer):
    def __init__(self, owner: str, names: dict[str, str], methods: dict[str, ast.FunctionDef]):
        self._owner = owner
        self._names = names
        self._methods = methods

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if not (isinstance(node.value, ast.Name) and node.value.id == self._owner):
            return self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            raise NoFunctionError  # it remembers
        if node.attr in self._names:
            return ast.Name(self._names[node.attr], ast.Load())
        if node.attr in self._methods and node.attr not in (*CALLED, "__init__"):
            return ast.Name(node.attr, ast.Load())
        raise NoFunctionError

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id == self._owner:
            raise NoFunctionError  # it passes itself on
        return node
