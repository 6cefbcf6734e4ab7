"""Split a reply into prose and blocks of code, in any layout that models use.

Code may stand between fences, in a JSON object, in a prompt of Python's shell or in a diff, or
without a fence. Nothing is decided here about which block is the answer.
"""

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

from operators.llm.fences import CODE, THOUGHTS_FENCE, CodeBlock, Layout, fenced_blocks, unquoted
from operators.llm.spelling import dedented, ordinary_text, parses, unprefixed

_CODE_LINE = re.compile(rf"^(?:{CODE}|[A-Za-z_]\w*(?:\s*:\s*[\w.\[\]]+)?\s*=\s*\S)")
_MARKUP = r"(?:</?[\w|:-]{1,30}(?: [^<>\n]{0,80})?>|<!\[CDATA\[|\]\]>)"
_TAG = re.compile(rf"^\s*(?:{_MARKUP}){{1,9}}|(?:{_MARKUP}){{1,9}}\s*$|^\[/?PYTHON\]\s*$")
_SPAN = re.compile(r"(?<!`)`([^`\n]{10,2000})`(?!`)")
_YAML_TEXT = re.compile(r"^ *(?:- )?[\w-]+: *[|>][-+]?\s*$", re.MULTILINE)


def layout(text: str) -> Layout:
    """The prose and the code of a reply."""
    text = ordinary_text(text)
    split = fenced_blocks(text)
    if not any(block.code.strip() for block in split.blocks):
        whole = _object(text, before="")
        if whole is not None:
            return whole
        outside = split.after if THOUGHTS_FENCE.search(text) else text
        split = _unfenced(outside)
        split = split if split.blocks else _inline(outside)
    blocks: list[CodeBlock] = []
    for block in split.blocks:
        inner = _inner(block)
        blocks += inner.blocks if inner else [block._replace(code=unprefixed(block.code))]
    return Layout(blocks, split.after)


def _inner(block: CodeBlock) -> Layout | None:
    """The code in the texts of a block that holds data; None where it is code itself."""
    if block.code.lstrip()[:1] in ("{", "["):
        return _object(block.code, before=block.before)
    if _YAML_TEXT.search(block.code):
        inner = _unfenced(block.code)
        return inner if inner.blocks else None
    return _of_texts(_assigned(block.code), block.before, "")


def _object(text: str, *, before: str) -> Layout | None:
    """The code and prose in the values of a JSON object, or of one that Python would print."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        return None
    content = _loaded(text[start : end + 1])
    if content is None:
        lines = (line.strip() for line in text.split("\n"))
        content = [_loaded(line) for line in lines if line[:1] == "{"]
    return _of_texts(list(_texts(content)), before, text[end + 1 :])


def _assigned(code: str) -> list[str]:
    """The texts of a block that assigns or shows nothing but texts, as TOML does."""
    if '"""' not in code and "'''" not in code:
        return []
    try:
        body = ast.parse(code.strip()).body
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return []
    values = [part.value for part in body if isinstance(part, ast.Assign | ast.Expr)]
    texts = [
        value.value
        for value in values
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    ]
    return texts if len(texts) == len(body) else []


def _of_texts(values: list[str], before: str, after: str) -> Layout | None:
    """The blocks among some texts, with the others as prose; None where no text is code."""
    codes = [
        value for value in values if re.search(rf"(?:^|\n)\s*{CODE}", value) or "lambda" in value
    ]
    prose = [value for value in values if value not in codes]
    prose = [value for value in prose if " " in value] or prose
    blocks: list[CodeBlock] = []
    for code in codes:
        inner = fenced_blocks(code)
        blocks += inner.blocks or [CodeBlock(code, "", is_closed=True)]
    if not blocks:
        return None
    if not blocks[0].before.strip():  # the texts beside it speak of it
        said = "\n\n".join([*prose, *([before] if before.strip() else [])])
        blocks[0] = blocks[0]._replace(before=said)
    return Layout(blocks, after)


def _loaded(text: str) -> Any:
    for form in (text, re.sub(r"^\s*(?://|#).*$", "", text, flags=re.MULTILINE)):
        try:
            return json.loads(form, strict=False)
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
            case str(text) if text.lstrip()[:2] in ('{"', "{\n") and (inner := _loaded(text)):
                pending.insert(0, inner)  # such as the arguments of a call
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


def _unfenced(text: str, *, is_flat: bool = False) -> Layout:
    """Prose and code of a reply without fences: code goes on as long as lines look like it.

    Args:
        text: the reply.
        is_flat: whether indented code has been moved to the margin.
    """
    blocks: list[CodeBlock] = []
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
            blocks.append(CodeBlock("\n".join(code), "\n".join(prose), is_closed=True))
            code, prose = [], []
        prose.append(line)
    if code:
        blocks.append(CodeBlock("\n".join(code), "\n".join(prose), is_closed=False))
        prose = []
    kept = [block for block in blocks if parses(block.code) or re.search(CODE, block.code)]
    if not kept and not is_flat:
        return _unfenced(_flattened(text), is_flat=True)
    return Layout(kept, "\n".join(prose))


def _inline(text: str) -> Layout:
    """Functions that stand between single backticks within the prose."""
    codes = [code for code in _SPAN.findall(text) if code.startswith("def ") and parses(code)]
    return Layout([CodeBlock(code, text, is_closed=True) for code in codes], "")


def _flattened(text: str) -> str:
    """The text with indented stretches of code moved to its margin."""
    flat: list[str] = []
    stretch: list[str] = []
    for line in [*text.split("\n"), "end"]:
        if not line.strip() or line[0] in " \t":
            stretch.append(line)
            continue
        code = dedented("\n".join(stretch))
        flat += code.split("\n") if re.match(rf"\s*{CODE}", code) else stretch
        flat.append(line)
        stretch = []
    return "\n".join(flat[:-1])


def _opens_text(line: str) -> bool:
    """True if a line begins or ends a text of several lines."""
    return bool((line.count('"""') + line.count("'''")) % 2)
