"""What the guide imports of evo is in the API reference."""

import ast
import pkgutil
import re

import pytest
from markdown_blocks import ROOT, blocks_of

PAGES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs" / "guide").glob("*.md"))
REFERENCE = "\n".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "reference").glob("*.md")
)


@pytest.mark.parametrize("page", PAGES)
def test_the_reference_has_what_the_page_imports(page: str) -> None:
    missing: list[str] = []
    for block in blocks_of(page, "python"):
        for node in ast.walk(ast.parse(block.text)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("evo."):
                missing += [
                    f"{node.module}.{alias.name}"
                    for alias in node.names
                    if not re.search(rf"\b{alias.name}\b", REFERENCE)
                ]

    assert missing == []


DOCUMENTED = sorted(set(re.findall(r"^::: (\S+)$", REFERENCE, re.MULTILINE)))


def test_everything_that_the_reference_shows_exists() -> None:
    assert len(DOCUMENTED) > 50
    assert [name for name in DOCUMENTED if not exists(name)] == []
    assert not exists("evo.core.errors.NoSuchError")


def exists(dotted: str) -> bool:
    """True if a module, or an attribute below one, has this name."""
    try:
        pkgutil.resolve_name(dotted)
    except (ImportError, AttributeError):
        return False
    return True
