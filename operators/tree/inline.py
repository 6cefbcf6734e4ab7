"""Tensor expressions of a program that make sense outside it, written in its arguments alone.

Locals are replaced by what they were assigned, step by step down the entry function. A name whose
value depends on a loop, a branch or a nested function has no such expression, and neither has
everything made from it. Helpers and constants of the module keep their names.
"""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from evo.core.syntax.names import bound, loaded
from evo.core.syntax.trees import binary, clone, size, substitute, walk
from operators.tree.program import Program
from operators.tree.sites import Survey, sites_in
from operators.tree.values import ExpressionType

_SIZE_LIMIT = 25
"""Repeated locals may make an expression explode; larger ones are not worth reading."""

_UNMOVABLE = ast.NamedExpr | ast.Lambda
"""Bind names for what follows, or read badly where they are called on the spot."""

_Known = dict[str, ast.expr | None]
"""Values of locals so far, written in arguments alone; None where there is no such expression."""


class Donation(NamedTuple):
    """An expression written in the arguments of its program, and its type."""

    expression: ast.expr
    value: ExpressionType


def donations(program: Program) -> list[Donation]:
    """The tensor expressions of the entry function that can be moved, each once, as they come.

    Bare arguments are left out: every program has them.
    """
    survey = program.survey()
    entry = program.entry
    given = program.contract.parameters
    known: _Known = {parameter: ast.Name(parameter, ast.Load()) for parameter in given}
    private = set(bound(ast.Module(entry.body, []))) - set(given)
    by_text: dict[str, Donation] = {}
    for statement in entry.body:
        for expression, value in _tensors(statement, entry.name, survey):
            moved = _in_arguments(expression, known, private)
            if moved is not None and not isinstance(moved, ast.Name):
                by_text.setdefault(ast.dump(moved), Donation(moved, value))
        _follow(statement, known, private)
    return list(by_text.values())


def result(program: Program) -> Donation | None:
    r"""All that the entry function returns as one expression; None where it has none.

    >>> from evo.core.contract import Contract
    >>> contract = Contract("gate", "gate", ("x",), ("import torch",), (), "")
    >>> source = "def gate(x):\n    y = 2 * x\n    return y + 1"
    >>> ast.unparse(result(Program.read(source, contract)).expression)
    '2 * x + 1'
    """
    *steps, last = program.entry.body
    if not isinstance(last, ast.Return) or last.value is None:
        return None
    given = program.contract.parameters
    known: _Known = {parameter: ast.Name(parameter, ast.Load()) for parameter in given}
    private = set(bound(ast.Module(program.entry.body, []))) - set(given)
    for statement in steps:
        if any(isinstance(node, ast.Return) for node in walk(statement)):
            return None
        _follow(statement, known, private)
    moved = _in_arguments(last.value, known, private)
    return None if moved is None else Donation(moved, program.survey().returned)


def _tensors(
    statement: ast.stmt, scope: str, survey: Survey
) -> Iterator[tuple[ast.expr, ExpressionType]]:
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Return):
        for site in sites_in(statement, scope, survey.values):
            if site.is_tensor:
                yield site.node, site.value


def _in_arguments(node: ast.expr, known: _Known, private: set[str]) -> ast.expr | None:
    """The expression with locals replaced; None where one of them is not known."""
    inner = set(bound(node))
    names = loaded([node]) - inner
    if inner & known.keys() or any(isinstance(part, _UNMOVABLE) for part in walk(node)):
        return None
    if any(name in known and known[name] is None for name in names):
        return None
    if any(name in private and name not in known for name in names):
        return None
    moved = substitute(node, {name: value for name, value in known.items() if value is not None})
    return moved if size(moved) <= _SIZE_LIMIT else None


def _follow(statement: ast.stmt, known: _Known, private: set[str]) -> None:
    """Record the values of the names that a statement assigns."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            known[name] = _in_arguments(value, known, private)
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            known[name] = _in_arguments(value, known, private)
        case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
            step = binary(ast.Name(name, ast.Load()), op, clone(value))
            known[name] = _in_arguments(step, known, private)
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=parts)) if len(
            names
        ) == len(parts):
            values = [_in_arguments(part, known, private) for part in parts]
            for name, value in zip(names, values, strict=True):
                known.update(dict.fromkeys(bound(name), value))
        case _:
            known.update(dict.fromkeys(bound(statement), None))
