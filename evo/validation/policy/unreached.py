"""Statements that a component must not run, and may hold all the same.

Pasted code has branches, helpers and classes for what no component is: arrays of numpy, other
devices, training loops. A statement that the rules refuse runs as a call that refuses the
component, under the same words, where it is not sure to run; so it costs nothing where it never
does. What it names must be harmless where people run a file by hand. A function, class, import or
constant of the module that the rules refuse is left out, and so is whatever uses its name.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from evo.validation.graph.rewriting import REFUSED
from evo.validation.policy.builtin_names import annotations
from evo.validation.policy.dead_code import is_false
from evo.validation.policy.offences import Offence
from evo.validation.policy.replaced import fills_lines, line_span
from evo.validation.refusal import Refused

_SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Expr, ast.Raise, ast.Assert)
_COMPOUND = (ast.If, ast.For, ast.While, ast.Try, ast.With)
_CALLED = frozenset({"__init__", "__call__", "__post_init__", "forward"})
"""Methods that run where an instance is made and called."""


class Reduced(NamedTuple):
    """A source without some statements.

    Attributes:
        text: the source, whose lines keep their numbers.
        gone: names that are bound no more, each with the refusal of what bound it.
        types: those of types that nothing is an instance of where a component runs.
    """

    text: str
    gone: Mapping[str, Refused]
    types: frozenset[str]


def without_unreached(
    text: str,
    tree: ast.Module,
    offences: Sequence[Offence],
    entry: str,
    is_harmless: Callable[[ast.AST], bool],
) -> Reduced:
    """A source with its offences left out or refused where they run.

    Args:
        text: the source.
        tree: its syntax tree.
        offences: what the rules refuse in it, in order.
        entry: name of the function that is sure to run.
        is_harmless: True for a node that does no harm where people run the file by hand.

    Raises:
        Refused: the first offence that is sure to run, does harm, or cannot be taken out.
    """
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    sure = set(_sure(tree, entry))
    lines = text.split("\n")
    gone: dict[str, Refused] = {}
    types: set[str] = set()
    taken: set[ast.AST] = set()
    written: set[int] = set()
    bound = Counter(name for one in tree.body for name in _bound_by(one))
    is_caught = _catches_all(tree)
    for node, refused in offences:
        path = [node, *_ancestors(node, parents)]
        if any(one in taken for one in path):
            continue
        statement = next(one for one in path if isinstance(one, ast.stmt) or one is tree)
        while isinstance(statement, ast.stmt) and not _can_go(statement, lines):
            statement = parents[statement]
        if isinstance(statement, ast.stmt) and statement.lineno in written:
            continue  # the columns of that line are others now; the next round looks again
        never = _never_runs(statement, parents)
        outer = ast.ClassDef if never or _is_in_function(statement, parents) else ast.stmt
        while isinstance(parents.get(statement), outer):
            statement = parents[statement]  # what the module runs is whole or not at all
        refusal = next((gone[name] for name in _named_in(statement) if name in gone), refused)
        if not isinstance(statement, ast.stmt) or not all(map(is_harmless, ast.walk(statement))):
            raise refusal
        call = "pass"
        if parents[statement] is tree:
            names = _bound_by(statement)
            is_alone = all(bound[name] == 1 and name not in ("*", entry) for name in names)
            if not is_alone or not _binds_or_sets(statement):
                raise refusal
            gone |= dict.fromkeys(names, refusal)
            if _imports_strangers(statement):
                call = " = ".join([*sorted(names), "()"])  # of which nothing is an instance
                types |= names
        elif not never:
            if statement in sure or is_caught:
                raise refusal
            call = f"{REFUSED}({refusal.reason!r})"
        taken.add(statement)
        written |= {*range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)}
        _write(call, statement, lines)
    return Reduced("\n".join(lines), gone, frozenset(types))


def uses_of(
    names: Mapping[str, Refused], types: frozenset[str], tree: ast.Module
) -> Iterator[Offence]:
    """Uses of names that are bound no more, but for `isinstance(x, T)` with one of those types."""
    if not names:
        return
    harmless = {part for annotation in annotations(tree) for part in ast.walk(annotation)}
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.Lambda():
                harmless |= _local_names(node)
            case ast.Call(ast.Name("isinstance"), [_, asked], []):
                parts = {part for part in ast.walk(asked) if isinstance(part, ast.Name)}
                harmless |= {part for part in parts if part.id in types}
            case _:
                pass
    for node in ast.walk(tree):
        match node:
            case ast.Name(name, ast.Load()) if name in names and node not in harmless:
                yield Offence(node, names[name])
            case _:
                pass


def _local_names(function: ast.FunctionDef | ast.Lambda) -> set[ast.AST]:
    """Uses of a function's parameters and variables."""
    parts = [*ast.walk(function)]
    names = [part for part in parts if isinstance(part, ast.Name)]
    local = {part.arg for part in parts if isinstance(part, ast.arg)}
    local |= {name.id for name in names if _is_stored(name)}
    return {name for name in names if name.id in local}


