"""Statements of library code that run as something plainer: warnings, imports, texts of classes.

A component says nothing to anybody: `warnings.warn(…)` runs as `pass`, as does a method that only
makes the text of an instance. `import torch.optim` binds torch and is an import of torch. What is
replaced is still read by the policy, since people may run a file by hand.
"""

import ast
from collections.abc import Iterator

from evo.validation.policy.vocabulary import MODULES

WORDS = ("warn", "import torch.", "__repr__", "extra_repr")
"""A source without any of them has no such statements."""

_PARTS = ("cuda", "distributed", "distributions", "jit", "nn", "optim")
"""Parts of torch that files of libraries import by their full name for what they do beside."""
_TEXTS = frozenset({"__repr__", "__str__", "extra_repr"})
_MAKING_TEXTS = frozenset({"format", "join", "len", "list", "size", "str", "tuple", "type"})
"""Functions that a message may call."""


def replaced(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    """Statements that run as something else, and what."""
    is_warning = _Warnings(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Import(names) if any(map(_binds_torch, names)):
                kept = [one for one in names if not _binds_torch(one)]
                plain = ast.Import([ast.alias("torch"), *kept])
                yield node, ast.unparse(plain)
            case ast.Expr(ast.Call() as call) if is_warning(call):
                yield node, "pass"
            case ast.ClassDef(body=body):
                for part in body:
                    if isinstance(part, ast.FunctionDef) and part.name in _TEXTS:
                        yield part, "pass"
            case _:
                pass


def _binds_torch(alias: ast.alias) -> bool:
    """Whether an import of a part of torch that no component needs binds torch itself."""
    first, _, part = alias.name.partition(".")
    is_part = first == "torch" and part.split(".")[0] in _PARTS and alias.name not in MODULES
    return is_part and alias.asname is None


class _Warnings:
    """Tells calls that warn and do nothing else."""

    def __init__(self, tree: ast.Module) -> None:
        bound = [name for node in ast.walk(tree) for name in _bound(node)]
        imported = {
            one.asname or one.name: f"{node.module}.{one.name}"
            for node in tree.body
            if isinstance(node, ast.ImportFrom)
            for one in node.names
        } | {
            one.asname or one.name: one.name
            for node in tree.body
            if isinstance(node, ast.Import)
            for one in node.names
        }
        once = {name: module for name, module in imported.items() if bound.count(name) == 1}
        self._modules = {name for name, module in once.items() if module == "warnings"}
        self._functions = {name for name, module in once.items() if module == "warnings.warn"}

    def __call__(self, call: ast.Call) -> bool:
        match call.func:
            case ast.Attribute(ast.Name(name), "warn"):
                warns = name in self._modules
            case ast.Name(name):
                warns = name in self._functions
            case _:
                return False
        given = [*call.args, *(one.value for one in call.keywords)]
        return warns and all(_is_text(part) for one in given for part in ast.walk(one))


def _bound(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(name, ast.Store()) | ast.arg(name):
            yield name
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
            yield name
        case ast.alias(name, asname):
            yield asname or name
        case _:
            pass


def _is_text(node: ast.AST) -> bool:
    """Whether a part of a message changes nothing."""
    match node:
        case ast.Call(ast.Attribute(attr=name) | ast.Name(name)):
            return name in _MAKING_TEXTS
        case ast.Call() | ast.NamedExpr() | ast.Await() | ast.Yield() | ast.YieldFrom():
            return False
        case _:
            return True
