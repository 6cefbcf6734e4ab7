"""Code that no call of a component reaches: branches for other machines, and unused methods.

Libraries guard what GPUs, clusters and autocast need (`if dist.is_initialized():`), and their
classes bring methods for training loops. A component runs on one processor while it is traced, so
such a branch never runs, and a method that nothing names is never called. What is left out is still
read by the policy, since people may run a file by hand. A statement in a branch that names what a
component cannot use, and a person may (`x.numpy()`), is refused where it runs.
"""

import ast
from collections.abc import Iterator
from functools import lru_cache

import torch

from evo.validation.graph.rewriting import REFUSED
from evo.validation.policy.vocabulary import LAYERS, NAME_REMEDIES

HARMLESS = frozenset(
    {
        *("all_gather", "all_reduce", "barrier", "broadcast", "distributed", "get_rank"),
        *("get_world_size", "is_available", "is_initialized", "ReduceOp", "SUM", "AVG"),
        *("coalesce", "cuda", "get_autocast_cpu_dtype", "get_autocast_dtype", "to_dense"),
        *("get_autocast_gpu_dtype", "is_autocast_enabled", "is_in_onnx_export", "is_scripting"),
        *("is_tracing", "index", "jit", "onnx", "randint", "sparse_coo_tensor", "step"),
        *("masked_scatter", "new", "nonzero", "numpy"),
        *("zero_grad", "BoolTensor", "ByteTensor", "FloatTensor", "LongTensor"),
    }
)
"""Attributes that are harmless in such code, besides what a component may use."""

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
_NO_TENSOR_IS = frozenset({"is_cuda", "is_sparse", "is_quantized"})
_BY_HAND = frozenset({"Parameter", "cuda", "masked_scatter", "new", "nonzero", "numpy", "tolist"})
"""Attributes that are harmless by hand, and that no component can use."""


def idle_statements(tree: ast.Module) -> list[ast.stmt]:
    """Statements that never run, none of them within another one.

    They are an `if` without `else` whose test is false, and all that follows a return by a test
    that is true: `if not x.is_sparse: return …`.
    """
    found: list[ast.stmt] = []
    nodes: list[ast.AST] = [tree]
    for node in nodes:
        if isinstance(node, ast.If) and not node.orelse and _is_false(node.test):
            found.append(node)
            continue
        parts = [*ast.iter_child_nodes(node)]
        if isinstance(node, ast.FunctionDef):
            ends = [at for at, part in enumerate(node.body) if _returns_always(part)]
            after = node.body[ends[0] + 1 :] if ends else []
            found += after
            parts = [part for part in parts if part not in after]
        nodes.extend(parts)
    return found


def _returns_always(statement: ast.stmt) -> bool:
    match statement:
        case ast.If(ast.UnaryOp(ast.Not(), test), [*_, ast.Return()], []):
            return _is_false(test)
        case _:
            return False


def _is_false(test: ast.expr) -> bool:
    match test:
        case ast.BoolOp(ast.And(), parts):
            return any(map(_is_false, parts)) and all(map(_is_question, parts))
        case ast.BoolOp(ast.Or(), parts):
            return all(map(_is_false, parts))
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
            and not part.name.endswith("_")  # which Python, or an Enum, may call
            and part.name not in named | _names_of_torch()
        ]
        if len(methods) < len(owner.body):
            yield from methods


@lru_cache(maxsize=1)
def _names_of_torch() -> frozenset[str]:
    """Names of methods that modules and functions of torch call, or inherit."""
    bases = [*(getattr(torch.nn, name) for name in LAYERS), torch.autograd.Function]
    return frozenset({"forward", "backward", "symbolic"}.union(*map(dir, bases)))


def handed_over(method: ast.FunctionDef) -> Iterator[ast.Attribute]:
    """Attributes of what a caller hands to a method, such as the models of a training loop."""
    nodes = [*ast.walk(method)]
    taken = {node.arg for node in nodes if isinstance(node, ast.arg)}
    taken -= {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    for node in nodes:
        match node:
            case ast.Attribute(ast.Name(owner), name) if owner in taken:
                if not name.startswith("_"):
                    yield node
            case _:
                pass


def unusable(tree: ast.Module) -> Iterator[tuple[ast.stmt, str]]:
    """Statements that are refused if they run, and the call that refuses them.

    They stand in a branch, or in a function that branches alone call.
    """
    if any(isinstance(node, ast.Try) for node in ast.walk(tree)):
        return  # which might go on without them
    if not any(
        isinstance(node, ast.Attribute) and node.attr in _BY_HAND for node in ast.walk(tree)
    ):
        return
    idle = {part for statement in idle_statements(tree) for part in ast.walk(statement)}
    branches = [
        statement
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.If) and node not in idle
        for statement in (*node.body, *node.orelse)
    ]
    inside = {part for statement in branches for part in ast.walk(statement)}
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            own = {*ast.walk(function)}
            mentions = [
                node
                for node in ast.walk(tree)
                if isinstance(node, ast.Name) and node.id == function.name and node not in own
            ]
            if mentions and all(node in inside for node in mentions):
                branches += function.body
    for statement in dict.fromkeys(branches):
        if isinstance(statement, _SIMPLE):
            for part in ast.walk(statement):
                if isinstance(part, ast.Attribute) and part.attr in _BY_HAND:
                    reason = f"`.{part.attr}` is not allowed; {NAME_REMEDIES[part.attr]}"
                    yield statement, f"{REFUSED}({f'line {part.lineno}: {reason}'!r})"
                    break


_SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr)
