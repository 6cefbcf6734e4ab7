"""Fenced code blocks of the README and the documentation."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", *sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md")))


class Block(NamedTuple):
    """A fenced block.

    Attributes:
        page: path of its page, from the root of the repository.
        heading: the nearest heading above it.
        language: what stands behind the fence.
        text: its lines.
    """

    page: str
    heading: str
    language: str
    text: str


def blocks_of(page: str, *languages: str) -> list[Block]:
    """The blocks of a page in these languages, in order."""
    blocks: list[Block] = []
    heading = ""
    text = (ROOT / page).read_text()
    for match in re.finditer(r"^#+ ([^\n]+)$|^```(\w+)\n(.*?)^```$", text, re.M | re.S):
        if match[1]:
            heading = match[1]
        elif match[2] in languages:
            blocks.append(Block(page, heading, match[2], match[3]))
    return blocks
