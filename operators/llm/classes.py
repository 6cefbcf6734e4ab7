"""Turn classes with a `forward` into functions, as far as that keeps their meaning.

`Wave(2.0)(x)` becomes `wave(x, scale=2.0)`: what the constructor sets is computed in the function.
A class that learns, counts, or passes itself on stays a class, for the validator to refuse.
"""

import ast
from collections.abc import Sequence
from typing import TypeVar

from operators.tree.names import bound, fresh, identifiers, parameters
from operators.tree.syntax import clone, walk

_Node = TypeVar("_Node", bound=ast.AST)

_CALLED = ("forward", "__call__")


class _NoFunctionError(Exception):
    """The class means more than a function."""


class _ClassFunction:
    """The function of a class, under a name of its own, and the parameters of its constructor."""

    def __init__(self, node: ast.ClassDef, name: str) -> None:
        methods = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
        called = next((methods[name] for name in _CALLED if name in methods), None)
        if called is None or node.decorator_list or len(called.args.args) < 2:
            raise _NoFunctionError
        if any(isinstance(part, ast.AsyncFunctionDef | ast.ClassDef) for part in node.body):
            raise _NoFunctionError
        if any("Function" in ast.unparse(base) for base in node.bases):
            raise _NoFunctionError  # a gradient of its own
        self.name = name
        self.is_named = node.name
        self._methods = methods
        self._attributes: dict[str, str] = {}
        self._taken = identifiers(node)
        setup = [*self._constants(node), *self._constructor(methods.get("__init__"))]
        others = [
            self._method(method)
            for name, method in methods.items()
            if name not in (*_CALLED, "__init__")
        ]
        self.function = clone(called)
        self.function.name = name
        self.function.decorator_list = []
        owner = self.function.args.args.pop(0).arg
        body = [self._without_owner(part, owner) for part in self.function.body]
        self.options = self._options(methods.get("__init__"))
        local = {arg.arg for arg in parameters(self.function.args)}
        local |= {name for part in body for name in bound(part)}
        if local & (set(self.options) | set(self._attributes.values())):
            raise _NoFunctionError
        if self.function.args.kwonlyargs or self.function.args.kwarg or self.function.args.vararg:
            raise _NoFunctionError
        self.function.args.kwonlyargs = [ast.arg(option) for option in self.options]
        self.function.args.kw_defaults = [
            clone(default) if default is not None else None for default in self.options.values()
        ]
        self.function.body = [*setup, *others, *body]

    @property
    def needs(self) -> list[str]:
        """Parameters of the constructor without a default."""
        return [name for name, default in self.options.items() if default is None]

    def call(self, construction: ast.Call, call: ast.Call) -> ast.Call:
        """`Wave(2.0)(x)` as a call of the function."""
        names = list(self.options)
        if len(construction.args) > len(names) or any(
            keyword.arg not in names for keyword in construction.keywords
        ):
            raise _NoFunctionError
        given = [
            *(ast.keyword(name, value) for name, value in zip(names, construction.args)),  # noqa: B905 - fewer may be given
            *construction.keywords,
        ]
        return ast.Call(
            ast.Name(self.name, ast.Load()),
            call.args,
            [*call.keywords, *(clone(keyword) for keyword in given)],
        )

    def _options(self, constructor: ast.FunctionDef | None) -> dict[str, ast.expr | None]:
        if constructor is None:
            return {}
        args = constructor.args
        if args.vararg or args.kwarg or args.posonlyargs:
            raise _NoFunctionError
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
                    raise _NoFunctionError
        return setup

    def _constructor(self, constructor: ast.FunctionDef | None) -> list[ast.stmt]:
        """What the constructor computes."""
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
                    if _learns(value):
                        raise _NoFunctionError
                    computed = self._without_owner(value, owner)
                    is_same = isinstance(computed, ast.Name) and computed.id == attribute
                    if is_same and attribute not in self._attributes:
                        self._attributes[attribute] = attribute
                    else:
                        setup.append(self._set(attribute, computed))
                case ast.Assign(targets=[ast.Name()]):
                    setup.append(self._without_owner(part, owner))
                case _:
                    raise _NoFunctionError
        return setup

    def _method(self, method: ast.FunctionDef) -> ast.stmt:
        """Another method as a function within."""
        decorators = [ast.unparse(decorator) for decorator in method.decorator_list]
        if decorators not in ([], ["staticmethod"]):
            raise _NoFunctionError
        function = clone(method)
        function.decorator_list = []
        if decorators:
            return function
        if not function.args.args:
            raise _NoFunctionError
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
            raise _NoFunctionError  # it remembers
        if node.attr in self._names:
            return ast.Name(self._names[node.attr], ast.Load())
        if node.attr in self._methods and node.attr not in (*_CALLED, "__init__"):
            return ast.Name(node.attr, ast.Load())
        raise _NoFunctionError

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id == self._owner:
            raise _NoFunctionError  # it passes itself on
        return node


