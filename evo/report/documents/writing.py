"""Writes a report in a format; what others wrote is escaped for it."""

import html
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from jinja2 import Environment, PackageLoader, StrictUndefined

from evo.core.errors import unknown_name
from evo.core.estimate import Estimate
from evo.core.visible import visible
from evo.report.documents.contents import Report
from evo.report.documents.study_contents import StudyReport
from evo.report.facts.figures import figure_interval
from evo.report.facts.steering import change_words

_TEX = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}
_WIDTH = 64
"""Columns of a page in LaTeX's typewriter font."""
_LAST_TYPESET = 0x17F
_PUNCTUATION = "–—‘’“”…"
_MARKS = re.compile(r"([\\`*_{}\[\]()#+!|~-])")


def write_report(report: Report | StudyReport, form: str) -> str:
    """The document.

    Args:
        report: the contents, of campaigns or of a study.
        form: html, md or latex.

    Raises:
        UsageError: the format is unknown.
    """
    name = "study" if isinstance(report, StudyReport) else "report"
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

    def ratio(test: Any) -> str:
        if test["log_loss_ratio"] is None:
            return "–"
        return interval(Estimate(test["log_loss_ratio"], *test["log_loss_ratio_ci"]))

    environment.filters["interval"] = interval
    environment.filters["ratio"] = ratio
    environment.filters["figure"] = cast(
        "Any", figure_interval
    )  # jinja types its own filters alone
    environment.filters["change"] = change_words
    environment.filters["dollars"] = _dollars
    environment.filters["code"] = shown_source
    environment.filters["json"] = _json
    environment.filters["known"] = _known
    environment.filters["numbers"] = _numbers
    environment.filters["effect"] = _effect
    environment.filters["confirmed"] = _confirmed
    environment.filters["share"] = _share
    environment.filters["within"] = cast("Any", _within)
    return environment.get_template(f"{name}.{form}.j2").render(report=report)


class _Written(str):
    """Text that is in the format already."""

    __slots__ = ()


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True)


def _known(value: Any, digits: Any) -> str:
    """A number with this many decimals; a dash where it is not known."""
    return "–" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _numbers(values: Any) -> str:
    """Several numbers with two decimals; a dash where they are not known."""
    return " ".join(f"{value:.2f}" for value in values) if values else "–"


def _share(value: float | None) -> str:
    """A share in percent; a dash where it is not known."""
    return "–" if value is None else f"{100 * value:.0f} %"


def _within(row: Any, name: Any) -> str:
    """A figure of a cell with its interval, as far as it has one: a share in percent, or a mean.

    >>> _within({"valid_share": 0.8, "valid_share_ci": [0.49, 0.943]}, "valid_share")
    '80 % [49, 94]'
    """
    value, interval = row[name], row[f"{name}_ci"]
    if name.endswith("_share"):
        ends = interval and " [{:.0f}, {:.0f}]".format(*(100 * end for end in interval))
        return _share(value) + (ends or "")
    return _known(value, 3) + ((interval and " [{:.2f}, {:.2f}]".format(*interval)) or "")


def _effect(effect: Any) -> str:
    """The mean of paired differences with its interval, as far as it has one.

    >>> _effect({"mean": 0.1, "ci": [0.0, 0.2]}), _effect({"mean": 0.1, "ci": None})
    ('+0.100 [+0.00, +0.20]', '+0.100')
    """
    if effect["mean"] is None:
        return "–"
    words = f"{effect['mean']:+.3f}"
    return words if effect["ci"] is None else words + " [{:+.2f}, {:+.2f}]".format(*effect["ci"])


def _confirmed(entry: Any) -> str:
    """The result on fresh seeds with its interval and p; a dash where there is none.

    >>> _confirmed({"log_ratio": 0.1, "log_ratio_ci": [0.05, 0.15], "p_study": 0.004})
    '+0.100 [+0.05, +0.15], p 0.004'
    """
    if not entry:
        return "–"
    if entry["log_ratio"] is None:
        return "failed"
    low, high = entry["log_ratio_ci"]
    return f"{entry['log_ratio']:+.3f} [{low:+.2f}, {high:+.2f}], p {entry['p_study']:.3f}"


def _dollars(cost: Any) -> str:
    """The cost of some requests; of unknown ones what is known of it.

    >>> _dollars({"cost_usd": 0.25}), _dollars({"cost_usd": None, "known_usd": 0.5})
    ('0.2500', 'unknown, at least 0.5000')
    """
    if cost["cost_usd"] is not None:
        return f"{cost['cost_usd']:.4f}"
    return "unknown" + (f", at least {cost['known_usd']:.4f}" if cost["known_usd"] else "")


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
    return "".join(_TEX.get(sign, _typeset(sign)) for sign in " ".join(visible(text).split()))


def _typeset(sign: str) -> str:
    """A character that every LaTeX has; the code of any other, which would stop it."""
    return sign if ord(sign) <= _LAST_TYPESET or sign in _PUNCTUATION else f"[U+{ord(sign):04X}]"


def _html_code(source: str) -> str:
    return _Written(f"<pre><code>{html.escape(source)}</code></pre>")


def _markdown_code(source: str) -> str:
    longest = max((len(run) for run in re.findall("`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return _Written(f"{fence}python\n{source.rstrip()}\n{fence}")


def _latex_code(source: str) -> str:
    plain = source.rstrip().encode("ascii", "backslashreplace").decode()
    lines = [part for line in plain.splitlines() for part in _folded(line)]
    ended = "\n".join(lines).replace(r"\end{verbatim}", r"\end {verbatim}")
    return _Written(f"\\begin{{verbatim}}\n{ended}\n\\end{{verbatim}}")


def _folded(line: str) -> Iterator[str]:
    r"""A line of Python in pieces that fit a page, each but the last continued by a backslash.

    >>> list(_folded("    return " + "torch.tanh(x) + " * 5 + "1"))[1]
    '        torch.tanh(x) + torch.tanh(x) + 1'
    """
    rest, indent = line, line[: len(line) - len(line.lstrip())]
    is_comment = rest.lstrip().startswith("#")
    while len(rest) > _WIDTH:
        place = rest.rfind(" ", len(indent) + 8, _WIDTH - 2)
        if place < 0:
            break
        yield rest[:place] + ("" if is_comment else " \\")
        rest = indent + ("# " if is_comment else "    ") + rest[place + 1 :]
    yield rest


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
