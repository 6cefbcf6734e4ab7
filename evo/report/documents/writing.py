"""Writes a report in a format; what others wrote is escaped for it."""

import html
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from evo.core.errors import unknown_name
from evo.core.estimate import Estimate
from evo.core.visible import visible
from evo.report.documents.contents import Report

_TEX = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}
_MARKS = re.compile(r"([\\`*_{}\[\]()#+!|~-])")


def write_report(report: Report, form: str) -> str:
    """The document.

    Args:
        report: the contents.
        form: html, md or latex.

    Raises:
        UsageError: the format is unknown.
    """
    if form not in ESCAPES:
        raise unknown_name("format", form, list(ESCAPES))
    escape, code = ESCAPES[form], _CODE[form]

    def finalize(value: object) -> str:
        return value if isinstance(value, _Written) else escape(str(value))

    def interval(estimate: Any) -> str:
        return _interval(estimate, form)

    def shown_source(source: Any) -> str:
        return code(visible(str(source)))

    environment = Environment(
        loader=PackageLoader("evo.report.documents"),
        autoescape=False,  # noqa: S701 - `finalize` escapes every value for its format
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["interval"] = interval
    environment.filters["code"] = shown_source
    environment.filters["json"] = _json
    environment.filters["known"] = _known
    return environment.get_template(f"report.{form}.j2").render(report=report)


class _Written(str):
    """Text that is in the format already."""

    __slots__ = ()


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True)


def _known(value: Any, digits: Any) -> str:
    """A number with this many decimals; a dash where it is not known."""
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _interval(estimate: Estimate, form: str) -> str:
    value, low, high = estimate
    if form == "latex":
        return _Written(f"${value:.3f}$ $[{low:.2f}, {high:.2f}]$")
    return f"{value:.3f} [{low:.2f}, {high:.2f}]"


def _html(text: str) -> str:
    return html.escape(visible(text))


def _markdown(text: str) -> str:
    r"""Text in a line or a cell of Markdown.

    >>> print(_markdown("a|b <i>_x_"))
    a\|b &lt;i&gt;\_x\_
    """
    line = " ".join(visible(text).split())
    return html.escape(_MARKS.sub(r"\\\1", line), quote=False)


def _latex(text: str) -> str:
    r"""Text in a line of LaTeX.

    >>> print(_latex(r"50 % of \input{x}_1"))
    50 \% of \textbackslash{}input\{x\}\_1
    """
    return "".join(_TEX.get(sign, sign) for sign in " ".join(visible(text).split()))


def _html_code(source: str) -> str:
    return _Written(f"<pre><code>{html.escape(source)}</code></pre>")


def _markdown_code(source: str) -> str:
    longest = max((len(run) for run in re.findall("`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return _Written(f"{fence}python\n{source.rstrip()}\n{fence}")


def _latex_code(source: str) -> str:
    ended = source.rstrip().replace(r"\end{verbatim}", r"\end {verbatim}")
    return _Written(f"\\begin{{verbatim}}\n{ended}\n\\end{{verbatim}}")


ESCAPES: Mapping[str, Callable[[str], str]] = {
    "html": _html,
    "md": _markdown,
    "latex": _latex,
}
"""How text of others is escaped, by format."""
_CODE: Mapping[str, Callable[[str], str]] = {
    "html": _html_code,
    "md": _markdown_code,
    "latex": _latex_code,
}
