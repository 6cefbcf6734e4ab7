"""Split a reply into prose and blocks of code, in any layout that models use.

Fences may be indented, quoted, glued to code or prose, nested in a docstring, or never closed. Code
may stand in a JSON object, in a prompt of Python's shell or in a diff, or without a fence. Nothing
is decided here about which block is the answer.
"""

import ast
import html
import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple

_FENCE = re.compile(
    r"^(?P<prefix>[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?)(?P<mark>`{3,}|~{3,})(?P<info>.*)$"
)
_LANGUAGE = re.compile(r"[ \t]*\{?\.?(?P<language>[\w.+-]*)\}?(?P<rest>.*)$")
_CODE = r"(?:import |from \w[\w.]* import |(?:async )?def \w+\s*\(|class \w+|@\w)"
_CODE_LINE = re.compile(rf"^(?:{_CODE}|[A-Za-z_]\w*(?:\s*:\s*[\w.\[\]]+)?\s*=\s*\S)")
_INLINE = re.compile(rf"^(?:(?:python3?|py)?\s*)(?P<code>{_CODE}.*)$", re.IGNORECASE)
_GLUED_OPENING = re.compile(r"(?P<mark>`{3,}|~{3,})(?P<info>(?:python3?|py)?)$", re.IGNORECASE)
_SHELL = re.compile(r"^(?:>>>|\.\.\.)(?: |$)")
_NUMBER = re.compile(r"^\s*\d+(?: ?[|:.])?(?=\s|$)")
_TAG = re.compile(r"^\s*</?[\w|-]{1,30}>|</?[\w|-]{1,30}>\s*$|^\[/?PYTHON\]\s*$")
_TYPOGRAPHIC = str.maketrans("“”„‟″‘’‚‛′−‐‑–—×÷", "\"\"\"\"\"'''''-----*/")
_SPACES = re.compile(r"[^\S\n\t ]")
_MOST_CLOSINGS = 8
"""Closing fences that are tried for one block."""
_MOST_CODE = 40_000
"""Characters of code that are parsed: longer components are refused in any case."""
_THOUGHTS = frozenset({"think", "thinking", "thought", "thoughts", "reasoning", "scratchpad"})
_PROSE = frozenset({"text", "txt", "markdown", "md", "latex", "math"})


class Block(NamedTuple):
    """A piece of code and the prose around it.

    Attributes:
        code: as the model wrote it, without quoting and invisible characters.
        before: the prose between the block before and this one.
        is_closed: whether its end is marked, so that nothing of it is missing.
    """

    code: str
    before: str
    is_closed: bool


class Layout(NamedTuple):
    """The blocks of a reply, in order, and the prose after the last."""

    blocks: list[Block]
    after: str


def layout(text: str) -> Layout:
    """The prose and the code of a reply."""
    text = _visible(text)
    fenced = _fenced(text)
    if not any(block.code.strip() for block in fenced.blocks):
        return _object(text, before="") or _unfenced(text)
    blocks: list[Block] = []
    for block in fenced.blocks:
        inner = _object(block.code, before=block.before) if _looks_like_object(block.code) else None
        blocks += inner.blocks if inner else [block._replace(code=_plain(block.code))]
    return Layout(blocks, fenced.after)


def spellings(code: str) -> Iterator[str]:
    """The code, and other readings of its characters in case that it does not parse."""
    ascii_signs = code.translate(_TYPOGRAPHIC)
    unescaped = html.unescape(ascii_signs).replace("Â ", " ").translate(_TYPOGRAPHIC)
    narrow = "".join(_narrow(sign) for sign in unescaped)
    lines = code
    if "\n" not in code.strip() and "\\n" in code:
        lines = code.replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"')
    yield from dict.fromkeys((code, ascii_signs, unescaped, narrow, lines))


def parses(code: str) -> bool:
    """True if the code is valid Python and not empty."""
    if len(code) > _MOST_CODE:
        return False
    for spelling in spellings(code):
        try:
            return bool(ast.parse(dedented(spelling)).body)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return False


def dedented(code: str) -> str:
    """Code without the indentation that all of its lines share, such as that of a list."""
    lines = code.expandtabs(4).split("\n")
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    margin = min(indents, default=0)
    return "\n".join(line[margin:] for line in lines)


def _visible(text: str) -> str:
    """The text with ordinary line ends and spaces, and without characters of no width."""
    text = text.replace("ï»¿", "")  # a byte order mark, read in another encoding
    text = re.sub(r"\r\n?|[\u2028\u2029\x85]", "\n", text)
    text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    return _SPACES.sub(" ", text)


def _narrow(sign: str) -> str:
    is_wide = unicodedata.east_asian_width(sign) in ("F", "W")
    return unicodedata.normalize("NFKC", sign) if is_wide else sign


