"""Turn an edited tree into the readable source of a component."""

import ast

from evo.core.syntax.names import identifiers, import_name, import_targets, introduced, loaded
from evo.core.syntax.trees import blocks, children, is_import, walk
from operators.tree.program import Program
from operators.tree.simplify import simplify
from operators.tree.values import ExpressionTypes


def tidy(program: Program) -> None:
    """Simplify a program in place, and drop what its entry function no longer needs."""
    simplify(program.tree, ExpressionTypes(program.tree, program.contract))
    for statement in program.tree.body:
        if isinstance(statement, ast.FunctionDef):
            _drop_dead_code(statement)
    _drop_unused_inputs(program)
    _drop_unreachable(program)
    _settle_imports(program)


def write_program(program: Program) -> str:
    """The source of a program, laid out as formatters do."""
    text = ""
    previous = ""
    for part in _merged(program.tree.body):
        sort = "import" if is_import(part) else "block" if is_block(part) else "line"
        if "block" in (sort, previous):
            text += "\n\n"
        elif previous and sort != previous:
            text += "\n"
        text += ast.unparse(part) + "\n"
        previous = sort
    return text.lstrip("\n")


def reachable(program: Program, names: set[str]) -> list[ast.stmt]:
    """The top-level statements that give meaning to names, directly or not, in their order."""
    needed, indices = set(names), set[int]()
    grown = True
    while grown:
        grown = False
        for index, statement in enumerate(program.tree.body):
            introduced_names = introduced(statement)
            if index not in indices and (
                needed.intersection(introduced_names) or "*" in introduced_names
            ):
                indices.add(index)
                needed |= loaded([statement])
                grown = True
    return [statement for index, statement in enumerate(program.tree.body) if index in indices]


def is_block(statement: ast.stmt) -> bool:
    """True if a top-level statement is set off by blank lines."""
    return isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _merged(statements: list[ast.stmt]) -> list[ast.stmt]:
    """The statements with one line for all that is imported from a module."""
    merged: list[ast.stmt] = []
    for part in statements:
        match merged[-1:], part:
            case [ast.ImportFrom(module=above, names=names, level=level)], ast.ImportFrom() if (
                above == part.module
            ):
                merged[-1] = ast.ImportFrom(above, [*names, *part.names], level)
            case _:
                merged.append(part)
    return merged


def _drop_dead_code(function: ast.FunctionDef) -> None:
    """Remove statements behind a return, and locals that nothing returned depends on."""
    has_shrunk = True
    while has_shrunk:
        has_shrunk = False
        live = _live_names(function)
        for block in blocks(function):
            ends = [index for index, part in enumerate(block) if isinstance(part, ast.Return)]
            reached = block[: ends[0] + 1] if ends else block
            kept = [part for part in reached if not _is_dead(part, live)]
            has_shrunk |= len(kept) < len(block)
            block[:] = kept
    for node in walk(function):
        body: object = node.__dict__.get("body")
        if isinstance(body, list) and not body:
            body.append(ast.Pass())


def _live_names(function: ast.FunctionDef) -> set[str]:
    """Names that reach what a function returns or does; a local that feeds itself alone is none."""
    statements = [part for block in blocks(function) for part in block]
    live, before = set[str](), -1
    while before != (before := len(live)):
        for statement in statements:
            if not _is_dead(statement, live):
                live |= loaded(_own_expressions(statement))
    return live


def _own_expressions(statement: ast.stmt) -> list[ast.AST]:
    """The expressions that a statement evaluates, without the statements inside it."""
    return [child for child in children(statement) if not isinstance(child, ast.stmt)]


def _is_dead(statement: ast.stmt, live: set[str]) -> bool:
    match statement:
        case ast.Assign(targets=targets):
            names = targets
        case ast.AnnAssign(target=target) | ast.AugAssign(target=target):
            names = [target]
        case ast.FunctionDef(name=name):
            return name not in live
        case ast.Pass() | ast.For(body=[], orelse=[]) | ast.If(body=[], orelse=[]):
            return True
        case _:
            return False
    return not any(live.intersection(identifiers(name)) for name in names)


def _drop_unused_inputs(program: Program) -> None:
    """Leave optional inputs out of the signature that nothing reads."""
    taken = {one.name for one in program.contract.taken}
    if taken:
        program.take_inputs(taken.intersection(loaded([program.entry])))


def _drop_unreachable(program: Program) -> None:
    program.tree.body = reachable(program, {program.contract.function})


def _settle_imports(program: Program) -> None:
    """Keep one import per used name, spelled as in the contract where it is one of its imports."""
    contract = ast.parse("\n".join(program.contract.imports)).body
    body = [part for part in program.tree.body if not is_import(part)]
    used, text = loaded(body), "\n".join(ast.unparse(part) for part in body)
    ours = [part for part in contract if used.intersection(import_targets([part]))]
    known = import_targets(contract)
    theirs: dict[str, ast.stmt] = {}
    for part in program.tree.body:
        if isinstance(part, ast.Import | ast.ImportFrom):
            (alias,) = part.names
            name = import_name(alias)
            if "*" in name or (
                name in used
                and (name not in known or (not alias.asname and "." in alias.name))
                and (alias.asname or isinstance(part, ast.ImportFrom) or alias.name in text)
            ):
                theirs.setdefault(ast.unparse(part), part)
    others = [theirs[line] for line in sorted(theirs, key=_import_order)]
    program.tree.body = [*others, *ours, *body]


def _import_order(line: str) -> tuple[bool, bool, str]:
    return (not line.startswith("from __future__"), line.startswith("from "), line)
