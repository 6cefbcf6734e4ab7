"""MkDocs hook: fills the reference pages from the code, so that they are never out of date."""

import re
import sys
from pathlib import Path
from typing import Any

import typer
from typer.cli import get_docs_for_click

from evo.cli import app

sys.path.insert(0, str(Path(__file__).parent))

import settings_tables

_SETTINGS = "<!-- every setting -->"
_COMMANDS = "<!-- every command -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put generated tables where a page has their mark."""
    if _SETTINGS in markdown:
        return markdown.replace(_SETTINGS, settings_tables.markdown())
    if _COMMANDS in markdown:
        return markdown.replace(_COMMANDS, commands())
    return markdown


def commands() -> str:
    """Every command with its arguments and options, as `--help` has them."""
    command = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name="evo")
    # The page has a title of its own.
    return re.sub(r"\A# `evo`\n", "", text)
