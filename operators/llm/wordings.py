"""Wordings of operators' tasks: those that evo has, and the one that a reply proposes."""

import re
from collections.abc import Sequence

from prompts.quoting import paragraph
from prompts.rendering import wordings

_BLOCK = re.compile(r"^[ \t]*```[ \t]*task[ \t]*\n(.{1,4000}?)\n[ \t]*```[ \t]*$", re.M | re.S)
_FEWEST_WORDS = 8
_MOST = 900
"""Characters of a wording; one that is longer, or has fewer words, is no task."""


def shipped(operator: str) -> Sequence[str]:
    """The wordings of an operator's task that evo has beside the standard one."""
    return wordings(operator)


def read_wording(text: str) -> tuple[str, str]:
    r"""The wording, empty where there is none, and the reply without it.

    >>> words = "Change one thing above that raises its margin most."
    >>> read_wording(f"```task\n{words}\n```\nA sine.")
    ('Change one thing above that raises its margin most.', 'A sine.')
    """
    block = _BLOCK.search(text)
    if block is None:
        return "", text
    wording = paragraph(block[1], most=_MOST + 1)
    is_task = len(wording.split()) >= _FEWEST_WORDS and len(wording) <= _MOST
    return wording if is_task else "", (text[: block.start()] + text[block.end() :]).strip()
