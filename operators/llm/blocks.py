"""Split a reply into prose and blocks of code, in any layout that models use.

Code may stand between fences, in a JSON object, in a prompt of Python's shell or in a diff, or
without a fence. Nothing is decided here about which block is the answer.
"""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

from operators.llm.fences import CODE, Block, Layout, fenced, unquoted
from operators.llm.spelling import parses, unprefixed, visible

_CODE_LINE = re.compile(rf"^(?:{CODE}|[A-Za-z_]\w*(?:\s*:\s*[\w.\[\]]+)?\s*=\s*\S)")
_TAG = re.compile(r"^\s*</?[\w|-]{1,30}>|</?[\w|-]{1,30}>\s*$|^\[/?PYTHON\]\s*$")


def layout(text: str) -> Layout:
    """The prose and the code of a reply."""
    text = visible(text)
    split = fenced(text)
    if not any(block.code.strip() for block in split.blocks):
        return _object(text, before="") or _unfenced(text)
    blocks: list[Block] = []
    for block in split.blocks:
        inner = _object(block.code, before=block.before) if _looks_like_object(block.code) else None
        blocks += inner.blocks if inner else [block._replace(code=unprefixed(block.code))]
    return Layout(blocks, split.after)


def _looks_like_object(code: str) -> bool:
    return code.lstrip()[:1] in ("{", "[")


def _object(text: str, *, before: str) -> Layout | None:
    """The code and prose in the values of a JSON object, or of one that Python would print."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        return None
    content = _loaded(text[start : end + 1])
    if content is None:
        return None
    values = list(_texts(content))
    codes = [
        value for value in values if re.search(rf"(?:^|\n)\s*{CODE}", value) or "lambda" in value
    ]
    prose = [value for value in values if value not in codes]
    prose = [value for value in prose if " " in value] or prose
    blocks: list[Block] = []
    for code in codes:
        inner = fenced(code)
        blocks += inner.blocks or [Block(code, "", is_closed=True)]
    if not blocks:
        return None
    said = "\n\n".join([*prose, *([before] if before.strip() else [])])
    return Layout([blocks[0]._replace(before=said), *blocks[1:]], text[end + 1 :])


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def _texts(content: Any) -> Iterator[str]:
    """The texts of a structure, in order; a list of short lines is one text."""
    pending = [content]
    while pending:
        match pending.pop(0):
            case str(text):
                yield text
            case dict() as items:
                pending[:0] = list(items.values())
            case list() as items if items and all(isinstance(item, str) for item in items):
                yield "\n".join(items)
            case list() | tuple() as items:
                pending[:0] = list(items)
            case _:
                pass


def _unfenced(text: str) -> Layout:
    """Prose and code of a reply without fences: code goes on as long as lines look like it."""
    blocks: list[Block] = []
    prose: list[str] = []
    code: list[str] = []
    is_open = False
    full = [line for line in text.split("\n") if line.strip()]
    if all(line.startswith(">") and line[:3] != ">>>" for line in full):
        text = "\n".join(unquoted(line, line) for line in text.split("\n"))
    for line in (_TAG.sub("", line) for line in unprefixed(text).split("\n")):
        begins = bool(_CODE_LINE.match(line))
        goes_on = bool(code) and (not line.strip() or line[0] in " \t)]}#")
        if begins or goes_on or is_open:
            code.append(line)
            is_open ^= _opens_text(line)
            continue
        if code:
            blocks.append(Block("\n".join(code), "\n".join(prose), is_closed=True))
            code, prose = [], []
        prose.append(line)
    if code:
        blocks.append(Block("\n".join(code), "\n".join(prose), is_closed=False))
        prose = []
    kept = [block for block in blocks if parses(block.code) or re.search(CODE, block.code)]
    return Layout(kept, "\n".join(prose))


def _opens_text(line: str) -> bool:
    """True if a line begins or ends a text of several lines."""
    return bool((line.count('"""') + line.count("'''")) % 2)
