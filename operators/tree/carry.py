"""Bring the helpers, constants and imports that an expression needs to another module."""

import ast

from evo.core.syntax.names import fresh, identifiers, introduced, loaded
from evo.core.syntax.scopes import rename
from evo.core.syntax.trees import clone, same
from operators.tree.inline import Donation
from operators.tree.program import Program
from operators.tree.tidy import is_block, reachable


def carry(expression: ast.expr, donor: Program, receiver: Program) -> ast.expr:
    """Bring the helpers, constants and imports of an expression into the receiver.

    What both modules define alike is shared; a name that means another thing there is changed.

    Args:
        expression: written for the donor's module; it stays as it is.
        donor: where its names have a meaning; it stays as it is.
        receiver: gets the definitions.

    Returns:
        The expression as it is to be written in the receiver.
    """
    _take_inputs(receiver, loaded([expression]), donor)
    needed = reachable(donor, loaded([expression]))
    present = receiver.tree.body
    foreign = [part for part in needed if not _is_shared(part, donor, present)]
    taken = identifiers(receiver.tree)
    names: dict[str, str] = {}
    for name in dict.fromkeys(name for part in foreign for name in introduced(part)):
        names[name] = fresh(name, taken)
        taken.add(names[name])
    # One module, so that all its parts agree on the new names.
    parcel = ast.Module([*map(clone, foreign), ast.Expr(clone(expression))], [])
    rename(parcel, {old: new for old, new in names.items() if old != new})
    *definitions, last = parcel.body
    present[-1:-1] = definitions
    # Constants go above functions, but for those that are made by one.
    above = [part for part in present if not _needs_block(part, receiver)]
    present[:] = [*above, *(part for part in present if part not in above)]
    assert isinstance(last, ast.Expr)
    return last.value


def _take_inputs(receiver: Program, names: set[str], donor: Program) -> None:
    """Have the receiver take the optional inputs among names; its own of that name are renamed."""
    present = {one.name for one in receiver.contract.taken}
    missing = {one.name for one in donor.contract.taken}.intersection(names) - present
    if not missing:
        return
    present_names = identifiers(receiver.tree)
    for name in sorted(missing & present_names):
        rename(receiver.tree, {name: fresh(name, present_names | names)})
    receiver.take_inputs(present | missing)


def as_helper(donor: Program, taken: set[str]) -> tuple[Program, Donation]:
    """A program whose entry function goes by another name, and a call of it to hand on.

    Args:
        donor: stays as it is.
        taken: names that the function must not have.
    """
    function = donor.contract.function
    name = fresh(f"other_{function}", taken | identifiers(donor.tree))
    call = ast.Call(
        ast.Name(function, ast.Load()),
        [ast.Name(parameter, ast.Load()) for parameter in donor.contract.parameters],
        [],
    )
    value = donor.survey().returned
    helper = donor.copy()
    for node in (helper.tree, call):
        rename(node, {function: name})
    return helper, Donation(call, value)


def _is_shared(statement: ast.stmt, donor: Program, present: list[ast.stmt]) -> bool:
    """True if the receiver has the same statement, and the same of all that it needs."""
    return all(
        any(same(part, other) for other in present)
        for part in [statement, *reachable(donor, loaded([statement]))]
    )


def _needs_block(statement: ast.stmt, program: Program) -> bool:
    parts = [statement, *reachable(program, loaded([statement]))]
    return any(is_block(part) for part in parts)
