"""Read the source of one component from a model's reply, in any form that models send.

Models think aloud, wrap code in prose or do not fence it, show drafts before the answer, call the
function as they like, forget imports, append examples, or are cut off. What can be read without
guessing is read; the rest is unreadable, with a reason that a repair can name. Nothing is executed.
"""

import ast
import json
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from evo.core.contract import Contract
from evo.core.messages import Reply
from operators.tree.names import bound, identifiers, import_targets, introduced, loaded, parameters
from operators.tree.scopes import rename
from operators.tree.syntax import as_function, is_import

MOST_CHARACTERS = 200_000
"""Replies are read no further: no component needs more."""

_RATIONALE = 300
_THINKING = r"think|thinking|thought|reasoning|reflection|scratchpad"
_CLOSED = re.compile(rf"<({_THINKING})>.*?</\1>", re.DOTALL | re.IGNORECASE)
_ORPHAN_END = re.compile(rf"^.*</(?:{_THINKING})>", re.DOTALL | re.IGNORECASE)
_ORPHAN_START = re.compile(rf"<(?:{_THINKING})>.*$", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})([^\n`]*)$")
_CODE_START = re.compile(r"^(?:import |from \w[\w.]* import |def \w+\()", re.MULTILINE)


class UnreadableError(Exception):
    """A reply holds no component; the message says what was expected and what came."""


class Draft(NamedTuple):
    """A component as a reply proposes it: its source, and the model's rationale."""

    source: str
    rationale: str


@dataclass(frozen=True)
class _Block:
    """A piece of code in a reply, and whether its fence was closed."""

    code: str
    is_whole: bool


def read_reply(reply: Reply, contract: Contract) -> Draft:
    """The component that a reply proposes.

    Raises:
        UnreadableError: there is none.
    """
    if reply.finish == "content_filter":
        raise UnreadableError("the server withheld the reply (content filter)")
    if reply.finish == "oversized":
        raise UnreadableError("the reply was too long to be read to its end")
    text = _without_thinking(reply.text[:MOST_CHARACTERS].replace("\r\n", "\n"))
    prose, blocks = _split(text)
    if not any(block.code.strip() for block in blocks):
        prose, blocks = _unfenced(text)
    cut = " (the reply was cut off at its token limit)" if reply.finish == "length" else ""
    problem = f"expected a fenced Python function `{contract.function}`, found no code{cut}"
    for block in reversed(blocks):
        try:
            return Draft(_component(block, contract), _rationale(prose))
        except UnreadableError as error:
            # The last block that tries to be a function is the one to speak of.
            if problem.endswith(f"found no code{cut}"):
                problem = f"{error}{cut}"
    raise UnreadableError(problem)


def _without_thinking(text: str) -> str:
    text = _CLOSED.sub("", text)
    text = _ORPHAN_END.sub("", text)  # some chat templates open the thinking themselves
    return _ORPHAN_START.sub("", text)


def _split(text: str) -> tuple[str, list[_Block]]:
    """Prose and fenced blocks; a fence that is never closed ends with the text."""
    prose: list[str] = []
    blocks: list[_Block] = []
    code: list[str] = []
    fence = ""
    for line in text.split("\n"):
        match = _FENCE.match(line)
        if not fence and match:
            fence, code = match[1], []
        elif fence and match and match[1].startswith(fence) and not match[2].strip():
            blocks.append(_Block("\n".join(code), is_whole=True))
            prose.append("")
            fence = ""
        else:
            (code if fence else prose).append(line)
    if fence:
        blocks.append(_Block("\n".join(code), is_whole=False))
    return "\n".join(prose), blocks


def _unfenced(text: str) -> tuple[str, list[_Block]]:
    """Prose and code of a reply without a fence, or of one that is a JSON object."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if isinstance(content, dict):
        values = [value for value in content.values() if isinstance(value, str)]
        prose = [value for value in values if "def " not in value]
        return "\n\n".join(prose), [_Block(v, is_whole=True) for v in values if "def " in v]
    match = _CODE_START.search(text)
    if match is None:
        return text, []
    return text[: match.start()], [_Block(text[match.start() :], is_whole=False)]


def _component(block: _Block, contract: Contract) -> str:
    """The source of a block's component, by the contract's names, without what it does not need."""
    tree = _parsed(block)
    tree.body = [as_function(part) for part in tree.body]
    entry = _entry(tree, contract)
    _adopt(tree, entry, contract)
    body = [part for part in tree.body if _may_stay(part)]
    # What comes after the function, such as an example of its use, is not part of it.
    end = body.index(entry)
    body = [part for i, part in enumerate(body) if i <= end or isinstance(part, ast.FunctionDef)]
    _supply_imports(body, contract)
    return "\n\n\n".join(_paragraphs(body)) + "\n"


def _parsed(block: _Block) -> ast.Module:
    """The syntax tree; what trails unfenced or unclosed code is dropped until the rest parses."""
    lines = _dedented(block.code).split("\n")
    first: SyntaxError | ValueError | None = None
    for end in range(len(lines), 0, -1):
        # A line within the function's body must not be lost: that would be another function.
        if first is not None and lines[end][:1] in (" ", "\t", "", ")", "]", "}"):
            if lines[end].strip():
                break
            continue
        try:
            return ast.parse("\n".join(lines[:end]))
        except (SyntaxError, ValueError) as error:
            first = first or error
        except (RecursionError, MemoryError):
            raise UnreadableError("expected plain Python, got code nested too deeply") from None
        if block.is_whole:
            break
    where = f"line {first.lineno}: {first.msg}" if isinstance(first, SyntaxError) else f"{first}"
    raise UnreadableError(f"expected valid Python, got code that does not parse ({where})")


def _dedented(code: str) -> str:
    """Code of a fence that is indented as a whole, such as in a list."""
    lines = code.expandtabs(4).split("\n")
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    margin = min(indents, default=0)
    return "\n".join(line[margin:] for line in lines)


def _entry(tree: ast.Module, contract: Contract) -> ast.FunctionDef:
    """The function that is meant: by its name, or the one that no other function calls."""
    functions = [part for part in tree.body if isinstance(part, ast.FunctionDef)]
    named = [part for part in functions if part.name == contract.function]
    if named:
        return named[-1]
    fitting = [part for part in functions if len(parameters(part.args)) >= len(contract.parameters)]
    called = loaded(functions)
    roots = [part for part in fitting if part.name not in called]
    if not roots:
        raise UnreadableError(
            f"expected a function `{contract.function}({', '.join(contract.parameters)})`, "
            "found none in the code"
        )
    return roots[-1]


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


def _may_stay(part: ast.stmt) -> bool:
    return isinstance(
        part, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.Assign | ast.AnnAssign
    )


def _supply_imports(body: list[ast.stmt], contract: Contract) -> None:
    """Add the contract's imports whose names are used and have no meaning, and drop unused ones."""
    used = loaded(part for part in body if not is_import(part))
    defined = {name for part in body for name in introduced(part)}
    missing: list[ast.stmt] = []
    for line in contract.imports:
        (statement,) = ast.parse(line).body
        if used.intersection(import_targets([statement])) - defined:
            missing.append(statement)
    body[:] = [
        *missing,
        *(part for part in body if not is_import(part) or used.intersection(bound(part))),
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


def _rationale(prose: str) -> str:
    """The first paragraph of the prose, on one line."""
    paragraphs = (re.sub(r"[#*_`>]+", "", part).split() for part in prose.split("\n\n"))
    lines = [" ".join(words) for words in paragraphs if words]
    line = next((line for line in lines if len(line) > 20), lines[0] if lines else "")
    line = re.sub(r"^rationale\s*:?\s*", "", line, flags=re.IGNORECASE)
    return line if len(line) <= _RATIONALE else line[: _RATIONALE - 1] + "…"
