"""Split a reply at its Markdown fences.

Fences may be indented, quoted, glued to code or prose, nested in a docstring, or never closed.
"""

import re
from typing import NamedTuple

from operators.llm.spelling import MOST_CODE, parses

CODE = r"(?:import |from \w[\w.]* import |(?:async )?def \w+\s*\(|class \w+|@\w)"
"""Pattern of what a line of code begins with."""
_FENCE = re.compile(
    r"^(?P<prefix>[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?)(?P<mark>`{3,}|~{3,})(?P<info>.*)$"
)
_LANGUAGE = re.compile(r"[ \t]*\{?\.?(?P<language>[\w.+-]*)\}?(?P<rest>.*)$")
_INLINE = re.compile(rf"^(?:(?:python3?|py)?\s*)(?P<code>{CODE}.*)$", re.IGNORECASE)
_GLUED_OPENING = re.compile(r"(?P<mark>`{3,}|~{3,})(?P<info>(?:python3?|py)?)$", re.IGNORECASE)
_MOST_CLOSINGS = 8
"""Closing fences that are tried for one block."""
_THOUGHTS = frozenset({"think", "thinking", "thought", "thoughts", "reasoning", "scratchpad"})
THOUGHTS_FENCE = re.compile(
    rf"^[ \t>]*(?:`{{3,}}|~{{3,}}) ?(?:{'|'.join(sorted(_THOUGHTS))})\s*$",
    re.IGNORECASE | re.MULTILINE,
)
"""Opens a block of thoughts."""
_PROSE = frozenset({"text", "txt", "markdown", "md", "latex", "math"})


class CodeBlock(NamedTuple):
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

    blocks: list[CodeBlock]
    after: str


def fenced_blocks(text: str) -> Layout:
    """The fenced blocks of a text, and the prose around them."""
    blocks: list[CodeBlock] = []
    prose: list[str] = []
    lines = text.split("\n")
    place = 0
    while place < len(lines):
        line = lines[place]
        place += 1
        opening = _opening(line)
        if opening is None:
            prose.append(unquoted(line, line))
            continue
        prose.append(opening.prose)
        end, code, rest, is_closed = _closing(lines, place, opening)
        if opening.language not in _THOUGHTS | _PROSE:
            blocks.append(CodeBlock(code, "\n".join(prose), is_closed))
            prose = []
        place = end
        if rest:
            lines.insert(place, rest)
    return Layout(blocks, "\n".join(prose))


def unquoted(line: str, quoting: str) -> str:
    """A line without the quote markers that the fence has, or all of them in prose."""
    marks = quoting.count(">") if quoting is not line else len(line)
    for _ in range(marks):
        shorter = re.sub(r"^[ \t]{0,3}> ?", "", line)
        if shorter == line:
            break
        line = shorter
    return line


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
        line = unquoted(lines[place], opening.quoting)
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
        if first and (tried >= _MOST_CLOSINGS or length > MOST_CODE):
            break
    # No end makes it valid: the first is meant, and what is wrong with the code can be said.
    return first or (len(lines), "\n".join(code), "", False)


def _is_language(rest: str) -> bool:
    return bool(re.fullmatch(r"[ \t]*[\w.+-]+(?:[ \t]+\S+=\S+)*[ \t]*", rest))
