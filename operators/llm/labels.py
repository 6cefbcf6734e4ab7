"""Tell from the words before a block of code, or above a function, whether it is the answer."""

import re
from collections.abc import Sequence

from operators.llm.fences import CodeBlock

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


_NUMBERED = r"\b(candidate|option|version|variant|proposal|design|idea)\W{0,2}(\d|[A-E])\b"
_PICK = re.compile(
    r"\b(?:answer|choose|chose|choice|pick|submit|recommend|select\w*|go(?:ing)? with|"
    rf"winner|best)\b[^.\n]{{0,60}}?{_NUMBERED}",
    re.IGNORECASE,
)
_DENIAL = re.compile(r"\b(?:not|never|rather|instead|second[- ]best)\b|n't\b", re.IGNORECASE)


def picked_block(blocks: Sequence[CodeBlock], after: str) -> int | None:
    """The index of the one block whose heading has the number that the prose picks.

    Args:
        blocks: of a reply.
        after: prose after the last.
    """
    if not blocks:
        return None
    picks = {
        (pick[1].lower(), pick[2].upper())
        for prose in (blocks[0].before, after)
        for sentence in re.split(r"(?<=[.!?])\s+|\n", prose)
        if (pick := _PICK.search(sentence)) and not _DENIAL.search(sentence)
    }
    headings = [
        {(noun.lower(), number.upper()) for noun, number in re.findall(_NUMBERED, line, re.I)}
        for line in (_last_line(block.before) for block in blocks)
    ]
    chosen = [place for place, heading in enumerate(headings) if heading and heading == picks]
    return chosen[0] if len(chosen) == 1 else None


def rank(block: CodeBlock, comment: str) -> int:
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
    sentence = re.split(r"(?<=[.!?])\s+", _last_line(prose))[-1]
    words = sentence.split()
    most = 20 if sentence.rstrip("*_ ").endswith(":") else 8
    return sentence if len(words) <= most else ""


def _last_line(prose: str) -> str:
    """The end of the last line that is not empty."""
    return next((line for line in reversed(prose.split("\n")) if line.strip()), "")[-400:].strip()
