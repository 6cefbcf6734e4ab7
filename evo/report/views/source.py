"""Source of a component within the width of a terminal."""

import re
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.syntax import Syntax
from rich.text import Text

_INDENT = 4
_BREAK = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<open>[(\[{])|(?P<close>[)\]}])"""
    r"|(?P<after>(?<=,) )|(?P<before> (?=(?:[-+&|]|and|or|if|else|for) ))"
    r"|(?P<late> (?=(?:[*/%@]{1,2}|[<>]=?|[=!]=|in|is|not) ))"
)
"""Brackets and texts, and the spaces at which a line of `ast.unparse` may be broken."""


class FoldedSource:
    """Highlighted source whose long lines are broken, and whose last lines may be left out.

    Args:
        source: normalised.
        most_lines: lines to show, at least 2.
        rest: where the whole is to be had, for the line that says how many are left out.
    """

    def __init__(self, source: str, *, most_lines: int, rest: str) -> None:
        self._source = source
        self._most_lines = most_lines
        self._rest = rest

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        longest = max(map(len, self._source.splitlines()), default=0)
        return Measurement(min(longest, options.max_width), min(longest, options.max_width))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = fold(self._source, options.max_width)
        left_out = len(lines) - self._most_lines + 1 if len(lines) > self._most_lines else 0
        shown = lines[: len(lines) - left_out]
        yield Syntax("\n".join(shown), "python", word_wrap=True, background_color="default")
        if left_out:
            yield Text(f"… {left_out} more lines: {self._rest}", style="dim")


def fold(source: str, width: int) -> list[str]:
    r"""Lines of a source, those longer than `width` broken before operators and after commas.

    What continues a line stands further to the right than what follows it.

    >>> print("\n".join(fold("def f(x):\n    return torch.tanh(2 * x) + torch.sin(x)", 28)))
    def f(x):
        return torch.tanh(2 * x)
            + torch.sin(x)
    """
    return [part for line in source.splitlines() for part in _folded(line, width)]


def _folded(line: str, width: int) -> Iterator[str]:
    indent = len(line) - len(line.lstrip())
    margin = " " * min(indent + _INDENT, width // 3)
    while len(line) > width:
        at = _best_break(line, width)
        if at is None:
            return (yield line)
        yield line[:at].rstrip()
        line = margin + line[at:].lstrip()
    yield line


def _best_break(line: str, width: int) -> int | None:
    """Place to break a line at, the outermost after a third of the width; None without any."""
    indent = len(line) - len(line.lstrip())
    depth = 0
    places: list[tuple[bool, int, int]] = []
    for match in _BREAK.finditer(line, indent):
        at = match.start()
        if at > width and places:
            break
        match match.lastgroup:
            case "open":
                depth += 1
            case "close":
                depth -= 1
            case "after" | "before" | "late":
                is_short = at < indent + (width - indent) // 3
                places.append((is_short, 2 * depth + (match.lastgroup == "late"), -at))
            case _:
                pass
    return -min(places)[2] if places else None
