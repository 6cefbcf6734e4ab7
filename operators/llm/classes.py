"""Turn classes with a `forward` into functions, as far as that keeps their meaning.

`Wave(2.0)(x)` becomes `wave(x, scale=2.0)`: what the constructor sets is computed in the function.
A class that learns, counts, or passes itself on stays a class, for the validator to refuse.
"""

import ast
from collections.abc import Sequence

from evo.core.contract import Contract
from evo.core.syntax.names import fresh, identifiers
from evo.core.syntax.trees import clone, returning, walk
from operators.llm.class_function import CALLED, ClassFunction, NoFunctionError


class _Calls(ast.NodeTransformer):
    """Replaces calls of instances by calls of functions."""

    def __init__(self, functions: dict[str, ClassFunction], instances: dict[str, ast.Call]) -> None:
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
        if isinstance(func, ast.Attribute) and func.attr in CALLED:
            func = func.value
        if isinstance(func, ast.Call) and isinstance(func.func, ast.Name):
            function = self.functions.get(func.func.id)
            if function is not None:
                return function.call(func, node)
        return node


def without_classes(
    bodies: Sequence[Sequence[ast.stmt]], contract: Contract
) -> list[list[ast.stmt]]:
    """The statements of blocks, with functions beside the classes that are functions.

    A class stays where it stood, for what uses it otherwise.

    Args:
        bodies: statements per block.
        contract: of the function that is wanted.
    """
    entry, count = contract.function, len(contract.parameters)
    everything = [part for body in bodies for part in body]
    functions: dict[str, ClassFunction] = {}
    taken = identifiers(ast.Module(everything, []))
    for part in everything:
        if isinstance(part, ast.ClassDef):
            try:
                function = ClassFunction(part, fresh(_snake(part.name), taken), contract.learnables)
            except NoFunctionError:
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
    except NoFunctionError:
        return [part]


def _name_entry(
    converted: Sequence[ast.FunctionDef], functions: dict[str, ClassFunction], entry: str
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
    body: Sequence[ast.stmt], functions: dict[str, ClassFunction]
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


def _snake(name: str) -> str:
    snake = "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name)
    return snake.strip("_") or "wave"
