"""Apply the edits of a reply to the component that its prompt showed.

Coding agents are used to files: they answer with search/replace blocks, patches, diffs, or the
arguments of an editor's tool. The edited component then takes the place of its edits in the reply,
so that all else is read as if the model had written it out. Nothing is executed.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from operators.llm.patching import LineEdit, patched

_SEARCH = re.compile(r"^[ \t>]*<{5,9} ?(?:SEARCH|ORIGINAL|HEAD|OLD|BEFORE|CURRENT)?\b[^<>]{0,80}$")
_MIDDLE = re.compile(r"^[ \t>]*={5,9} *$")
_REPLACE = re.compile(r"^[ \t>]*>{5,9} ?(?:REPLACE|UPDATED|NEW|AFTER)?\b[^<>]{0,80}$")
_BEGIN, _END = "*** Begin Patch", "*** End Patch"
_HUNK = re.compile(r"^@@")
_OLD_FILE, _NEW_FILE = re.compile(r"^--- \S"), re.compile(r"^\+\+\+ \S")
_FENCE = re.compile(r"^[ \t>]*(?:`{2,}|~{3,}) *(?P<info>[\w.+-]*)")
_TAGGED = re.compile(
    r"<(?P<old>old\w*|search|original|before|find)>(?P<from>[^<]{1,4000})</(?P=old)>\s*"
    r"<(?P<new>new\w*|replace|updated|after)>(?P<to>[^<]{1,4000})</(?P=new)>"
)
_OLD_KEYS = ("old_str", "old_string", "old_text", "oldText", "search", "original", "old", "find")
_NEW_KEYS = ("new_str", "new_string", "new_text", "newText", "replace", "updated", "new")
_MOST_OBJECTS = 20
_MOST_EDITS = 50


class Edited(NamedTuple):
    """A reply with the edited component in place of its edits.

    Attributes:
        text: the reply.
        problem: reason why its edits could not be applied; empty where there are none, or all were.
    """

    text: str
    problem: str = ""


class _Region(NamedTuple):
    """Lines of a reply that hold edits: from `start` up to `end`."""

    start: int
    end: int
    edits: list[LineEdit]


def edited_reply(text: str, parents: Sequence[str]) -> Edited:
    r"""The reply with its edits applied to the one component that they fit.

    Args:
        text: the reply, without thoughts.
        parents: sources as the prompt showed them.

    >>> edit = "<<<<<<< SEARCH\n    return x\n=======\n    return -x\n>>>>>>> REPLACE"
    >>> print(edited_reply(edit, ["def f(x):\n    return x"]).text)
    ```python
    def f(x):
        return -x
    ```
    """
    lines = text.split("\n")
    regions = [*_marked(lines)] or [*_patches(lines)] or [*_diffs(lines)]
    if not regions:
        return _of_tool(text, parents)
    edits = [edit for region in regions for edit in region.edits]
    results = _results(edits, parents)
    if len(results) != 1:
        is_diff = regions[0].edits and not regions[0].edits[0].is_exact
        kept = text if is_diff else "\n".join(_without(lines, regions, ""))
        return Edited(kept, _problem(parents, len(results)))
    return Edited("\n".join(_without(lines, regions, results[0])))


def _of_tool(text: str, parents: Sequence[str]) -> Edited:
    """The same for edits as the arguments of an editor's tool, in JSON or between tags."""
    decoder, place, edits, first, last = json.JSONDecoder(strict=False), 0, list[LineEdit](), -1, 0
    for _ in range(_MOST_OBJECTS):
        place = text.find("{", place)
        if place < 0 or len(edits) > _MOST_EDITS:
            break
        try:
            content, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            place += 1
            continue
        if new := [*_edits_of(content)]:
            edits += new
            first, last = (place if first < 0 else first), end
        place = end
    if not edits:
        tagged = list(_TAGGED.finditer(text))
        if not tagged:
            return Edited(text)
        edits = [_edit(pair["from"], pair["to"]) for pair in tagged[:_MOST_EDITS]]
        first, last = tagged[0].start(), tagged[-1].end()
    results = _results(edits, parents)
    if len(results) != 1:
        return Edited(text, _problem(parents, len(results)))
    return Edited(f"{text[:first]}\n```python\n{results[0]}\n```\n{text[last:]}")


