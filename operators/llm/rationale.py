"""The rationale that belongs to one block of a reply."""

import re
from collections.abc import Sequence

from operators.llm.fences import Layout

_MOST = 700
_SENTENCE_END = re.compile(r"(?<=[.!?])(?=\s)")
_LABEL = 20
"""Shorter paragraphs are headings."""
_WORDS = 12
"""So are those of fewer words before a colon."""
_NO_PROSE = re.compile(r"(?:[\w./-]+\.\w{1,5}|python\d?|\W+)", re.IGNORECASE)
"""Paragraphs that say nothing: the name of a file or of the language, quotation marks."""
_TITLE = re.compile(r"\s*#{1,6} ")
_MARKS = re.compile(
    r"^\s*>+|[#`]+|(?<!\w)\*+(?=\S)|(?<=\S)\*+(?!\w)|(?<!\w)_+(?=\w)|_+(?=[\s.,;:!?]|$)",
    re.MULTILINE,
)
"""Marks of quotation, headings and emphasis, but not of products and indices."""
_EXPLICIT = re.compile(r"^\W*rationale\b\s*:?\s*", re.IGNORECASE)


def rationale(parts: Layout, chosen: int, candidates: Sequence[int], comment: str = "") -> str:
    """The prose that speaks of a block, on one line.

    Args:
        parts: the reply.
        chosen: index of the block.
        candidates: indices of all blocks that might be the answer: prose between two of them
            belongs to the second.
        comment: above the function, in case that the reply says nothing else.
    """
    passages = [*(block.before for block in parts.blocks), parts.after]
    earlier = max((index for index in candidates if index < chosen), default=-1)
    later = min((index for index in candidates if index > chosen), default=len(parts.blocks))
    before = _paragraphs(passages[earlier + 1 : chosen + 1])
    after = _paragraphs(passages[chosen + 1 : later + 1])
    if later < len(parts.blocks) and before:
        after = []  # it leads to the other
    opening = _paragraphs(passages[:1])
    if earlier < 0 or len(opening) < 2:
        opening = []  # it speaks of the first candidate alone
    said = [*before, *after, *opening]
    explicit = [one for one in (*before, *after) if _EXPLICIT.match(one)]
    spoken = [one for one in said if not _is_heading(one)]
    line = next(iter([*explicit, *spoken, *before[-1:], *said]), comment)
    line = _EXPLICIT.sub("", line)
    return line if len(line) <= _MOST else _shortened(line)


def _shortened(line: str) -> str:
    """The sentences that fit; where none does, the beginning of the first."""
    ends = [end.start() for end in _SENTENCE_END.finditer(line) if end.start() <= _MOST]
    return line[: ends[-1]] if ends else line[: _MOST - 1] + "…"


def _is_heading(paragraph: str) -> bool:
    is_short = len(paragraph.split()) <= _WORDS and paragraph.endswith(":")
    return is_short or len(paragraph) <= _LABEL


def _paragraphs(passages: Sequence[str]) -> list[str]:
    split = (part for passage in passages for part in re.split(r"\n\s*\n", passage))
    paragraphs: list[str] = []
    for part in split:
        words = " ".join(_MARKS.sub("", part).split())
        is_title = bool(_TITLE.match(part)) and "\n" not in part.strip()
        if words and not _NO_PROSE.fullmatch(words):
            paragraphs.append(words + ":" if is_title and words[-1] not in ":.!?" else words)
    return paragraphs
