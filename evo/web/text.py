"""Hostile text on its way to a page: visible, escaped, highlighted, compared; never markup."""

import difflib
import re
from collections.abc import Sequence
from typing import Any, NamedTuple, cast
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from evo.core.visible import visible
from evo.report.facts.figures import figure_interval

_WORD = re.compile(r"\d[\d.]*|\w+|\s+|.")
_ALIKE = 0.5
"""Share of words that two lines have in common from which on the others are marked."""
_MOST_COMPARED = 250_000
"""Pairs of lines or words that are compared at most."""
_FORMATTER = HtmlFormatter(nowrap=True, classprefix="c-")


class DiffPart(NamedTuple):
    """A stretch of a line, and whether it is what differs from the other line."""

    text: str
    differs: bool


class DiffLine(NamedTuple):
    """One line of a comparison: "same", "added" or "removed", in parts."""

    kind: str
    parts: Sequence[DiffPart]


def highlighted(source: str) -> Markup:
    """Python source as escaped markup with a class per token."""
    return Markup(highlight(visible(source), PythonLexer(), _FORMATTER))  # noqa: S704 - it escapes


def highlight_styles() -> str:
    """The style sheet of `highlighted`, for a light and a dark page."""
    light = HtmlFormatter(style="default", classprefix="c-").get_style_defs(".source")
    dark = HtmlFormatter(style="github-dark", classprefix="c-").get_style_defs(
        ":root[data-theme=dark] .source"
    )
    system = HtmlFormatter(style="github-dark", classprefix="c-").get_style_defs(
        ":root:not([data-theme=light]) .source"
    )
    return f"{light}\n{dark}\n@media (prefers-color-scheme: dark) {{\n{system}\n}}\n"


def difference(before: str, after: str) -> list[DiffLine]:
    r"""The lines of two sources; of lines that take each other's place, the words that differ.

    >>> [line.kind for line in difference("a\nb\nc", "a\nc")]
    ['same', 'removed', 'same']
    >>> [part.text for part in difference("x = f(1.0)", "x = f(2.5)")[1].parts if part.differs]
    ['2.5']
    """
    old, new = before.splitlines(), after.splitlines()
    lines: list[DiffLine] = []
    for tag, start, end, new_start, new_end in _changes(old, new):
        removed, added = old[start:end], new[new_start:new_end]
        if tag == "equal":
            lines += [DiffLine("same", [DiffPart(line, differs=False)]) for line in removed]
            continue
        pairs = [_words(*pair) for pair in zip(removed, added, strict=False)]
        lines += [DiffLine("removed", parts) for parts, _ in pairs]
        lines += [DiffLine("removed", [DiffPart(r, differs=False)]) for r in removed[len(pairs) :]]
        lines += [DiffLine("added", parts) for _, parts in pairs]
        lines += [DiffLine("added", [DiffPart(a, differs=False)]) for a in added[len(pairs) :]]
    return lines


def _words(before: str, after: str) -> tuple[list[DiffPart], list[DiffPart]]:
    """Both lines in parts; where they have little in common nothing is marked."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    changes = _changes(old, new)
    same = sum(end - start for tag, start, end, _, _ in changes if tag == "equal")
    is_alike = 2 * same >= _ALIKE * (len(old) + len(new))
    removed: list[DiffPart] = []
    added: list[DiffPart] = []
    for tag, start, end, new_start, new_end in changes:
        differs = tag != "equal" and is_alike
        removed.append(DiffPart("".join(old[start:end]), differs))
        added.append(DiffPart("".join(new[new_start:new_end]), differs))
    return [part for part in removed if part.text], [part for part in added if part.text]


def _changes(
    before: Sequence[str], after: Sequence[str]
) -> Sequence[tuple[str, int, int, int, int]]:
    if len(before) * len(after) > _MOST_COMPARED:  # would take seconds
        return [("replace", 0, len(before), 0, len(after))]
    return difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()


def page_templates(package: str = "evo.web") -> Environment:
    """The page templates of a package; every value is made visible and escaped."""
    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    environment.filters["highlighted"] = highlighted
    environment.filters["urlencode"] = address_quoted
    environment.filters["number"] = number_text
    environment.filters["significant"] = significant_text
    environment.filters["figure"] = cast(
        "Any", figure_interval
    )  # jinja types its own filters alone
    environment.filters["duration"] = duration_text
    return environment


def _finalized(value: object) -> object:
    """A value as templates print it; markup of our own is a subclass of text and stays."""
    return visible(value) if type(value) is str else value


def address_quoted(text: str) -> str:
    """Text as one part of an address."""
    return quote(text.encode("utf-8", "replace"), safe="")


def significant_text(value: float | None) -> str:
    """A number of any size in four digits, for a table; a dash for none.

    >>> significant_text(0.000123456), significant_text(None)
    ('0.0001235', '–')
    """
    return "–" if value is None else f"{value:.4g}"


def number_text(value: float | None, digits: int = 3) -> str:
    """A number for a table; a dash for none.

    >>> number_text(0.12345), number_text(None), number_text(float("nan"))
    ('0.123', '–', '–')
    """
    return "–" if value is None or value != value else f"{value:.{digits}f}"  # noqa: PLR0124 - NaN


def duration_text(seconds: float) -> str:
    """Seconds in words, short.

    >>> duration_text(42), duration_text(300), duration_text(9000)
    ('42 s', '5 min', '2 h 30 min')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
