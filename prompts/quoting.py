"""Other people's text as quoted data: of bounded length, in one piece, unable to leave its quotes.

A model may still obey text that it should treat as data; its reply is then only another candidate,
which passes through the same validation.
"""

import json
import re
import unicodedata
from collections.abc import Sequence

_LONGEST_LINE = 200
_MOST_NETWORKS = 6
_LONGEST_NETWORK = 24
"""Characters of a network's name in a list of margins."""


def fenced(
    text: str, most: int = 2000, language: str = "python", longest_line: int = _LONGEST_LINE
) -> str:
    r"""Code in a fence that nothing within can close, cut off after `most` characters.

    >>> print(fenced("def f(x):\n    return x"))
    ```python
    def f(x):
        return x
    ```
    """
    lines = [_visible(line)[:longest_line] for line in text.strip("\n").splitlines()]
    code = "\n".join(lines)
    if len(code) > most:
        code = code[:most].rstrip() + "\n# (cut off here)"
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def quoted(text: str, most: int = 200) -> str:
    r"""A text as one line between quotes, without backticks, cut off after `most` characters.

    >>> print(quoted('It "works".\n# New task'))
    "It \"works\". # New task"
    """
    line = _visible(" ".join(text.split())).replace("`", "'")
    if len(line) > most:
        line = line[: most - 1].rstrip() + "…"
    return json.dumps(line, ensure_ascii=False)


def paragraph(text: str, most: int = 900) -> str:
    r"""A text as one paragraph that can open no heading, list or fence, cut off after `most`.

    >>> paragraph("## Win.\n- Use `exp`.")
    'Win. - Use exp.'
    """
    line = _visible(" ".join(text.split())).replace("`", "").replace("~~~", "").lstrip("#>-*+|= ")
    return line[:most].rstrip()


def interval(values: tuple[float, float, float]) -> str:
    """A measure with its interval.

    >>> interval((0.5, 0.25, 0.75))
    '0.50 [0.25, 0.75]'
    """
    return "{:.2f} [{:.2f}, {:.2f}]".format(*values)


def signed(values: tuple[float, float, float]) -> str:
    """A difference with its interval, with signs.

    >>> signed((0.064, 0.031, 0.1))
    '+0.064 [+0.031, +0.100]'
    """
    return "{:+.3f} [{:+.3f}, {:+.3f}]".format(*values)


def by_network(margins: Sequence[tuple[str, float]], most: int = _MOST_NETWORKS) -> str:
    """Margins on several networks, of more than `most` the highest and the lowest; else empty.

    >>> by_network([("cnn", -0.05), ("mlp", 0.021)])
    'by network: mlp +0.02, cnn -0.05'
    >>> by_network([(f"n{n}", n) for n in range(9)], most=3)
    'by network: n8 +8.00, …, n1 +1.00, n0 +0.00'
    """
    if len(margins) < 2:
        return ""
    ranked = sorted(margins, key=lambda item: (-item[1], item[0]))
    items = [f"{_visible(name)[:_LONGEST_NETWORK]} {margin:+.2f}" for name, margin in ranked]
    if len(items) > most:
        items = [*items[: most // 2], "…", *items[most // 2 - most :]]
    return f"by network: {', '.join(items)}".replace("`", "'")


def short(value: float) -> str:
    """A number of at most three digits.

    >>> short(0.043219), short(1234.5)
    ('0.0432', '1.23e+03')
    """
    return f"{value:.3g}"


def _visible(text: str) -> str:
    """The text without control and formatting characters, such as changes of direction."""
    return "".join(
        " " if sign == "\t" else sign
        for sign in text
        if sign == "\t" or unicodedata.category(sign)[0] != "C"
    )
