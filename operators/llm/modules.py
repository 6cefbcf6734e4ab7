"""Parse the code of a reply's blocks into modules, as far as they can be read."""

import ast
import re
from typing import NamedTuple

from evo.core.contract import Contract
from evo.core.stages import Stage
from evo.core.syntax.names import loaded, parameters
from evo.core.syntax.trees import as_function, returning, walk
from operators.llm.partials import PARTIAL
from operators.llm.spelling import dedented, spellings

_MOST_DROPPED = 100
"""Lines after unfenced code that are dropped one by one."""
_TRANSPARENT = re.compile(r"(?:torch\.)?(?:jit\.(?:script|script_method|export)|compile)\b")
"""Decorators that compile a function and leave what it computes as it is."""


class UnreadableError(Exception):
    """A reply holds no component; the message says what was expected and what came.

    Attributes:
        stage: that the record of the reply gets.
    """

    def __init__(self, reason: str, stage: Stage = Stage.REPLY) -> None:
        super().__init__(reason)
        self.stage = stage


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


def parsed_block(code: str, contract: Contract, *, is_closed: bool) -> Module:
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
        body = [_bare(_entry_alias(as_function(part), contract)) for part in tree.body]
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
        case ast.Assign(
            targets=[ast.Name(id=name)],
            value=ast.Call(func=function, args=[called, *args], keywords=keywords),
        ) if name == contract.function and ast.unparse(function) in PARTIAL:
            names = contract.parameters
            given = [*args, *(ast.Name(one, ast.Load()) for one in names)]
            return returning(name, names, ast.Call(called, given, keywords))
        case _:
            return part


def _bare(part: ast.stmt) -> ast.stmt:
    """A function without decorators that change no value, and without an unused `self`."""
    if not isinstance(part, ast.FunctionDef):
        return part
    part.decorator_list = [
        decorator
        for decorator in part.decorator_list
        if not _TRANSPARENT.match(ast.unparse(decorator))
    ]
    first = part.args.args[:1]
    if first and first[0].arg == "self" and "self" not in loaded(part.body):
        del part.args.args[0]
    return part
