"""Harm that a part of a source may do where people run it by hand, though evo never runs it.

What is left out of a component stands in its file all the same. It may compute, train and print; it
may not reach files, processes or memory, nor hide what does.
"""

import ast
from collections.abc import Callable

from evo.validation.policy.builtin_names import harmless
from evo.validation.policy.dead_code import HOOKS
from evo.validation.policy.vocabulary import HARMFUL, MODULES

UNNEEDED = frozenset({"copy", "logging", "random", "re", "warnings"})
"""Modules besides those of torch that files of libraries import for others of their classes."""
STANDARD_MODULES = frozenset(
    {"collections", "collections.abc", "enum", "functools", "itertools", "typing"}
)
"""Modules of Python from which such files import names that no component needs."""

_OF_TORCH = frozenset(
    {
        *("torch.amp", "torch.autograd.function", "torch.cuda", "torch.cuda.amp", "torch.jit"),
        *("torch.distributed", "torch.distributed.tensor", "torch.distributions"),
        *("torch.nn.modules.batchnorm", "torch.nn.parameter", "torch.nn.utils", "torch.optim"),
        *("torch.optim.lr_scheduler", "torch.optim.optimizer", "torch.types"),
        "torch.utils.checkpoint",
    }
)
"""Modules of torch that write no file and start no process."""
_DOOR_NAMES = """
__import__ breakpoint compile delattr dir eval exec exit getattr globals help input locals
memoryview open quit setattr vars
"""
_DOORS = frozenset(_DOOR_NAMES.split())
"""Builtin names that do harm, or hide what does."""
_METHODS = frozenset({"__init__", "__call__", "__name__", "__repr__", "__str__"})


def harmless_by_hand(tree: ast.Module) -> Callable[[ast.AST], bool]:
    """A function that says of each node of a tree whether it is harmless where people run it."""
    allowed = harmless(tree)
    return lambda node: node in allowed or not harms(node)


def harms(node: ast.AST) -> list[str]:
    """Names in a node that may do harm where people run a file by hand."""
    match node:
        case ast.Import(names):
            wrong = [one.name for one in names if not _is_harmless(one.name)]
        case ast.ImportFrom(module, names):
            is_known = module is not None and _is_harmless(module)
            wrong = [one.name for one in names if not is_known or _does_harm(one.name)]
        case ast.Name(name):
            is_of_python = name.startswith("__") and name not in _METHODS
            wrong = [name] if is_of_python or name in _DOORS else []
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            is_of_python = name.startswith("__") and name.endswith("__")
            wrong = [name] if is_of_python and name not in _METHODS | HOOKS else []
        case ast.Attribute(ast.Attribute(ast.Name(), "__class__"), "__name__"):
            wrong = []
        case ast.Attribute(ast.Name("self"), "__class__" | "__dict__"):
            wrong = []
        case ast.Attribute(ast.Name("self" | "ctx"), name):
            wrong = [name] if name.startswith("__") and name not in _METHODS | HOOKS else []
        case ast.Attribute(attr=name):
            wrong = [name] if _does_harm(name) else []
        case ast.AsyncFunctionDef() | ast.Await() | ast.Global() | ast.Nonlocal():
            wrong = [type(node).__name__]
        case _:
            wrong = []
    return wrong


def _does_harm(name: str) -> bool:
    return name in HARMFUL or name == "*" or (name.startswith("__") and name not in _METHODS)


def _is_harmless(module: str) -> bool:
    return module in MODULES | UNNEEDED | STANDARD_MODULES | _OF_TORCH