def _fenced(text: str) -> Layout:
    blocks: list[Block] = []
    prose: list[str] = []
    lines = text.split("\n")
    place = 0
    while place < len(lines):
        line = lines[place]
        place += 1
        opening = _opening(line)
        if opening is None:
            prose.append(_unquoted(line, line))
            continue
        prose.append(opening.prose)
        end, code, rest, is_closed = _closing(lines, place, opening)
        if opening.language not in _THOUGHTS | _PROSE:
            blocks.append(Block(code, "\n".join(prose), is_closed))
            prose = []
        place = end
        if rest:
            lines.insert(place, rest)
    return Layout(blocks, "\n".join(prose))


class _Opening(NamedTuple):
    """An opening fence: its marks, its quoting, and what else stands on its line."""

    mark: str
    quoting: str
    language: str
    code: str
    prose: str


def _opening(line: str) -> _Opening | None:
    match = _FENCE.match(line)
    if match is None:
        line = line.rstrip()
        glued = _GLUED_OPENING.search(line[-20:])
        prose = line[: -len(glued[0])] if glued else ""
        if glued is None or glued["mark"] in prose:
            return None
        return _Opening(glued["mark"], "", glued["info"].lower(), "", prose)
    quoting = "".join(match["prefix"].split()).strip("-*+.)0123456789")
    info = match["info"]
    inline = _INLINE.match(info.strip())
    if inline:
        return _Opening(match["mark"], quoting, "python", inline["code"], "")
    if match["mark"][0] in info:
        return None
    named = _LANGUAGE.match(info)
    assert named is not None
    return _Opening(match["mark"], quoting, named["language"].lower(), "", "")


def _closing(lines: list[str], start: int, opening: _Opening) -> tuple[int, str, str, bool]:
    """The next line after a block, its code, prose glued to its end, and whether it is closed."""
    first: tuple[int, str, str, bool] | None = None
    code: list[str] = []
    if opening.code:
        head, mark, rest = opening.code.partition(opening.mark)
        if mark:
            return start, head, rest, True
        code.append(head)
    tried = length = 0
    for place in range(start, len(lines)):
        line = _unquoted(lines[place], opening.quoting)
        stripped = line.strip()
        if opening.mark in line:
            head, _, rest = (
                line.rpartition(opening.mark)
                if stripped.endswith(opening.mark)
                else line.partition(opening.mark)
            )
            is_plain = not stripped.strip(opening.mark[0])
            is_next = not head.strip() and not is_plain and _is_language(rest)
            ended = "\n".join([*code, head.rstrip(opening.mark[0])] if head.strip() else code)
            tried += 1
            if tried > _MOST_CLOSINGS:
                pass
            elif is_next:
                # A block that was left open ends where the next one begins.
                if parses(ended):
                    return place, ended, "", True
            else:
                result = (place + 1, ended, "" if is_plain else rest.strip("`~ "), True)
                if not ended.strip() or parses(ended):
                    return result
                if is_plain:
                    first = first or result
        code.append(line)
        length += len(line)
        if first and (tried >= _MOST_CLOSINGS or length > _MOST_CODE):
            break
    # No end makes it valid: the first is meant, and what is wrong with the code can be said.
    return first or (len(lines), "\n".join(code), "", False)


def _is_language(rest: str) -> bool:
    return bool(re.fullmatch(r"[ \t]*[\w.+-]+(?:[ \t]+\S+=\S+)*[ \t]*", rest))


def _unquoted(line: str, quoting: str) -> str:
    """A line without the quote markers that the fence has, or all of them in prose."""
    marks = quoting.count(">") if quoting is not line else len(line)
    for _ in range(marks):
        shorter = re.sub(r"^[ \t]{0,3}> ?", "", line)
        if shorter == line:
            break
        line = shorter
    return line


def _plain(code: str) -> str:
    """Code without the prompts of a shell, the marks of a diff, or the numbers of lines."""
    lines = code.split("\n")
    full = [line for line in lines if line.strip()]
    if any(line.startswith(">>>") for line in full):
        return "\n".join(line[4:] for line in lines if _SHELL.match(line))
    if full and not parses(code):
        if all(line[0] in "+- @" for line in full) and any(line[0] == "+" for line in full):
            return "\n".join(
                line[1:] for line in lines if line[:1] in ("+", " ") and line[:3] != "+++"
            )
        if len(full) > 1 and all(map(_NUMBER.match, full)):
            bare = [_NUMBER.sub("", line) for line in lines]
            return "\n".join(line[1:] if line.startswith(" ") else line for line in bare)
    return code


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
        value for value in values if re.search(rf"(?:^|\n)\s*{_CODE}", value) or "lambda" in value
    ]
    prose = [value for value in values if value not in codes]
    prose = [value for value in prose if " " in value] or prose
    blocks: list[Block] = []
    for code in codes:
        inner = _fenced(code)
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
        text = "\n".join(_unquoted(line, line) for line in text.split("\n"))
    for line in (_TAG.sub("", line) for line in _plain(text).split("\n")):
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
    kept = [block for block in blocks if parses(block.code) or re.search(_CODE, block.code)]
    return Layout(kept, "\n".join(prose))


def _opens_text(line: str) -> bool:
    """True if a line begins or ends a text of several lines."""
    return bool((line.count('"""') + line.count("'''")) % 2)
