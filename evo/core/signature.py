"""Signatures of entry functions: which optional inputs of its kind a source takes."""

import ast

from evo.core.callables import FunctionNode, called
from evo.core.contract import Contract


def entries(tree: ast.Module, contract: Contract) -> list[FunctionNode]:
    """The definitions of the entry function: by `def`, or of what its name is assigned."""
    functions: list[FunctionNode] = []
    for part in tree.body:
        match part:
            case ast.FunctionDef(name=contract.function):
                functions.append(part)
            case ast.Assign([ast.Name(contract.function)], value):
                function = called(value, tree)
                functions += [] if function is None else [function]
            case _:
                pass
    return functions


def further_parameters(function: FunctionNode, contract: Contract) -> list[str] | None:
    """Names of the parameters after the contract's that a call must give; None for other ones.

    Inputs that the contract is seeing already are among them.

    >>> from evo.core.contract import Input
    >>> contract = Contract("k", "f", ("x",), (), (), "", optional=(Input("t", "number", ""),))
    >>> (function,) = entries(ast.parse("f = lambda x, t, slope=0.1: t * x"), contract)
    >>> further_parameters(function, contract)
    ['t']
    """
    arguments = function.args
    positional = [one.arg for one in (*arguments.posonlyargs, *arguments.args)]
    required = contract.seeing(()).parameters
    count = len(required)
    if count == 1 and positional and getattr(function, "name", "") != contract.function:
        positional[0] = required[0]  # a function by another name may call its only one `input`
    if tuple(positional[:count]) != required or None in arguments.kw_defaults:
        return None
    return positional[count : max(count, len(positional) - len(arguments.defaults))]


def contract_of_source(source: str, contract: Contract) -> tuple[Contract, tuple[int, ...] | None]:
    """The contract of a graph of a source, and which of its parameters the function takes.

    These are in the order of the function's; None for all.

    Args:
        source: defines the entry function once, with parameters of the contract.
        contract: of its kind.
    """
    if not contract.optional:
        return contract, None
    functions = entries(ast.parse(source), contract)
    further = further_parameters(functions[-1], contract) if functions else None
    if not further:
        return contract, None
    names = contract.full.parameters
    taken = tuple(names.index(name) for name in (*contract.parameters, *further))
    return contract.full, taken
