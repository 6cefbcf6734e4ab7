"""Make the source of one component from the code of a reply, by the names of its contract.

Takes the entry function and all that it needs; leaves out the rest, such as examples of its use.
Nothing is executed.
"""

import ast
from collections.abc import Sequence
from itertools import pairwise

from evo.core.contract import Contract
from evo.core.syntax.names import bound, identifiers, import_targets, introduced, loaded, parameters
from evo.core.syntax.scopes import rename
from evo.core.syntax.trees import clone, is_import, walk
from operators.llm.dependencies import needed, suppliable_imports
from operators.llm.layers import without_layers
from operators.llm.modules import Module
from operators.llm.partials import without_partials


def component(
    modules: Sequence[Module], home: int, entry: ast.FunctionDef, contract: Contract
) -> str:
    """The source of a component.

    Args:
        modules: of the blocks of a reply, in order.
        home: index of the one that holds the entry function.
        entry: the function that is meant.
        contract: its names.

    Raises:
        UnreadableError: blocks contradict each other.
    """
    parts = [modules[block].body[place] for block, place in needed(modules, home, entry, contract)]
    tree = ast.Module(parts, [])
    without_layers(tree)
    without_partials(tree)
    _adopt(tree, entry, contract)
    body = tree.body
    _supply_imports(body, contract)
    return "\n\n\n".join(_paragraphs(body)) + "\n"


def _adopt(tree: ast.Module, entry: ast.FunctionDef, contract: Contract) -> None:
    """Call the entry function and its arguments as the contract does, in place."""
    if entry.name != contract.function and contract.function not in identifiers(tree):
        rename(tree, {entry.name: contract.function})
    contract = contract.seeing(_further(entry, contract))
    args = [*entry.args.posonlyargs, *entry.args.args][: len(contract.parameters)]
    args = [arg for arg in args if arg.arg not in {one.name for one in contract.taken}]
    names = dict(zip((arg.arg for arg in args), contract.parameters, strict=False))
    changed = {old: new for old, new in names.items() if old != new}
    used = identifiers(entry) | {arg.arg for arg in parameters(entry.args)}
    if changed and not used.intersection(changed.values()):
        rename(entry, changed)
    _settle_defaults(entry, contract)
    _stack_results(entry, contract)


def _further(entry: ast.FunctionDef, contract: Contract) -> list[str]:
    """Names of the parameters after the contract's own that have no default."""
    positional = [arg.arg for arg in (*entry.args.posonlyargs, *entry.args.args)]
    return positional[len(contract.parameters) : len(positional) - len(entry.args.defaults)]


def _settle_defaults(entry: ast.FunctionDef, contract: Contract) -> None:
    """Make constants of the parameters that the contract does not know, in place."""
    args = entry.args
    positional = [*args.posonlyargs, *args.args]
    count = len(contract.parameters)
    spare = positional[count:]
    if args.vararg or args.kwarg or len(args.defaults) < len(spare):
        return  # left for the validator to refuse
    defaults = args.defaults[len(args.defaults) - len(spare) :]
    pairs = [
        *zip(spare, defaults, strict=True),
        *zip(args.kwonlyargs, args.kw_defaults, strict=True),
    ]
    if any(default is None for _, default in pairs):
        return
    entry.body[:0] = [
        ast.Assign([ast.Name(arg.arg, ast.Store())], default, lineno=0)
        for arg, default in pairs
        if default is not None
    ]
    entry.args = ast.arguments([], positional[:count], None, [], [], None, [])


def _stack_results(entry: ast.FunctionDef, contract: Contract) -> None:
    """Stack the results of a function that returns them side by side, in place.

    Only for a kind whose output is a stack of as many.
    """
    match ast.parse(contract.output.replace("{}", "_"), mode="eval").body:
        case ast.Call(args=[ast.List(elts=wanted)]) as stack if len(wanted) > 1:
            pass
        case _:
            return
    for part in walk(entry):
        match part:
            case ast.Return(value=ast.Tuple(elts=results) | ast.List(elts=results)) if len(
                results
            ) == len(wanted):
                part.value = ast.Call(clone(stack.func), [ast.List(results, ast.Load())], [])
            case _:
                pass


def _supply_imports(body: list[ast.stmt], contract: Contract) -> None:
    """Add imports whose names are used and have no meaning, and drop unused ones."""
    used = loaded(part for part in body if not is_import(part))
    defined = {name for part in body for name in introduced(part)}
    missing: list[ast.stmt] = []
    for statement in suppliable_imports(contract):
        names = import_targets([statement]).keys()
        if used.intersection(names) - defined:
            missing.append(statement)
            defined |= names
    imports = {ast.unparse(part): part for part in reversed(body) if is_import(part)}
    body[:] = [
        *missing,
        *(
            part
            for part in body
            if not is_import(part)
            or (used.intersection(bound(part)) and imports[ast.unparse(part)] is part)
        ),
    ]


def _paragraphs(body: list[ast.stmt]) -> list[str]:
    """Statements as text; consecutive imports and assignments share a paragraph."""
    paragraphs: list[str] = [ast.unparse(body[0])]
    for before, part in pairwise(body):
        if isinstance(before, ast.FunctionDef) or isinstance(part, ast.FunctionDef):
            paragraphs.append(ast.unparse(part))
        else:
            paragraphs[-1] += "\n" + ast.unparse(part)
    return paragraphs