class _Calls(ast.NodeTransformer):
    """Replaces calls of instances by calls of functions."""

    def __init__(
        self, functions: dict[str, _ClassFunction], instances: dict[str, ast.Call]
    ) -> None:
        self.functions = functions
        self.instances = instances

    def makes(self, part: ast.stmt) -> bool:
        """True if a statement makes an instance and does nothing else."""
        match part:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                return self.instances.get(name) is value
            case _:
                return False

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if isinstance(node.ctx, ast.Load) and node.id in self.instances:
            return clone(self.instances[node.id])
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        func = node.func
        if isinstance(func, ast.Attribute) and func.attr in _CALLED:
            func = func.value
        if isinstance(func, ast.Call) and isinstance(func.func, ast.Name):
            function = self.functions.get(func.func.id)
            if function is not None:
                return function.call(func, node)
        return node


def without_classes(
    bodies: Sequence[Sequence[ast.stmt]], entry: str, count: int
) -> list[list[ast.stmt]]:
    """The statements of blocks, with functions beside the classes that are functions.

    A class stays where it stood, for what uses it otherwise.

    Args:
        bodies: statements per block.
        entry: name of the function that is wanted.
        count: number of its parameters.
    """
    everything = [part for body in bodies for part in body]
    functions: dict[str, _ClassFunction] = {}
    taken = identifiers(ast.Module(everything, []))
    for part in everything:
        if isinstance(part, ast.ClassDef):
            try:
                function = _ClassFunction(part, fresh(_snake(part.name), taken))
            except _NoFunctionError:
                continue
            functions[part.name] = function
            taken = {*taken, function.name}
    if not functions:
        return [[*body] for body in bodies]
    instances = _instances(everything, functions)
    calls = _Calls(functions, instances)
    converted = [
        [new for part in body for new in _converted(part, calls, entry, count)] for body in bodies
    ]
    flat = [part for body in converted for part in body if isinstance(part, ast.FunctionDef)]
    if entry not in [function.name for function in flat]:
        _name_entry(flat, functions, entry)
    return converted


def returning(name: str, arguments: Sequence[str], value: ast.expr) -> ast.FunctionDef:
    r"""A function that returns an expression of its arguments.

    >>> ast.unparse(returning("twice", ("x",), ast.parse("2 * x", mode="eval").body))
    'def twice(x):\n    return 2 * x'
    """
    function = ast.parse(f"def {name}({', '.join(arguments)}): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = [ast.Return(value)]
    return function


def _converted(part: ast.stmt, calls: _Calls, entry: str, count: int) -> list[ast.stmt]:
    try:
        match part:
            case ast.ClassDef(name=name) if name in calls.functions:
                return [part, _calling(calls.functions[name].function, calls)]
            case ast.Assign(targets=[ast.Name(id=name)]) if calls.makes(part):
                return [_forwarding(name, calls, count)] if name == entry else []
            case ast.FunctionDef():
                return [_calling(part, calls)]
            case _:
                return [calls.visit(clone(part))]
    except _NoFunctionError:
        return [part]


def _name_entry(
    converted: Sequence[ast.FunctionDef], functions: dict[str, _ClassFunction], entry: str
) -> None:
    """Give the class that is meant the name of the entry function, in place."""
    called = {
        node.func.id
        for part in converted
        for node in walk(part)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    meant = [function for function in functions.values() if function.name not in called]
    named = [one for one in meant if _snake(one.is_named).startswith(entry)]
    if len(named or meant) != 1 or (named or meant)[0].needs:
        return
    for part in converted:
        if part.name == (named or meant)[0].name:
            part.name = entry


def _instances(
    body: Sequence[ast.stmt], functions: dict[str, _ClassFunction]
) -> dict[str, ast.Call]:
    """Variables that hold an instance, assigned once, with the call that makes it."""
    made: dict[str, ast.Call] = {}
    counts: dict[str, int] = {}
    for part in body:
        for node in walk(part):
            match node:
                case ast.Assign(
                    targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=of)) as value
                ) if of in functions:
                    made[name] = value
                    counts[name] = counts.get(name, 0) + 1
                case _:
                    pass
    hidden = {node.arg for part in body for node in walk(part) if isinstance(node, ast.arg)}
    return {
        name: value
        for name, value in made.items()
        if counts[name] == 1 and name not in hidden | functions.keys()
    }


def _forwarding(name: str, calls: _Calls, count: int) -> ast.stmt:
    """The function that passes its arguments to an instance."""
    construction = calls.instances[name]
    assert isinstance(construction.func, ast.Name)
    function = calls.functions[construction.func.id]
    arguments = [arg.arg for arg in function.function.args.args][:count]
    names: list[ast.expr] = [ast.Name(argument, ast.Load()) for argument in arguments]
    call = function.call(construction, ast.Call(construction, names, []))
    return returning(name, arguments, call)


def _calling(function: ast.FunctionDef, calls: _Calls) -> ast.FunctionDef:
    copied = clone(function)
    copied.body = [calls.visit(clone(part)) for part in function.body if not calls.makes(part)] or [
        ast.Pass()
    ]
    return copied


def _learns(value: ast.expr) -> bool:
    return any(
        isinstance(node, ast.Attribute | ast.Name)
        and (node.attr if isinstance(node, ast.Attribute) else node.id) == "Parameter"
        for node in walk(value)
    )


def _snake(name: str) -> str:
    snake = "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name)
    return snake.strip("_") or "wave"
