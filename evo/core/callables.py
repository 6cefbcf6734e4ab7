"""Find the function that a name at the top level of a source calls, by its syntax alone."""

import ast
from collections.abc import Sequence

FunctionNode = ast.FunctionDef | ast.Lambda

_MOST_STEPS = 8
"""Names and classes that lead from a name to its function, at most."""


def called(value: ast.expr, tree: ast.Module, steps: int = _MOST_STEPS) -> FunctionNode | None:
    r"""The function that a value of the module is; None where that cannot be told.

    It may be a lambda, another name of a function, a method of an instance, an instance whose class
    has a `__call__` or a `forward`, the `apply` of an autograd.Function, or a `partial` of one of
    these. Methods come without `self`, and `forward` without its context.

    >>> tree = ast.parse("class A:\n    def step(self, g, m): return g\nf = A().step")
    >>> [one.arg for one in called(tree.body[1].value, tree).args.args]
    ['g', 'm']
    """
    function: FunctionNode | None = None
    match value:
        case _ if steps == 0:
            pass
        case ast.Lambda():
            function = value
        case ast.Name(name):
            function = _function_named(name, tree, steps)
        case ast.Call(ast.Name("partial") | ast.Attribute(attr="partial"), [inner], keywords):
            function = _partial(called(inner, tree, steps - 1), keywords)
        case ast.Call(ast.Name(name)) if (owner := _class(name, tree)) is not None:
            function = _when_called(owner, tree, steps)
        case ast.Attribute(ast.Name(name), "apply") if (owner := _class(name, tree)) is not None:
            function = _applied(owner, tree, steps)
        case ast.Attribute(instance, name):
            owner = _class_of(instance, tree, steps)
            if owner is not None and name == "__call__":
                function = _when_called(owner, tree, steps)
            elif owner is not None:
                function = _method(owner, name, tree, steps)
        case _:
            pass
    return function


def _function_named(name: str, tree: ast.Module, steps: int) -> FunctionNode | None:
    bound = _bound_to(name, tree)
    if isinstance(bound, ast.FunctionDef):
        return bound
    return called(bound, tree, steps - 1) if isinstance(bound, ast.expr) else None


def _bound_to(name: str, tree: ast.Module) -> ast.FunctionDef | ast.ClassDef | ast.expr | None:
    """The value that a name is given at the top level; None where no or several statements do."""
    bound: list[ast.FunctionDef | ast.ClassDef | ast.expr] = []
    for part in tree.body:
        match part:
            case ast.FunctionDef() | ast.ClassDef() if part.name == name:
                bound.append(part)
            case ast.Assign([ast.Name(target)], value) if target == name:
                bound.append(value)
            case _:
                pass
    return bound[0] if len(bound) == 1 else None


def _class(name: str, tree: ast.Module) -> ast.ClassDef | None:
    bound = _bound_to(name, tree)
    return bound if isinstance(bound, ast.ClassDef) else None


def _class_of(instance: ast.expr, tree: ast.Module, steps: int) -> ast.ClassDef | None:
    """The class of an instance: of `Rule(0.9)`, or of a name that is bound to it."""
    match instance:
        case ast.Call(ast.Name(name)):
            return _class(name, tree)
        case ast.Name(name) if steps:
            bound = _bound_to(name, tree)
            return _class_of(bound, tree, steps - 1) if isinstance(bound, ast.expr) else None
        case _:
            return None


def _when_called(owner: ast.ClassDef, tree: ast.Module, steps: int) -> FunctionNode | None:
    """The method that a call of an instance runs: `__call__`, or a module's `forward`."""
    return _method(owner, "__call__", tree, steps) or _method(owner, "forward", tree, steps)


def is_decorated(function: ast.FunctionDef, decorator: str) -> bool:
    """True if a function has a decorator, as it is written."""
    return decorator in map(ast.unparse, function.decorator_list)


def _applied(owner: ast.ClassDef, tree: ast.Module, steps: int) -> FunctionNode | None:
    """The forward of an autograd.Function, which its `apply` runs, without the context."""
    forward = _method(owner, "forward", tree, steps)
    is_split = _method(owner, "setup_context", tree, steps) is not None
    return forward if forward is None or is_split else _with(forward, _without_first(forward.args))


def _method(owner: ast.ClassDef, name: str, tree: ast.Module, steps: int) -> FunctionNode | None:
    """A method of a class, or of one that it inherits from, without its first argument.

    The class may give the name to another method, or to a function of the module.
    """
    for part in owner.body:
        if isinstance(part, ast.FunctionDef) and part.name == name:
            is_static = is_decorated(part, "staticmethod")
            return part if is_static else _with(part, _without_first(part.args))
        other = _value_of(part, name)
        if isinstance(other, ast.Name) and steps:
            inside = _method(owner, other.id, tree, steps - 1)
            outside = None if inside else _function_named(other.id, tree, steps)
            return inside or (outside and _with(outside, _without_first(outside.args)))
        if isinstance(other, ast.Lambda):
            return _with(other, _without_first(other.args))
    for base in owner.bases:
        above = _class(base.id, tree) if isinstance(base, ast.Name) and steps else None
        if above is not None and (method := _method(above, name, tree, steps - 1)) is not None:
            return method
    return None


def _value_of(part: ast.stmt, name: str) -> ast.expr | None:
    """The value that a statement of a class gives a name, as `__call__ = forward` does."""
    match part:
        case ast.Assign(targets, value):
            names = [one.id for one in targets if isinstance(one, ast.Name)]
        case ast.AnnAssign(ast.Name(only), _, value):
            names = [only]
        case _:
            return None
    return value if name in names else None


def _without_first(arguments: ast.arguments) -> ast.arguments:
    return ast.arguments(
        posonlyargs=arguments.posonlyargs[1:],
        args=arguments.args if arguments.posonlyargs else arguments.args[1:],
        vararg=arguments.vararg,
        kwonlyargs=arguments.kwonlyargs,
        kw_defaults=arguments.kw_defaults,
        kwarg=arguments.kwarg,
        defaults=arguments.defaults,
    )


def _partial(function: FunctionNode | None, keywords: Sequence[ast.keyword]) -> FunctionNode | None:
    """A function some of whose last arguments are given by name."""
    if function is None:
        return None
    arguments = function.args
    given = {one.arg: one.value for one in keywords}
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = dict(
        zip(
            [one.arg for one in positional[len(positional) - len(arguments.defaults) :]],
            arguments.defaults,
            strict=True,
        )
    )
    defaults |= {name: value for name, value in given.items() if name is not None}
    first = next((i for i, one in enumerate(positional) if one.arg in defaults), len(positional))
    last = positional[first:]
    if None in given or not all(one.arg in defaults for one in last):
        return None
    by_name = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return _with(
        function,
        ast.arguments(
            posonlyargs=arguments.posonlyargs,
            args=arguments.args,
            vararg=arguments.vararg,
            kwonlyargs=arguments.kwonlyargs,
            kw_defaults=[given.get(one.arg, default) for one, default in by_name],
            kwarg=arguments.kwarg,
            defaults=[defaults[one.arg] for one in last],
        ),
    )


def _with(function: FunctionNode, arguments: ast.arguments) -> ast.Lambda:
    """A stand-in for a function that takes these arguments, at its place in the source."""
    return ast.copy_location(ast.Lambda(args=arguments, body=ast.Constant(None)), function)
