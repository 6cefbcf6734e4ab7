"""The hypothesis that a reply words for others to test."""

import re

from prompts.quoting import paragraph

_LINE = re.compile(r"^[ \t>*_#-]*hypothesis[ \t*_]*:[ \t*_]*(\S.*?)[ \t*_]*$", re.I | re.M)
_FEWEST_WORDS = 4
_MOST = 240
"""Characters of a hypothesis; one that is longer, or has fewer words, is none."""


def read_hypothesis(text: str) -> tuple[str, str]:
    r"""The hypothesis, empty where there is none, and the reply without it.

    >>> read_hypothesis("**Hypothesis:** a dip below zero near -1 helps.\nA sine.")
    ('a dip below zero near -1 helps.', 'A sine.')
    """
    line = _LINE.search(text)
    if line is None:
        return "", text
    hypothesis = paragraph(line[1], most=_MOST + 1)
    if len(hypothesis.split()) < _FEWEST_WORDS or len(hypothesis) > _MOST:
        return "", text
    return hypothesis, (text[: line.start()] + text[line.end() :]).strip()
