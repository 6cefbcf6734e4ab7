"""Messages that the troubleshooting page quotes are those of the code."""

import re

import pytest
from markdown_blocks import ROOT

PAGE = (ROOT / "docs" / "guide" / "troubleshooting.md").read_text()
QUOTES = re.findall(r"^> (.+)$", PAGE, re.M)


def code() -> str:
    """All sources, literals that are written over several lines as one."""
    files = [path for top in ("evo", "archive", "operators") for path in (ROOT / top).rglob("*.py")]
    return re.sub(r'"\s*\n\s*f?"', "", "\n".join(path.read_text() for path in files))


SOURCES = code()


@pytest.mark.parametrize("quote", QUOTES)
def test_a_quoted_message_is_one_of_the_code(quote: str) -> None:
    """An ellipsis stands for what differs from case to case."""
    parts = [part.strip(" /:.,?") for part in quote.split("…")]

    assert [part for part in parts if part not in SOURCES] == []
