"""Code that no call of a component reaches: branches for other machines, and unused methods.

Libraries guard what GPUs, clusters and autocast need (`if dist.is_initialized():`), and their
classes bring methods for training loops. A component runs on one processor while it is traced, so
such a branch never runs, and a method that nothing names is never called. What is left out is still
read by the policy, since people may run a file by hand.
"""

import ast
from collections.abc import Iterator
from functools import lru_cache

import torch

from evo.validation.policy.vocabulary import ALLOWED_LAYERS

_FALSE = frozenset(
    {
        *("torch.is_autocast_enabled()", "torch.jit.is_scripting()", "torch.jit.is_tracing()"),
        *("torch.onnx.is_in_onnx_export()", "torch.cuda.is_available()"),
        *("torch.distributed.is_initialized()", "dist.is_initialized()"),
    }
)
"""Questions whose answer is no wherever a component is traced."""
_ANSWERS = frozenset({"torch.distributed.is_available()", "dist.is_available()"})
"""Questions that have no effect."""
HOOKS = frozenset(
    {"__add__", "__mul__", "__radd__", "__rmul__", "__getstate__", "__setstate__", "__deepcopy__"}
)
"""Methods without which what would call them fails, so that nothing runs otherwise."""
_NO_TENSOR_IS = frozenset({"is_cuda", "is_sparse", "is_quantized"})


def idle_statements(tree: ast.Module) -> list[ast.stmt]:
    """Statements that never run, none of them within another one.

    They are an `if` without `else` whose test is false, and all that follows a return by a test
    that is true: `if not x.is_sparse: return …`.
    """
    idle: list[ast.stmt] = []
    nodes: list[ast.AST] = [tree]
    for node in nodes:
        if isinstance(node, ast.If) and not node.orelse and is_false(node.test):
            idle.append(node)
            continue
        parts = [*ast.iter_child_nodes(node)]
        if isinstance(node, ast.FunctionDef):
            ends = [at for at, part in enumerate(node.body) if _returns_always(part)]
            after = node.body[ends[0] + 1 :] if ends else []
            idle += after
            parts = [part for part in parts if part not in after]
        nodes.extend(parts)
    return idle


def _returns_always(statement: ast.stmt) -> bool:
    match statement:
        case ast.If(ast.UnaryOp(ast.Not(), test), [*_, ast.Return()], []):
            return is_false(test)
        case _:
            return False


def is_false(test: ast.expr) -> bool:
    """True if a test is false wherever a component is traced, and does nothing else."""
    match test:
        case ast.BoolOp(ast.And(), parts):
            return any(map(is_false, parts)) and all(map(_is_question, parts))
        case ast.BoolOp(ast.Or(), parts):
            return all(map(is_false, parts))
        case ast.Call():
            return ast.unparse(test) in _FALSE
        case ast.Attribute(ast.Name(), name):
            return name in _NO_TENSOR_IS
        case ast.Compare(
            ast.Attribute(ast.Attribute(ast.Name(), "device"), "type"),
            [ast.Eq()],
            [ast.Constant("cuda")],
        ):
            return True
        case _:
            return False


def _is_question(test: ast.expr) -> bool:
    """True if a test may be left out: it assigns nothing, and calls what only answers."""
    return not any(
        isinstance(part, ast.NamedExpr)
        or (isinstance(part, ast.Call) and ast.unparse(part) not in _FALSE | _ANSWERS)
        for part in ast.walk(test)
    )


def uncalled_methods(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Methods that nothing in the source names, and that no module of torch calls by itself."""
    named = {
        text
        for node in ast.walk(tree)
        for text in (
            *([node.attr] if isinstance(node, ast.Attribute) else ()),
            *([node.id] if isinstance(node, ast.Name) else ()),
            *(
                [node.value]
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
                else ()
            ),
        )
    }
    for owner in tree.body:
        if not isinstance(owner, ast.ClassDef):
            continue
        methods = [
            part
            for part in owner.body
            if isinstance(part, ast.FunctionDef)
            and (part.name in HOOKS or _is_uncalled(part.name, named))
        ]
        if len(methods) < len(owner.body):
            yield from methods


def _is_uncalled(name: str, named: set[str]) -> bool:
    """True if neither the source nor torch calls a method, nor Python or an Enum."""
    return not name.endswith("_") and name not in named | _names_of_torch()


@lru_cache(maxsize=1)
def _names_of_torch() -> frozenset[str]:
    """Names of methods that modules and functions of torch call, or inherit."""
    bases = [*(getattr(torch.nn, name) for name in ALLOWED_LAYERS), torch.autograd.Function]
    return frozenset({"forward", "backward", "symbolic"}.union(*map(dir, bases)))
