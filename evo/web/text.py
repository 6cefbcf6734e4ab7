"""Hostile text on its way to a page: visible, escaped, highlighted, compared; never markup."""

import difflib
from typing import NamedTuple
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from evo.core.visible import visible

_FORMATTER = HtmlFormatter(nowrap=True, classprefix="c-")


class DiffLine(NamedTuple):
    """One line of a comparison: "same", "added" or "removed"."""

    kind: str
    text: str


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
    """The lines of two sources, those that differ marked."""
    kinds = {" ": "same", "+": "added", "-": "removed"}
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [DiffLine(kinds[line[0]], line[2:]) for line in lines if line[0] in kinds]


def templates(package: str = "evo.web") -> Environment:
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
    environment.filters["urlencode"] = quoted
    environment.filters["number"] = number_text
    environment.filters["duration"] = duration_text
    return environment


def _finalized(value: object) -> object:
    """A value as templates print it; markup of our own is a subclass of text and stays."""
    return visible(value) if type(value) is str else value


def quoted(text: str) -> str:
    """Text as one part of an address."""
    return quote(text.encode("utf-8", "replace"), safe="")


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
