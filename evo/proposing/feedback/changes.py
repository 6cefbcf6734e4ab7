"""Changes between two sources, line by line."""

import difflib
from collections.abc import Sequence
from functools import lru_cache

from evo.core.source import normalise

_MOST_CHANGED = 0.7
"""Share of the lines from which on two sources are two components, not one and its change."""
_FEW = 2
"""Lines that may always be new: that of a formula, and one that it needs."""


@lru_cache(maxsize=4096)  # children of a parent that lives long stand in one prompt after another
def changed_lines(before: str, after: str) -> Sequence[str]:
    r"""Lines that are gone ("- ") and new ("+ "); empty where nearly all of them differ.

    >>> changed_lines("def f(x):\n    return x", "def f(x):\n    return 2 * x")
    ('- return x', '+ return 2 * x')
    """
    old, new = (_lines(source) for source in (before, after))
    lines = [
        line[0] + " " + line[2:].strip()
        for line in difflib.ndiff(old, new)
        if line[:2] in ("- ", "+ ")
    ]
    added = sum(line[0] == "+" for line in lines)
    if added > max(_FEW, _MOST_CHANGED * len(new)):
        return ()
    return tuple(lines)


def _lines(source: str) -> list[str]:
    lines = normalise(source).splitlines()
    return [line for line in lines if line.strip() and not line.startswith(("import ", "from "))]
