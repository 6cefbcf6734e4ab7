"""Apply edits, old lines and new ones, to a source by its text."""

from collections.abc import Sequence
from typing import NamedTuple


class LineEdit(NamedTuple):
    """Lines to be replaced by others.

    Attributes:
        old: the lines as they are; empty for lines that are added at the top.
        new: the lines in their place.
        is_exact: whether all old lines must be there; otherwise lines that stay, at the beginning
            or end, are mere context, and may be spelled in another way.
    """

    old: list[str]
    new: list[str]
    is_exact: bool


def patched(source: str, edits: Sequence[LineEdit]) -> str:
    r"""The source after all edits; empty where one fits nowhere, or at several places.

    >>> patched("def f(x):\n    return x", [LineEdit(["return x"], ["return -x"], True)])
    'def f(x):\n    return -x'
    """
    for edit in edits:
        source = _patched(source, edit)
        if not source:
            return ""
    return source


def _patched(source: str, edit: LineEdit) -> str:
    for old, new in _forms(edit):
        if not any(line.strip() for line in old):
            is_top = all(not line.strip() or line.startswith(("import ", "from ")) for line in new)
            return "\n".join([*new, source]) if is_top else ""
        lines = source.split("\n")
        places = _places(lines, old)
        if len(places) == 1:
            start, end = places[0]
            return "\n".join([*lines[:start], *_moved(new, old, lines[start]), *lines[end:]])
        text = "\n".join(old).strip()
        if not places and source.count(text) == 1:
            return source.replace(text, "\n".join(new).strip())
    return ""


def _forms(edit: LineEdit) -> list[tuple[list[str], list[str]]]:
    """An edit as it stands, and without the lines around it that stay."""
    forms = [(edit.old, edit.new)]
    if edit.is_exact:
        return forms
    old, new = edit.old, edit.new
    while old and new and old[0].strip() == new[0].strip():
        old, new = old[1:], new[1:]
    while old and new and old[-1].strip() == new[-1].strip():
        old, new = old[:-1], new[:-1]
    return [*forms, (old, new)] if any(line.strip() for line in edit.old) else forms


def _places(lines: Sequence[str], old: Sequence[str]) -> list[tuple[int, int]]:
    """Ranges of lines that say the same as the old ones, whatever their spaces."""
    said = [(place, "".join(line.split())) for place, line in enumerate(lines) if line.strip()]
    wanted = ["".join(line.split()) for line in old if line.strip()]
    count = len(wanted)
    return [
        (said[first][0], said[first + count - 1][0] + 1)
        for first in range(len(said) - count + 1)
        if [text for _, text in said[first : first + count]] == wanted
    ]


def _moved(new: Sequence[str], old: Sequence[str], at: str) -> list[str]:
    """The new lines, as far to the right of the old ones' place as they were written."""
    first = next(line for line in old if line.strip())
    shift = _indent(at) - _indent(first)
    if shift >= 0:
        return [" " * shift + line if line.strip() else line for line in new]
    return [line[min(-shift, _indent(line)) :] for line in new]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
