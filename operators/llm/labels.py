"""Tell from the words before a block of code, or above a function, whether it is the answer."""

import re

from operators.llm.fences import Block

ASIDE = re.compile(
    r"^\W*(?:[\w']+\W+){0,3}(?:parents?|originals?|baselines?|previous|earlier|old|reference|recall|"
    r"refused|slope|derivative|gradient|inverse|tests?|check|sanity|usage|use (?:it|as)|examples?|"
    r"plot|compar\w+|drafts?|first|try|attempt|initial|naive|alternatives?|alternatively|variants?|"
    r"numpy|jax|keras|tensorflow|equivalent|known|given|simplified|instead of|unstable|wrong|"
    r"incorrect|broken|don't use|do not use|follow-up|exercise)\b",
    re.IGNORECASE,
)
"""Headings of code that is not the answer."""
_ANSWER = re.compile(
    r"\b(?:final|finally|answer|improved|better|revised|corrected|fixed|result|solution|proposed|"
    r"submit|submission|new|correct)\b",
    re.IGNORECASE,
)


def rank(block: Block, comment: str) -> int:
    """2 where a block is called the answer, 0 where it is called something else, 1 otherwise.

    Args:
        block: of a reply.
        comment: above the function in it; empty where there is none.
    """
    if comment and (ASIDE.search(comment) or _ANSWER.search(comment)):
        label = comment
    else:
        label = _label(block.before)
    is_aside, is_answer = bool(ASIDE.search(label)), bool(_ANSWER.search(label))
    return 1 + int(is_answer) - int(is_aside)


def _label(prose: str) -> str:
    """The sentence right before a block where it reads like a heading of the block."""
    line = next((line for line in reversed(prose.split("\n")) if line.strip()), "")
    sentence = re.split(r"(?<=[.!?])\s+", line[-400:].strip())[-1]
    words = sentence.split()
    most = 20 if sentence.rstrip("*_ ").endswith(":") else 8
    return sentence if len(words) <= most else ""
