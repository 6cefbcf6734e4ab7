"""Names that a shell completes on Tab; each list is made without importing what it names."""

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import typer

from archive.folders import run_folder, run_names
from evo.campaign.commands import ALL, BUDGETS, Verb
from evo.core.errors import EvoError
from evo.core.registry import declared


def complete_run(incomplete: str) -> list[str]:
    """Campaigns under `runs/`."""
    return [name for name in run_names() if name.startswith(incomplete)]


def complete_command(incomplete: str) -> list[str]:
    """Commands of `evo ctl`."""
    return [verb.value for verb in Verb if verb.startswith(incomplete)]


def complete_command_argument(context: typer.Context, incomplete: str) -> list[str]:
    """Arguments of a command of `evo ctl`, as the campaign named before has them."""
    given = context.params
    words = _command_arguments(given.get("run"), given.get("command"), given.get("arguments") or ())
    return [word for word in words if word.startswith(incomplete)]


def complete_config(incomplete: str) -> list[str]:
    """Presets, and the TOML files that a path begins."""
    return _settings_files("evo.data.presets", incomplete)


def complete_strategy(incomplete: str) -> list[str]:
    """Search strategies, and the TOML files that a path begins."""
    return _settings_files("evo.data.strategies", incomplete)


def complete_kind(incomplete: str) -> list[str]:
    """Kinds of components; after a `+`, a further one."""
    before, plus, last = incomplete.rpartition("+")
    kinds = declared("evo.components", "kinds")
    return [before + plus + name for name in kinds if name.startswith(last)]


def complete_task(incomplete: str) -> list[str]:
    """Tasks."""
    return [name for name in declared("evo.tasks", "tasks") if name.startswith(incomplete)]


def _command_arguments(run: str | None, command: str | None, before: Sequence[str]) -> list[str]:
    match command:
        case Verb.BUDGET:
            return [f"{key}=" for key in BUDGETS]
        case Verb.UNHINT:
            return [ALL]
        case Verb.MODEL if before:
            return ["on", "off"] if len(before) == 1 else []
        case Verb.MODEL | Verb.PIN | Verb.UNPIN | Verb.BAN | Verb.UNBAN if run and not before:
            return _names_in(run, Verb(command))
        case _:
            return []


def _names_in(run: str, verb: Verb) -> list[str]:
    """Models or components of a campaign; none where it cannot be read."""
    from archive.history.reader import Reader

    try:
        history = Reader.read(run_folder(run))
    except EvoError:
        return []
    steering: Mapping[str, Any] = history.config["steering"]
    match verb:
        case Verb.MODEL:
            return [model["name"] or model["model"] for model in history.config["llm"]["models"]]
        case Verb.UNPIN:
            return list(steering["pinned"])
        case Verb.UNBAN:
            return list(steering["banned"])
        case _:
            return list(history.survivors)


def _settings_files(package: str, incomplete: str) -> list[str]:
    files = resources.files(package).iterdir()
    ours = sorted(file.name.removesuffix(".toml") for file in files if ".toml" in file.name)
    start = Path(incomplete)
    folder = start if incomplete.endswith("/") else start.parent
    paths = [str(path) for path in (*folder.glob("*.toml"), *folder.glob("*/")) if path.exists()]
    names = [*ours, *sorted(paths)]
    return [name for name in names if name.startswith(incomplete)]
