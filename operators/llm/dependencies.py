"""Find the statements that a component's entry function needs, in its own block or another."""

import ast
import builtins
from collections.abc import Iterable, Sequence

from evo.core.contract import Contract
from evo.core.syntax.names import import_targets, introduced
from evo.core.syntax.scopes import ModuleNames
from evo.core.syntax.trees import is_import
from operators.llm.modules import Module, UnreadableError

_KNOWN_IMPORTS = (
    "import math",
    "import torch",
    "import torch.nn as nn",
    "import torch.nn.functional as F",
    "from torch import Tensor",
)
"""Imports that models forget."""


def needed(
    modules: Sequence[Module], home: int, entry: ast.FunctionDef, contract: Contract
) -> list[tuple[int, int]]:
    """Block and place of all statements that the entry function needs, in order.

    Raises:
        UnreadableError: blocks contradict each other.
    """
    at = next(place for place, part in enumerate(modules[home].body) if part is entry)
    supplied = _supplied(contract)
    taken = {(home, at)}
    origin: dict[str, int] = {entry.name: home}
    pending = [(home, name) for name in sorted(_uses(entry))]
    names_of = [[_bound_at_top(part) for part in module.body] for module in modules]
    while pending:
        asking, name = pending.pop(0)
        if name == entry.name:
            continue
        blocks = (asking, home) if name in supplied else range(len(modules))
        for block in _search_order(blocks, asking, home):
            places = _definitions(
                modules[block].body, names_of[block], name, at if block == home else None
            )
            if not places:
                continue
            if origin.get(name, block) != block:
                if _code(modules[origin[name]], name) != _code(modules[block], name):
                    raise UnreadableError(
                        f"expected one definition of `{name}`, found different ones in two blocks"
                    )
                break
            origin[name] = block
            for place in places:
                if (block, place) not in taken:
                    taken.add((block, place))
                    part = modules[block].body[place]
                    names = _uses(part) | set(_bound_at_top(part))
                    pending += [(block, used) for used in sorted(names)]
            break
    return sorted(taken)


def suppliable_imports(contract: Contract) -> list[ast.stmt]:
    """Imports that a component gets where it uses their names but forgets them."""
    lines = dict.fromkeys((*contract.imports, *_KNOWN_IMPORTS))
    return [part for line in lines for part in ast.parse(line).body]


def _search_order(blocks: Iterable[int], asking: int, home: int) -> list[int]:
    """Blocks in which a name is looked up: the one that uses it, the entry's, the nearest."""

    def rank(block: int) -> tuple[bool, bool, bool, int]:
        return (block != asking, block != home, block > asking, abs(block - asking))

    return sorted(set(blocks), key=rank)


def _supplied(contract: Contract) -> set[str]:
    """Names that are imported for a component which forgets to."""
    return set(import_targets(suppliable_imports(contract)))


def _definitions(
    body: Sequence[ast.stmt], names: Sequence[Sequence[str]], name: str, entry: int | None
) -> list[int]:
    """Places of the statements that define a name or change what it refers to."""
    places = [place for place, bound_there in enumerate(names) if name in bound_there]
    if entry is not None:
        # What comes after the function, such as an example, defines only what is not defined yet.
        places = [place for place in places if place < entry] or places
    if any(is_import(body[place]) for place in places):
        return [place for place in places if name in introduced(body[place])]
    defined = [place for place in places if isinstance(body[place], ast.FunctionDef)]
    if defined:
        return [place for place in places if place >= defined[-1]]
    return places


def _bound_at_top(part: ast.stmt) -> list[str]:
    """Names of the module that a statement binds or changes."""
    match part:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [part.name]
        case ast.Expr(value=ast.Call(func=ast.Attribute() as function)):
            return _owner(function)
        case ast.Expr():
            return []
        case ast.Assign(targets=targets):
            changed = [name for one in targets for name in _owner(one)]
            return [*introduced(part), *changed]
        case _:
            return introduced(part)


def _owner(node: ast.expr) -> list[str]:
    """The variable whose content an assignment or a method changes."""
    if not isinstance(node, ast.Attribute | ast.Subscript):
        return []
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute | ast.Subscript):
        inner = inner.value
    return [inner.id] if isinstance(inner, ast.Name) else []


def _code(module: Module, name: str) -> list[str]:
    return [ast.unparse(part) for part in module.body if name in _bound_at_top(part)]


def _uses(part: ast.stmt) -> set[str]:
    """Names of the module that a statement looks up."""
    used = ModuleNames.of(ast.Module([part], [])).used
    return {name for name in used if not hasattr(builtins, name)}
