"""Nodes of a candidate's syntax tree that the rules refuse, in order, each with its refusal."""

import ast
import builtins
import sys
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from evo.core.stages import Stage
from evo.validation.policy.builtin_names import PRIVATE
from evo.validation.policy.classes import class_parts, is_harmless_decorator
from evo.validation.policy.syntax import is_allowed, is_harmless_context, remedy_of
from evo.validation.policy.vocabulary import (
    ALLOWED_BUILTINS,
    ATTRIBUTES,
    BUILTIN_REMEDIES,
    MODULES,
    NAME_REMEDIES,
    SUGGESTED,
    function_of,
)
from evo.validation.refusal import Refused

_SHELL_NAMES = frozenset({"_", "display", "get_ipython"})
"""Names that Python's and IPython's shells put among the builtins; components may define them."""
_ASSIGNED = "give it where the object is made, or use a variable"


class Offence(NamedTuple):
    """A node that the rules refuse, with the refusal."""

    node: ast.AST
    refusal: Refused


def offences(
    tree: ast.Module, nodes: Sequence[ast.AST], harmless: set[ast.AST]
) -> Iterator[Offence]:
    """The offences of a tree, in the order of the source.

    Args:
        tree: the syntax tree.
        nodes: all of its nodes.
        harmless: those that need no rule.
    """
    classes = class_parts(tree)
    harmless = harmless | _data_set(nodes)
    for node in sorted(nodes, key=_place):
        if (fault := classes.faults.get(node)) is not None:
            yield Offence(node, fault)
        if node not in harmless and not classes.permit(node):
            try:
                _check_node(node)
            except Refused as refusal:
                yield Offence(node, refusal)


def _place(node: ast.AST) -> tuple[int, int, int, int]:
    """Sort key by position, so that the first offence is reported: `a.b` before `a.b.c`."""
    if isinstance(node, ast.stmt | ast.expr | ast.arg | ast.keyword | ast.alias):
        return (
            node.lineno,
            node.col_offset,
            node.end_lineno or 0,
            node.end_col_offset or 0,
        )
    # Nodes without a position, such as the items of a `with`, come after their parents.
    return (sys.maxsize, 0, 0, 0)


def _check_node(node: ast.AST) -> None:
    if not is_allowed(node):
        name, remedy = remedy_of(node)
        raise refused(f"{name} is not allowed; {remedy}", node)
    match node:
        case ast.Import():
            _check_import(node)
        case ast.ImportFrom():
            _check_import_from(node)
        case ast.FunctionDef(name, decorator_list=decorators) if all(
            map(is_harmless_decorator, decorators)
        ):
            _check_name(name, node)
        case ast.FunctionDef(name):
            raise refused(f"`{name}` has a decorator; call functions in its body", node)
        case ast.Name(name) | ast.arg(name):
            _check_name(name, node)
        case ast.Attribute(attr=name, ctx=ast.Load()):
            _check_attribute(name, node)
        case ast.Attribute(attr=name) if not _is_setting(node):
            raise refused(f"`.{name}` cannot be assigned; {_ASSIGNED}", node)
        case ast.With(items) if not all(map(is_harmless_context, items)):
            raise refused(
                "`with` is allowed for torch.no_grad(), torch.enable_grad() and "
                "torch.autocast(…, enabled=False) alone; leave it out",
                node,
            )
        case ast.ExceptHandler(name=str(name)):
            _check_name(name, node)
        case ast.Constant(bytes() | complex() as value):
            raise refused(f"{value!r:.40} is not allowed; use real numbers", node)
        case _:
            pass


def _is_setting(node: ast.AST) -> bool:
    """True if a loss that an instance holds is asked for a value per sample."""
    match node:
        case ast.Attribute(ast.Attribute(ast.Name("self")), "reduction", ast.Store()):
            return True
        case _:
            return False


def _data_set(nodes: Sequence[ast.AST]) -> set[ast.AST]:
    """The targets of `x.data = …`, which runs as a write into a tensor and as nothing else."""
    targets = [
        target
        for node in nodes
        if isinstance(node, ast.Assign | ast.AugAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    ]
    return {
        one
        for one in targets
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.attr == "data"
    }


def _check_import(node: ast.Import) -> None:
    for alias in node.names:
        _check_module(alias.name, node)
        if alias.asname is not None:
            _check_name(alias.asname, node)


def _check_import_from(node: ast.ImportFrom) -> None:
    module = "." * node.level + (node.module or "")
    if module == "__future__":
        return  # changes how Python reads the source, brings in no value
    _check_module(module, node)
    for alias in node.names:
        if f"{module}.{alias.name}" not in MODULES | PRIVATE:
            _check_attribute(alias.name, node)
        _check_name(alias.asname or alias.name, node)


def _check_module(module: str, node: ast.AST) -> None:
    if module not in MODULES:
        raise refused(
            f"import of `{module}` is not allowed; use torch, torch.nn.functional, numpy, math, "
            "functools, dataclasses and typing",
            node,
        )


def _check_name(name: str, node: ast.AST) -> None:
    if name.startswith("__"):
        raise refused(f"the name `{name}` is not allowed; start it with a letter", node)
    if hasattr(builtins, name) and name not in ALLOWED_BUILTINS and name not in _SHELL_NAMES:
        raise refused(
            f"the builtin name `{name}` is not allowed, not even redefined; "
            + BUILTIN_REMEDIES.get(name, "use tensor operators, and other names"),
            node,
        )


def _check_attribute(name: str, node: ast.AST) -> None:
    if name in ATTRIBUTES:
        return
    near = get_close_matches(name, SUGGESTED, n=1, cutoff=0.75)
    hint = f"did you mean `{near[0]}`" if near else "use tensor operators of torch and math"
    if (function := function_of(name)) is not None:
        hint = f"a component makes no module that learns; call torch.nn.functional.{function}"
    raise refused(f"`.{name}` is not allowed; {NAME_REMEDIES.get(name, hint)}", node)


def refused(reason: str, node: ast.AST | None = None) -> Refused:
    """A refusal by the policy, with the line of a node."""
    line = getattr(node, "lineno", None)
    return Refused(Stage.POLICY, reason if line is None else f"line {line}: {reason}")