def _edits_of(content: Any) -> Iterator[LineEdit]:
    """Pairs of an old and a new text anywhere in a structure."""
    pending = [content]
    while pending:
        match pending.pop(0):
            case dict() as items:
                old = next((items[key] for key in _OLD_KEYS if key in items), None)
                new = next((items[key] for key in _NEW_KEYS if key in items), None)
                if isinstance(old, str) and isinstance(new, str):
                    yield _edit(old, new)
                else:
                    pending[:0] = list(items.values())
            case list() as items:
                pending[:0] = list(items)
            case str(text) if text.lstrip()[:2] == '{"':
                try:
                    pending.insert(0, json.loads(text, strict=False))
                except (ValueError, RecursionError):
                    continue
            case _:
                pass


def _edit(old: str, new: str) -> LineEdit:
    return LineEdit(old.strip("\n").split("\n"), new.strip("\n").split("\n"), is_exact=True)


def _results(edits: Sequence[LineEdit], parents: Sequence[str]) -> list[str]:
    """The different sources that the edits make, one per parent that they fit."""
    results = [patched(parent, edits) for parent in dict.fromkeys(parents)]
    return list(dict.fromkeys(result for result in results if result))


def _problem(parents: Sequence[str], count: int) -> str:
    if not parents:
        return "expected a whole function, got an edit of a component that was not shown"
    if count:
        return "expected a whole function, got an edit that fits several of the components shown"
    return (
        "expected a whole function, got an edit whose old lines are not in the component shown; "
        "send the function as a whole"
    )


def _marked(lines: Sequence[str]) -> Iterator[_Region]:
    """Search/replace blocks."""
    start, middle = -1, -1
    for place, line in enumerate(lines):
        if _SEARCH.match(line):
            start, middle = place, -1
        elif start >= 0 and middle < 0 and _MIDDLE.match(line):
            middle = place
        elif middle >= 0 and _REPLACE.match(line):
            old, new = list(lines[start + 1 : middle]), list(lines[middle + 1 : place])
            yield _Region(start, place + 1, [LineEdit(old, new, is_exact=True)])
            start, middle = -1, -1


def _patches(lines: Sequence[str]) -> Iterator[_Region]:
    """Patches between `*** Begin Patch` and `*** End Patch`."""
    start = -1
    for place, line in enumerate(lines):
        if line.strip() == _BEGIN:
            start = place
        elif line.strip() == _END and start >= 0:
            inner = [one for one in lines[start + 1 : place] if not one.startswith("*** ")]
            yield _Region(start, place + 1, [*_hunks(inner)])
            start = -1


def _diffs(lines: Sequence[str]) -> Iterator[_Region]:
    """Unified diffs, in a fence that calls itself one or bare."""
    start, is_fenced = -1, False
    for place, line in enumerate([*lines, "."]):
        fence = _FENCE.match(line)
        if start < 0:
            if fence and fence["info"].lower() in ("diff", "patch", "udiff"):
                start, is_fenced = place + 1, True
            elif _OLD_FILE.match(line) and _NEW_FILE.match("".join(lines[place + 1 : place + 2])):
                start, is_fenced = place, False
            continue
        is_over = bool(fence) if is_fenced else bool(line.strip()) and line[0] not in "+-@ \\"
        if is_over:
            if edits := [*_hunks(lines[start:place])]:
                yield _Region(start, place, edits)
            start = -1


def _hunks(lines: Sequence[str]) -> Iterator[LineEdit]:
    """The edits of a diff's lines."""
    old: list[str] = []
    new: list[str] = []
    for line in [*lines, "@@"]:
        if _HUNK.match(line):
            if old != new:
                yield LineEdit(old, new, is_exact=False)
            old, new = [], []
        elif _OLD_FILE.match(line) or _NEW_FILE.match(line) or line.startswith("\\"):
            pass
        elif line.startswith("+"):
            new.append(line[1:])
        elif line.startswith("-"):
            old.append(line[1:])
        else:
            bare = line[1:] if line.startswith(" ") else line
            old.append(bare)
            new.append(bare)


def _without(lines: Sequence[str], regions: Sequence[_Region], source: str) -> list[str]:
    """The lines with a component in place of the last region, in a fence of its own."""
    kept: list[str] = []
    is_fenced, place = False, 0
    for region in regions:
        for line in lines[place : region.start]:
            is_fenced ^= bool(_FENCE.match(line))
            kept.append(line)
        place = region.end
    if source:
        if is_fenced and kept and _FENCE.match(kept[-1]):
            kept[-1] = "```python"
            return [*kept, source, "```", *lines[place + 1 :]]
        kept += [source] if is_fenced else ["```python", source, "```"]
    return [*kept, *lines[place:]]
