"""Hostile text on its way to a page: visible, escaped, highlighted, compared; never markup."""

import difflib
import re
from typing import NamedTuple
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Characters that are not seen, or that change the order in which text is read."""
_FORMATTER = HtmlFormatter(nowrap=True, classprefix="c-")


class DiffLine(NamedTuple):
    """One line of a comparison: "same", "added" or "removed"."""

    kind: str
    text: str


def visible(text: str) -> str:
    r"""The text with what cannot be seen or encoded written out.

    >>> visible("a\u202eb")
    'a⟨U+202E⟩b'
    """
    whole = text.encode("utf-8", "replace").decode()
    return _HIDDEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", whole)


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
