"""`evo skill`."""

import shutil
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from evo.commands.console import out
from evo.core.errors import UsageError


def skill(
    folder: Annotated[Path, typer.Argument(help="Folder to write; it must not exist yet.")] = Path(
        ".claude/skills/evo"
    ),
) -> None:
    """Write the skill for coding agents: SKILL.md, and examples."""
    if folder.exists():
        raise UsageError(f"{folder} exists. Remove it, or choose another folder.")
    with resources.as_file(resources.files("evo.data") / "skill") as source:
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))
    out.print(f"{folder / 'SKILL.md'}, and examples beside it.", soft_wrap=True, markup=False)
