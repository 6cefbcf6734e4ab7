"""Everything that there is to choose from, by name."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from evo.config import Config, presets, strategies
from evo.core.contract import SEPARATOR
from evo.core.errors import unknown_name
from evo.core.registry import Registry, declared, plugins
from evo.core.user_files import SUFFIX


class Shelf(NamedTuple):
    """Location of a registry, which is imported only where plug-ins may have been added to it.

    Attributes:
        module: that defines it.
        variable: that holds it.
        package: whose modules register themselves in it.
    """

    module: str
    variable: str
    package: str


SHELVES = {
    "kinds": Shelf("evo.components.kinds", "kinds", "evo.components"),
    "tasks": Shelf("evo.tasks.base", "tasks", "evo.tasks"),
    "operators": Shelf("operators.base", "operators", "operators"),
    "survival": Shelf("evo.selection.base", "survivals", "evo.selection"),
    "parents": Shelf("evo.selection.base", "parent_draws", "evo.selection"),
    "compute": Shelf("evo.compute.engines.base", "engines", "evo.compute.engines"),
    "tabular": Shelf("evo.tabular.strategy", "strategies", "evo.tabular.strategies"),
}
"""The registries that `evo list` shows."""

_BASELINES = Path(__file__).parents[1] / "components" / "baselines"


def catalogue() -> dict[str, dict[str, str]]:
    """The JSON document of `evo list --json`: one line of description by name, per registry."""
    return {
        **{title: _described(shelf) for title, shelf in SHELVES.items()},
        "further baselines": _further_baselines(),
        "presets": presets(),
        "strategies": strategies(),
        "plug-ins": {name: str(plugin) for name, plugin in plugins().items()},
    }


def expect_names(config: Config) -> None:
    """Expect that kind, tasks and operators of a configuration exist, without importing them.

    Raises:
        UsageError: one of them does not.
    """
    expect_kind(config.kind)
    for name in config.tasks:
        if not name.endswith(SUFFIX):
            _expect("tasks", name)
    for name in config.operators:
        _expect("operators", name)


def expect_kind(name: str) -> None:
    """Expect that a kind, or each of a combination, exists, without importing any.

    Raises:
        UsageError: it does not.
    """
    for one in name.split(SEPARATOR):
        _expect("kinds", one.strip())


def _expect(title: str, name: str) -> None:
    shelf = SHELVES[title]
    ours = declared(shelf.package, shelf.variable)
    # Where others may have registered theirs, the registry itself will tell.
    if name and name not in ours and shelf.module not in sys.modules and not plugins():
        raise unknown_name(title.removesuffix("s"), name, ours)


def _further_baselines() -> dict[str, str]:
    """Names of the known components that a campaign may name as baselines, by kind."""
    folder = _BASELINES / "further"
    return {
        one.name.replace("_", "-"): ", ".join(sorted(path.stem for path in one.glob("*.py")))
        for one in sorted(folder.iterdir())
        if one.is_dir()
    }


def _described(shelf: Shelf) -> dict[str, str]:
    """The first line of each class's docstring, by name."""
    ours = declared(shelf.package, shelf.variable)
    lines = {name: declaration.description for name, declaration in ours.items()}
    if plugins():
        registry: Registry[Any] = getattr(import_module(shelf.module), shelf.variable)
        others = {name: registry.get(name) for name in registry.names() if name not in ours}
        lines |= {name: (cls.__doc__ or "").partition("\n")[0] for name, cls in others.items()}
    return dict(sorted(lines.items()))