def _named_in(statement: ast.AST) -> Iterator[str]:
    """Names in a statement that is no block."""
    if isinstance(statement, _SIMPLE):
        yield from (node.id for node in ast.walk(statement) if isinstance(node, ast.Name))


def _can_go(statement: ast.stmt, lines: list[str]) -> bool:
    """True if a statement can be replaced: it fills its lines, or is simple."""
    return fills_lines(statement, lines) or isinstance(statement, _SIMPLE)


def _write(text: str, statement: ast.stmt, lines: list[str]) -> None:
    """Write a text in place of a statement; lines keep their numbers."""
    first, last = line_span(statement)
    start, end = lines[first].encode(), lines[last - 1].encode()
    before = start[: statement.col_offset].decode()
    after = end[statement.end_col_offset :].decode()
    is_elif = isinstance(statement, ast.If) and start[statement.col_offset :].startswith(b"elif")
    lines[first:last] = [
        before + ("else: " if is_elif else "") + text + after,
        *[""] * (last - first - 1),
    ]


def _sure(tree: ast.Module, entry: str) -> Iterator[ast.stmt]:
    """Statements that run in each call of the entry, or as the module is loaded."""
    named: dict[str, list[ast.FunctionDef]] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            named[node.name] = [node]
        elif isinstance(node, ast.ClassDef):
            methods = [one for one in node.body if isinstance(one, ast.FunctionDef)]
            named[node.name] = [one for one in methods if one.name in _CALLED]
    top = [one for one in tree.body if not isinstance(one, ast.FunctionDef | ast.ClassDef)]
    pending: list[Sequence[ast.stmt]] = [top, *(one.body for one in named.get(entry, ()))]
    for body in pending:
        for statement in body:
            yield statement
            parts = [*ast.walk(statement)]
            if isinstance(statement, ast.For | ast.With | ast.Try):
                pending.append(statement.body)
            if not isinstance(statement, _COMPOUND):
                for name in {part.id for part in parts if isinstance(part, ast.Name)}:
                    pending += [one.body for one in named.pop(name, ())]
            elif any(isinstance(part, ast.Return | ast.Raise) for part in parts):
                break


def _ancestors(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> Iterator[ast.AST]:
    while node in parents:
        node = parents[node]
        yield node


def _is_in_function(statement: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> bool:
    return any(isinstance(one, ast.FunctionDef) for one in _ancestors(statement, parents))


def _never_runs(statement: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> bool:
    """True for a statement in a branch for other machines."""
    below = statement
    for node in _ancestors(statement, parents):
        if isinstance(node, ast.If) and below in node.body and is_false(node.test):
            return True
        below = node
    return False


def _catches_all(tree: ast.Module) -> bool:
    """True if some `try` might go on after a refusal."""
    return any(
        isinstance(node, ast.Try)
        and (node.finalbody or any(one.type is None for one in node.handlers))
        for node in ast.walk(tree)
    )


def _binds_or_sets(statement: ast.stmt) -> bool:
    """True if a statement only binds names or sets how a script runs."""
    match statement:
        case ast.Assign([ast.Attribute() as target]):
            may_go = ast.unparse(target).startswith("torch.backends.")
        case ast.Assign(targets):
            may_go = all(isinstance(one, ast.Name) for one in targets)
        case ast.AnnAssign(target):
            may_go = isinstance(target, ast.Name)
        case ast.Expr(ast.Call(function)):
            may_go = ast.unparse(function) in _OF_A_SCRIPT
        case ast.If(_, body, otherwise):
            may_go = all(map(_binds_or_sets, (*body, *otherwise)))
        case _:
            may_go = isinstance(statement, _BINDING)
    return may_go


_BINDING = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Pass)
_OF_A_SCRIPT = frozenset(
    {
        *("logging.basicConfig", "np.random.seed", "numpy.random.seed", "random.seed"),
        *("torch.cuda.manual_seed", "torch.cuda.manual_seed_all", "torch.manual_seed"),
        *("torch.set_num_threads", "torch.set_printoptions", "warnings.filterwarnings"),
        *("warnings.simplefilter", "np.set_printoptions"),
    }
)
"""Calls that change nothing that a component computes."""


def _imports_strangers(statement: ast.stmt) -> bool:
    """True for an import of types that no component meets, such as DTensor."""
    match statement:
        case ast.ImportFrom(str(module)):
            return module.startswith(("torch.distributed", "torch.distributions", "torch.optim"))
        case _:
            return False


def _bound_by(statement: ast.stmt) -> set[str]:
    """Names of the module that a statement binds."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    parts = [*ast.walk(statement)]
    names = {part.id for part in parts if isinstance(part, ast.Name) and _is_stored(part)}
    return names | {
        (one.asname or one.name).partition(".")[0] for one in parts if isinstance(one, ast.alias)
    }


def _is_stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)
