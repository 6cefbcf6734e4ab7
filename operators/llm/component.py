"""Make the source of one component from the code of a reply, by the names of its contract.

Takes the entry function and all that it needs, from its own block or another; leaves out the rest,
such as examples of its use. Nothing is executed.
"""

import ast
import builtins
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from evo.core.contract import Contract
from operators.llm.blocks import dedented, spellings
from operators.llm.classes import returning
from operators.tree.names import bound, identifiers, import_targets, introduced, loaded, parameters
from operators.tree.scopes import ModuleNames, rename
from operators.tree.syntax import as_function, is_import, walk

_KNOWN_IMPORTS = (
    "import math",
    "import torch",
    "import torch.nn as nn",
    "import torch.nn.functional as F",
    "from torch import Tensor",
)
"""Imports that models forget."""
_MOST_DROPPED = 100
"""Lines after unfenced code that are dropped one by one."""


class UnreadableError(Exception):
    """A reply holds no component; the message says what was expected and what came."""


class Module(NamedTuple):
    """The syntax tree of a block, and its lines."""

    body: list[ast.stmt]
    lines: list[str]

    def comment(self, node: ast.stmt) -> str:
        """The comments right above a statement, or above the imports before it."""
        above: list[str] = []
        for line in reversed(self.lines[: max(0, node.lineno - 1)]):
            bare = line.strip()
            if bare.startswith("#"):
                above.insert(0, bare.strip("# \t"))
            elif above or (bare and not bare.startswith(("import ", "from "))):
                break
        return " ".join(above)


def parse(code: str, contract: Contract, *, is_closed: bool) -> Module:
    """The statements of a block, with functions in place of lambdas.

    Args:
        code: of the block.
        contract: names the function that is wanted.
        is_closed: whether the block has an end; otherwise what trails is dropped until it parses.

    Raises:
        UnreadableError: it is no valid Python.
    """
    first: UnreadableError | None = None
    for spelling in spellings(code):
        try:
            text, tree = _parsed(dedented(spelling), is_closed=is_closed)
        except UnreadableError as error:
            first = first or error
            continue
        body = [_entry_alias(as_function(part), contract) for part in tree.body]
        return Module(body, text.split("\n"))
    assert first is not None
    raise first


def functions(module: Module, contract: Contract) -> list[ast.FunctionDef]:
    """Functions of a module that take enough parameters."""
    return [
        part
        for part in module.body
        if isinstance(part, ast.FunctionDef)
        and len(parameters(part.args)) >= len(contract.parameters)
    ]


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
    parts = [modules[block].body[place] for block, place in _needed(modules, home, entry, contract)]
    tree = ast.Module(parts, [])
    _adopt(tree, entry, contract)
    body = tree.body
    _supply_imports(body, contract)
    return "\n\n\n".join(_paragraphs(body)) + "\n"


def _parsed(code: str, *, is_closed: bool) -> tuple[str, ast.Module]:
    lines = code.split("\n")
    first: SyntaxError | ValueError | None = None
    dropped = 0
    for end in range(len(lines), 0, -1):
        # A line within the function's body must not be lost: that would be another function.
        if first is not None and lines[end][:1] in (" ", "\t", "", ")", "]", "}"):
            if lines[end].strip():
                break
            continue
        try:
            text = "\n".join(lines[:end])
            return text, ast.parse(text)
        except (SyntaxError, ValueError) as error:
            first = first or error
        except (RecursionError, MemoryError):
            raise UnreadableError("expected plain Python, got code nested too deeply") from None
        dropped += 1
        if is_closed or dropped > _MOST_DROPPED:
            break
    where = f"line {first.lineno}: {first.msg}" if isinstance(first, SyntaxError) else f"{first}"
    raise UnreadableError(f"expected valid Python, got code that does not parse ({where})")


def _entry_alias(part: ast.stmt, contract: Contract) -> ast.stmt:
    """A function in place of `activation = torch.sin`."""
    match part:
        case ast.Assign(
            targets=[ast.Name(id=name)], value=ast.Name() | ast.Attribute() as value
        ) if name == contract.function:
            names = contract.parameters
            call = ast.Call(value, [ast.Name(one, ast.Load()) for one in names], [])
            return returning(name, names, call)
        case _:
            return part


def _needed(
    modules: Sequence[Module], home: int, entry: ast.FunctionDef, contract: Contract
) -> list[tuple[int, int]]:
    """Block and place of all statements that the entry function needs, in order."""
    at = next(place for place, part in enumerate(modules[home].body) if part is entry)
    supplied = _supplied(contract)
    taken = {(home, at)}
    origin: dict[str, int] = {entry.name: home}
    pending = [(home, name) for name in sorted(_uses(entry))]
    names_of = [[bound_at_top(part) for part in module.body] for module in modules]
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
                    names = _uses(part) | set(bound_at_top(part))
                    pending += [(block, used) for used in sorted(names)]
            break
    return sorted(taken)


def _search_order(blocks: Iterable[int], asking: int, home: int) -> list[int]:
    """Blocks in which a name is looked up: the one that uses it, the entry's, the nearest."""

    def rank(block: int) -> tuple[bool, bool, bool, int]:
        return (block != asking, block != home, block > asking, abs(block - asking))

    return sorted(set(blocks), key=rank)


def _supplied(contract: Contract) -> set[str]:
    """Names that are imported for a component which forgets to."""
    lines = (*contract.imports, *_KNOWN_IMPORTS)
    return set(import_targets(part for line in lines for part in ast.parse(line).body))


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


def bound_at_top(part: ast.stmt) -> list[str]:
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
    return [ast.unparse(part) for part in module.body if name in bound_at_top(part)]


def _uses(part: ast.stmt) -> set[str]:
    """Names of the module that a statement looks up."""
    used = ModuleNames.of(ast.Module([part], [])).used
    return {name for name in used if not hasattr(builtins, name)}


def _adopt(tree: ast.Module, entry: ast.FunctionDef, contract: Contract) -> None:
    """Call the entry function and its arguments as the contract does, in place."""
    if entry.name != contract.function and contract.function not in identifiers(tree):
        rename(tree, {entry.name: contract.function})
    args = [*entry.args.posonlyargs, *entry.args.args][: len(contract.parameters)]
    names = dict(zip((arg.arg for arg in args), contract.parameters, strict=False))
    changed = {old: new for old, new in names.items() if old != new}
    used = identifiers(entry) | {arg.arg for arg in parameters(entry.args)}
    if changed and not used.intersection(changed.values()):
        rename(entry, changed)
    _settle_defaults(entry, contract)


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


def _supply_imports(body: list[ast.stmt], contract: Contract) -> None:
    """Add imports whose names are used and have no meaning, and drop unused ones."""
    used = loaded(part for part in body if not is_import(part))
    defined = {name for part in body for name in introduced(part)}
    missing: list[ast.stmt] = []
    for line in dict.fromkeys((*contract.imports, *_KNOWN_IMPORTS)):
        (statement,) = ast.parse(line).body
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


def foreign_modules(source: str) -> set[str]:
    """Packages that a source imports and that no component may use."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    names = {
        name
        for node in walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    return {name.partition(".")[0] for name in names} - {"torch", "math", "typing", "__future__"}
