"""MkDocs hook: fills pages from the code and the README, so that they are never out of date."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
from typer.cli import get_docs_for_click

from evo.cli import app

sys.path.insert(0, str(Path(__file__).parent))

import record_tables
import settings_tables


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put generated text where a page has its mark."""
    for mark, content in _GENERATED.items():
        if mark in markdown:
            markdown = markdown.replace(mark, content())
    return markdown


def commands() -> str:
    """Every command with its arguments and options, as `--help` has them."""
    command = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name="evo")
    # The page has a title of its own.
    return re.sub(r"\A# `evo`\n", "", text)


def introduction() -> str:
    """The README from its title to the first heading, with links as they are from `docs/`."""
    readme = Path(__file__).parents[2] / "README.md"
    text = readme.read_text(encoding="utf-8").partition("\n## ")[0]
    return text.removeprefix("# evo\n").strip().replace("](docs/", "](")


_GENERATED: dict[str, Callable[[], str]] = {
    "<!-- the introduction of the README -->": introduction,
    "<!-- every setting -->": settings_tables.markdown,
    "<!-- every command -->": commands,
    "<!-- every column of an export -->": record_tables.columns,
    "<!-- every group of an HDF5 export -->": record_tables.groups,
}
